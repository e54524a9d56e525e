/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/top.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/select.h"
#include "cli/table.h"
#include "engine/exec.h"

#define OUTPUT_MAX ((size_t)16 << 20)

struct top_args {
	bool latest, list;
};

static const struct option top_options[] = {
	OPTION_FLAG(top_args, latest, "latest", 'l', "Act on the last created container"),
	OPTION_FLAG(top_args, list, "list-descriptors", 0, "List what can be shown",
		    .flags = OPTION_HIDDEN),
	{ 0 },
};

/* Anything but descriptors goes to the container's own ps. */
static int run_ps(struct session *s, const struct container *c, int argc, const char **argv)
{
	struct container_exec how = { 0 };
	char id[STATE_ID_LEN + 1];
	struct err e;
	int code;

	texts_add(s->arena, &how.args, "ps");
	for (int i = 0; i < argc; i++)
		texts_add(s->arena, &how.args, argv[i]);
	if (container_exec(&s->state, s->arena, c, &how, &code, id, &e) == 0)
		return code;
	return e.where == CONTAINER_NOT_RUNNING
		       ? cli_failf("top can only be used on running containers")
		       : cli_fail(&e);
}

static int show(struct session *s, const struct top_args *args, int argc, const char **argv)
{
	auto_buf text = BUF(OUTPUT_MAX), out = BUF(OUTPUT_MAX);
	const struct container *c;
	struct texts names = { 0 };
	bool known = true;
	struct err e;

	c = select_one(s, args->latest, argc, argv, &e);
	if (!c)
		return cli_fail(&e);
	if (!args->latest) {
		argc--;
		argv++;
	}
	for (int i = 0; i < argc; i++) {
		struct texts parts = texts_split(s->arena, argv[i], ',');

		for (size_t k = 0; k < parts.n; k++) {
			known = known && top_knows(parts.v[k]);
			texts_add(s->arena, &names, parts.v[k]);
		}
	}
	if (!known)
		return run_ps(s, c, argc, argv);
	if (top_print(&s->state, s->arena, c, &names, &text, &e) < 0)
		return cli_fail(&e);
	table_print(&out, buf_text(&text), text.len);
	return cli_print(&out);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	const struct top_args *a = args;
	struct session s;
	int code;

	if (a->list) {
		for (size_t i = 0; top_descriptors[i]; i++)
			printf("%s\n", top_descriptors[i]);
		return 0;
	}
	if (argc == 0 && !a->latest)
		return cli_failf("you must provide the name or id of a running container");
	if (!session_open(globals, &s, &code))
		return code;
	code = show(&s, a, argc, argv);
	session_close(&s);
	return code;
}

static const struct option *const options[] = { top_options, NULL };

const struct command top_command = {
	.name = "top",
	.summary = "Show the processes of a container",
	.description =
		"Shows the processes of a container as the host sees them. Descriptors choose "
		"the columns: args, capamb, capbnd, capeff, capinh, capprm, comm, etime, group, "
		"groups, hgroup, hgroups, hpid, huser, label, nice, pcpu, pgid, pid, ppid, "
		"rgroup, rss, ruser, seccomp, state, stime, time, tty, user, vsz. Other "
		"arguments are given to the container's own ps.",
	.usage = "CONTAINER [FORMAT-DESCRIPTORS|ARGS...]",
	.examples = "ctrID\n--latest\nctrID pid seccomp args %C\nctrID -eo user,pid,comm\n",
	.options = options,
	.args_size = sizeof(struct top_args),
	.max_args = -1,
	.options_end_at_arg = true,
	.completes = "container",
	.run = run,
};
