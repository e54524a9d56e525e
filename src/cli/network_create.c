/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/address.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "network/network.h"

struct create_network_args {
	const char *driver, *ipam_driver, *interface_name;
	struct texts subnets, gateways, ranges, routes, options, labels, dns;
	bool internal, ipv6, disable_dns, ignore;
};

static const struct option create_options[] = {
	OPTION_FLAG(create_network_args, disable_dns, "disable-dns", 0,
		    "Containers don't find each other by name"),
	OPTION_COMMAS(create_network_args, dns, "dns", 0, "IP",
		      "Name servers of the containers on it"),
	OPTION_TEXT(create_network_args, driver, "driver", 'd', "DRIVER",
		    "bridge, macvlan, ipvlan or host-device (bridge)"),
	OPTION_COMMAS(create_network_args, gateways, "gateway", 0, "IP",
		      "Gateway of the subnet given at the same place"),
	OPTION_FLAG(create_network_args, ignore, "ignore", 0, "Don't fail if it exists"),
	OPTION_TEXT(create_network_args, interface_name, "interface-name", 0, "NAME",
		    "The bridge, or the host's interface"),
	OPTION_FLAG(create_network_args, internal, "internal", 0,
		    "No way out of the network, and none in"),
	OPTION_LIST(create_network_args, ranges, "ip-range", 0, "RANGE",
		    "Give addresses of this part of the subnet only: CIDR or FIRST-LAST"),
	OPTION_TEXT(create_network_args, ipam_driver, "ipam-driver", 0, "DRIVER",
		    "Who gives addresses: host-local, none, keep"),
	OPTION_FLAG(create_network_args, ipv6, "ipv6", 0, "Also an IPv6 subnet"),
	OPTION_LIST(create_network_args, labels, "label", 0, "KEY=VALUE", "Set a label"),
	OPTION_LIST(create_network_args, options, "opt", 'o', "KEY=VALUE",
		    "Set an option of the driver"),
	OPTION_LIST(create_network_args, routes, "route", 0, "NET,GATEWAY[,METRIC]",
		    "Add a route inside the containers"),
	OPTION_LIST(create_network_args, subnets, "subnet", 0, "CIDR", "Subnet of the network"),
	{ 0 },
};

static int read_pairs(struct arena *a, const struct texts *l, const char *what,
		      struct text_map *ret, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		size_t n = strcspn(l->v[i], "=");

		if (n == 0)
			return err_set(e, ERR_INVALID,
				       "failed to parse %ss: invalid %s format: \"%s\"", what, what,
				       l->v[i]);
		text_map_set(a, ret, arena_strndup(a, l->v[i], n),
			     l->v[i][n] ? l->v[i] + n + 1 : "");
	}
	return 0;
}

static int read_route(struct arena *a, const char *text, struct network_route *ret, struct err *e)
{
	struct texts parts = texts_split(a, text, ',');
	uint64_t *metric = ARENA_NEW(a, uint64_t);
	struct address ip;

	if (parts.n < 2 || parts.n > 3)
		return err_set(e, ERR_INVALID,
			       "invalid route: %s\nFormat: --route <destination in CIDR>,<gateway>,"
			       "<metric (optional)>",
			       text);
	ret->destination = parts.v[0];
	ret->gateway = parts.v[1];
	if (!address_parse(ret->gateway, &ip))
		return err_set(e, ERR_INVALID, "invalid route gateway %s", ret->gateway);
	if (parts.n == 2)
		return 0;
	ret->metric = metric;
	return text_to_uint(parts.v[2], UINT32_MAX, metric, "invalid route metric", e);
}

/* FIRST-LAST, or all of a network, as podman has it: from its second address to its last. */
static int read_range(struct arena *a, const char *text, struct network_subnet *s, struct err *e)
{
	struct network_lease_range *l = ARENA_NEW(a, struct network_lease_range);
	const char *dash = strchr(text, '-');
	char room[ADDRESS_TEXT];
	struct address net, at;

	s->lease_range = l;
	if (dash) {
		l->start_ip = arena_strndup(a, text, (size_t)(dash - text));
		l->end_ip = dash + 1;
		if (!address_parse(l->start_ip, &at) || !address_parse(l->end_ip, &at))
			return err_set(e, ERR_INVALID, "invalid range: %s", text);
		return 0;
	}
	if (!address_parse_net(text, &net))
		return err_set(e, ERR_INVALID, "invalid CIDR address: %s", text);
	at = address_first(&net);
	at = address_plus(&at, net.prefix == address_bits(&net) ? 0 : 1);
	l->start_ip = arena_strdup(a, address_print(&at, room));
	at = address_last(&net);
	l->end_ip = arena_strdup(a, address_print(&at, room));
	return 0;
}

