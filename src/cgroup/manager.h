/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seam between what is asked of a group and the kinds of hosts: one table per kind.  Functions
 * that are NULL have nothing to do there.
 */
#pragma once

#include "base/plan.h"
#include "cgroup/group.h"
#include "cgroup/host.h"

struct report;

/* Where systemd puts it. */
struct systemd_unit {
	const char *name, *slice; /* "berth-ID.scope", "machine.slice" */
	const char *path;         /* of its group, from systemd's own */
};

struct cgroup {
	const struct cgroup_manager *manager;
	struct arena *arena;
	const struct cgroup_host *host; /* of the plan, or NULL */
	const char *path;               /* what cgroup_path() says */
	const char *below;              /* within systemd's unit */
	struct group *groups;
	size_t len;
	struct group *unified; /* among them, or NULL */
	int fd;                /* of unified, or -1 */
	bool rootless;
	bool optional; /* no limit was asked for, so that it may go without */
	struct systemd_unit unit;
	const struct oci_linux_resources *resources; /* for adopt, as is what follows */
	const struct text_map *annotations;
	uid_t delegate_to;
};

struct cgroup_manager {
	const char *name; /* "cgroupfs", "systemd", "disabled" */
	/* Called as group_made. */
	group_made *made;
	/* Before the group is made: what its parents must allow. */
	int (*prepare)(struct cgroup *c, const struct oci_linux_resources *r, struct err *e);
	/* The writes of a document, and the group that each belongs to. */
	int (*limits)(const struct cgroup *c, const struct oci_linux_resources *r,
		      struct limits *ret, struct err *e);
	struct group *(*group_of)(const struct cgroup *c, const struct limit *one);
	/* Device rules; updating: while processes are in it. */
	int (*devices)(struct cgroup *c, const struct oci_device_rules *rules, bool updating,
		       struct err *e);
	int (*adopt)(struct cgroup *c, pid_t pid, struct err *e);
	/* Before the files are written. */
	int (*update)(struct cgroup *c, const struct oci_linux_resources *r, struct err *e);
	int (*freeze)(struct cgroup *c, bool freeze, int timeout_ms, struct err *e);
	bool (*is_frozen)(struct cgroup *c);
	/* SIGKILL, at once and to all; -EOPNOTSUPP where the kernel has no such thing. */
	int (*kill_all)(struct cgroup *c);
	/* Thaws all that would not die otherwise, wherever it was frozen. */
	void (*let_go)(struct cgroup *c);
	int (*stats)(struct cgroup *c, struct cgroup_stats *ret, struct err *e);
	void (*report)(struct cgroup *c, struct arena *a, struct report *ret);
	/* The group and file of memory's "oom_kill N"; NULL: none. */
	const struct group *(*oom_file)(const struct cgroup *c, const char **ret_file);
	/* After the groups are gone. */
	void (*removed)(struct cgroup *c);
};

extern const struct cgroup_manager cgroup_v2, cgroup_v1, cgroup_disabled;

/* The parts that hybrid hosts take from v2, on the unified group alone. */
int unified_freeze(const struct group *g, bool freeze, int timeout_ms, struct err *e);
bool unified_is_frozen(const struct group *g);
int unified_kill(const struct group *g);
int unified_devices(const struct group *g, const struct oci_device_rules *rules, struct err *e);
void v2_report(struct cgroup *c, struct arena *a, struct report *ret);

/* Shared by the files of this module. */
struct cgroup *cgroup_new(void);
/* From now on without a group. */
void cgroup_give_up(struct cgroup *c);
const struct cgroup_manager *cgroup_manager_named(struct arena *a, const char *name,
						  const struct cgroup_host *host, struct err *e);
/* Limits and device rules of a group that exists. */
int cgroup_write_resources(struct cgroup *c, const struct oci_linux_resources *r, struct err *e);
void cgroup_add_group(struct cgroup *c, const struct cgroup_hierarchy *h, const char *path);
bool cgroup_wants_limits(const struct oci_linux_resources *r);
int cgroup_plan_limits(struct plan *p, struct cgroup *c, const struct oci_linux_resources *r,
		       struct err *e);
int cgroup_delegate(const struct cgroup *c, uid_t to, struct err *e);
bool cgroup_is_refusal(int r);
int64_t cgroup_deadline(int timeout_ms);                 /* monotonic microseconds */
bool cgroup_wait(int64_t deadline_usec, int *wait_usec); /* sleeps, longer each time; false: over */
