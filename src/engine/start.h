/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting.  A child process of the caller becomes the starter: it makes the container's process,
 * waits until that has executed its program, records it, and executes the monitor, which keeps the
 * pid.  The monitor executes berth again (restart_argv) to restart: that process is a starter
 * already.
 */
#pragma once

#include "engine/status.h"

struct container_start {
	const char *program;        /* absolute path of berth, which the monitor executes again */
	const char *cgroup_manager; /* NULL: the default */
	bool foreground; /* ret_client: a socket for attach_relay(), which sees all output */
	bool in_place;   /* this process is the starter: it returns only on failure */
	int *lock; /* the container's, held already (container_create()): closed here; or NULL */
	int *netfilter; /* a socket of kernel/netfilter.h that is of use here: taken over; or -1, or
			   NULL */
};

/* 0; 1 if it runs already. The lock is taken here if it is not given. e->where is 126 or 127 when
 * the program can't be executed (runtime.h). */
int container_start(const struct state *s, const struct container *c,
		    const struct container_start *how, int *ret_client, struct err *e);
/* e is of a start or exec that failed: says 126 where it doesn't yet, and adds to the words of a
 * program that can't be executed those by which podman's users, and their scripts, know it. */
void container_not_executed(struct err *e);
/* The words of `berth COMMAND ID` with the same roots, to be executed later in any process; they
 * are the monitor's and the keeper's. */
struct texts container_again(struct arena *a, const struct state *s,
			     const struct container_start *how, const char *command,
			     const char *id);
/* What a start would do, a line each; c may not exist yet (merged only). */
int container_plan(const struct state *s, struct arena *a, const struct container *c,
		   const struct container_start *how, struct buf *out, struct err *e);
