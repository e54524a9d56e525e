/* SPDX-License-Identifier: BSD-2-Clause */
/* What a new network has to get along with: other networks, and the host's addresses and routes. */
#include <string.h>
#include <sys/random.h>

#include "network/network_private.h"

/* podman's pools: 10.89.0.0/16, 10.90.0.0/15, …: all of it from 10.89.0.0 on, /24 each. */
#define POOL_FIRST   "10.89.0.0/24"
#define POOL_SIZE    (256 * (256 - 89))
#define POOL6_PREFIX 64
#define POOL6_TRIES  100

struct gather {
	struct arena *a;
	struct network_world *w;
	size_t room;
	bool rootless;
};

static void add_used(struct gather *g, const struct address *net)
{
	struct network_world *w = g->w;

	if (w->used_len == g->room) {
		struct address *more;

		g->room = g->room ? 2 * g->room : 32;
		more = arena_array(g->a, g->room, sizeof(*more));
		if (w->used_len)
			memcpy(more, w->used, w->used_len * sizeof(*more));
		w->used = more;
	}
	w->used[w->used_len++] = *net;
}

static int gather_address(void *arg, const struct netlink_address *a)
{
	if (!a->link_local)
		add_used(arg, &a->address);
	return 0;
}

static int gather_route(void *arg, const struct netlink_route *r)
{
	static const struct address link_local = { .family = AF_INET6,
						   .bytes = { 0xfe, 0x80 },
						   .prefix = 10 };

	/* Default routes lead everywhere, halves of one too. */
	if (r->destination.prefix > 1 && !address_overlaps(&link_local, &r->destination))
		add_used(arg, &r->destination);
	return 0;
}

static int gather_link(void *arg, const struct netlink_info *info)
{
	struct gather *g = arg;

	texts_add(g->a, &g->w->interfaces, arena_strdup(g->a, info->name));
	/* A plain user's bridges are elsewhere. */
	if (!g->rootless && strcmp(info->kind, "bridge") != 0)
		texts_add(g->a, &g->w->no_bridges, arena_strdup(g->a, info->name));
	return 0;
}

int network_world(const struct state *s, struct arena *a, struct network_world *ret, struct err *e)
{
	struct network_world w = { 0 };
	struct gather g = { .a = a, .w = &w, .rootless = s->rootless };
	AUTO(netlink) n = NULL;
	int r = network_list(s, a, &w.networks, e);

	if (r == 0)
		r = netlink_open(-1, &n, e);
	if (r == 0)
		r = netlink_addresses(n, gather_address, &g, e);
	if (r == 0)
		r = netlink_routes(n, gather_route, &g, e);
	if (r == 0)
		r = netlink_links(n, gather_link, &g, e);
	if (r == 0)
		*ret = w;
	return r;
}

/* One of the same network's own, or another's. */
static bool meets(const struct network *n, const struct address *subnet,
		  const struct network_subnet *but)
{
	struct address other;

	for (size_t i = 0; i < n->subnets.n; i++)
		if (&n->subnets.v[i] != but && address_parse_net(n->subnets.v[i].subnet, &other) &&
		    address_overlaps(&other, subnet))
			return true;
	return false;
}

bool network_subnet_is_used(const struct network_world *w, const struct network *n,
			    const struct network_subnet *own, const struct address *subnet)
{
	for (size_t i = 0; i < w->used_len; i++)
		if (address_overlaps(&w->used[i], subnet))
			return true;
	for (size_t i = 0; i < w->networks.n; i++)
		if (meets(w->networks.v[i], subnet, NULL))
			return true;
	return meets(n, subnet, own);
}

static bool free_v4(const struct network_world *w, const struct network *n, struct address *ret)
{
	struct address at;

	address_parse_net(POOL_FIRST, &at);
	for (size_t i = 0; i < POOL_SIZE; i++, at = address_plus(&at, 256)) {
		if (network_subnet_is_used(w, n, NULL, &at))
			continue;
		*ret = at;
		return true;
	}
	return false;
}

/* A unique local one, RFC 4193. */
static bool free_v6(const struct network_world *w, const struct network *n, struct address *ret)
{
	for (int i = 0; i < POOL6_TRIES; i++) {
		struct address at = { .family = AF_INET6,
				      .bytes = { 0xfd },
				      .prefix = POOL6_PREFIX };

		if (getrandom(at.bytes + 1, 7, 0) != 7)
			return false;
		if (network_subnet_is_used(w, n, NULL, &at))
			continue;
		*ret = at;
		return true;
	}
	return false;
}

int network_free_subnet(struct arena *a, const struct network_world *w, const struct network *n,
			int family, const char **ret, struct err *e)
{
	char text[ADDRESS_TEXT];
	struct address found;

	if (!(family == AF_INET ? free_v4(w, n, &found) : free_v6(w, n, &found)))
		return err_set(e, ERR_CONFLICT,
			       "could not find free subnet from subnet pools: each is used on the "
			       "host or by another config");
	*ret = arena_strdup(a, address_print_net(&found, text));
	return 0;
}
