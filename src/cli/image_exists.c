/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "image/image.h"

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct session s;
	struct image *i;
	struct err e;
	int code, r;

	if (!session_open(globals, &s, &code))
		return code;
	r = image_find(&s.state, s.arena, argv[0], &i, NULL, &e);
	session_close(&s);
	return r == 0 ? 0 : r == -ENOENT ? 1 : cli_fail(&e);
}

const struct command image_exists_command = {
	.name = "exists",
	.summary = "Check whether an image is stored here",
	.description = "Exits 0 if the image exists, 1 if it does not, 125 on an error",
	.usage = "IMAGE",
	.examples = "ID\nNAME || berth pull NAME\n",
	.min_args = 1,
	.max_args = 1,
	.completes = "image",
	.run = run,
};
