/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/create_args.h"
#include "engine/start.h"

static int run_session(struct session *s, const struct create_args *args, int argc,
		       const char **argv)
{
	struct container *c;
	struct err e;

	if (create_from_args(s, args, argc, argv, &c, NULL, &e) < 0)
		return cli_fail(&e);
	if (args->plan) {
		auto_buf out = BUF((size_t)1 << 20);
		int r = container_plan(&s->state, s->arena, c, &(struct container_start){ 0 }, &out,
				       &e);

		return r < 0 ? cli_fail(&e) : cli_print(&out);
	}
	printf("%s\n", c->id);
	return 0;
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

static const struct option *const options[] = { create_options, NULL };

const struct command create_command = {
	.name = "create",
	.summary = "Create a container without starting it",
	.description =
		"Makes a container of an image, which is pulled if it is not here, for start to run",
	.usage = "IMAGE [COMMAND [ARG...]]",
	.examples = "alpine ls\n--annotation HELLO=WORLD alpine ls\n-t -i --name myctr alpine ls\n",
	.options = options,
	.args_size = sizeof(struct create_args),
	.min_args = 1,
	.max_args = -1,
	.options_end_at_arg = true,
	.completes = "image",
	.init = create_args_init,
	.run = run,
};
