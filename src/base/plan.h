/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plan is a list of operations that were decided on and not yet done.  Deciding is pure and
 * testable without privileges; plan_apply() is the one loop that does them, in order, and undoes
 * what was done in reverse if one fails.  Applying allocates nothing, so that a plan made before
 * clone can be applied after it.
 */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

struct plan_op {
	const char *verb; /* "mount", "link-add", "write" */
	int (*apply)(void *arg, struct err *e);
	void (*undo)(void *arg); /* may be NULL */
	void (*print)(const void *arg, struct buf *out);
	void *arg; /* lives in the plan's arena */
};

struct plan {
	struct arena *arena; /* not owned */
	struct plan_op *ops;
	int64_t *took_nsec; /* of each operation, filled by plan_apply() */
	size_t len, room;
	size_t done; /* operations applied and not undone */
};

void plan_init(struct plan *p, struct arena *a);
void plan_add(struct plan *p, const struct plan_op *op);
/* Applies what is not done yet. On failure all is undone; e is what the operation said. */
int plan_apply(struct plan *p, struct err *e);
/* Undoes all that was done, in reverse. */
void plan_undo(struct plan *p);
/* One line each: the verb in its column, then what print() adds. */
void plan_print(const struct plan *p, struct buf *out);
/* The same with the time of each step in microseconds in front, after plan_apply(). */
void plan_print_times(const struct plan *p, struct buf *out);
