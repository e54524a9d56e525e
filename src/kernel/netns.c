/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/netns.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>

int kernel_netns_enter(int netns, int *ret_own, struct err *e)
{
	auto_close int own = -1;

	*ret_own = -1;
	if (netns < 0)
		return 0;
	own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (own < 0)
		return err_sys(e, "/proc/self/ns/net");
	if (setns(netns, CLONE_NEWNET) < 0)
		return err_sys(e, "enter the network namespace");
	*ret_own = take_fd(own);
	return 0;
}

void kernel_netns_back(int own)
{
	if (own < 0)
		return;
	if (setns(own, CLONE_NEWNET) < 0)
		abort();
	close(own);
}
