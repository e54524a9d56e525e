/* SPDX-License-Identifier: BSD-2-Clause */
#include "oci/foreground.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/child.h"
#include "engine/attach.h"
#include "kernel/kernel.h"

void foreground_reap_orphans(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

static int send_signal(void *arg, int number)
{
	const struct runtime_container *c = arg;

	return kernel_pidfd_send_signal(c->pidfd, number);
}

/* Who has no terminal as standard input may still have one. */
static int open_input(void)
{
	int fd = isatty(STDIN_FILENO) ? -1 : open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? dup(STDIN_FILENO) : fd;
}

static int relay(struct runtime_container *c, int *ret_code, struct err *e)
{
	auto_close int in = open_input();
	struct attach_result end;
	int status = 0, r;

	r = stdio_relay(
		&(struct stdio_child){
			.pidfd = c->pidfd, .terminal = c->console, .in = -1, .out = -1, .err = -1 },
		&(struct attach_how){
			.in = in,
			.out = STDOUT_FILENO,
			.err = -1,
			.terminal = true,
			.detach_keys = "",
			.proxy_signals = true,
			.send_signal = send_signal,
			.arg = c,
		},
		&end, e);
	if (r < 0)
		kernel_pidfd_send_signal(c->pidfd, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "wait for the container");
	*ret_code = child_exit_code(status);
	return r;
}

/* Orphans of the container among our children are reaped on the way. */
static bool has_ended(pid_t pid, int *ret_code)
{
	int status;
	pid_t one;

	while ((one = waitpid(-1, &status, WNOHANG)) > 0)
		if (one == pid) {
			*ret_code = child_exit_code(status);
			return true;
		}
	return false;
}

int foreground_wait(struct runtime_container *c, int *ret_code, struct err *e)
{
	/* Faults are our own; and those by which a terminal stops who is in its background. */
	static const int ours[] = { SIGSEGV, SIGBUS, SIGFPE,  SIGILL, SIGTRAP,
				    SIGSYS,  SIGURG, SIGTTIN, SIGTTOU };
	sigset_t mask;
	int number;

	if (c->console >= 0)
		return relay(c, ret_code, e);
	sigfillset(&mask);
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		sigdelset(&mask, ours[i]);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	while (!has_ended(c->pid, ret_code)) {
		do
			number = sigwaitinfo(&mask, NULL);
		while (number < 0 && errno == EINTR);
		if (number < 0)
			return err_sys(e, "wait for signals");
		if (number != SIGCHLD)
			kernel_pidfd_send_signal(c->pidfd, number);
	}
	return 0;
}
