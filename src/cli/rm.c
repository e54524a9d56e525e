/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/verb.h"
#include "engine/depend.h"
#include "engine/stop.h"

struct rm_args {
	struct select_args select;
	bool force, volumes, depend, time_given;
	int64_t time;
};

static const struct option rm_options[] = {
	SELECT_ALL(rm_args, "Remove all containers"),
	SELECT_CID_FILES(rm_args),
	OPTION_FLAG(rm_args, depend, "depend", 0, "Remove the containers that need it first"),
	OPTION_LIST(rm_args, select.filters, "filter", 0, "FILTER", "Act on containers that match"),
	OPTION_FLAG(rm_args, force, "force", 'f', "Stop a running container first"),
	SELECT_IGNORE(rm_args),
	SELECT_LATEST(rm_args),
	OPTION_INT(rm_args, time, "time", 't', "SECONDS", "With --force: wait before killing (10)",
		   OPTION_GIVEN(rm_args, time_given)),
	OPTION_FLAG(rm_args, volumes, "volumes", 'v', "Remove its anonymous volumes too"),
	{ 0 },
};

static void print_id(void *arg, const char *id)
{
	printf("%s\n", id);
}

static int act(struct session *s, const struct container *c, void *args, struct err *e)
{
	const struct rm_args *a = args;

	return container_remove(&s->state, s->arena, c,
				&(struct container_remove){
					.force = a->force,
					.volumes = a->volumes,
					.depend = a->depend,
					.removed = print_id,
					.timeout_sec = a->time_given ? a->time : -1,
				},
				e);
}

static int compare(const void *a, const void *b)
{
	const struct selected *x = a, *y = b;

	return x->container->created_nsec > y->container->created_nsec ? -1 : 1;
}

/* Who needs another was made after it. */
static void order(struct session *s, struct selection *l)
{
	bool any = false;

	for (size_t i = 0; i < l->n; i++) {
		const struct container *c = l->v[i].container;

		any = any || c->volumes_from.n || container_needs(s->arena, c).n;
	}
	if (any)
		qsort(l->v, l->n, sizeof(*l->v), compare);
}

static int exit_of(const struct err *e)
{
	return e->where == CONTAINER_IS_RUNNING ? 2 : EXIT_ENGINE;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	static const struct verb verb = {
		.act = act, .missing_exit = 1, .exit_of = exit_of, .order = order
	};
	struct rm_args *a = args;

	if (a->time_given && !a->force)
		return cli_failf("--force option must be specified to use the --time option");
	if (a->force)
		a->select.ignore = a->select.damaged = true;
	return verb_run(&verb, globals, args, &a->select, argc, argv);
}

static const struct option *const options[] = { rm_options, NULL };
static const char *const aliases[] = { "remove", NULL };

const struct command rm_command = {
	.name = "rm",
	.aliases = aliases,
	.summary = "Remove containers",
	.description =
		"Removes containers that do not run, with their writable layers and logs. --force stops them first.",
	.usage = "[CONTAINER...]",
	.examples = "imageID\nmywebserver myflaskserver 860a4b23\n--force --all\n-f c684f0d469f2\n",
	.options = options,
	.args_size = sizeof(struct rm_args),
	.max_args = -1,
	.completes = "container",
	.run = run,
};
