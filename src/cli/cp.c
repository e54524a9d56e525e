/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/select.h"
#include "engine/copy.h"

struct cp_args {
	bool archive, overwrite;
};

static const struct option cp_options[] = {
	OPTION_FLAG(cp_args, archive, "archive", 'a',
		    "Copies are the container user's (true); false: owners as they were"),
	OPTION_FLAG(cp_args, overwrite, "overwrite", 0,
		    "A directory may take a file's place and the reverse"),
	OPTION_IGNORED_FLAG("pause", 0, "For Docker; no effect", .flags = OPTION_HIDDEN),
	{ 0 },
};

static void init(void *args)
{
	((struct cp_args *)args)->archive = true;
}

/* CONTAINER:PATH, if the part before the colon cannot be a path. */
static int parse_end(struct session *s, const char *text, struct copy_end *ret, struct err *e)
{
	const char *colon = strchr(text, ':'), *name;
	struct container *c;
	int r;

	*ret = (struct copy_end){ .path = text };
	if (!colon || colon == text || *text == '.' || memchr(text, '/', (size_t)(colon - text)))
		return 0;
	name = arena_strndup(s->arena, text, (size_t)(colon - text));
	r = container_find(&s->state, s->arena, name, &c, e);
	if (r == -ENOENT)
		return err_set(e, ERR_NOT_FOUND, "container \"%s\" does not exist", name);
	if (r < 0)
		return r;
	ret->container = c;
	ret->path = colon + 1;
	if (!*ret->path)
		return err_set(e, ERR_INVALID, "invalid arguments \"%s\": the path is empty", text);
	return 0;
}

static int copy(struct session *s, const struct cp_args *args, const char **argv, struct err *e)
{
	struct container_copy how = { .keep_owner = !args->archive, .overwrite = args->overwrite };
	int r = parse_end(s, argv[0], &how.from, e);

	if (r == 0)
		r = parse_end(s, argv[1], &how.to, e);
	if (r < 0)
		return r;
	if (!how.from.container && !how.to.container)
		return err_set(e, ERR_INVALID,
			       "invalid arguments \"%s\", \"%s\": exactly 1 container expected but "
			       "0 specified",
			       argv[0], argv[1]);
	return container_copy(&s->state, s->arena, &how, e);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct session s;
	struct err e;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	code = copy(&s, args, argv, &e) < 0 ? cli_fail(&e) : 0;
	session_close(&s);
	return code;
}

static const struct option *const options[] = { cp_options, NULL };

const struct command cp_command = {
	.name = "cp",
	.summary = "Copy files between a container and the host",
	.description =
		"Copies a file or a directory out of a container or into it, running or not. \"-\" in place of a path on the host is a tar archive on standard input or output.",
	.usage = "[CONTAINER:]SRC_PATH [CONTAINER:]DEST_PATH",
	.options = options,
	.args_size = sizeof(struct cp_args),
	.min_args = 2,
	.max_args = 2,
	.completes = "container",
	.init = init,
	.run = run,
};
