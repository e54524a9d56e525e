/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Published ports as elements of maps, in words for the program and as the kernel has them.  The
 * latter is what a start and an end change: to run the program, which reads all that there is of
 * nftables first, costs more than all else of a container's network.
 */
#include <string.h>

#include "base/address.h"
#include "network/firewall_private.h"

/* The address of that family among an endpoint's, or NULL. */
static const char *find_address(const struct network_endpoint *p, bool ipv6)
{
	for (size_t i = 0; i < p->addresses.n; i++)
		if (!strchr(p->addresses.v[i].ipnet, ':') == !ipv6)
			return p->addresses.v[i].ipnet;
	return NULL;
}

const char *firewall_port_target(struct arena *a, const struct network_status *st, bool ipv6)
{
	const char *found = NULL;

	for (int internal = 0; internal < 2 && !found; internal++)
		for (size_t i = 0; i < st->endpoints.n && !found; i++) {
			const struct network_endpoint *p = &st->endpoints.v[i];

			if (text_eq(p->driver, "bridge") && p->internal == (internal == 1))
				found = find_address(p, ipv6);
		}
	return found ? arena_strndup(a, found, strcspn(found, "/")) : NULL;
}

static int protocol_number(const char *name)
{
	return text_eq(name, "udp") ? 17 : text_eq(name, "sctp") ? 132 : 6;
}

/* One of `range` host ports in a row that lead to one container's. */
struct published {
	const struct network_port *port;
	const char *target;
	bool ipv6, any; /* any: on all of the host's addresses */
	int64_t count;
};

typedef void published_fn(void *arg, const struct published *p);

static void each_published(const struct network_status *st, published_fn *each, void *arg)
{
	AUTO(arena) a = arena_new();

	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		const char *target = firewall_port_target(a, st, ipv6);

		for (size_t i = 0; target && i < st->ports.n; i++) {
			const struct network_port *p = &st->ports.v[i];

			if (!text_empty(p->host_ip) && !strchr(p->host_ip, ':') != !ipv6)
				continue;
			each(arg, &(struct published){
					  .port = p,
					  .target = target,
					  .ipv6 = ipv6,
					  .any = text_empty(p->host_ip) ||
						 text_eq(p->host_ip, ipv6 ? "::" : "0.0.0.0"),
					  .count = p->range > 1 ? p->range : 1,
				  });
		}
	}
}

struct printing {
	struct buf *out;
	const char *verb;
};

static void print_one(void *arg, const struct published *x)
{
	const struct printing *to = arg;
	const struct network_port *p = x->port;

	buf_addf(to->out, "%s element " FIREWALL_TABLE " %sports%d { ", to->verb,
		 x->any ? "" : "address_", x->ipv6 ? 6 : 4);
	for (int64_t i = 0; i < x->count; i++)
		buf_addf(to->out, "%s%s%s%d . %lld : %s . %lld", i ? ", " : "",
			 x->any ? "" : p->host_ip, x->any ? "" : " . ",
			 protocol_number(p->protocol), (long long)(p->host_port + i), x->target,
			 (long long)(p->container_port + i));
	buf_adds(to->out, " }\n");
}

void firewall_print_ports(struct buf *out, const char *verb, const struct network_status *st)
{
	each_published(st, print_one, &(struct printing){ out, verb });
}

struct collecting {
	struct netfilter_element *v;
	size_t n, max;
};

static void put_address(struct netfilter_value *v, const char *text)
{
	struct address at;

	if (address_parse(text, &at))
		netfilter_put(v, at.bytes, at.family == AF_INET ? 4 : 16);
}

static void put_port(struct netfilter_value *v, int64_t port)
{
	netfilter_put(v, (uint8_t[]){ (uint8_t)(port >> 8), (uint8_t)port }, 2);
}

static void collect_one(void *arg, const struct published *x)
{
	static const char *const maps[2][2] = { { "address_ports4", "ports4" },
						{ "address_ports6", "ports6" } };
	struct collecting *to = arg;

	for (int64_t i = 0; i < x->count; i++, to->n++) {
		struct netfilter_element *one = &to->v[to->n];

		if (to->n >= to->max)
			continue;
		one->set = maps[x->ipv6][x->any];
		if (!x->any)
			put_address(&one->key, x->port->host_ip);
		netfilter_put(&one->key, &(uint8_t){ (uint8_t)protocol_number(x->port->protocol) },
			      1);
		put_port(&one->key, x->port->host_port + i);
		put_address(&one->value, x->target);
		put_port(&one->value, x->port->container_port + i);
	}
}

size_t firewall_port_elements(struct netfilter_element *v, size_t max,
			      const struct network_status *st)
{
	struct collecting to = { .v = v, .max = max };

	each_published(st, collect_one, &to);
	return to.n;
}
