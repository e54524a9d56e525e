/* SPDX-License-Identifier: BSD-2-Clause */
/* container prune and container exists. */
#include <errno.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/select.h"
#include "engine/filter.h"
#include "engine/stop.h"

struct prune_args {
	bool force;
	struct texts filters;
};

static const struct option prune_options[] = {
	OPTION_LIST(prune_args, filters, "filter", 0, "FILTER", "Remove those that match"),
	OPTION_FLAG(prune_args, force, "force", 'f', "Don't ask"),
	{ 0 },
};

static int prune(struct session *s, const struct prune_args *args)
{
	struct failures failures = { .arena = s->arena };
	struct container_filter *filter;
	struct containers all;
	struct err e;

	if (container_filter_new(&s->state, s->arena, &args->filters, &filter, &e) < 0 ||
	    container_list(&s->state, s->arena, &all, NULL, NULL, &e) < 0)
		return cli_fail(&e);
	for (size_t i = 0; i < all.n; i++) {
		struct container_status st;
		int r = container_status(&s->state, s->arena, all.v[i], &st, NULL);

		if (r < 0 || container_is_alive(&st) ||
		    !container_filter_matches(filter, all.v[i], &st))
			continue;
		r = container_remove(&s->state, s->arena, all.v[i], &(struct container_remove){ 0 },
				     &e);
		if (r == 0)
			printf("%s\n", all.v[i]->id);
		else if (r < 0)
			failures_add(&failures, &e, EXIT_ENGINE);
	}
	return failures_end(&failures);
}

static int run_prune(void *globals, void *args, int argc, const char **argv)
{
	const struct prune_args *a = args;
	struct session s;
	int code;

	if (!a->force) {
		fprintf(stderr, "WARNING! This will remove all non running containers.\n");
		if (!cli_confirm("Are you sure you want to continue?"))
			return 0;
	}
	if (!session_open(globals, &s, &code))
		return code;
	code = prune(&s, a);
	session_close(&s);
	return code;
}

static const struct option *const prune_tables[] = { prune_options, NULL };

const struct command container_prune_command = {
	.name = "prune",
	.summary = "Remove all containers that do not run",
	.description = "Removes all containers that do not run",
	.examples = "--force\n",
	.options = prune_tables,
	.args_size = sizeof(struct prune_args),
	.run = run_prune,
};

struct exists_args {
	bool external;
};
static const struct option exists_options[] = {
	OPTION_FLAG(exists_args, external, "external", 0, "Also containers that are not berth's"),
	{ 0 },
};

static int run_exists(void *globals, void *args, int argc, const char **argv)
{
	struct session s;
	const char *id;
	struct err e;
	int code, r;

	if (!session_open(globals, &s, &code))
		return code;
	r = container_find_id(&s.state, s.arena, argv[0], &id, &e);
	code = r == 0 ? 0 : r == -ENOENT ? 1 : cli_fail(&e);
	session_close(&s);
	return code;
}

static const struct option *const exists_tables[] = { exists_options, NULL };

const struct command container_exists_command = {
	.name = "exists",
	.summary = "Check whether a container exists",
	.description = "Exits with 0 if the container exists, and with 1 if not",
	.usage = "CONTAINER",
	.examples = "containerID\nmyctr || berth create --name myctr myimage\n",
	.options = exists_tables,
	.args_size = sizeof(struct exists_args),
	.min_args = 1,
	.max_args = 1,
	.completes = "container",
	.run = run_exists,
};