static int read_subnets(struct arena *a, const struct create_network_args *args, struct network *n,
			struct err *e)
{
	struct address ip;
	int r = 0;

	for (size_t i = 0; i < args->gateways.n; i++)
		if (!address_parse(args->gateways.v[i], &ip))
			return err_set(e, ERR_INVALID,
				       "invalid argument \"%s\" for \"--gateway\" flag: invalid "
				       "string being converted to IP address: %s",
				       args->gateways.v[i], args->gateways.v[i]);
	if (!args->subnets.n && (args->gateways.n || args->ranges.n))
		return err_set(e, ERR_INVALID, "cannot set gateway or range without subnet");
	if (args->gateways.n > args->subnets.n)
		return err_set(e, ERR_INVALID, "cannot set more gateways than subnets");
	if (args->ranges.n > args->subnets.n)
		return err_set(e, ERR_INVALID, "cannot set more ranges than subnets");
	n->subnets.v = arena_array(a, args->subnets.n, sizeof(*n->subnets.v));
	for (; r == 0 && n->subnets.n < args->subnets.n; n->subnets.n++) {
		size_t i = n->subnets.n;

		n->subnets.v[i].subnet = args->subnets.v[i];
		if (i < args->gateways.n)
			n->subnets.v[i].gateway = args->gateways.v[i];
		if (i < args->ranges.n)
			r = read_range(a, args->ranges.v[i], &n->subnets.v[i], e);
	}
	return r;
}

static int read_network(struct arena *a, const struct create_network_args *args, struct network *n,
			struct err *e)
{
	int r = read_pairs(a, &args->labels, "label", &n->labels, e);

	if (r == 0)
		r = read_pairs(a, &args->options, "option", &n->options, e);
	if (r == 0)
		r = read_subnets(a, args, n, e);
	n->routes.v = arena_array(a, args->routes.n, sizeof(*n->routes.v));
	for (; r == 0 && n->routes.n < args->routes.n; n->routes.n++)
		r = read_route(a, args->routes.v[n->routes.n], &n->routes.v[n->routes.n], e);
	if (r == 0 && args->ipam_driver)
		text_map_set(a, &n->ipam_options, "driver", args->ipam_driver);
	n->driver = args->driver;
	n->network_interface = args->interface_name;
	n->internal = args->internal;
	n->ipv6_enabled = args->ipv6;
	n->dns_enabled = !args->disable_dns;
	n->dns_servers = args->dns;
	return r;
}

static int create(struct session *s, const struct create_network_args *args, const char *name)
{
	struct network n = { .name = text_empty(name) ? NULL : name }, *there;
	struct err e;

	if (args->ignore && n.name &&
	    network_find(&s->state, s->arena, n.name, &there, NULL) == 0 &&
	    text_eq(there->name, n.name)) {
		printf("%s\n", n.name);
		return 0;
	}
	if (read_network(s->arena, args, &n, &e) < 0 ||
	    network_create(&s->state, s->arena, &n, &e) < 0)
		return cli_fail(&e);
	printf("%s\n", n.name);
	return 0;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct session s;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	code = create(&s, args, argc ? argv[0] : NULL);
	session_close(&s);
	return code;
}

static const struct option *const tables[] = { create_options, NULL };

const struct command network_create_command = {
	.name = "create",
	.summary = "Create a network",
	.description = "Creates a network; without a name it is called podman1, podman2, …",
	.usage = "[NAME]",
	.examples = "net1\n--subnet 192.0.2.0/24 --gateway 192.0.2.3 net1\n"
		    "-d macvlan -o parent=eth0 --subnet 192.0.2.0/24 lan\n"
		    "-d host-device -o parent=eth1 port1\n",
	.options = tables,
	.args_size = sizeof(struct create_network_args),
	.max_args = 1,
	.run = run,
};
