/* SPDX-License-Identifier: BSD-2-Clause */
/* Ending, pausing and removing containers, and waiting for their end. */
#pragma once

#include "engine/status.h"

/* Sends the container's first process a signal. Not running: ERR_CONFLICT "can only kill running
 * containers. ID is in state exited: container state improper". */
int container_kill(const struct state *s, struct arena *a, const struct container *c, int signal,
		   struct err *e);

/* The same without any meaning for its restarting: what a terminal's keys would have sent. */
int container_signal(const struct state *s, struct arena *a, const struct container *c, int signal,
		     struct err *e);

struct container_stop {
	int64_t timeout_sec; /* before SIGKILL; negative: wait for ever */
	/* Told when the time was up. */
	void (*resorting)(void *arg, const struct container *c, int signal, int64_t timeout_sec);
	void *arg;
};
/* 0, also when it had ended; its restart policy does not start it again. No lock is held while
 * waiting. */
int container_stop(const struct state *s, struct arena *a, const struct container *c,
		   const struct container_stop *how, struct err *e);

int container_pause(const struct state *s, struct arena *a, const struct container *c,
		    struct err *e);
int container_unpause(const struct state *s, struct arena *a, const struct container *c,
		      struct err *e);

/* Waits until it has ended (and does not restart); *ret_code: its exit code. */
int container_wait(const struct state *s, struct arena *a, const struct container *c, int *ret_code,
		   struct err *e);

/* What the end of a container leaves: its cgroup, its part in networks. Called by whoever saw the
 * end; takes the container's lock. */
int container_cleanup(const struct state *s, struct arena *a, const struct container *c,
		      struct err *e);
/* The same of one that is known to have ended, with its lock held. */
int container_cleanup_ended(const struct state *s, struct arena *a, const struct container *c,
			    const struct container_status *st, struct err *e);
/* Its monitor was killed.  A container dies with that, but for one whose first process has changed
 * its user, by which the kernel forgets about it (prctl(2), PR_SET_PDEATHSIG), and one that is
 * frozen: such are killed here.  0: nothing of it runs.  1: it has a monitor. */
int container_end_lost(const struct state *s, struct arena *a, const struct container *c,
		       struct err *e);

struct container_remove {
	bool force;      /* stop it first */
	bool volumes;    /* and its anonymous volumes */
	bool depend;     /* those that need it first, as it is removed itself */
	bool needed_too; /* whoever needs it */
	/* Told of each that `depend` removed; may be NULL. */
	void (*removed)(void *arg, const char *id);
	void *arg;
	int64_t timeout_sec;       /* with force; 0: kill at once, negative: the container's own */
	struct state_trash *trash; /* not NULL: the caller sees to the deletion */
};
/* 0: removed, 1: another command had done it or did it meanwhile. ERR_CONFLICT with where =
 * CONTAINER_IS_RUNNING without force. */
enum { CONTAINER_IS_RUNNING = 101 };
int container_remove(const struct state *s, struct arena *a, const struct container *c,
		     const struct container_remove *how, struct err *e);

/* Each of these ids; one that is gone, with another that it needed, is no error. */
int container_remove_all(const struct state *s, struct arena *a, const struct texts *ids,
			 const struct container_remove *how, struct err *e);

int container_rename(const struct state *s, struct arena *a, const struct container *c,
		     const char *name, struct err *e);
