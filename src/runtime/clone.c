/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How the child comes to be in namespaces that it can't join itself, or not any more.
 *
 * A pid namespace is for children only, and root of a new user namespace may not join what others
 * own: there the parent enters, clones, and returns to its own.  From a user namespace there is no
 * return, and a child that joined one would not own the namespaces that it was born with.  There a
 * process in between enters all of them, makes the child as its parent's, not its own
 * (CLONE_PARENT), and is gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/start.h"
#include "runtime/sync.h"

/* What our caller ignores or blocks is not the container's; exec would hand it down. */
static void reset_signals(void)
{
	/* A kernel_sigaction of SIG_DFL. The system call itself: libc keeps two signals for its
	 * threads, and does not touch them. */
	static const unsigned long by_default[8];
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		syscall(SYS_rt_sigaction, s, by_default, NULL, NSIG / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int enter_network(const struct child *c, struct err *e)
{
	if (c->network < 0)
		return 0;
	if (setns(c->network, CLONE_NEWNET) < 0)
		return err_sys(e, "enter the network namespace");
	close(c->network);
	return 0;
}

__attribute__((noreturn)) static void be_child(struct build *b, int parent_end, bool in_cgroup)
{
	struct err e = { 0 };
	int r;

	close(parent_end);
	reset_signals();
	b->c->in_cgroup = in_cgroup;
	r = enter_network(b->c, &e);
	/* The last operation does not return when it succeeds. */
	if (r == 0)
		plan_apply(&b->child, &e);
	sync_send_failure(b->c->sync, &e);
	_exit(1);
}

static int refuse(const struct through *t, struct err *e)
{
	return errno == ESRCH ? err_set(e, ERR_NOT_FOUND, "the container is not running")
	       : errno == EINVAL
		       ? err_set(e, ERR_INVALID, "what is to be joined is no %s namespace", t->type)
		       : err_sys(e, "join the %s namespace", t->type);
}

/* Enters the namespaces that the child is to be born in, keeping ours. */
static int pass_through(const struct child *c, int *own, struct err *e)
{
	for (size_t i = 0; i < c->through_len; i++) {
		const struct through *t = &c->through[i];
		char path[64];

		snprintf(path, sizeof(path), "/proc/self/ns/%s", t->file);
		own[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (own[i] < 0)
			return err_sys(e, "%s", path);
		if (setns(t->fd, t->flag) == 0)
			continue;
		close(take_fd(own[i]));
		return refuse(t, e);
	}
	return 0;
}

static void pass_back(const struct child *c, int *own)
{
	for (size_t i = c->through_len; i > 0; i--) {
		if (own[i - 1] < 0)
			continue;
		setns(own[i - 1], c->through[i - 1].flag);
		close(own[i - 1]);
	}
}

static pid_t clone_here(struct build *b, uint64_t more, int parent_end, int *ret_pidfd,
			struct err *e)
{
	struct kernel_clone how = {
		.flags = b->clone_flags | more,
		.cgroup_fd = b->c->cgroup ? cgroup_fd(b->c->cgroup) : -1,
	};
	bool in_cgroup = false;
	pid_t pid = kernel_clone(&how, ret_pidfd, &in_cgroup, e);

	if (pid == 0)
		be_child(b, parent_end, in_cgroup);
	return pid;
}

static pid_t clone_through(struct build *b, int parent_end, int *ret_pidfd, struct err *e)
{
	int own[OCI_NS_TYPES];
	pid_t pid;

	memset(own, -1, sizeof(own));
	pid = pass_through(b->c, own, e);
	if (pid == 0)
		pid = clone_here(b, 0, parent_end, ret_pidfd, e);
	pass_back(b->c, own);
	return pid;
}

/* From inside the cgroup or mount namespace of another its group may be out of reach. */
static int join_group_before(struct build *b, struct err *e)
{
	struct child *c = b->c;

	for (size_t i = 0; i < c->through_len; i++)
		if (c->through[i].flag == CLONE_NEWCGROUP || c->through[i].flag == CLONE_NEWNS)
			c->joined_cgroup = c->cgroup && !cgroup_adopts(c->cgroup);
	return c->joined_cgroup ? cgroup_join(c->cgroup, false, e) : 0;
}

/* What belongs to the host can be joined before the user namespace alone, what belongs to a plain
 * user's own only after it. */
static int enter_all(struct build *b, struct err *e)
{
	const struct child *c = b->c;
	bool later[OCI_NS_TYPES] = { false };
	int r = join_group_before(b, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < c->through_len; i++) {
		const struct through *t = &c->through[i];

		if (t->flag == CLONE_NEWUSER || setns(t->fd, t->flag) == 0)
			continue;
		if (errno != EPERM)
			return refuse(t, e);
		later[i] = true;
	}
	for (size_t i = 0; i < c->through_len; i++) {
		const struct through *t = &c->through[i];

		if (t->flag != CLONE_NEWUSER)
			continue;
		if (b->process)
			limits_raise(&b->process->rlimits, 0);
		if (setns(t->fd, t->flag) < 0)
			return refuse(t, e);
	}
	for (size_t i = 0; i < c->through_len; i++)
		if (later[i] && setns(c->through[i].fd, c->through[i].flag) < 0)
			return refuse(&c->through[i], e);
	return 0;
}

struct born {
	pid_t pid; /* or -errno, as e says */
	int pidfd;
	struct err e;
};

/* Descriptors are shared with the parent, so that the pidfd need not be sent. */
__attribute__((noreturn)) static void be_between(struct build *b, int parent_end, int report)
{
	struct born born = { .pidfd = -1 };

	born.pid = enter_all(b, &born.e);
	if (born.pid == 0)
		born.pid = clone_here(b, CLONE_PARENT, parent_end, &born.pidfd, &born.e);
	_exit(write(report, &born, sizeof(born)) != sizeof(born));
}

static pid_t clone_between(struct build *b, int parent_end, int *ret_pidfd, struct err *e)
{
	struct kernel_clone how = { .flags = CLONE_FILES, .cgroup_fd = -1 };
	struct born born = { .pid = -ECHILD, .pidfd = -1 };
	int report[2], pidfd = -1;
	ssize_t n;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(e, "pipe");
	pid = kernel_clone(&how, &pidfd, NULL, e);
	if (pid == 0)
		be_between(b, parent_end, report[1]);
	if (pid > 0) {
		kernel_pidfd_wait(pidfd, NULL);
		close(pidfd);
	}
	n = read(report[0], &born, sizeof(born));
	close(report[0]);
	close(report[1]);
	if (pid < 0)
		return pid;
	if (n != sizeof(born))
		return err_set(e, ERR_SYSTEM, "the process that enters namespaces died");
	if (born.pid < 0 && e)
		*e = born.e;
	if (born.pid > 0)
		*ret_pidfd = born.pidfd;
	return born.pid;
}

pid_t clone_child(struct build *b, int parent_end, int *ret_pidfd, struct err *e)
{
	int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	pid_t pid;

	/* The child must not be open to those who are there, not for a moment. */
	if (b->c->through_len)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	pid = b->between ? clone_between(b, parent_end, ret_pidfd, e)
			 : clone_through(b, parent_end, ret_pidfd, e);
	if (b->c->through_len)
		prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0);
	return pid;
}
