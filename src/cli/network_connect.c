/* SPDX-License-Identifier: BSD-2-Clause */
/* network connect, network disconnect. */
#include <errno.h>

#include "base/address.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "engine/wiring.h"

struct connect_args {
	struct texts alias;
	const char *ip, *ip6, *mac;
	bool force;
};

static const struct option connect_options[] = {
	OPTION_COMMAS(connect_args, alias, "alias", 0, "NAME", "Another name on the network"),
	OPTION_TEXT(connect_args, ip, "ip", 0, "ADDRESS", "IPv4 address on the network"),
	OPTION_TEXT(connect_args, ip6, "ip6", 0, "ADDRESS", "IPv6 address on the network"),
	OPTION_TEXT(connect_args, mac, "mac-address", 0, "ADDRESS", "MAC address on the network"),
	{ 0 },
};

static const struct option disconnect_options[] = {
	OPTION_FLAG(connect_args, force, "force", 'f',
		    "Don't fail when the container is not on the network"),
	{ 0 },
};

static int take_address(struct arena *a, struct network_attachment *n, const char *text, int family,
			struct err *e)
{
	struct address ip;

	if (text_empty(text))
		return 0;
	if (!address_parse(text, &ip))
		return err_set(e, ERR_INVALID, "\"%s\" is not an ip address", text);
	if (ip.family != family)
		return err_set(e, ERR_INVALID, "\"%s\" is not an %s address", text,
			       family == AF_INET ? "IPv4" : "IPv6");
	texts_add(a, &n->addresses, text);
	return 0;
}

static int connect_session(struct session *s, const struct connect_args *args, const char **argv,
			   struct err *e)
{
	struct network_attachment n = { .network = argv[0],
					.mac = args->mac,
					.aliases = args->alias };
	struct network *network;
	struct container *c;
	int r = take_address(s->arena, &n, args->ip, AF_INET, e);

	if (r == 0)
		r = take_address(s->arena, &n, args->ip6, AF_INET6, e);
	if (r == 0)
		r = network_attachment_check(s->arena, &n, e);
	if (r == 0)
		r = network_find(&s->state, s->arena, argv[0], &network, e);
	if (r == 0)
		r = container_find(&s->state, s->arena, argv[1], &c, e);
	if (r < 0)
		return r;
	n.network = network->name;
	r = network_check_asked(network, &n, e);
	if (r < 0)
		return r;
	return container_connect(&s->state, s->arena, c, &n,
				 &(struct container_start){
					 .program = s->globals->self,
					 .cgroup_manager = s->globals->cgroup_manager,
				 },
				 e);
}

static int disconnect_session(struct session *s, const struct connect_args *args, const char **argv,
			      struct err *e)
{
	struct network *network;
	struct container *c;
	int r = container_find(&s->state, s->arena, argv[1], &c, e);

	if (r == 0)
		r = network_find(&s->state, s->arena, argv[0], &network, e);
	if (r < 0)
		return r;
	r = container_disconnect(&s->state, s->arena, c, network->name, e);
	return r == -ENOENT && args->force ? 0 : r;
}

static int with_session(void *globals, const struct connect_args *args, const char **argv,
			int (*fn)(struct session *s, const struct connect_args *args,
				  const char **argv, struct err *e))
{
	struct session s;
	struct err e;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	code = fn(&s, args, argv, &e) < 0 ? cli_fail(&e) : 0;
	session_close(&s);
	return code;
}

static int run_connect(void *globals, void *args, int argc, const char **argv)
{
	return with_session(globals, args, argv, connect_session);
}

static int run_disconnect(void *globals, void *args, int argc, const char **argv)
{
	return with_session(globals, args, argv, disconnect_session);
}

static const struct option *const connect_tables[] = { connect_options, NULL };
static const struct option *const disconnect_tables[] = { disconnect_options, NULL };

const struct command network_connect_command = {
	.name = "connect",
	.summary = "Connect a container to a network",
	.description = "Connects a container to a network, at once if it runs",
	.usage = "NETWORK CONTAINER",
	.examples = "web ctrID\n--ip 10.89.0.9 --alias db web ctrID\n",
	.options = connect_tables,
	.args_size = sizeof(struct connect_args),
	.min_args = 2,
	.max_args = 2,
	.completes = "network",
	.run = run_connect,
};

const struct command network_disconnect_command = {
	.name = "disconnect",
	.summary = "Disconnect a container from a network",
	.description = "Disconnects a container from a network, at once if it runs",
	.usage = "NETWORK CONTAINER",
	.examples = "web ctrID\n--force web ctrID\n",
	.options = disconnect_tables,
	.args_size = sizeof(struct connect_args),
	.min_args = 2,
	.max_args = 2,
	.completes = "network",
	.run = run_disconnect,
};
