/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who else is on a bridge.  The default network has podman's bridge and subnet, and a bridge of the
 * host's may have ports of anybody: those who gave out addresses there know nothing of our leases,
 * and we nothing of theirs.  But the other ends of veth pairs can be looked at, in whichever
 * namespace they are (IFA_TARGET_NETNSID, Linux 4.20); a machine behind a tap device can't.
 */
#include <net/if.h>
#include <string.h>

#include "network/network_private.h"

struct look {
	struct arena *a;
	const char *id;
	int bridge;
	int *netns; /* their numbers here */
	size_t netns_len;
	struct strangers found;
};

static bool is_noted(const struct look *l, int netns)
{
	for (size_t i = 0; i < l->netns_len; i++)
		if (l->netns[i] == netns)
			return true;
	return false;
}

/* One that is down is of a container that has ended, and about to go. */
static int note_port(void *arg, const struct netlink_info *port)
{
	struct look *l = arg;
	int *more;

	if (port->master != l->bridge || !port->parent_elsewhere || !(port->flags & IFF_UP) ||
	    network_is_port(port, l->id) || is_noted(l, port->parent_netns))
		return 0;
	more = arena_array(l->a, l->netns_len + 1, sizeof(*more));
	if (l->netns_len)
		memcpy(more, l->netns, l->netns_len * sizeof(*more));
	more[l->netns_len++] = port->parent_netns;
	l->netns = more;
	return 0;
}

static int note_address(void *arg, const struct netlink_address *address)
{
	struct look *l = arg;
	struct strangers *f = &l->found;
	struct address *more;

	if (!address->global)
		return 0;
	more = arena_array(l->a, f->n + 1, sizeof(*more));
	if (f->n)
		memcpy(more, f->v, f->n * sizeof(*more));
	more[f->n++] = address->address;
	f->v = more;
	return 0;
}

void strangers_find(struct arena *a, struct netlink *host, const char *bridge, const char *id,
		    struct strangers *ret)
{
	struct look l = { .a = a, .id = id };
	struct netlink_info info;

	*ret = (struct strangers){ 0 };
	/* On one of berth's own there are berth's alone. */
	if (netlink_link_find(host, bridge, 0, &info, NULL) < 0 ||
	    text_after(info.alias, BRIDGE_MARK))
		return;
	l.bridge = info.index;
	netlink_links(host, note_port, &l, NULL);
	for (size_t i = 0; i < l.netns_len; i++)
		netlink_addresses_in(host, l.netns[i], note_address, &l, NULL);
	*ret = l.found;
}

bool strangers_have(const struct strangers *s, const struct address *a)
{
	for (size_t i = 0; i < s->n; i++)
		if (address_compare(&s->v[i], a) == 0)
			return true;
	return false;
}
