/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Child processes, by pidfd.  A child gets standard input, output and error and the descriptors
 * that are listed, and nothing else.
 */
#pragma once

#include <sys/types.h>

#include <stdbool.h>

#include "base/err.h"

#define CHILD_FDS 16

struct child {
	pid_t pid;
	int pidfd;
};

struct child_spawn {
	const char *path; /* absolute */
	char *const *argv;
	char *const *env;     /* NULL: this process's */
	int in, out, err;     /* 0-based: what becomes 0, 1, 2; -1: /dev/null */
	const int *fds;       /* become 3, 4, … in this order */
	size_t fds_len;       /* at most CHILD_FDS */
	bool die_with_parent; /* PR_SET_PDEATHSIG SIGKILL */
	/* Called in the child before it gets its descriptors, to change what surrounds the program
	 * (namespaces, mounts); NULL: nothing to do. */
	int (*prepare)(void *arg, struct err *e);
	void *prepare_arg;
};

/* Returns when the program was executed; a failed exec is an error here. */
int child_spawn(const struct child_spawn *how, struct child *ret, struct err *e);
/* Forks a process that does `work` and ends, and waits for that: for what changes a process for
 * good, or to leave its children to init.  Its error is the caller's; `name` is said when it dies
 * of something else.  No threads may run. */
int child_do(const char *name, int (*work)(void *arg, struct err *e), void *arg, struct err *e);
/* Waits for its end; *ret_status is wait(2)'s, and the pidfd is closed. */
int child_wait(struct child *c, int *ret_status, struct err *e);
void child_kill(struct child *c); /* SIGKILL and wait; nothing if it has ended */
/* Exit code, or 128 + signal. */
int child_exit_code(int status);
