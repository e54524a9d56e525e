/* SPDX-License-Identifier: BSD-2-Clause */
#include <signal.h>

#include "cli/commands.h"
#include "cli/verb.h"
#include "engine/signals.h"
#include "engine/stop.h"

struct kill_args {
	struct select_args select;
	const char *signal;
	int number;
};

static const struct option kill_options[] = {
	SELECT_ALL(kill_args, "Signal all running containers"),
	SELECT_CID_FILES(kill_args),
	SELECT_LATEST(kill_args),
	OPTION_TEXT(kill_args, signal, "signal", 's', "SIGNAL", "Signal to send (KILL)"),
	{ 0 },
};

static int act(struct session *s, const struct container *c, void *args, struct err *e)
{
	const struct kill_args *a = args;

	return container_kill(&s->state, s->arena, c, a->number, e);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	static const struct verb verb = { .act = act, .wants = wants_alive };
	struct kill_args *a = args;
	struct err e;

	a->number = SIGKILL;
	if (a->signal && signal_parse(a->signal, &a->number, &e) < 0)
		return cli_fail(&e);
	return verb_run(&verb, globals, args, &a->select, argc, argv);
}

static const struct option *const options[] = { kill_options, NULL };

const struct command kill_command = {
	.name = "kill",
	.summary = "Send containers a signal",
	.description =
		"Sends the first process of running containers SIGKILL or another signal. A container that is killed is not restarted.",
	.usage = "[CONTAINER...]",
	.examples = "mywebserver\n860a4b23\n--signal TERM ctrID\n",
	.options = options,
	.args_size = sizeof(struct kill_args),
	.max_args = -1,
	.completes = "container",
	.run = run,
};
