/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One more program in a running container.  The child joins its namespaces through the pidfd of the
 * container's first process, all at once, and goes on as at a start; but it is not in the pid
 * namespace itself, where others could see it and, with CAP_SYS_PTRACE, open its descriptors and
 * its binary.  Its children are, and the launcher makes the one that becomes the program.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "runtime/start.h"
#include "runtime/sync.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

struct join_step {
	struct step s;
	int pidfd, flags;
	const struct oci_rlimits *limits;
};

static int join_namespaces(void *arg, struct err *e)
{
	const struct join_step *t = arg;

	if (t->flags & CLONE_NEWUSER)
		limits_raise(t->limits, 0);
	if (setns(t->pidfd, t->flags) < 0)
		return errno == ESRCH ? err_set(e, ERR_NOT_FOUND, "the container is not running")
				      : err_sys(e, "join the container's namespaces");
	if (t->flags & CLONE_NEWUSER &&
	    ((setgroups(0, NULL) < 0 && errno != EPERM) ||
	     ((setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) && errno != EINVAL)))
		return err_sys(e, "become root of the user namespace");
	/* The change of user left us undumpable, or that again. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	t->s.c->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return t->s.c->root < 0 ? err_sys(e, "/") : 0;
}

static int join_cgroup(void *arg, struct err *e)
{
	const struct child *c = ((struct step *)arg)->c;
	int r;

	if (!cgroup_adopts(c->cgroup))
		return cgroup_join(c->cgroup, c->in_cgroup, e);
	/* The parent asks systemd to take us in. */
	r = sync_send(c->sync, SYNC_MAPS, -1, e);
	return r < 0 ? r : sync_wait(c->sync, e);
}

static int join_keyring(void *arg, struct err *e)
{
	keyring_join(((struct step *)arg)->words);
	return 0;
}

static int name_process(void *arg, struct err *e)
{
	prctl(PR_SET_NAME, START_NAME, 0, 0, 0);
	return 0;
}

/* A container may have been told to join the caller's own, and nobody can again (setns(2)). */
static bool is_in_own_user(pid_t pid)
{
	struct stat own, its;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	return stat("/proc/self/ns/user", &own) == 0 && stat(path, &its) == 0 &&
	       own.st_dev == its.st_dev && own.st_ino == its.st_ino;
}

static int namespace_flags(const struct build *b, pid_t pid)
{
	static const int flag[OCI_NS_TYPES] = {
		[OCI_NS_PID] = CLONE_NEWPID,   [OCI_NS_NETWORK] = CLONE_NEWNET,
		[OCI_NS_MOUNT] = CLONE_NEWNS,  [OCI_NS_IPC] = CLONE_NEWIPC,
		[OCI_NS_UTS] = CLONE_NEWUTS,   [OCI_NS_USER] = CLONE_NEWUSER,
		[OCI_NS_TIME] = CLONE_NEWTIME, [OCI_NS_CGROUP] = CLONE_NEWCGROUP,
	};
	int flags = 0;

	for (size_t i = 0; i < b->os->namespaces.n; i++)
		flags |= flag[b->os->namespaces.v[i].type];
	return flags & CLONE_NEWUSER && is_in_own_user(pid) ? flags & ~CLONE_NEWUSER : flags;
}

/* A policy that a fork does not hand down is set by the process itself, while it may. */
static bool can_be_born_late(const struct build *b)
{
	const struct oci_scheduler *s = b->process->scheduler;

	return !s || (s->policy != OCI_SCHED_DEADLINE &&
		      !texts_has(&s->flags, "SCHED_FLAG_RESET_ON_FORK"));
}

static int plan_join(struct build *b, const struct runtime_exec *how, struct err *e)
{
	const struct oci_cpu_affinity *cpus = b->process->exec_cpu_affinity;
	struct join_step *t = ARENA_NEW(b->a, struct join_step);
	int flags = namespace_flags(b, how->pid);

	b->born_late = (flags & CLONE_NEWPID) && can_be_born_late(b);
	if ((flags & CLONE_NEWPID) && !b->born_late) {
		b->c->through[b->c->through_len++] =
			(struct through){ how->pidfd, CLONE_NEWPID, "pid", "pid" };
		flags &= ~CLONE_NEWPID;
	}
	*t = (struct join_step){ { b->c, "namespaces" }, how->pidfd, flags, &b->process->rlimits };
	step_add_plain(b, "prctl", name_process, "name " START_NAME);
	limits_early_plan(b, e);
	if (cpus && !text_empty(cpus->initial)) {
		int r = affinity_plan(b, cpus->initial, e);

		if (r < 0)
			return r;
	}
	if (b->c->cgroup)
		step_add_plain(b, "join", join_cgroup, "cgroup");
	if (!cpus || (text_empty(cpus->initial) && text_empty(cpus->final)))
		affinity_reset_plan(b);
	step_add(&b->child, "join", join_namespaces, t);
	if (cpus && !text_empty(cpus->final)) {
		int r = affinity_plan(b, cpus->final, e);

		if (r < 0)
			return r;
	}
	if (how->id)
		step_add_plain(b, "keyring", join_keyring, arena_printf(b->a, "_ses.%s", how->id));
	return 0;
}

static int plan_exec(struct build *b, const struct runtime_exec *how, struct err *e)
{
	int (*const parts[])(struct build * b, struct err * e) = {
		console_plan, environment_plan, streams_plan,
		limits_plan,  identity_plan,    program_plan,
	};
	int r = plan_join(b, how, e);

	for (size_t i = 0; i < ARRAY_LEN(parts) && r == 0; i++)
		r = parts[i](b, e);
	return r;
}

static int choose_cgroup(const struct runtime_exec *how, struct cgroup **ret, struct err *e)
{
	AUTO(cgroup) its = NULL;
	int r;

	if (!how->cgroup_path)
		return 0;
	r = cgroup_open(how->cgroup_manager, how->cgroup_path, &its, e);
	return r < 0 ? r : cgroup_open_below(its, &how->cgroups_below, how->pid, ret, e);
}

int runtime_exec(const struct runtime_exec *how, struct arena *a, struct runtime_container *ret,
		 struct err *e)
{
	struct build *b = build_new(a, how->config, how->process);
	int r = choose_cgroup(how, &b->c->cgroup, e);

	b->id = how->id ? how->id : "";
	b->bundle = "/";
	b->streams = &how->streams;
	b->seccomp_cache = how->seccomp_cache;
	b->die_with_parent = how->die_with_parent;
	b->unconfined = how->unconfined;
	b->plain_lines = how->plain_lines;
	if (r == 0)
		r = plan_exec(b, how, e);
	if (r < 0) {
		cgroup_free(b->c->cgroup);
		return r;
	}
	return start_process(b, ret, e);
}
