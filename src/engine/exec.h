/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running one more program in a running container.  It is a child of the caller, who relays its
 * streams: no daemon and no monitor is between.
 */
#pragma once

#include "engine/attach.h"
#include "engine/status.h"

struct container_exec {
	struct texts args, env; /* env over the container's own */
	const char *working_dir, *user;
	const char *detach_keys;
	bool tty, interactive, privileged, detach;
	bool no_session;  /* it is not among the container's exec sessions */
	int preserve_fds; /* descriptors 3, 4, … that are passed on */
};

/* e->where: */
enum { CONTAINER_NOT_RUNNING = 102 };

/* Runs it and relays until its end: *ret_code its exit code, 0 when detached by keys; the program
 * then goes on. With how->detach it returns once the program was executed; ret_id is then the
 * session's id. */
int container_exec(const struct state *s, struct arena *a, const struct container *c,
		   const struct container_exec *how, int *ret_code, char ret_id[STATE_ID_LEN + 1],
		   struct err *e);
/* The ids of the sessions that still run. */
int container_exec_ids(const struct state *s, struct arena *a, const struct container *c,
		       struct texts *ret, struct err *e);
