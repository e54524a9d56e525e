/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes: clone with namespaces and a cgroup to be born in, and references to processes that
 * stay true when a pid is used again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* fork() with namespaces.  The cgroup is used if the kernel lets it; *ret_in_cgroup tells whether
 * it was, and if not the caller moves the child.  CLONE_NEWTIME is not among the flags: a process
 * enters a new time namespace by unshare() and setns(). */
struct kernel_clone {
	uint64_t flags; /* CLONE_NEW*, CLONE_PARENT */
	int cgroup_fd;  /* a v2 group's directory, or -1 */
};
/* 0 in the child, its pid in the parent. ret_pidfd and ret_in_cgroup may be NULL. libc's
 * atfork handlers don't run: call it with one thread. */
pid_t kernel_clone(const struct kernel_clone *how, int *ret_pidfd, bool *ret_in_cgroup,
		   struct err *e);

int kernel_pidfd_open(pid_t pid);                    /* -errno */
int kernel_pidfd_send_signal(int pidfd, int signal); /* -errno */
/* Waits for the end of a child; *ret_status is wait(2)'s. */
int kernel_pidfd_wait(int pidfd, int *ret_status); /* -errno */
/* The process's start time in clock ticks since boot (stat field 22): pid + start is unique. */
int kernel_start_time(pid_t pid, uint64_t *ret); /* -errno; -ESRCH when there is none */
/* Whether that very process is there and has not ended: one that nobody has waited for has. */
bool kernel_is_alive(pid_t pid, uint64_t start_time);
