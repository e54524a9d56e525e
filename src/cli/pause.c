/* SPDX-License-Identifier: BSD-2-Clause */
/* pause and unpause. */
#include "cli/commands.h"
#include "cli/verb.h"
#include "engine/stop.h"

struct pause_args {
	struct select_args select;
};

static const struct option pause_options[] = {
	SELECT_ALL(pause_args, "Act on all containers that can be"),
	SELECT_CID_FILES(pause_args),
	SELECT_FILTERS(pause_args),
	SELECT_LATEST(pause_args),
	{ 0 },
};

static int pause_one(struct session *s, const struct container *c, void *args, struct err *e)
{
	return container_pause(&s->state, s->arena, c, e);
}

static int unpause_one(struct session *s, const struct container *c, void *args, struct err *e)
{
	return container_unpause(&s->state, s->arena, c, e);
}

static int run_pause(void *globals, void *args, int argc, const char **argv)
{
	static const struct verb verb = { .act = pause_one, .wants = wants_running };
	struct pause_args *a = args;

	return verb_run(&verb, globals, args, &a->select, argc, argv);
}

static int run_unpause(void *globals, void *args, int argc, const char **argv)
{
	static const struct verb verb = { .act = unpause_one, .wants = wants_paused };
	struct pause_args *a = args;

	return verb_run(&verb, globals, args, &a->select, argc, argv);
}

static const struct option *const options[] = { pause_options, NULL };

const struct command pause_command = {
	.name = "pause",
	.summary = "Freeze all processes of containers",
	.description = "Freezes all processes of running containers",
	.usage = "[CONTAINER...]",
	.examples = "mywebserver\n860a4b23\n--all\n",
	.options = options,
	.args_size = sizeof(struct pause_args),
	.max_args = -1,
	.completes = "container",
	.run = run_pause,
};

const struct command unpause_command = {
	.name = "unpause",
	.summary = "Let paused containers go on",
	.description = "Lets the processes of paused containers go on",
	.usage = "[CONTAINER...]",
	.examples = "ctrID\n--all\n",
	.options = options,
	.args_size = sizeof(struct pause_args),
	.max_args = -1,
	.completes = "container",
	.run = run_unpause,
};
