/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/commands.h"
#include "cli/verb.h"
#include "engine/start.h"
#include "engine/stop.h"

struct restart_args {
	struct select_args select;
	bool running, time_given;
	int64_t time;
};

static const struct option restart_options[] = {
	SELECT_ALL(restart_args, "Restart all containers, whatever their state"),
	SELECT_CID_FILES(restart_args),
	SELECT_FILTERS(restart_args),
	SELECT_LATEST(restart_args),
	OPTION_FLAG(restart_args, running, "running", 0, "Restart only running containers"),
	OPTION_INT(restart_args, time, "time", 't', "SECONDS",
		   "Seconds to wait before killing (10)", OPTION_GIVEN(restart_args, time_given)),
	OPTION_ALIAS("timeout", 0, "time"),
	{ 0 },
};

static int act(struct session *s, const struct container *c, void *args, struct err *e)
{
	const struct restart_args *a = args;
	int r = container_stop(&s->state, s->arena, c,
			       &(struct container_stop){
				       .timeout_sec = a->time_given ? a->time : c->stop_timeout_sec,
			       },
			       e);

	if (r == 0)
		r = container_start(&s->state, c,
				    &(struct container_start){
					    .program = s->globals->self,
					    .cgroup_manager = s->globals->cgroup_manager,
				    },
				    NULL, e);
	return r < 0 ? r : 0;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	static const struct verb verb = { .act = act };
	static const struct verb running = { .act = act, .wants = wants_running };
	struct restart_args *a = args;

	if (a->running && argc == 0)
		a->select.all = true;
	return verb_run(a->running ? &running : &verb, globals, args, &a->select, argc, argv);
}

static const struct option *const options[] = { restart_options, NULL };

const struct command restart_command = {
	.name = "restart",
	.summary = "Restart containers",
	.description = "Stops containers as stop does, and starts them again",
	.usage = "[CONTAINER...]",
	.examples = "ctrID\n--latest\nctrID1 ctrID2\n",
	.options = options,
	.args_size = sizeof(struct restart_args),
	.max_args = -1,
	.completes = "container",
	.run = run,
};
