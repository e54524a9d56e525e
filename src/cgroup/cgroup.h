/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control group of one container, whatever the host has: the unified hierarchy (v2), separate
 * ones (v1), both (hybrid), systemd as the owner of the tree, or none at all.  Limits come as the
 * runtime specification's linux.resources (config-linux.md, "Control groups") and are converted to
 * what the kernel of the day takes; one that cannot be set is an error that names its place in the
 * document and the file, never dropped.
 *
 * Order of a start: cgroup_create() makes the group with its limits; the process is cloned into
 * cgroup_fd(); its parent calls cgroup_adopt(), and it cgroup_join()s itself before it makes its
 * cgroup namespace.  That the process itself joins matters: the kernel moves a thread that writes
 * "0" to `tasks` at once, but moving another process waits for an RCU grace period, 6 to 20 ms.
 * Later commands cgroup_open() the group by the path that cgroup_path() gave.  A struct cgroup
 * holds descriptors only: freeing it removes nothing.
 */
#pragma once

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/plan.h"
#include "base/text.h"

struct cgroup;
struct oci_linux_resources; /* spec/runtime.h */

enum cgroup_version { CGROUP_NONE, CGROUP_V1, CGROUP_HYBRID, CGROUP_V2, CGROUP_VERSIONS };

/* A hierarchy that is mounted: on v2 there is one. */
struct cgroup_hierarchy {
	const char
		*controllers; /* as in /proc/self/cgroup: "cpu,cpuacct", "name=systemd"; v2: "" */
	const char *mount;    /* "/sys/fs/cgroup/memory" */
	const char *own;      /* this process's group in it: "/user.slice" */
};

/* What this host has; for `info`, for `check` and for the container's own cgroup mounts. */
struct cgroup_host {
	enum cgroup_version version;
	struct texts controllers; /* those a group can use: "memory", "pids", ... */
	struct cgroup_hierarchy *hierarchies;
	size_t hierarchies_len;
	bool systemd; /* booted by systemd: its manager is the default on v2 */
};
int cgroup_host_read(struct arena *a, struct cgroup_host *ret, struct err *e);

struct cgroup_create {
	const char *manager; /* "cgroupfs", "systemd", "disabled"; NULL: cgroup_manager_default() */
	/* Where: linux.cgroupsPath if given ("/a/b" from the mount, "a/b" below the caller's own
	 * group on v1 and beside it on v2, systemd's "slice:prefix:name"); else PARENT/ID, parent
	 * NULL being "/berth", or the scope berth-ID.scope in the slice PARENT, NULL being
	 * "machine.slice", as a plain user "user.slice". */
	const char *path, *parent, *id;
	const struct oci_linux_resources *resources; /* NULL: none. Must outlive cgroup_adopt() */
	/* Without root: a group that may not be made is no error unless limits or a path were asked
	 * for; cgroup_path() is then "". */
	bool rootless;
	/* v2: who may make groups below it and move processes among them, as far as the kernel
	 * hands this down (/sys/kernel/cgroup/delegate); 0: nobody but root. */
	uid_t delegate_to;
	const struct text_map *annotations; /* "org.systemd.property.NAME"; NULL: none */
	const struct cgroup_host *host;     /* NULL: this one; tests of plans bring their own */
};

/* "systemd" on v2 booted by it, else "cgroupfs", or "disabled" when nothing is mounted. */
const char *cgroup_manager_default(void);
/* Where root's groups go without a path of their own, by hand: PARENT/ID. */
const char *cgroup_path_of(struct arena *a, const char *parent, const char *id);
/* Makes the group and its limits, or nothing. ERR_CONFLICT if there is one with processes in it or
 * frozen. */
int cgroup_create(const struct cgroup_create *how, struct cgroup **ret, struct err *e);
/* The same as operations of a plan: "cgroup PATH", "limit FILE VALUE", "devices RULES". The group
 * must outlive the plan. */
int cgroup_plan(struct plan *p, const struct cgroup_create *how, struct cgroup **ret,
		struct err *e);
/* ERR_NOT_FOUND if it is gone; path "" gives a group on which everything succeeds, emptily. */
int cgroup_open(const char *manager, const char *path, struct cgroup **ret, struct err *e);
void cgroup_free(struct cgroup *c);
DEFINE_AUTO(cgroup);

/* What it was planned for; NULL after cgroup_open(). Lives as long as c. */
const struct cgroup_host *cgroup_host(const struct cgroup *c);
/* As /proc/PID/cgroup prints it for the processes in it. */
const char *cgroup_path(const struct cgroup *c);
const char *cgroup_manager(const struct cgroup *c);
/* Its path in one hierarchy, from the mount, named as struct cgroup_hierarchy has it; "" where it
 * has none. The text lives as long as c. */
const char *cgroup_path_in(const struct cgroup *c, const char *controllers);
/* The v2 directory for CLONE_INTO_CGROUP (v2 and hybrid), or -1. Owned by c. */
int cgroup_fd(const struct cgroup *c);

