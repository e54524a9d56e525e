/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Visits to another network namespace: a socket opened there stays there, and so does what is read
 * and written of /proc/sys/net, whose content is that of the namespace of who opens it.  The
 * process must have one thread.
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"

/* Enters netns; *ret_own leads back. netns -1: stays where it is. */
int kernel_netns_enter(int netns, int *ret_own, struct err *e);
/* Goes back, and closes own. There is no going on in the wrong namespace: ends the process if it
 * fails, which it only can if own is no namespace. */
void kernel_netns_back(int own);

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
