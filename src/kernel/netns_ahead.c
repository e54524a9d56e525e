/* SPDX-License-Identifier: BSD-2-Clause */
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "kernel/netns.h"
#include "kernel/raw_call.h"

/* As kernel_loopback_up() does it, without errno. */
static long loopback_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	long fd = raw_call(__NR_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, 0, 0), r = fd;

	if (fd >= 0) {
		r = raw_call(__NR_ioctl, fd, 0x8914 /* SIOCSIFFLAGS */, (long)&lo, 0, 0);
		raw_call(__NR_close, fd, 0, 0, 0, 0);
	}
	return r;
}

/* errno is the other's, and so is all that libc keeps. */
static int make(void *arg)
{
	struct kernel_netns_ahead *a = arg;
	long fd;

	if (raw_call(__NR_unshare, CLONE_NEWNET, 0, 0, 0, 0) < 0 || loopback_up() < 0)
		return 1;
	fd = raw_call(__NR_openat, AT_FDCWD, (long)"/proc/self/ns/net", O_RDONLY | O_CLOEXEC, 0, 0);
	if (fd < 0)
		return 1;
	a->fd = (int)fd;
	return 0;
}

void kernel_netns_begin(struct kernel_netns_ahead *a)
{
	sigset_t all, was;

	a->fd = -1;
	/* No handler of ours may run in there. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &was);
	a->maker = clone(make, a->stack + sizeof(a->stack), CLONE_VM | CLONE_FILES, a);
	sigprocmask(SIG_SETMASK, &was, NULL);
	if (a->maker < 0)
		a->maker = 0;
}

int kernel_netns_end(struct kernel_netns_ahead *a)
{
	if (a->maker <= 0)
		return -1;
	/* It sends no signal at its end, so that nobody else takes it for a child. */
	while (waitpid(a->maker, NULL, __WALL) < 0 && errno == EINTR)
		;
	a->maker = 0;
	return a->fd;
}
