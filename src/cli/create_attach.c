/* SPDX-License-Identifier: BSD-2-Clause */
/* Which networks the container is on, and which of its ports are published. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/address.h"
#include "base/identity.h"
#include "base/path.h"
#include "cli/create_args.h"
#include "cli/defaults.h"
#include "network/port.h"
#include "network/slirp.h"

/* What can't be had together with a network of the container's own. */
static const char *const modes[] = { "none", "host", "container:", "ns:", NULL };

static bool is_mode(const char *text)
{
	for (size_t i = 0; modes[i]; i++) {
		const char *rest = text_after(text, modes[i]);

		if (rest && (text_ends(modes[i], ":") ? *rest != '\0' : !*rest || *rest == ':'))
			return true;
	}
	return false;
}

/* Modes have no options, and some must say whose. */
static int check_mode(const char *text, struct err *e)
{
	if (text_after(text, "none:") || text_after(text, "host:"))
		return err_set(e, ERR_INVALID, "network mode %.4s takes no options: \"%s\"", text,
			       text);
	if (text_eq(text, "container:") || text_eq(text, "ns:"))
		return err_set(e, ERR_INVALID, "--network: namespace mode %s requires a value",
			       text);
	return 0;
}

/* Options of one network */

static int take_address(struct arena *a, struct network_attachment *n, const char *value,
			struct err *e)
{
	struct address ip;

	if (!address_parse(value, &ip))
		return err_set(e, ERR_INVALID,
			       "invalid option for network %s: invalid ip address \"%s\"",
			       n->network, value);
	texts_add(a, &n->addresses, value);
	return 0;
}

static int take_mac(struct network_attachment *n, const char *value, struct err *e)
{
	unsigned char mac[MAC_LEN];

	if (!mac_parse(value, mac))
		return err_set(e, ERR_INVALID, "address %s: invalid MAC address", value);
	n->mac = value;
	return 0;
}

static int take_option(struct arena *a, struct network_attachment *n, const char *option,
		       struct err *e)
{
	static const char *const others[] = { "mtu", "metric", "no_default_route", "vlan" };
	const char *equals = strchr(option, '=');
	const char *key =
		arena_strndup(a, option, equals ? (size_t)(equals - option) : strlen(option));
	const char *value = equals ? equals + 1 : "";

	if (strcmp(key, "ip") == 0 || strcmp(key, "ip6") == 0)
		return take_address(a, n, value, e);
	if (strcmp(key, "mac") == 0)
		return take_mac(n, value, e);
	if (text_empty(value))
		return err_set(e, ERR_INVALID,
			       "invalid option for network %s: \"%s\" needs a value", n->network,
			       key);
	if (strcmp(key, "alias") == 0)
		texts_add(a, &n->aliases, value);
	else if (strcmp(key, "interface_name") == 0)
		n->interface = value;
	else if (strcmp(key, "host_interface_name") == 0)
		n->host_interface = value;
	else if (text_index(key, others, ARRAY_LEN(others)) >= 0)
		text_map_set(a, &n->options, key, value);
	else
		return err_set(e, ERR_INVALID,
			       "invalid option for network %s: unknown option \"%s\"", n->network,
			       key);
	return 0;
}

static int add_network(struct arena *a, struct container *c, const char *name, const char *options,
		       struct err *e)
{
	struct network_attachment *more = arena_array(a, c->networks.n + 1, sizeof(*more)), *n;
	struct texts list = texts_split(a, options, ',');

	if (c->networks.n)
		memcpy(more, c->networks.v, c->networks.n * sizeof(*more));
	c->networks.v = more;
	n = &more[c->networks.n++];
	n->network =
		network_is_default(name) || strcmp(name, "private") == 0 ? NETWORK_DEFAULT : name;
	for (size_t i = 0; i < list.n; i++) {
		int r = take_option(a, n, list.v[i], e);

		if (r < 0)
			return r;
	}
	return 0;
}

/* NAME[:OPTION,…], or with one --network alone NAME,NAME. */
static int parse_value(struct arena *a, const char *value, bool alone, struct container *c,
		       struct err *e)
{
	const char *colon = strchr(value, ':');
	struct texts names;
	int r = 0;

	if (colon)
		return add_network(a, c, arena_strndup(a, value, (size_t)(colon - value)),
				   colon + 1, e);
	if (!alone)
		return add_network(a, c, value, "", e);
	names = texts_split(a, value, ',');
	for (size_t i = 0; r == 0 && i < names.n; i++)
		r = is_mode(names.v[i]) ? err_set(e, ERR_INVALID,
						  "can only set extra network names, selected mode "
						  "%s conflicts with bridge: invalid argument",
						  names.v[i])
					: add_network(a, c, names.v[i], "", e);
	return r;
}

