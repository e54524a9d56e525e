/* SPDX-License-Identifier: BSD-2-Clause */
/* What is to be done so that a container is on its networks: decided here, without a look at the
 * system, and done by the operations of op.h. */
#include <string.h>

#include "network/firewall.h"
#include "network/op.h"
#include "network/resolver.h"

#define DEFAULT_METRIC 100 /* as netavark's */
#define ROUTES_MAX     (2 * NETWORK_MAX)

struct planning {
	struct plan *p;
	struct op_about about; /* endpoint: the one being planned */
	const struct network *n;
	bool forward_v4, forward_v6, pinned;
	/* Default routes so far: of two with one metric the first counts. */
	struct {
		int family;
		uint32_t metric;
	} defaults[ROUTES_MAX];
	size_t defaults_len;
};

/* Of this interface, else of its network. */
static const char *option(const struct planning *x, const char *key)
{
	const struct network_attachment *asked = x->about.endpoint->asked;
	const char *value = asked ? text_map_get(&asked->options, key) : NULL;

	return value ? value : text_map_get(&x->n->options, key);
}

static uint32_t number(const struct planning *x, const char *key, uint32_t otherwise)
{
	const char *value = option(x, key);
	int64_t n;

	return value && text_to_int(value, 0, UINT32_MAX, &n, key, NULL) == 0 ? (uint32_t)n
									      : otherwise;
}

static bool mac_of(const struct planning *x, unsigned char *ret)
{
	return x->about.endpoint->mac && mac_parse(x->about.endpoint->mac, ret);
}

/* Bridges */

static void forward(struct planning *x, const struct address *net)
{
	bool *done = net->family == AF_INET ? &x->forward_v4 : &x->forward_v6;

	if (*done || x->n->internal || network_mode(x->n) == NETWORK_UNMANAGED)
		return;
	*done = true;
	op_sysctl(x->p, x->about.target, false,
		  net->family == AF_INET ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding",
		  "1");
}

static size_t gateways(struct planning *x, struct address **ret)
{
	struct address *l = arena_array(x->p->arena, x->n->subnets.n, sizeof(*l));
	size_t n = 0;

	for (size_t i = 0; i < x->n->subnets.n; i++) {
		const struct network_subnet *s = &x->n->subnets.v[i];
		struct address net;

		if (!s->gateway || !address_parse_net(s->subnet, &net) ||
		    !address_parse(s->gateway, &l[n]))
			continue;
		l[n++].prefix = net.prefix;
		forward(x, &net);
	}
	*ret = l;
	return n;
}

static struct op_bridge *have_bridge(struct planning *x)
{
	bool unmanaged = network_mode(x->n) == NETWORK_UNMANAGED;
	struct op_bridge bridge = {
		.about = x->about,
		.name = x->about.endpoint->bridge,
		.vrf = option(x, "vrf"),
		.mtu = number(x, "mtu", 0),
		.vlan = unmanaged ? 0 : (uint16_t)number(x, "vlan", 0),
		.unmanaged = unmanaged,
	};
	struct address *l;

	if (!unmanaged) {
		bridge.addresses_len = gateways(x, &l);
		bridge.addresses = l;
	}
	return op_bridge(x->p, &bridge);
}

/* Containers could else tell the host and one another who leads to the world: nobody does but the
 * gateway, and that is not asked by advertisements. */
static void believe_no_router(struct planning *x, bool inside, const char *interface)
{
	if (network_mode(x->n) != NETWORK_UNMANAGED)
		op_sysctl(x->p, x->about.target, inside,
			  arena_printf(x->p->arena, "net/ipv6/conf/%s/accept_ra", interface), "0");
}

static void plan_port(struct planning *x, bool is_there)
{
	struct op_veth veth = { .about = x->about, .mtu = number(x, "mtu", 0) };

	if (network_mode(x->n) == NETWORK_UNMANAGED)
		veth.vlan = (uint16_t)number(x, "vlan", 0);
	veth.has_mac = mac_of(x, veth.mac);
	veth.bridge = have_bridge(x);
	believe_no_router(x, false, veth.bridge->name);
	if (is_there)
		op_port(x->p, &veth);
	else
		op_veth(x->p, &veth);
}

/* Children of a host's interface */

