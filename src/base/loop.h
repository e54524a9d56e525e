/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An event loop over epoll for roles that wait on several things: descriptors, timers, signals and
 * children.  Callbacks may add and remove anything, themselves included.  Front ends stay
 * synchronous and don't use it.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"

struct loop;
struct loop_watch; /* owned by the loop; gone after loop_remove() */

int loop_new(struct loop **ret, struct err *e);
void loop_free(struct loop *l);
DEFINE_AUTO(loop);

typedef void loop_fn(struct loop *l, void *arg, uint32_t events);

/* events are EPOLLIN and so on; the descriptor stays the caller's, who removes the watch before
 * closing it.  A child is its pidfd, EPOLLIN when it has ended. */
int loop_add_fd(struct loop *l, int fd, uint32_t events, loop_fn *fn, void *arg,
		struct loop_watch **ret, struct err *e);
int loop_change_fd(struct loop *l, struct loop_watch *w, uint32_t events, struct err *e);
/* Once, after_usec from now; set again with loop_set_timer(), negative to disarm. */
int loop_add_timer(struct loop *l, int64_t after_usec, loop_fn *fn, void *arg,
		   struct loop_watch **ret, struct err *e);
int loop_set_timer(struct loop *l, struct loop_watch *w, int64_t after_usec, struct err *e);
/* Blocks the signal, until the watch is removed, and watches it; the callback's events is the
 * signal's number. */
int loop_add_signal(struct loop *l, int signal, loop_fn *fn, void *arg, struct loop_watch **ret,
		    struct err *e);
void loop_remove(struct loop *l, struct loop_watch *w); /* NULL is nothing */

/* Until loop_stop(), which ends it right after the running callback: returns what that was given.
 * ERR_INVALID when nothing is watched, since it would never end. */
int loop_run(struct loop *l, struct err *e);
void loop_stop(struct loop *l, int result);