static int check_all(struct arena *a, struct container *c, struct err *e)
{
	for (size_t i = 0; i < c->networks.n; i++) {
		struct network_attachment *n = &c->networks.v[i];
		int r;

		if (text_empty(n->network))
			return err_set(e, ERR_INVALID, "network name cannot be empty");
		for (size_t k = 0; k < i; k++)
			if (text_eq(n->network, c->networks.v[k].network))
				return err_set(e, ERR_INVALID,
					       "network %s is given twice: a container is on it or "
					       "it isn't",
					       n->network);
			else if (n->interface && text_eq(n->interface, c->networks.v[k].interface))
				return err_set(e, ERR_INVALID,
					       "network interface name \"%s\" is already assigned "
					       "to another network",
					       n->interface);
		r = network_attachment_check(a, n, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The program's name of "pasta[:OPTION,…]" or "slirp4netns[:OPTION,…]", else NULL. */
static const char *user_mode(const char *value)
{
	static const char *const names[] = { NETWORK_PASTA, NETWORK_SLIRP };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *rest = text_after(value, names[i]);

		if (rest && (!*rest || *rest == ':'))
			return names[i];
	}
	return NULL;
}

/* A network of its own, in user space. */
static int parse_user_mode(struct arena *a, const char *value, size_t given, struct container *c,
			   struct err *e)
{
	const char *name = user_mode(value), *options = text_after(value, name);
	struct network_attachment *n = ARENA_NEW(a, struct network_attachment);

	if (identity_is_root())
		return err_set(e, ERR_UNSUPPORTED,
			       "%s networking is only supported for rootless mode", name);
	if (given > 1)
		return err_set(e, ERR_INVALID,
			       "can only set extra network names, selected mode %s conflicts with "
			       "bridge: invalid argument",
			       name);
	n->network = name;
	n->arguments = texts_split(a, *options ? options + 1 : "", ',');
	c->networks.v = n;
	c->networks.n = 1;
	c->namespaces.network = name;
	return text_eq(name, NETWORK_SLIRP) ? slirp_check(&n->arguments, e) : 0;
}

/* slirp4netns only where there is nothing better. */
static const char *default_user_mode(struct arena *a)
{
	char *path;

	return path_program(a, NETWORK_PASTA, &path, NULL) < 0 &&
			       path_program(a, NETWORK_SLIRP, &path, NULL) == 0
		       ? NETWORK_SLIRP
		       : NETWORK_PASTA;
}

static int parse_networks(struct arena *a, const struct create_args *args, const struct defaults *d,
			  struct container *c, struct err *e)
{
	const struct texts *l = &args->network;
	const char *first = l->n ? l->v[0] : d->netns;
	int r = text_empty(first) ? 0 : check_mode(first, e);

	if (r < 0)
		return r;
	if (text_empty(first))
		first = identity_is_root() ? NETWORK_DEFAULT : default_user_mode(a);
	if (user_mode(first))
		return parse_user_mode(a, first, l->n, c, e);
	if (!is_mode(first)) {
		c->namespaces.network = "bridge";
		r = parse_value(a, first, l->n <= 1, c, e);
	} else {
		c->namespaces.network = first;
	}
	for (size_t i = 1; r == 0 && i < l->n; i++) {
		if (is_mode(first) || is_mode(l->v[i]) || user_mode(l->v[i]))
			return err_set(e, ERR_INVALID,
				       "can only set extra network names, selected mode %s "
				       "conflicts with bridge: invalid argument",
				       is_mode(first) ? first : l->v[i]);
		r = parse_value(a, l->v[i], false, c, e);
	}
	return r == 0 ? check_all(a, c, e) : r;
}

/* --ip and its like: of the only network there is. */

static int need_one(const struct container *c, const char *option, struct err *e)
{
	if (c->networks.n == 0 || network_is_user_mode(c->namespaces.network))
		return err_set(e, ERR_INVALID,
			       "--%s can only be set when the network mode is bridge: invalid "
			       "argument",
			       option);
	if (c->networks.n > 1)
		return err_set(e, ERR_INVALID,
			       "--%s can only be set for a single network: invalid argument",
			       option);
	return 0;
}

static int parse_ip(struct arena *a, const char *option, const char *text, int family,
		    struct container *c, struct err *e)
{
	struct address ip;
	int r = need_one(c, option, e);

	if (r < 0)
		return r;
	if (!address_parse(text, &ip))
		return err_set(e, ERR_INVALID, "\"%s\" is not an ip address", text);
	if (ip.family != family)
		return err_set(e, ERR_INVALID, "\"%s\" is not an %s address", text,
			       family == AF_INET ? "IPv4" : "IPv6");
	texts_add(a, &c->networks.v[0].addresses, text);
	return 0;
}

static int parse_single(struct arena *a, const struct create_args *args, struct container *c,
			struct err *e)
{
	int r = 0;

	if (!text_empty(args->ip))
		r = parse_ip(a, "ip", args->ip, AF_INET, c, e);
	if (r == 0 && !text_empty(args->ip6))
		r = parse_ip(a, "ip6", args->ip6, AF_INET6, c, e);
	if (r == 0 && !text_empty(args->mac_address)) {
		r = need_one(c, "mac-address", e);
		if (r == 0)
			r = take_mac(&c->networks.v[0], args->mac_address, e);
	}
	if (r == 0 && args->network_alias.n &&
	    (c->networks.n == 0 || network_is_user_mode(c->namespaces.network)))
		r = err_set(e, ERR_INVALID,
			    "--network-alias can only be set when the network mode is bridge: "
			    "invalid argument");
	for (size_t i = 0; r == 0 && i < c->networks.n; i++)
		for (size_t k = 0; k < args->network_alias.n; k++)
			texts_add(a, &c->networks.v[i].aliases, args->network_alias.v[k]);
	return r;
}

/* Ports */

static void set_default_ip(struct network_ports *ports, const char *ip)
{
	for (size_t i = 0; !text_empty(ip) && i < ports->n; i++)
		if (text_empty(ports->v[i].host_ip))
			ports->v[i].host_ip = ip;
}

static int parse_ports(struct arena *a, const struct create_args *args, const struct defaults *d,
		       struct container_create *how, struct err *e)
{
	struct container *c = &how->want;
	int r = 0;

	for (size_t i = 0; r == 0 && i < args->publish.n; i++)
		r = port_parse(a, args->publish.v[i], &c->ports, e);
	if (r < 0)
		return r;
	if (c->networks.n == 0 && c->ports.n) {
		fprintf(stderr,
			"Port mappings have been discarded because \"%s\" network namespace mode "
			"does not support them\n",
			text_after(c->namespaces.network, "container:") ? "container"
			: text_after(c->namespaces.network, "ns:")      ? "ns"
									: c->namespaces.network);
		c->ports = (struct network_ports){ 0 };
	}
	set_default_ip(&c->ports, d->default_host_ip);
	port_merge(&c->ports);
	how->publish_all = args->publish_all && c->networks.n;
	how->publish_ip = d->default_host_ip;
	return port_check(&c->ports, e);
}

int create_args_attach(struct arena *a, const struct create_args *args,
		       struct container_create *how, struct err *e)
{
	struct defaults d;
	int r = defaults_read(a, &d, e);

	if (r == 0)
		r = parse_networks(a, args, &d, &how->want, e);
	if (r == 0)
		r = parse_single(a, args, &how->want, e);
	return r == 0 ? parse_ports(a, args, &d, how, e) : r;
}

static bool has_family(const struct network *n, bool ipv6)
{
	/* Who gives addresses there may give any. */
	if (n->subnets.n == 0)
		return true;
	for (size_t i = 0; i < n->subnets.n; i++)
		if (!strchr(n->subnets.v[i].subnet, ':') == !ipv6)
			return true;
	return false;
}

/* Published at an address of a family that the container has none of. */
static void warn_ports(const struct network_ports *ports, bool ipv4, bool ipv6)
{
	for (size_t i = 0; i < ports->n; i++) {
		const struct network_port *p = &ports->v[i];
		bool six = !text_empty(p->host_ip) && strchr(p->host_ip, ':');

		if (!text_empty(p->host_ip) && !(six ? ipv6 : ipv4))
			fprintf(stderr,
				"Warning: %s port %lld is published at %s, but none of the "
				"container's networks has %s\n",
				p->protocol, (long long)p->container_port, p->host_ip,
				six ? "IPv6" : "IPv4");
	}
}

int create_args_find_networks(const struct state *s, struct arena *a, struct container *c,
			      struct err *e)
{
	const char *path = text_after(c->namespaces.network, "ns:");
	bool ipv4 = false, ipv6 = false;
	struct stat st;

	if (network_is_user_mode(c->namespaces.network))
		return 0;
	if (path && stat(path, &st) < 0)
		return err_sys(e, "cannot find specified network namespace path: stat %s", path);
	for (size_t i = 0; i < c->networks.n; i++) {
		struct network *n;
		int r = network_find(s, a, c->networks.v[i].network, &n, e);

		if (r < 0)
			return r;
		/* An id, or the beginning of one, was as good. */
		c->networks.v[i].network = n->name;
		r = network_check_asked(n, &c->networks.v[i], e);
		if (r < 0)
			return r;
		ipv4 = ipv4 || has_family(n, false);
		ipv6 = ipv6 || has_family(n, true);
	}
	if (c->networks.n)
		warn_ports(&c->ports, ipv4, ipv6);
	return check_all(a, c, e);
}
