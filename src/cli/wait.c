/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "cli/commands.h"
#include "cli/select.h"
#include "engine/stop.h"

struct wait_args {
	struct select_args select;
	struct texts conditions;
	const char *interval;
	bool first;
};

static const struct option wait_options[] = {
	OPTION_COMMAS(wait_args, conditions, "condition", 0, "STATE",
		      "State to wait for (stopped): configured, created, exited, paused, running, "
		      "stopped, stopping"),
	OPTION_FLAG(wait_args, first, "exit-first-match", 0,
		    "End when the first of them is in that state"),
	OPTION_FLAG(wait_args, select.ignore, "ignore", 0,
		    "Print -1 for containers that are not there"),
	OPTION_TEXT(wait_args, interval, "interval", 'i', "DURATION", "Time between looks (250ms)"),
	SELECT_LATEST(wait_args),
	{ 0 },
};

static int check_conditions(const struct texts *l, struct err *e)
{
	static const char *const known[] = { "configured",  "created",  "exited",    "healthy",
					     "initialized", "paused",   "removing",  "running",
					     "stopped",     "stopping", "unhealthy", "unknown" };

	for (size_t i = 0; i < l->n; i++)
		if (text_index(l->v[i], known, ARRAY_LEN(known)) < 0)
			return err_set(e, ERR_INVALID,
				       "unknown container state: %s: invalid argument", l->v[i]);
	return 0;
}

static bool is_met(const struct texts *conditions, const struct container_status *st)
{
	const char *now = container_state_name[st->state];

	if (!conditions->n)
		return st->state == CONTAINER_EXITED;
	return texts_has(conditions, now) ||
	       (st->state == CONTAINER_EXITED && texts_has(conditions, "stopped")) ||
	       (st->state == CONTAINER_CREATED && texts_has(conditions, "configured"));
}

static bool is_for_the_end(const struct texts *conditions)
{
	for (size_t i = 0; i < conditions->n; i++)
		if (strcmp(conditions->v[i], "stopped") != 0 &&
		    strcmp(conditions->v[i], "exited") != 0)
			return false;
	return true;
}

/* 1: it is in one of the states now. */
static int look(struct session *s, const struct wait_args *args, const struct container *c,
		int *ret_code, struct err *e)
{
	struct container_status st;
	int r = container_status(&s->state, s->arena, c, &st, e);

	if (r < 0)
		return r;
	*ret_code = st.state == CONTAINER_EXITED ? (int)st.exit_code : -1;
	return is_met(&args->conditions, &st);
}

/* The end is told by the monitor; other states are looked for again and again. */
static int wait_one(struct session *s, const struct wait_args *args, const struct container *c,
		    const struct timespec *pause, int *ret_code, struct err *e)
{
	if (is_for_the_end(&args->conditions))
		return container_wait(&s->state, s->arena, c, ret_code, e);
	for (;;) {
		int r = look(s, args, c, ret_code, e);

		if (r != 0)
			return r < 0 ? r : 0;
		nanosleep(pause, NULL);
	}
}

/* Whoever is first. */
static int wait_any(struct session *s, const struct wait_args *args, struct container *const *all,
		    size_t n, const struct timespec *pause)
{
	struct err e;
	int code;

	for (;;) {
		for (size_t i = 0; i < n; i++) {
			int r = look(s, args, all[i], &code, &e);

			/* Removed, and so it has ended. */
			if (r == -ENOENT && is_for_the_end(&args->conditions))
				code = -1;
			else if (r < 0)
				return cli_fail(&e);
			if (r != 0) {
				printf("%d\n", code);
				return 0;
			}
		}
		nanosleep(pause, NULL);
	}
}

static int find_all(struct session *s, const struct wait_args *args, int argc, const char **argv,
		    const struct timespec *pause)
{
	struct container **all =
		arena_array(s->arena, (size_t)argc + 1, sizeof(struct container *));
	struct err e;
	size_t n = 0;

	for (int i = 0; i < (argc ? argc : 1); i++) {
		all[n] = select_one(s, args->select.latest, argc, argv + i, &e);
		if (all[n])
			n++;
		else if (e.code != ENOENT || !args->select.ignore)
			return cli_fail(&e);
	}
	if (n == 0) {
		printf("-1\n");
		return 0;
	}
	return wait_any(s, args, all, n, pause);
}

static int run_session(struct session *s, struct wait_args *args, int argc, const char **argv)
{
	struct failures failures = { .arena = s->arena };
	int64_t interval = 250000000;
	struct timespec pause;
	struct err e;

	if (check_conditions(&args->conditions, &e) < 0)
		return cli_fail(&e);
	if (args->interval && duration_parse(args->interval, 1000000, &interval, &e) < 0)
		return cli_fail(&e);
	if (argc == 0 && !args->select.latest)
		return cli_failf("you must provide at least one name or id");
	pause = (struct timespec){ interval / 1000000000, interval % 1000000000 };
	if (args->first)
		return find_all(s, args, argc, argv, &pause);
	for (int i = 0; i < (argc ? argc : 1); i++) {
		const struct container *c = select_one(s, args->select.latest, argc, argv + i, &e);
		int code, r = c ? wait_one(s, args, c, &pause, &code, &e) : -e.code;

		if (r == 0)
			printf("%d\n", code);
		else if (r == -ENOENT && args->select.ignore)
			printf("-1\n");
		else
			failures_add(&failures, &e, EXIT_ENGINE);
		fflush(stdout);
	}
	return failures_end(&failures);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct session s;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	code = run_session(&s, args, argc, argv);
	session_close(&s);
	return code;
}

static const struct option *const options[] = { wait_options, NULL };

const struct command wait_command = {
	.name = "wait",
	.summary = "Wait for containers to end",
	.description = "Waits until containers have ended, and prints their exit codes",
	.usage = "CONTAINER [CONTAINER...]",
	.examples = "--interval 5s ctrID\nctrID1 ctrID2\n",
	.options = options,
	.args_size = sizeof(struct wait_args),
	.max_args = -1,
	.completes = "container",
	.run = run,
};
