/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/log_source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/units.h"
#include "cli/commands.h"
#include "cli/select.h"

struct logs_args {
	bool follow, timestamps, names, color, latest;
	int64_t tail;
	const char *since, *until;
};

static const struct option logs_options[] = {
	OPTION_FLAG(logs_args, color, "color", 0, "Show each container's lines in a colour"),
	OPTION_IGNORED_FLAG("details", 0, "For Docker; no effect", .flags = OPTION_HIDDEN),
	OPTION_FLAG(logs_args, follow, "follow", 'f', "Go on until the container ends"),
	OPTION_FLAG(logs_args, latest, "latest", 'l', "Act on the last created container"),
	OPTION_FLAG(logs_args, names, "names", 'n', "Show container names in front of lines"),
	OPTION_TEXT(logs_args, since, "since", 0, "TIME", "From this time on, or so long ago"),
	OPTION_INT(logs_args, tail, "tail", 0, "N", "The last N lines; -1: all"),
	OPTION_FLAG(logs_args, timestamps, "timestamps", 't', "Show the time of each line"),
	OPTION_TEXT(logs_args, until, "until", 0, "TIME", "Up to this time, or so long ago"),
	{ 0 },
};

static void init(void *args)
{
	((struct logs_args *)args)->tail = -1;
}

struct sink {
	const struct logs_args *args;
	const char *prefix; /* of several containers' lines, or NULL */
	int colour;         /* 0: none */
	bool flush;         /* as each line comes */
};

static int print_line(void *arg, const struct logs_line *line)
{
	const struct sink *k = arg;
	FILE *to = line->is_stderr ? stderr : stdout;

	if (line->gap)
		log_at(LOG_WARN, "the log was rotated faster than it was read: lines are missing");
	if (k->colour)
		fprintf(to, "\033[3%dm", k->colour);
	if (k->prefix && !line->continues)
		fprintf(to, "%s ", k->prefix);
	if (k->args->timestamps && !line->continues) {
		auto_buf at = BUF(64);

		time_print_rfc3339(&at, line->time_nsec, false);
		fprintf(to, "%s ", buf_text(&at));
	}
	fwrite(line->text, 1, line->len, to);
	if (!line->partial)
		putc('\n', to);
	if (k->colour)
		fputs("\033[0m", to);
	if (k->flush)
		fflush(to);
	return ferror(to) ? -EPIPE : 0;
}

static int parse(const struct logs_args *args, struct logs_read *ret, struct err *e)
{
	int64_t now = clock_nsec();
	int r = 0;

	*ret = (struct logs_read){ .tail = args->tail, .follow = args->follow };
	if (args->since)
		r = time_parse(args->since, now, &ret->since_nsec, e);
	if (r == 0 && args->until)
		r = time_parse(args->until, now, &ret->until_nsec, e);
	return r;
}

static int run_session(struct session *s, const struct logs_args *args, int argc, const char **argv)
{
	struct logs_read what;
	struct err e;
	int n = args->latest ? 1 : argc;

	if (parse(args, &what, &e) < 0)
		return cli_fail(&e);
	if (args->follow && n > 1)
		return cli_failf("logs --follow shows one container at a time");
	for (int i = 0; i < n; i++) {
		const struct container *c = select_one(s, args->latest, argc, argv + i, &e);
		struct sink k = { .args = args, .flush = args->follow };
		int r;

		if (!c)
			return cli_fail(&e);
		if (args->names)
			k.prefix = c->name;
		else if (n > 1)
			k.prefix = arena_strndup(s->arena, c->id, 12);
		if (args->color)
			k.colour = 1 + i % 6;
		r = container_logs(&s->state, s->arena, c, &what, print_line, &k, &e);
		fflush(stdout);
		if (r < 0 && r != -EPIPE)
			return cli_fail(&e);
	}
	return 0;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	const struct logs_args *a = args;
	struct session s;
	int code;

	if (argc == 0 && !a->latest)
		return cli_failf("you must provide at least one name or id");
	if (argc > 0 && a->latest)
		return cli_failf("no arguments are needed with --latest");
	if (!session_open(globals, &s, &code))
		return code;
	code = run_session(&s, a, argc, argv);
	session_close(&s);
	return code;
}

static const struct option *const options[] = { logs_options, NULL };

const struct command logs_command = {
	.name = "logs",
	.summary = "Show the logs of containers",
	.description = "Shows what containers wrote to standard output and standard error",
	.usage = "CONTAINER [CONTAINER...]",
	.examples = "ctrID\n--names ctrID1 ctrID2\n--tail 2 mywebserver\n--follow=true --since 10m "
		    "ctrID\n",
	.options = options,
	.args_size = sizeof(struct logs_args),
	.max_args = -1,
	.completes = "container",
	.init = init,
	.run = run,
};
