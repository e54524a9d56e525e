/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Moves the descriptors that the child keeps out of the way of 0, 1, 2, … and then into place, so
 * that it does not matter which numbers they had. Runs in the child: no allocation. */
static int place_fds(const struct child_spawn *how)
{
	int fds[3 + CHILD_FDS] = { how->in, how->out, how->err };
	int len = 3 + (int)how->fds_len;

	for (size_t i = 0; i < how->fds_len; i++)
		fds[3 + i] = how->fds[i];
	for (int i = 0; i < len; i++) {
		if (fds[i] < 0)
			fds[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
		else
			fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, len);
		if (fds[i] < 0)
			return -errno;
	}
	for (int i = 0; i < len; i++)
		if (dup2(fds[i], i) < 0 || fcntl(i, F_SETFD, 0) < 0)
			return -errno;
	return len;
}

static void run_child(const struct child_spawn *how, int report, pid_t parent)
{
	struct err e = { 0 };
	sigset_t none;
	int len;

	if (how->die_with_parent) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(127);
	}
	/* The report must survive the placing and vanish at exec. */
	report = fcntl(report, F_DUPFD_CLOEXEC, 3 + CHILD_FDS);
	if (report < 0)
		_exit(127);
	if (how->prepare && how->prepare(how->prepare_arg, &e) < 0) {
		err_send(report, &e);
		_exit(127);
	}
	len = place_fds(how);
	if (len < 0) {
		err_from(&e, len, "pass descriptors to %s", how->path);
		err_send(report, &e);
		_exit(127);
	}
	/* What came close-on-exec stays so; the rest is not the child's either. */
	syscall(SYS_close_range, (unsigned)len, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	execve(how->path, how->argv, how->env ? how->env : environ);
	err_sys(&e, "run %s", how->path);
	err_send(report, &e);
	_exit(127);
}

int child_spawn(const struct child_spawn *how, struct child *ret, struct err *e)
{
	int pipe_fds[2], pidfd, r;
	pid_t parent = getpid(), pid;

	if (how->fds_len > CHILD_FDS)
		return err_set(e, ERR_INVALID, "too many descriptors for %s", how->path);
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	pid = fork();
	if (pid == 0)
		run_child(how, pipe_fds[1], parent);
	close(pipe_fds[1]);
	if (pid < 0) {
		close(pipe_fds[0]);
		return err_sys(e, "fork");
	}
	r = err_recv(pipe_fds[0], e);
	close(pipe_fds[0]);
	pidfd = r < 0 ? -1 : (int)syscall(SYS_pidfd_open, pid, 0);
	if (r == 0 && pidfd < 0)
		r = err_sys(e, "pidfd_open");
	if (r < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		return r;
	}
	*ret = (struct child){ .pid = pid, .pidfd = pidfd };
	return 0;
}

int child_do(const char *name, int (*work)(void *arg, struct err *e), void *arg, struct err *e)
{
	struct child child = { .pidfd = -1 };
	int report[2], status, r;

	if (pipe2(report, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	child.pid = fork();
	if (child.pid == 0) {
		struct err why = { 0 };

		r = work(arg, &why);
		if (r < 0)
			err_send(report[1], &why);
		_exit(r < 0);
	}
	close(report[1]);
	r = child.pid < 0 ? err_sys(e, "fork") : err_recv(report[0], e);
	close(report[0]);
	if (child.pid > 0 && child_wait(&child, &status, NULL) == 0 && r == 0 && status != 0)
		r = err_set(e, ERR_SYSTEM, "%s died", name);
	return r;
}

int child_wait(struct child *c, int *ret_status, struct err *e)
{
	int status;
	pid_t r;

	do
		r = waitpid(c->pid, &status, 0);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return err_sys(e, "wait for process %d", c->pid);
	if (c->pidfd >= 0)
		close(c->pidfd);
	*c = (struct child){ .pid = 0, .pidfd = -1 };
	*ret_status = status;
	return 0;
}

void child_kill(struct child *c)
{
	int status;

	if (c->pid <= 0)
		return;
	kill(c->pid, SIGKILL);
	child_wait(c, &status, NULL);
}

int child_exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