static void plan_child(struct planning *x)
{
	const char *mode = text_map_get(&x->n->options, "mode");
	const char *limit = text_map_get(&x->n->options, "bclim");
	struct op_child child = {
		.about = x->about,
		.kind = x->n->driver,
		.mode = (uint32_t)network_mode(x->n),
		.mode_name = mode,
		.mtu = number(x, "mtu", 0),
	};
	int64_t n;

	child.has_mac = mac_of(x, child.mac);
	child.has_limit = limit && text_to_int(limit, INT32_MIN, INT32_MAX, &n, "bclim", NULL) == 0;
	if (child.has_limit)
		child.broadcast_limit = (int32_t)n;
	op_child(x->p, &child);
}

static void plan_device(struct planning *x)
{
	struct op_device device = { .about = x->about, .mtu = number(x, "mtu", 0) };

	device.has_mac = mac_of(x, device.mac);
	if (!x->pinned)
		op_pin(x->p, &x->about);
	x->pinned = true;
	op_device(x->p, &device);
}

/* Inside */

static void notify(struct planning *x, int family)
{
	/* Neighbours may remember who had this address before. */
	op_sysctl(x->p, x->about.target, true,
		  arena_printf(x->p->arena,
			       family == AF_INET ? "net/ipv4/conf/%s/arp_notify"
						 : "net/ipv6/conf/%s/ndisc_notify",
			       x->about.endpoint->interface),
		  "1");
}

static void plan_addresses(struct planning *x)
{
	const struct network_addresses *l = &x->about.endpoint->addresses;
	bool four = false, six = false;
	struct address a;

	for (size_t i = 0; i < l->n; i++)
		if (address_parse_net(l->v[i].ipnet, &a))
			*(a.family == AF_INET ? &four : &six) = true;
	if (four)
		notify(x, AF_INET);
	if (six)
		notify(x, AF_INET6);
	for (size_t i = 0; i < l->n; i++)
		if (address_parse_net(l->v[i].ipnet, &a))
			op_address(x->p, &x->about, &a, l->v[i].exact);
}

static bool is_first_default(struct planning *x, int family, uint32_t metric)
{
	for (size_t i = 0; i < x->defaults_len; i++)
		if (x->defaults[i].family == family && x->defaults[i].metric == metric)
			return false;
	if (x->defaults_len < ROUTES_MAX) {
		x->defaults[x->defaults_len].family = family;
		x->defaults[x->defaults_len++].metric = metric;
	}
	return true;
}

static void add_route(struct planning *x, struct netlink_route *r, const char *exact)
{
	if (r->destination.prefix == 0 && !is_first_default(x, r->destination.family, r->metric))
		return;
	op_route(x->p, &x->about, r, exact);
}

static void plan_default_routes(struct planning *x, uint32_t metric)
{
	const struct network_addresses *l = &x->about.endpoint->addresses;
	/* In layer 3 there is nobody to ask who the gateway is. */
	bool layer_3 = network_driver(x->n) == NETWORK_IPVLAN && network_mode(x->n) != 0;

	for (size_t i = 0; i < l->n; i++) {
		struct netlink_route r = { .metric = metric };
		struct address by;

		if (!l->v[i].gateway || !address_parse(l->v[i].gateway, &by))
			continue;
		r.destination.family = by.family;
		if (!layer_3)
			r.gateway = by;
		add_route(x, &r, NULL);
	}
}

static bool read_route(struct netlink_route *ret, const char *destination, const char *gateway)
{
	return address_parse_net(destination, &ret->destination) &&
	       (!gateway || address_parse(gateway, &ret->gateway));
}

static void plan_routes_of_network(struct planning *x, uint32_t metric)
{
	for (size_t i = 0; i < x->n->routes.n; i++) {
		const struct network_route *from = &x->n->routes.v[i];
		struct netlink_route r = { .metric = from->metric ? (uint32_t)*from->metric
								  : metric };

		if (read_route(&r, from->destination, from->gateway))
			add_route(x, &r, NULL);
	}
}

