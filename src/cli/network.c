/* SPDX-License-Identifier: BSD-2-Clause */
/* The network group: exists, reload, update, and what has files of its own. */
#include <stdio.h>

#include "base/address.h"
#include "cli/commands.h"
#include "cli/obstacles.h"
#include "cli/select.h"
#include "cli/verb.h"
#include "engine/wiring.h"
#include "network/firewall.h"
#include "network/names.h"
#include "network/serve.h"
#include "network/usernet.h"

static int run_exists(void *globals, void *args, int argc, const char **argv)
{
	struct network *n;
	struct session s;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	code = network_find(&s.state, s.arena, argv[0], &n, NULL) == 0 ? 0 : 1;
	session_close(&s);
	return code;
}

const struct command network_exists_command = {
	.name = "exists",
	.summary = "Check whether a network exists",
	.description = "Exits with 0 if the network exists, and with 1 if not",
	.usage = "NETWORK",
	.examples = "net1\n",
	.min_args = 1,
	.max_args = 1,
	.completes = "network",
	.run = run_exists,
};

/* update */

struct update_network_args {
	struct texts add, drop;
};

static const struct option update_options[] = {
	OPTION_COMMAS(update_network_args, add, "dns-add", 0, "IP", "Add a name server"),
	OPTION_COMMAS(update_network_args, drop, "dns-drop", 0, "IP", "Remove a name server"),
	{ 0 },
};

static int check_servers(const struct texts *l, struct err *e)
{
	struct address a;

	for (size_t i = 0; i < l->n; i++)
		if (!address_parse(l->v[i], &a))
			return err_set(e, ERR_INVALID, "unable to parse ip %s", l->v[i]);
	return 0;
}

static int update(struct session *s, const struct update_network_args *args, const char *name)
{
	struct network *n;
	struct err e;
	int r = check_servers(&args->add, &e);

	if (r == 0)
		r = check_servers(&args->drop, &e);
	if (r == 0)
		r = network_update(&s->state, s->arena, name, &args->add, &args->drop, &e);
	if (r == 0)
		r = network_find(&s->state, s->arena, name, &n, &e);
	/* Containers that run are told too. */
	if (r == 0)
		r = names_update(&s->state, n->name, -1, &e);
	if (r < 0)
		return cli_fail(&e);
	printf("%s\n", name);
	return 0;
}

static int run_update(void *globals, void *args, int argc, const char **argv)
{
	struct session s;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	code = update(&s, args, argv[0]);
	session_close(&s);
	return code;
}

static const struct option *const update_tables[] = { update_options, NULL };

const struct command network_update_command = {
	.name = "update",
	.summary = "Change a network",
	.description = "Changes the name servers of a network",
	.usage = "NETWORK",
	.examples = "--dns-add 192.0.2.1 --dns-drop 192.0.2.2 net1\n",
	.options = update_tables,
	.args_size = sizeof(struct update_network_args),
	.min_args = 1,
	.max_args = 1,
	.completes = "network",
	.run = run_update,
};

/* reload */

struct reload_args {
	struct select_args select;
	bool done; /* the rules are all put back at once */
};

static const struct option reload_options[] = {
	SELECT_ALL(reload_args, "All containers that run"),
	SELECT_LATEST(reload_args),
	{ 0 },
};

static int reload_bridges(struct session *s, struct network_status *st, struct err *e)
{
	struct network_target target = { .netns = -1, .lock = -1 };
	auto_close int host = -1;
	struct plan p;
	int r = usernet_restore(&s->state, st, e);

	host = usernet_find(&s->state);
	if (r < 0 || host == USERNET_NONE)
		return r;
	target.host_netns = host;
	plan_init(&p, s->arena);
	r = network_plan_restore(&p, &s->state, st, &target, e);
	if (r == 0)
		r = plan_apply(&p, e);
	network_target_close(&target);
	return r;
}

static int reload(struct session *s, const struct container *c, void *args, struct err *e)
{
	struct reload_args *a = args;
	struct container_status status;
	struct network_status st;
	int r = container_status(&s->state, s->arena, c, &status, e);

	if (r < 0)
		return r;
	if (!container_is_alive(&status))
		return err_set(
			e, ERR_CONFLICT,
			"cannot reload network unless container network has been configured: "
			"container state improper");
	if (network_status(&s->state, s->arena, c->id, &st, NULL) < 0)
		return a->select.all ? 1
				     : err_set(e, ERR_CONFLICT,
					       "container %s network is not configured, refusing "
					       "to reload: container state improper",
					       c->id);
	r = network_check_connected(&s->state, s->arena, &st, e);
	if (r == 0)
		r = reload_bridges(s, &st, e);
	if (r == 0 && !a->done)
		r = firewall_reload(&s->state, -1, e);
	a->done = true;
	for (size_t i = 0; r == 0 && i < st.endpoints.n; i++)
		obstacles_warn(s, st.endpoints.v[i].network, true, NULL);
	if (r == 0)
		r = wiring_serve(&s->state, s->arena, c, e);
	if (r < 0)
		return r;
	printf("%s\n", c->id);
	return 1;
}

static int run_reload(void *globals, void *args, int argc, const char **argv)
{
	static const struct verb verb = { .act = reload, .wants = wants_alive };
	struct reload_args *a = args;

	return verb_run(&verb, globals, a, &a->select, argc, argv);
}

static const struct option *const reload_tables[] = { reload_options, NULL };

const struct command network_reload_command = {
	.name = "reload",
	.summary = "Put bridges and firewall rules back",
	.description =
		"Puts back what somebody has flushed: the firewall's rules of all containers, "
		"and the name servers of the named ones and of their networks",
	.usage = "[CONTAINER...]",
	.examples = "web\n--all\n--latest\n",
	.options = reload_tables,
	.args_size = sizeof(struct reload_args),
	.max_args = -1,
	.completes = "container",
	.run = run_reload,
};

static const struct command *const commands[] = {
	&network_connect_command,
	&network_create_command,
	&network_disconnect_command,
	&network_exists_command,
	&network_inspect_command,
	&network_ls_command,
	&network_prune_command,
	&network_reload_command,
	&network_rm_command,
	&network_update_command,
	NULL,
};

const struct command network_group = {
	.name = "network",
	.summary = "Manage networks",
	.description = "Networks connect containers to each other, to the host, and to the world",
	.commands = commands,
};
