/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The OCI runtime: makes a container out of a configuration, and runs further programs in it.
 *
 * A start: the plan of everything that the container's first process will do is built here, in an
 * arena; then that process is cloned with its namespaces and applies the plan, which allocates
 * nothing; then it executes the program.  runtime_create() stops before that last step, at the
 * gate, when the caller has connected it to networks; runtime_go() opens it.  runtime_start() is
 * both in one, without stopping, and is what a start that has nothing to do at the gate should use.
 *
 * Whether something runs as root or not, is a system container or privileged, is no concern here:
 * each is another configuration.
 */
#pragma once

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "kernel/netns.h"
#include "spec/runtime.h"

/* e->where of a failed start or exec; other failures leave it 0. */
enum runtime_where {
	RUNTIME_NOT_EXECUTABLE = 126, /* the program is there and can't be executed */
	RUNTIME_NOT_FOUND = 127,      /* it isn't there */
};

struct cgroup;

/* What the new process has as descriptors 0, 1, 2, then 3, 4, …; nothing else stays open. */
struct runtime_streams {
	int in, out, err; /* -1: /dev/null; not used with process.terminal */
	const int *fds;   /* become 3, 4, … in this order */
	size_t fds_len;
};

struct runtime_container;

struct runtime_create {
	/* checked: oci_config_check().  Without a process runtime_create() works, and runtime_go()
	 * fails. */
	const struct oci_config *config;
	const char *id;
	const char *bundle; /* absolute: what relative paths are relative to. NULL: "/" */
	int root;           /* a detached mount to become the root; -1: config->root->path */
	struct runtime_streams streams;
	const int *network; /* a new network namespace that was made ahead, its loopback up; NULL:
			     * makes one if it needs one */
	struct kernel_netns_ahead *ahead; /* runtime_begin_network()'s, or NULL */
	/* The cgroup: config->linux_part->cgroups_path, else PARENT/ID (NULL: cgroup_create()'s
	 * default); manager as cgroup_create() knows them. */
	const char *cgroup_manager, *cgroup_parent;
	int seccomp_cache;    /* directory of compiled filters, or -1 */
	bool rootless;        /* see cgroup_create */
	bool die_with_parent; /* SIGKILL when the thread that created it ends */
	bool no_pivot;        /* for a root on a ramdisk, where pivot_root(2) fails; less safe */
	bool no_new_keyring;
	bool plain_lines;     /* the terminal leaves "\n" as it is (no ONLCR), as runc's does */
	bool hooks_in_bundle; /* createContainer hooks work in the bundle, as crun's; else in the
				 root, as runc's */
	/* A listening socket (SOCK_SEQPACKET) for a process whose creator will be gone when it is
	 * started: runtime_leave() is called, then others runtime_resume() it. That the program is
	 * there is then looked at before the gate. NULL: runtime_go(). */
	const int *starters;
	/* Called when it is known where the cgroup will be, before anything is done. */
	int (*planned)(void *arg, const char *cgroup_path, const char *cgroup_manager,
		       struct err *e);
	void *planned_arg;
	/* Connects the process to networks; what fails ends the start. Called once, before
	 * runtime_create() returns: while the process sets up the rest, if its network namespace
	 * was made ahead; else when that is complete. Sysctls of interfaces are set after it. */
	int (*connect)(void *arg, const struct runtime_container *c, struct err *e);
	void *connect_arg;
};

struct runtime_container {
	pid_t pid; /* a child of the caller */
	int pidfd;
	uint64_t start_time; /* kernel_start_time(): pid and this are unique */
	int console;         /* the pty's master with process.terminal, else -1 */
	const char *cgroup_path, *cgroup_manager; /* for cgroup_open() */
	struct runtime_gate *gate;                /* internal; NULL once open */
};

/* Ends with a process that waits at the gate. On failure nothing is left: no process, no cgroup. */
int runtime_create(const struct runtime_create *how, struct arena *a, struct runtime_container *ret,
		   struct err *e);
