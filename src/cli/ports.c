/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/ports.h"

#include "network/port.h"

static bool is_published(struct arena *a, const struct container *c, const char *exposed)
{
	struct network_ports all = c->ports, more;
	struct err e;

	more = all;
	return port_parse_exposed(a, exposed, &more, &e) == 0 && more.n == all.n;
}

/* What is exposed and not published, as ranges. */
static struct network_ports exposed_only(struct arena *a, const struct container *c)
{
	struct network_ports l = { 0 };

	for (size_t i = 0; i < c->exposed_ports.n; i++)
		if (!is_published(a, c, c->exposed_ports.v[i]))
			port_parse_exposed(a, c->exposed_ports.v[i], &l, NULL);
	/* Only ports that are led somewhere are merged. */
	for (size_t i = 0; i < l.n; i++)
		l.v[i].host_port = l.v[i].container_port;
	port_merge(&l);
	return l;
}

static const char *show_one(struct arena *a, const struct network_port *p)
{
	const char *host = port_print_host(a, p, 0);

	if (p->range <= 1)
		return arena_printf(a, "%s->%lld/%s", host, (long long)p->container_port,
				    p->protocol);
	return arena_printf(a, "%s-%lld->%lld-%lld/%s", host,
			    (long long)(p->host_port + p->range - 1), (long long)p->container_port,
			    (long long)(p->container_port + p->range - 1), p->protocol);
}

const char *ports_show(struct arena *a, const struct container *c)
{
	struct network_ports exposed = exposed_only(a, c);
	struct texts l = { 0 };

	for (size_t i = 0; i < c->ports.n; i++)
		texts_add(a, &l, show_one(a, &c->ports.v[i]));
	for (size_t i = 0; i < exposed.n; i++) {
		const struct network_port *p = &exposed.v[i];

		if (p->range <= 1)
			texts_addf(a, &l, "%lld/%s", (long long)p->container_port, p->protocol);
		else
			texts_addf(a, &l, "%lld-%lld/%s", (long long)p->container_port,
				   (long long)(p->container_port + p->range - 1), p->protocol);
	}
	return texts_join(a, &l, ", ");
}

json_t *ports_json(const struct container *c)
{
	json_t *v = c->ports.n ? json_array() : json_null();

	for (size_t i = 0; i < c->ports.n; i++) {
		const struct network_port *p = &c->ports.v[i];

		json_array_append_new(v, json_pack("{ss sI sI sI ss}", "host_ip",
						   p->host_ip ? p->host_ip : "", "container_port",
						   (json_int_t)p->container_port, "host_port",
						   (json_int_t)p->host_port, "range",
						   (json_int_t)(p->range ? p->range : 1),
						   "protocol", p->protocol));
	}
	return v;
}
