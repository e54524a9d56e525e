/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/stop.h"

#include <errno.h>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/verb.h"
#include "engine/signals.h"

struct stop_args {
	struct select_args select;
	int64_t time;
	bool time_given;
};

static const struct option stop_options[] = {
	SELECT_ALL(stop_args, "Stop all running containers"),
	SELECT_CID_FILES(stop_args),
	SELECT_FILTERS(stop_args),
	SELECT_IGNORE(stop_args),
	SELECT_LATEST(stop_args),
	OPTION_INT(stop_args, time, "time", 't', "SECONDS",
		   "Seconds to wait before killing; -1: for ever (10)",
		   OPTION_GIVEN(stop_args, time_given)),
	OPTION_ALIAS("timeout", 0, "time"),
	{ 0 },
};

static void resorting(void *arg, const struct container *c, int number, int64_t timeout_sec)
{
	char name[16];

	log_at(LOG_WARN,
	       "StopSignal %s failed to stop container %s in %lld seconds, resorting to SIGKILL",
	       signal_name(number, name), c->name, (long long)timeout_sec);
}

static int act(struct session *s, const struct container *c, void *args, struct err *e)
{
	const struct stop_args *a = args;

	return container_stop(&s->state, s->arena, c,
			      &(struct container_stop){
				      .timeout_sec = a->time_given ? a->time : c->stop_timeout_sec,
				      .resorting = resorting,
			      },
			      e);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	static const struct verb verb = { .act = act, .wants = wants_alive };
	struct stop_args *a = args;

	return verb_run(&verb, globals, args, &a->select, argc, argv);
}

static const struct option *const options[] = { stop_options, NULL };

const struct command stop_command = {
	.name = "stop",
	.summary = "Stop containers",
	.description =
		"Sends the stop signal to the first process of running containers, and SIGKILL if they have not ended after the time",
	.usage = "[CONTAINER...]",
	.examples = "ctrID\n--latest\n--time 2 mywebserver 6e534f14da9d\n",
	.options = options,
	.args_size = sizeof(struct stop_args),
	.max_args = -1,
	.completes = "container",
	.run = run,
};
