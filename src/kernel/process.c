/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/feature.h"

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/* clone3(2)'s argument up to Linux 5.7; libc headers differ in how much of it they know. */
struct clone_request {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	uint64_t set_tid, set_tid_size, cgroup;
};

static pid_t clone_3(uint64_t flags, int cgroup_fd, int *pidfd)
{
	struct clone_request how = {
		.flags = flags | CLONE_PIDFD | (cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uintptr_t)pidfd,
		/* With CLONE_PARENT the kernel takes the parent's own signal, and wants none here.
		 */
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
		.cgroup = cgroup_fd >= 0 ? (uint64_t)cgroup_fd : 0,
	};

	return (pid_t)syscall(SYS_clone3, &how, sizeof(how));
}

static pid_t clone_2(uint64_t flags, int *pidfd)
{
	unsigned long f = (unsigned long)flags | CLONE_PIDFD |
			  (flags & CLONE_PARENT ? 0 : (unsigned long)SIGCHLD);

	/* The pidfd comes where CLONE_PARENT_SETTID would put the tid. */
	return (pid_t)syscall(SYS_clone, f, NULL, pidfd, NULL, NULL);
}

pid_t kernel_clone(const struct kernel_clone *how, int *ret_pidfd, bool *ret_in_cgroup,
		   struct err *e)
{
	int pidfd = -1;
	bool in_cgroup = false;
	pid_t pid = -1;

	errno = ENOSYS;
	if (kernel_has(KERNEL_CLONE3)) {
		if (how->cgroup_fd >= 0) {
			pid = clone_3(how->flags, how->cgroup_fd, &pidfd);
			in_cgroup = pid >= 0;
		}
		if (pid < 0)
			pid = clone_3(how->flags, -1, &pidfd);
	}
	if (pid < 0 && errno == ENOSYS) {
		kernel_lacks(KERNEL_CLONE3);
		pid = clone_2(how->flags, &pidfd);
	}
	if (pid < 0)
		return err_sys(e, "clone");
	if (pid > 0) {
		if (ret_pidfd)
			*ret_pidfd = pidfd;
		else
			close(pidfd);
	}
	if (ret_in_cgroup)
		*ret_in_cgroup = in_cgroup;
	return pid;
}

int kernel_pidfd_open(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

int kernel_pidfd_send_signal(int pidfd, int signal)
{
	return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? -errno : 0;
}

int kernel_pidfd_wait(int pidfd, int *ret_status)
{
	siginfo_t info = { 0 };
	int r;

	do
		r = waitid((idtype_t)P_PIDFD, (id_t)pidfd, &info, WEXITED);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	if (ret_status)
		*ret_status = info.si_code == CLD_EXITED ? (info.si_status & 0xff) << 8
							 : info.si_status & 0x7f;
	return 0;
}

/* Fields 3 and 22 of /proc/PID/stat (proc_pid_stat(5)). */
static int read_stat(pid_t pid, char *ret_state, uint64_t *ret_start)
{
	char path[32], text[1024], state, *p;
	unsigned long long start;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -ESRCH;
	text[n] = '\0';
	/* The second field is the command's name in parentheses, and may hold any character. */
	p = strrchr(text, ')');
	if (!p || sscanf(p + 1,
			 " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			 "%*d %*d %llu",
			 &state, &start) != 2)
		return -EINVAL;
	*ret_state = state;
	*ret_start = start;
	return 0;
}

int kernel_start_time(pid_t pid, uint64_t *ret)
{
	char state;

	return read_stat(pid, &state, ret);
}

bool kernel_is_alive(pid_t pid, uint64_t start_time)
{
	uint64_t start;
	char state;

	return pid > 0 && read_stat(pid, &state, &start) == 0 && start == start_time &&
	       state != 'Z' && state != 'X';
}
