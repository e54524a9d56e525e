/* SPDX-License-Identifier: BSD-2-Clause */
/* network rm and network prune. */
#include <errno.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/network_filter.h"
#include "cli/unused.h"
#include "network/firewall.h"

struct rm_network_args {
	bool force, time_given;
	int64_t time_sec;
	struct texts filters;
};

static const struct option rm_options[] = {
	OPTION_FLAG(rm_network_args, force, "force", 'f', "Remove the containers on it too"),
	OPTION_INT(rm_network_args, time_sec, "time", 't', "SECONDS",
		   "With --force: wait before killing (10)",
		   OPTION_GIVEN(rm_network_args, time_given)),
	OPTION_ALIAS("timeout", 0, "time"),
	{ 0 },
};
static const struct option prune_options[] = {
	OPTION_LIST(rm_network_args, filters, "filter", 0, "FILTER",
		    "Remove those that match: label, until"),
	OPTION_FLAG(rm_network_args, force, "force", 'f', "Don't ask"),
	{ 0 },
};

static struct texts users_of(struct session *s, const struct containers *all, const void *what)
{
	return network_users(s, all, what);
}

static int remove_network(struct session *s, const void *what, struct err *e)
{
	const struct network *n = what;
	int r = network_remove(&s->state, s->arena, n->name, e);

	/* What the rules say of a network that there is not harms nobody; a reload forgets it. */
	if (r == 0)
		firewall_forget(&s->state, n, -1, NULL);
	return r;
}

static int remove_named(struct session *s, const char *name, const struct rm_network_args *args,
			int *ret_exit, struct err *e)
{
	struct unused unused = { users_of, remove_network, NULL };
	struct texts users;
	struct network *n;
	int r = network_find(&s->state, s->arena, name, &n, e);

	*ret_exit = r == -ENOENT ? 1 : EXIT_ENGINE;
	if (r < 0)
		return r == -ENOENT && args->force ? 1 : r;
	if (network_is_default(n->name))
		return network_remove(&s->state, s->arena, n->name, e);
	unused.what = n;
	r = args->force ? unused_remove_forced(s, &unused, args->time_given ? args->time_sec : -1,
					       &users, e)
			: unused_remove(s, &unused, &users, e);
	if (r != 1)
		return r;
	*ret_exit = 2;
	return err_set(e, ERR_CONFLICT,
		       "\"%s\" has associated containers with it. Use -f to forcibly delete "
		       "containers and pods: network is being used",
		       name);
}

static int run_rm(void *globals, void *args, int argc, const char **argv)
{
	const struct rm_network_args *a = args;
	struct failures failures;
	struct session s;
	struct err e;
	int code;

	if (a->time_given && !a->force)
		return cli_failf("--force option must be specified to use the --time option");
	if (!session_open(globals, &s, &code))
		return code;
	failures = (struct failures){ .arena = s.arena };
	for (int i = 0; i < argc; i++) {
		int r = remove_named(&s, argv[i], a, &code, &e);

		if (r < 0)
			failures_add(&failures, &e, code);
		else if (r == 0)
			printf("%s\n", argv[i]);
	}
	fflush(stdout);
	code = failures_end(&failures);
	session_close(&s);
	return code;
}

static int prune(struct session *s, const struct rm_network_args *args)
{
	struct networks l;
	struct err e;

	if (network_filter(s, &args->filters, true, &l, &e) < 0)
		return cli_fail(&e);
	for (size_t i = 0; i < l.n; i++) {
		struct unused unused = { users_of, remove_network, l.v[i] };
		struct texts users;
		int r;

		if (network_is_default(l.v[i]->name))
			continue;
		r = unused_remove(s, &unused, &users, &e);
		if (r == 0)
			printf("%s\n", l.v[i]->name);
		/* Gone meanwhile is what was wanted. */
		else if (r < 0 && r != -ENOENT)
			return cli_fail(&e);
	}
	return 0;
}

static int run_prune(void *globals, void *args, int argc, const char **argv)
{
	const struct rm_network_args *a = args;
	struct session s;
	int code;

	if (!a->force) {
		fprintf(stderr, "WARNING! This will remove all networks not used by at least one "
				"container.\n");
		if (!cli_confirm("Are you sure you want to continue?"))
			return 0;
	}
	if (!session_open(globals, &s, &code))
		return code;
	code = prune(&s, a);
	session_close(&s);
	return code;
}

static const struct option *const rm_tables[] = { rm_options, NULL };
static const struct option *const prune_tables[] = { prune_options, NULL };
static const char *const rm_aliases[] = { "remove", NULL };

const struct command network_rm_command = {
	.name = "rm",
	.aliases = rm_aliases,
	.summary = "Remove networks",
	.description = "Removes networks. One that a container is on stays, unless forced.",
	.usage = "NETWORK [NETWORK...]",
	.examples = "net1 net2\n--force net1\n",
	.options = rm_tables,
	.args_size = sizeof(struct rm_network_args),
	.min_args = 1,
	.max_args = -1,
	.completes = "network",
	.run = run_rm,
};

const struct command network_prune_command = {
	.name = "prune",
	.summary = "Remove unused networks",
	.description = "Removes the networks that no container is on, but for the default one",
	.options = prune_tables,
	.args_size = sizeof(struct rm_network_args),
	.run = run_prune,
};
