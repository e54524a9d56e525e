/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/verb.h"

#include <stdio.h>

bool wants_running(const struct container_status *st)
{
	return st->state == CONTAINER_RUNNING;
}

bool wants_alive(const struct container_status *st)
{
	return container_is_alive(st);
}

bool wants_paused(const struct container_status *st)
{
	return st->state == CONTAINER_PAUSED;
}

int verb_run(const struct verb *v, void *globals, void *args, const struct select_args *select,
	     int argc, const char **argv)
{
	struct selection l;
	struct session s;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	if (!select_containers(&s, select, argc, argv, v->wants,
			       v->missing_exit ? v->missing_exit : EXIT_ENGINE, &l, &code)) {
		session_close(&s);
		return code;
	}
	if (v->order)
		v->order(&s, &l);
	for (size_t i = 0; i < l.n; i++) {
		struct err e;
		int r = v->act(&s, l.v[i].container, args, &e);

		if (r < 0)
			failures_add(&l.failures, &e, v->exit_of ? v->exit_of(&e) : EXIT_ENGINE);
		else if (r == 0)
			printf("%s\n", l.v[i].shown);
		fflush(stdout);
	}
	code = failures_end(&l.failures);
	session_close(&s);
	return code;
}
