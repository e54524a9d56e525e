/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/plan.h"

#include <string.h>
#include <time.h>

void plan_init(struct plan *p, struct arena *a)
{
	*p = (struct plan){ .arena = a };
}

void plan_add(struct plan *p, const struct plan_op *op)
{
	if (p->len == p->room) {
		size_t room = p->room ? p->room * 2 : 64;
		struct plan_op *ops = arena_array(p->arena, room, sizeof(*ops));
		int64_t *took = arena_array(p->arena, room, sizeof(*took));

		if (p->len) {
			memcpy(ops, p->ops, p->len * sizeof(*ops));
			memcpy(took, p->took_nsec, p->len * sizeof(*took));
		}
		p->ops = ops;
		p->took_nsec = took;
		p->room = room;
	}
	p->ops[p->len++] = *op;
}

static int64_t now_nsec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int plan_apply(struct plan *p, struct err *e)
{
	int64_t before = now_nsec();

	while (p->done < p->len) {
		struct plan_op *op = &p->ops[p->done];
		int64_t after;
		int r = op->apply(op->arg, e);

		if (r < 0) {
			plan_undo(p);
			return r;
		}
		after = now_nsec();
		p->took_nsec[p->done++] = after - before;
		before = after;
	}
	return 0;
}

void plan_undo(struct plan *p)
{
	while (p->done > 0) {
		struct plan_op *op = &p->ops[--p->done];

		if (op->undo)
			op->undo(op->arg);
	}
}

static void print_op(const struct plan_op *op, struct buf *out)
{
	buf_addf(out, op->print ? "%-10s " : "%s", op->verb);
	if (op->print)
		op->print(op->arg, out);
	buf_addc(out, '\n');
}

void plan_print(const struct plan *p, struct buf *out)
{
	for (size_t i = 0; i < p->len; i++)
		print_op(&p->ops[i], out);
}

void plan_print_times(const struct plan *p, struct buf *out)
{
	for (size_t i = 0; i < p->len; i++) {
		buf_addf(out, "%8lld us  ", (long long)(p->took_nsec[i] / 1000));
		print_op(&p->ops[i], out);
	}
}