/* Lets it go on, and returns when the program was executed. On failure the process is gone and its
 * cgroup removed; the descriptors in c are the caller's to close. */
int runtime_go(struct runtime_container *c, struct err *e);
/* Leaves a container at the gate to whoever connects to how->starters; what c holds stays the
 * caller's to close. */
int runtime_leave(struct runtime_container *c, struct err *e);

struct runtime_resume {
	const struct oci_config *config; /* that it was created with */
	const char *id, *bundle;
	pid_t pid;
	int pidfd;
	int socket; /* connected to the starters' socket; stays the caller's */
};
/* As runtime_go(), for a process that was left at its gate. On failure it is gone; its cgroup is
 * left. */
int runtime_resume(const struct runtime_resume *how, struct arena *a, struct err *e);
/* Gives up on a container at the gate: no process, no cgroup, descriptors closed. */
void runtime_abort(struct runtime_container *c);
/* create and go in one. */
int runtime_start(const struct runtime_create *how, struct arena *a, struct runtime_container *ret,
		  struct err *e);
/* Closes what c holds; the container lives on. */
void runtime_close(struct runtime_container *c);

/* Begins what of a start takes longest, as soon as the configuration is known, for `ahead` of
 * struct runtime_create; kernel_netns_end() it if there is no start after all. */
void runtime_begin_network(const struct oci_config *c, struct kernel_netns_ahead *ret);
/* What runtime_start() would do, a line each. Needs no privileges and touches nothing; how->root
 * and the streams are not looked at. */
int runtime_plan(const struct runtime_create *how, struct arena *a, struct buf *out, struct err *e);

/* One more program in a running container: in its namespaces and its cgroup, with the user,
 * capabilities, limits, environment that `process` has. */
struct runtime_exec {
	const struct oci_config *config; /* the container's: namespaces, seccomp, personality */
	const struct oci_process *process;
	const char *id; /* whose session keyring is joined; NULL: none */
	pid_t pid;      /* of the container's first process */
	int pidfd;
	struct runtime_streams streams;
	const char *cgroup_path, *cgroup_manager;
	struct texts cgroups_below; /* which of it: cgroup_open_below() */
	int seccomp_cache;
	bool unconfined; /* no seccomp filter, whatever config says */
	bool die_with_parent;
	bool plain_lines; /* see runtime_create */
};
/* Returns when the program was executed; ret->pid is a child of the caller. */
int runtime_exec(const struct runtime_exec *how, struct arena *a, struct runtime_container *ret,
		 struct err *e);

/* Shares of cache and memory bandwidth of a running container, as lines of resctrl's schemata:
 * "L3:0=7f0;1=1f", "MB:0=20".  Without linux.intelRdt it gets a group of its own, which its
 * processes are moved into; runtime_remove_rdt() of a configuration that has one removes it. */
struct runtime_rdt_update {
	const struct oci_config *config;
	const char *id;
	const char *l3_cache, *mem_bw; /* NULL: unchanged */
	const pid_t *pids;             /* its processes, as this process sees them */
	size_t pids_len;
};
int runtime_update_rdt(const struct runtime_rdt_update *how, struct err *e);
/* After the container: the groups of resctrl that linux.intelRdt had made for it. */
int runtime_remove_rdt(const struct oci_config *c, const char *id, struct err *e);

/* What of a configuration is left out, where the specification says that it is, a line each that
 * names its place: unknown capabilities, a label without its security module… */
void runtime_warnings(const struct oci_config *c, struct arena *a, struct texts *ret);

/* Hooks that run outside of a start: poststart and poststop.  `status` as the specification's
 * state has it. A failing hook is an error that says which; poststop runs the others all the same.
 */
int runtime_hooks(const struct oci_hook_list *hooks, const char *kind, const struct oci_config *c,
		  const char *id, const char *bundle, const char *status, pid_t pid, struct err *e);
/* The state document that hooks get on their standard input. */
void runtime_state(struct buf *out, const struct oci_config *c, const char *id, const char *bundle,
		   const char *status, pid_t pid);
