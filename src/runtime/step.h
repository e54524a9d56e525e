/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a start is put together: each file of steps adds its operations to the plan of the parent
 * (before clone: what needs to be looked up or allocated) and to that of the child (after it, where
 * nothing allocates).  Private to this module.
 */
#pragma once

#include "base/plan.h"
#include "cgroup/cgroup.h"
#include "kernel/kernel.h"
#include "runtime/runtime.h"
#include "runtime/seccomp.h"

/* comm(5) of a process that is being set up. */
#define START_NAME "berth:start"

/* A namespace that the child is born in. */
struct through {
	int fd, flag;
	const char *type, *file; /* "network", "net" */
};

/* What the operations share.  It lives in the arena; the parent's operations fill some of it, and
 * the child's, who has a copy, the rest. */
struct child {
	int sync; /* the child's end */
	struct cgroup *cgroup;
	bool in_cgroup;     /* born there */
	bool joined_cgroup; /* by the process in between */
	int root;           /* the mount that becomes the root */
	int slave;          /* the terminal, or -1 */
	int mask;           /* the mount of what masked paths show, or -1 */
	int proc;           /* a procfs that waits for its place, or -1 */
	int network;        /* a namespace that was made ahead, or -1 */
	struct through through[OCI_NS_TYPES];
	size_t through_len;
	int launcher;           /* the memfd to execute */
	char launcher_name[16]; /* its number */
	bool keep_groups;       /* supplementary ones */
	bool at_cwd;            /* the working directory was entered */
	int host_pid;           /* ours outside, if a hook wants to know */
	int nodes;              /* the parent's file system of devices, or -1 */
	struct seccomp_filter filter;
};

struct mount_step;

struct held {
	int *fd;
	struct held *next;
};

struct build {
	struct arena *a;
	const struct oci_config *config;
	const struct oci_process *process;   /* NULL: none to run */
	const struct oci_linux *os;          /* config->linux_part, or an empty one */
	const struct runtime_create *create; /* NULL in exec */
	const struct runtime_streams *streams;
	const char *id, *bundle;
	int seccomp_cache;
	bool die_with_parent, unconfined, plain_lines;
	bool no_process;  /* `process` is a stand-in */
	const char **env; /* the program's: environment_plan() */
	uint64_t clone_flags;
	bool new_user;             /* a new user namespace */
	bool in_user;              /* that, or one that is joined */
	bool own_mounts;           /* a mount namespace is configured, new or joined */
	bool between;              /* namespaces are entered by a process in between: clone.c */
	bool gate;                 /* stop there */
	bool born_late;            /* only the launcher's child is in the pid namespace */
	struct mount_step *mounts; /* of config->mounts, in their order */
	struct held *held;
	struct plan before, child;
	struct child *c;
};

/* An operation whose argument follows the child it works on. */
struct step {
	struct child *c;
	const char *words; /* what a plan shows of it */
};
/* print for a struct that begins with a struct step. */
void step_print(const void *arg, struct buf *out);
void step_add(struct plan *p, const char *verb, int (*apply)(void *arg, struct err *e), void *arg);
/* The simplest: no argument but the child and words; words may be NULL. */
void step_add_plain(struct build *b, const char *verb, int (*apply)(void *arg, struct err *e),
		    const char *words);

int step_nothing(void *arg, struct err *e); /* done by another; shown */

/* The files of steps, in the order of a start. */
int namespaces_plan(struct build *b, struct err *e);       /* before all others */
int namespaces_enter_plan(struct build *b, struct err *e); /* join, cgroup, loopback */
int rootfs_plan(struct build *b, struct err *e);           /* attach the root */
int mounts_plan(struct build *b, struct err *e);
int devices_plan(struct build *b, struct err *e);
int console_plan(struct build *b, struct err *e);     /* open the terminal */
int mounts_seal_plan(struct build *b, struct err *e); /* what is to be read-only by now */
int directory_plan(struct build *b, struct err *e);   /* make the working one */
int sysctl_plan(struct build *b, struct err *e);
int paths_plan(struct build *b, struct err *e); /* masked and read-only */
int names_plan(struct build *b, struct err *e); /* host name, domain name */
/* Before the pivot: what was only copied from goes away with the old root. */
void paths_leave_mask(struct child *c);
int hooks_plan(struct build *b, struct err *e);        /* those before the pivot */
int rootfs_enter_plan(struct build *b, struct err *e); /* pivot */
void no_pivot_plan(struct build *b);                   /* before a chroot in its place */
int limits_early_plan(struct build *b, struct err *e); /* while the host's /proc is there */
int limits_plan(struct build *b, struct err *e);
int environment_plan(struct build *b, struct err *e);
int gate_plan(struct build *b, struct err *e);        /* wait there to be let go on */
int hooks_start_plan(struct build *b, struct err *e); /* startContainer */
int streams_plan(struct build *b, struct err *e);
int identity_plan(struct build *b, struct err *e);     /* directory, user, capabilities */
int program_plan(struct build *b, struct err *e);      /* the launcher */
int program_look_plan(struct build *b, struct err *e); /* that the program is there */
int affinity_plan(struct build *b, const char *cpus, struct err *e); /* exec's */
int rdt_plan(struct build *b, struct err *e);                        /* linux.intelRdt */
void affinity_reset_plan(struct build *b);                           /* once in the group */
/* Will the launcher load a filter, and with what privilege? */
bool program_is_filtered(const struct build *b);
bool program_needs_admin(const struct build *b);
/* The first number of a descriptor that the program does not get. */
int streams_end(const struct build *b);

/* A descriptor of the parent that the child inherits: closed in the parent after clone. */
void step_hold(struct build *b, int *fd);
/* crun's annotation: the caller's supplementary groups stay. */
bool step_keeps_groups(const struct build *b);
/* Joins the session keyring of that name, or makes it; a kernel without keys or room for one more
 * is none of the container's business. */
void keyring_join(const char *name);
