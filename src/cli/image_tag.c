/* SPDX-License-Identifier: BSD-2-Clause */
/* berth tag and untag. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "image/image.h"

static int tag_all(struct session *s, int argc, const char **argv)
{
	struct image *i;
	struct err e;

	if (image_find(&s->state, s->arena, argv[0], &i, NULL, &e) < 0)
		return cli_fail(&e);
	for (int n = 1; n < argc; n++)
		if (image_tag(&s->state, s->arena, i, argv[n], &e) < 0)
			return cli_fail(&e);
	return 0;
}

static int untag_all(struct session *s, int argc, const char **argv)
{
	struct image *i;
	struct err e;

	if (image_find(&s->state, s->arena, argv[0], &i, NULL, &e) < 0)
		return cli_fail(&e);
	if (argc == 1 && image_untag(&s->state, s->arena, i, NULL, &e) < 0)
		return cli_fail(&e);
	for (int n = 1; n < argc; n++)
		if (image_untag(&s->state, s->arena, i, argv[n], &e) < 0)
			return cli_fail(&e);
	return 0;
}

static int in_session(void *globals, int argc, const char **argv,
		      int (*act)(struct session *s, int argc, const char **argv))
{
	struct session s;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	code = act(&s, argc, argv);
	session_close(&s);
	return code;
}

static int run_tag(void *globals, void *args, int argc, const char **argv)
{
	return in_session(globals, argc, argv, tag_all);
}

static int run_untag(void *globals, void *args, int argc, const char **argv)
{
	return in_session(globals, argc, argv, untag_all);
}

const struct command tag_command = {
	.name = "tag",
	.summary = "Give an image further names",
	.description =
		"Adds one or more names to an image. A name without a registry gets localhost",
	.usage = "IMAGE TARGET_NAME [TARGET_NAME...]",
	.examples = "0e3bbc2 fedora:latest\nimageID:latest myNewImage:newTag\n",
	.min_args = 2,
	.max_args = -1,
	.completes = "image",
	.run = run_tag,
};

const struct command untag_command = {
	.name = "untag",
	.summary = "Remove names of an image",
	.description = "Removes one or more names from an image, all of them when none is given",
	.usage = "IMAGE [IMAGE...]",
	.examples = "0e3bbc2\nimageID:latest otherImageName:latest\n",
	.min_args = 1,
	.max_args = -1,
	.completes = "image",
	.run = run_untag,
};
