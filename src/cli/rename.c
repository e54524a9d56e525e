/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/commands.h"
#include "cli/select.h"
#include "engine/stop.h"

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct container *c;
	struct session s;
	struct err e;
	int code, r;

	if (!session_open(globals, &s, &code))
		return code;
	r = container_find(&s.state, s.arena, argv[0], &c, &e);
	if (r == 0)
		r = container_rename(&s.state, s.arena, c, argv[1], &e);
	code = r < 0 ? cli_fail(&e) : 0;
	session_close(&s);
	return code;
}

const struct command rename_command = {
	.name = "rename",
	.summary = "Rename a container",
	.description = "Gives a container another name, running or not",
	.usage = "CONTAINER NAME",
	.examples = "containerA newName\n",
	.min_args = 2,
	.max_args = 2,
	.completes = "container",
	.run = run,
};
