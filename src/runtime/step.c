/* SPDX-License-Identifier: BSD-2-Clause */
#include "runtime/step.h"

void step_print(const void *arg, struct buf *out)
{
	const struct step *s = arg;

	if (s->words)
		buf_adds(out, s->words);
}

void step_add(struct plan *p, const char *verb, int (*apply)(void *arg, struct err *e), void *arg)
{
	const struct step *s = arg;

	plan_add(p, &(struct plan_op){ .verb = verb,
				       .apply = apply,
				       .print = s->words ? step_print : NULL,
				       .arg = arg });
}

void step_add_plain(struct build *b, const char *verb, int (*apply)(void *arg, struct err *e),
		    const char *words)
{
	struct step *s = ARENA_NEW(b->a, struct step);

	*s = (struct step){ .c = b->c, .words = words };
	step_add(&b->child, verb, apply, s);
}

void step_hold(struct build *b, int *fd)
{
	struct held *h = ARENA_NEW(b->a, struct held);

	*h = (struct held){ fd, b->held };
	b->held = h;
}

int step_nothing(void *arg, struct err *e)
{
	return 0;
}

bool step_keeps_groups(const struct build *b)
{
	const char *keep = text_map_get(&b->config->annotations, "run.oci.keep_original_groups");

	return text_eq(keep, "1") || text_eq(keep, "true");
}