/* Other tables than the main one mean nothing without the host's rules. */
static void plan_routes_of_device(struct planning *x)
{
	const struct network_device_routes *l = &x->about.endpoint->device->routes;

	for (size_t i = 0; i < l->n; i++) {
		const struct network_device_route *from = &l->v[i];
		struct netlink_route r = { .metric = from->metric ? (uint32_t)*from->metric : 0 };

		if (!from->table && read_route(&r, from->destination, from->gateway))
			add_route(x, &r, from->exact);
	}
}

static void plan_routes(struct planning *x)
{
	uint32_t metric = number(x, "metric", DEFAULT_METRIC);
	const char *none = option(x, "no_default_route");

	plan_routes_of_network(x, metric);
	if (x->about.endpoint->device &&
	    text_eq(text_map_get(&x->n->ipam_options, "driver"), "keep"))
		plan_routes_of_device(x);
	if (!x->n->internal && !(none && (text_eq(none, "true") || text_eq(none, "1"))))
		plan_default_routes(x, metric);
}

static void plan_endpoint(struct planning *x)
{
	if (text_eq(x->n->driver, NETWORK_PASTA)) {
		op_pasta(x->p, &x->about);
		return;
	}
	if (text_eq(x->n->driver, NETWORK_SLIRP)) {
		op_slirp(x->p, &x->about);
		return;
	}
	switch (network_driver(x->n)) {
	case NETWORK_BRIDGE:
		plan_port(x, false);
		believe_no_router(x, true, x->about.endpoint->interface);
		break;
	case NETWORK_MACVLAN:
	case NETWORK_IPVLAN:
		plan_child(x);
		break;
	default:
		plan_device(x);
	}
	plan_addresses(x);
	op_up(x->p, &x->about);
	plan_routes(x);
	if (x->n->dns_enabled && network_driver(x->n) == NETWORK_BRIDGE)
		op_names(x->p, &x->about);
}

/* Others have no rules of ours between them and the world. */
static bool is_on_bridge(const struct network_status *st)
{
	for (size_t i = st->first; i < st->endpoints.n; i++)
		if (network_driver(st->endpoints.v[i].about) == NETWORK_BRIDGE)
			return true;
	return false;
}

void network_plan(struct plan *p, const struct state *s, struct network_status *st,
		  struct network_target *target)
{
	struct planning x = {
		.p = p,
		.about = { .s = s, .st = st, .target = target },
		.pinned = st->pinned,
	};

	for (size_t i = st->first; i < st->endpoints.n; i++) {
		x.about.endpoint = &st->endpoints.v[i];
		x.n = x.about.endpoint->about;
		plan_endpoint(&x);
	}
	if (resolver_is_needed(st))
		op_resolver(p, &x.about);
	if (is_on_bridge(st))
		firewall_plan(p, s, st, target);
	if (s->rootless && is_on_bridge(st) && st->ports.n)
		op_forward(p, &x.about);
	if (!s->rootless && !st->named && st->name)
		op_name(p, &x.about);
}

int network_plan_routes(struct plan *p, const struct state *s, struct network_status *st,
			const struct network_attachments *asked, struct network_target *target,
			struct err *e)
{
	struct planning x = { .p = p, .about = { .s = s, .st = st, .target = target } };

	for (size_t i = 0; i < st->endpoints.n; i++) {
		struct network_endpoint *at = &st->endpoints.v[i];
		struct network *n;
		int r = network_find(s, p->arena, at->network, &n, e);

		if (r < 0)
			return r;
		for (size_t k = 0; k < asked->n; k++)
			if (text_eq(asked->v[k].network, at->network))
				at->asked = &asked->v[k];
		at->about = x.n = n;
		x.about.endpoint = at;
		plan_routes(&x);
	}
	return 0;
}

int network_plan_restore(struct plan *p, const struct state *s, struct network_status *st,
			 struct network_target *target, struct err *e)
{
	struct planning x = { .p = p, .about = { .s = s, .st = st, .target = target } };

	for (size_t i = 0; i < st->endpoints.n; i++) {
		struct network_endpoint *at = &st->endpoints.v[i];
		struct network *n;
		int r;

		if (!at->host_interface)
			continue;
		r = network_find(s, p->arena, at->network, &n, e);
		if (r < 0)
			return r;
		at->about = x.n = n;
		x.about.endpoint = at;
		plan_port(&x, true);
	}
	if (st->ports.n)
		firewall_plan_loopback(p, st, target);
	return 0;
}