/* In the parent, while the process waits: what only another one can do, which is to tell systemd to
 * make a scope around it (then path and limits follow), or to take one more process of a plain user
 * into it. Nothing to do otherwise (cgroup_adopts() is false), so there is no wait. */
int cgroup_adopt(struct cgroup *c, pid_t pid, struct err *e);
bool cgroup_adopts(const struct cgroup *c);
/* In the process, which has one thread: moves it into the group in every hierarchy that it is not
 * in yet. born_in: it was cloned into cgroup_fd(). Allocates nothing. */
int cgroup_join(const struct cgroup *c, bool born_in, struct err *e);
/* What exec joins. `paths` are groups below c's: "PATH" for every hierarchy, or, with separate
 * hierarchies, "CONTROLLER[,CONTROLLER]:PATH" for those (ERR_INVALID: "is not a sub cgroup path",
 * "unknown controller"; ERR_NOT_FOUND: "adding pid"). Without any it is c's own, or, where that
 * takes no processes because its controllers were handed down (v2), the one that `pid`, the
 * container's first process, is in. */
int cgroup_open_below(const struct cgroup *c, const struct texts *paths, pid_t pid,
		      struct cgroup **ret, struct err *e);
/* Moves any process: slow, see above. */
int cgroup_add(struct cgroup *c, pid_t pid, struct err *e);

/* Moves this process, which has one thread, to the top of each hierarchy that lets it: away from
 * whoever kills or limits the group in which it was started. */
void cgroup_rise(void);

/* Changes what `r` mentions and keeps the rest, in an order that the kernel accepts. */
int cgroup_update(struct cgroup *c, const struct oci_linux_resources *r, struct err *e);

/* Returns when all of it stands still; -EBUSY after timeout_ms (then thawed again). */
int cgroup_freeze(struct cgroup *c, int timeout_ms, struct err *e);
int cgroup_thaw(struct cgroup *c, struct err *e);
bool cgroup_is_frozen(struct cgroup *c);

/* The processes in it and below, in no order; as this process sees them. */
int cgroup_pids(struct cgroup *c, struct arena *a, pid_t **ret, size_t *ret_len, struct err *e);
/* Sends a signal to all of them; SIGKILL also ends what forks meanwhile or is frozen. */
int cgroup_kill(struct cgroup *c, int signal, struct err *e);
/* Kills what is in it, removes it with all below, waiting up to timeout_ms for the last process to
 * be gone. A group that is not there is removed already. */
int cgroup_remove(struct cgroup *c, int timeout_ms, struct err *e);

#define CGROUP_UNLIMITED UINT64_MAX

/* Counters since the group was made; what the host does not count is 0, no limit CGROUP_UNLIMITED.
 */
struct cgroup_stats {
	struct {
		uint64_t usage_usec, user_usec, system_usec;
		uint64_t periods, throttled_periods, throttled_usec;
	} cpu;
	struct {
		uint64_t usage, peak, limit,
			cache; /* bytes; cache: what reclaim would take first */
		uint64_t swap, swap_limit, kernel;
		uint64_t limit_hits, oom_kills;
	} memory;
	struct {
		uint64_t current, limit;
	} pids;
	struct {
		uint64_t read_bytes, written_bytes, reads, writes;
	} io;
};
int cgroup_stats(struct cgroup *c, struct cgroup_stats *ret, struct err *e);
/* All that is counted, as the object "data" of runc's `events --stats`: cpu, cpuset, memory, pids,
 * blkio, hugetlb, rdma, intel_rdt (empty), and network_interfaces of the process `pid` unless it
 * shares this process's network (0: null). What the host does not count is left out or 0. */
int cgroup_report(struct cgroup *c, pid_t pid, struct buf *out, struct err *e);

/* How many processes of it the kernel killed for want of memory. */
int cgroup_oom_kills(struct cgroup *c, uint64_t *ret, struct err *e);
/* The file that tells it, in a line "oom_kill N" in every version, for the monitor, which outlives
 * this; "" if there is none. Lives as long as c. */
const char *cgroup_oom_file(const struct cgroup *c);
/* The parent's, which counts this group's kills with its siblings' and is still there after systemd
 * has removed an empty scope; "" where nobody but us removes the group. Lives as long as c. */
const char *cgroup_oom_file_above(const struct cgroup *c);

/* Notice of the group's end and of its running out of memory: poll(2) cgroup_watch_fd() for POLLIN,
 * then read.  ERR_UNSUPPORTED where memory is not counted. */
struct cgroup_watch;
int cgroup_watch_open(const struct cgroup *c, struct cgroup_watch **ret, struct err *e);
int cgroup_watch_fd(const struct cgroup_watch *w);
/* How many times it ran out of memory since the last read; *ret_ended once it is gone or nothing is
 * in it any more.  Does not wait. */
void cgroup_watch_read(struct cgroup_watch *w, unsigned *ret_ooms, bool *ret_ended);
void cgroup_watch_free(struct cgroup_watch *w);
DEFINE_AUTO(cgroup_watch);
