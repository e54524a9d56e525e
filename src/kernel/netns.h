/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Visits to another network namespace: a socket opened there stays there, and so does what is read
 * and written of /proc/sys/net, whose content is that of the namespace of who opens it.  A process
 * may come back only to a namespace over which it has power (setns(2): CAP_SYS_ADMIN in the user
 * namespace that owns it), which a plain user has not over the host's: then another one goes.  The
 * process must have one thread.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* socket(2) in netns; -1: in this process's namespace. The error's code is the call's. */
int kernel_netns_socket(int netns, int domain, int type, int protocol, struct err *e);
/* Does work there. What it changes of this process's memory may be lost. */
int kernel_netns_run(int netns, int (*work)(void *arg, struct err *e), void *arg, struct err *e);
/* Whether this process's network namespace is one of its user namespace, or of one below: what it
 * is root over. */
bool kernel_netns_is_own(void);

/* A network namespace in the making.  It takes the kernel longer than all the rest of a container,
 * some 600 us, so another task does it while this one goes on.  That task shares memory and
 * descriptors with this one, touches neither libc nor the heap, and is gone at the end. */
struct kernel_netns_ahead {
	pid_t maker; /* 0: there is none */
	int fd;      /* what it made, or -1 */
	_Alignas(16) char stack[4096];
};
/* Begins it; that it can't be is told at the end. */
void kernel_netns_begin(struct kernel_netns_ahead *a);
/* Waits. Returns the namespace, its loopback interface up (close it), or -1: then make it otherwise
 * and see why. Without a begin (all 0) it is -1 too. */
int kernel_netns_end(struct kernel_netns_ahead *a);
