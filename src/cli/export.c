/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/export.h"

#include "cli/commands.h"
#include "cli/select.h"

struct export_args {
	const char *output;
};

static const struct option export_options[] = {
	OPTION_TEXT(export_args, output, "output", 'o', "FILE", "Write to the file, not to stdout",
		    .completes = "file"),
	{ 0 },
};

static int export(struct session *s, const struct export_args *args, const char *name,
		  struct err *e)
{
	auto_close int fd = -1;
	struct container *c;
	int r = container_find(&s->state, s->arena, name, &c, e);

	if (r < 0)
		return r;
	fd = cli_open_output(args->output, e);
	if (fd < 0)
		return fd;
	return container_export(&s->state, s->arena, c, fd, e);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	const struct export_args *a = args;
	struct session s;
	struct err e;
	int code;

	if (!cli_may_output(a->output))
		return EXIT_ENGINE;
	if (!session_open(globals, &s, &code))
		return code;
	code = export(&s, a, argv[0], &e) < 0 ? cli_fail(&e) : 0;
	session_close(&s);
	return code;
}

static const struct option *const options[] = { export_options, NULL };

const struct command export_command = {
	.name = "export",
	.summary = "Write a container's file system as a tar archive",
	.description =
		"Writes all files that a container sees in its root, without mounts, as one tar archive",
	.usage = "CONTAINER",
	.examples = "ctrID > myCtr.tar\n--output=\"myCtr.tar\" ctrID\n",
	.options = options,
	.args_size = sizeof(struct export_args),
	.min_args = 1,
	.max_args = 1,
	.completes = "container",
	.run = run,
};
