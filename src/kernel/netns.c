/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/netns.h"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/child.h"
#include "kernel/raw_call.h"

/* The kernel names the owner only to those who are in it, or above (ioctl_ns(2)). */
static bool may_return(int own)
{
	auto_close int owner = ioctl(own, NS_GET_USERNS);

	return owner >= 0;
}

static int open_own(struct err *e)
{
	int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	return own < 0 ? err_sys(e, "/proc/self/ns/net") : own;
}

bool kernel_netns_is_own(void)
{
	auto_close int own = open_own(NULL);

	return own >= 0 && may_return(own);
}

/* There is no going on in the wrong namespace. */
static void go_back(int own)
{
	if (setns(own, CLONE_NEWNET) < 0)
		abort();
}

/* Another task, which shares descriptors and memory, but neither libc's errno nor the namespaces.
 */
struct visit {
	int netns, domain, type, protocol;
	long result;
	_Alignas(16) char stack[4096];
};

static int open_there(void *arg)
{
	struct visit *v = arg;

	v->result = raw_call(__NR_setns, v->netns, CLONE_NEWNET, 0, 0, 0);
	if (v->result == 0)
		v->result = raw_call(__NR_socket, v->domain, v->type, v->protocol, 0, 0);
	return 0;
}

static int send_task(struct visit *v)
{
	sigset_t all, was;
	pid_t pid;
	int code;

	/* No handler of ours may run in there. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &was);
	pid = clone(open_there, v->stack + sizeof(v->stack), CLONE_VM | CLONE_FILES, v);
	code = errno;
	sigprocmask(SIG_SETMASK, &was, NULL);
	if (pid < 0)
		return -code;
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	return (int)v->result;
}

int kernel_netns_socket(int netns, int domain, int type, int protocol, struct err *e)
{
	struct visit v = { netns, domain, type | SOCK_CLOEXEC, protocol, -1, { 0 } };
	auto_close int own = -1;
	int fd, r = 0;

	if (netns >= 0) {
		own = open_own(e);
		if (own < 0)
			return own;
		if (!may_return(own)) {
			fd = send_task(&v);
			return fd < 0 ? err_from(e, fd, "open a socket in the network namespace")
				      : fd;
		}
		if (setns(netns, CLONE_NEWNET) < 0)
			return err_sys(e, "enter the network namespace");
	}
	fd = socket(domain, type | SOCK_CLOEXEC, protocol);
	if (fd < 0)
		r = err_sys(e, "open a socket");
	if (netns >= 0)
		go_back(own);
	return r < 0 ? r : fd;
}

struct errand {
	int netns;
	int (*work)(void *arg, struct err *e);
	void *arg;
};

static int enter_and_work(void *arg, struct err *e)
{
	const struct errand *v = arg;

	if (setns(v->netns, CLONE_NEWNET) < 0)
		return err_sys(e, "enter the network namespace");
	return v->work(v->arg, e);
}

int kernel_netns_run(int netns, int (*work)(void *arg, struct err *e), void *arg, struct err *e)
{
	auto_close int own = -1;
	int r;

	if (netns < 0)
		return work(arg, e);
	own = open_own(e);
	if (own < 0)
		return own;
	if (!may_return(own))
		return child_do("the process in the network namespace", enter_and_work,
				&(struct errand){ netns, work, arg }, e);
	if (setns(netns, CLONE_NEWNET) < 0)
		return err_sys(e, "enter the network namespace");
	r = work(arg, e);
	go_back(own);
	return r;
}
