/* SPDX-License-Identifier: BSD-2-Clause */
/* NetworkSettings, and the ports in it and in HostConfig. */
#include <stdlib.h>
#include <string.h>

#include "engine/depend.h"
#include "engine/inspect_private.h"
#include "network/port.h"

/* {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]} */
static void add_binding(struct arena *a, json_t *v, const struct network_port *p, int64_t i)
{
	const char *key =
		arena_printf(a, "%lld/%s", (long long)(p->container_port + i), p->protocol);
	json_t *list = json_object_get(v, key);

	if (!json_is_array(list)) {
		json_object_set_new(v, key, json_array());
		list = json_object_get(v, key);
	}
	json_array_append_new(list,
			      json_pack("{ss ss}", "HostIp",
					text_empty(p->host_ip) ? "0.0.0.0" : p->host_ip, "HostPort",
					arena_printf(a, "%lld", (long long)(p->host_port + i))));
}

json_t *inspect_bindings(struct arena *a, const struct container *c)
{
	json_t *v = json_object();

	for (size_t i = 0; i < c->ports.n; i++)
		for (int64_t k = 0; k < (c->ports.v[i].range ? c->ports.v[i].range : 1); k++)
			add_binding(a, v, &c->ports.v[i], k);
	return v;
}

json_t *inspect_ports(struct arena *a, const struct container *c)
{
	json_t *v = inspect_bindings(a, c);

	for (size_t i = 0; i < c->exposed_ports.n; i++)
		if (!json_object_get(v, c->exposed_ports.v[i]))
			json_object_set_new(v, c->exposed_ports.v[i], json_null());
	return v;
}

/* "" and 0 where there is none. */
struct shown {
	const char *ip, *gateway;
	int len;
};

static struct shown find(struct arena *a, const struct network_endpoint *p, bool ipv6)
{
	struct shown s = { "", "", 0 };

	for (size_t i = 0; p && i < p->addresses.n && !*s.ip; i++) {
		const struct network_address *one = &p->addresses.v[i];
		const char *slash = strchr(one->ipnet, '/');

		if (!strchr(one->ipnet, ':') != !ipv6 || !slash)
			continue;
		s.ip = arena_strndup(a, one->ipnet, (size_t)(slash - one->ipnet));
		s.len = (int)strtol(slash + 1, NULL, 10);
		s.gateway = one->gateway ? one->gateway : "";
	}
	return s;
}

static json_t *basic(struct arena *a, const struct network_endpoint *p)
{
	struct shown four = find(a, p, false), six = find(a, p, true);

	return json_pack("{ss ss ss si ss ss si ss}", "EndpointID", "", "Gateway", four.gateway,
			 "IPAddress", four.ip, "IPPrefixLen", four.len, "IPv6Gateway", six.gateway,
			 "GlobalIPv6Address", six.ip, "GlobalIPv6PrefixLen", six.len, "MacAddress",
			 p ? network_endpoint_mac(p) : "");
}

static const struct network_endpoint *endpoint_of(const struct network_status *st, const char *name)
{
	for (size_t i = 0; st && i < st->endpoints.n; i++)
		if (text_eq(st->endpoints.v[i].network, name))
			return &st->endpoints.v[i];
	return NULL;
}

static json_t *network_of(struct arena *a, const struct container *c,
			  const struct network_attachment *n, const struct network_status *st)
{
	json_t *v = basic(a, endpoint_of(st, n->network)), *aliases = json_array();

	for (size_t i = 0; i < n->aliases.n; i++)
		json_array_append_new(aliases, inspect_text(n->aliases.v[i]));
	json_array_append_new(aliases, json_string(arena_strndup(a, c->id, 12)));
	json_object_set_new(v, "NetworkID", inspect_text(n->network));
	json_object_set_new(v, "DriverOpts", json_null());
	json_object_set_new(v, "IPAMConfig", json_null());
	json_object_set_new(v, "Links", json_null());
	json_object_set_new(v, "Aliases", aliases);
	return v;
}

/* Where its namespace is to be had: under its name for ip-netns(8), else by its process. */
static const char *sandbox(struct arena *a, const struct container *c,
			   const struct network_status *st, const struct container_status *status)
{
	if (st && st->named)
		return arena_printf(a, "/run/netns/%s", st->name ? st->name : c->name);
	if (container_is_alive(status))
		return arena_printf(a, "/proc/%lld/ns/net", (long long)status->run.pid);
	return "";
}

json_t *inspect_network_settings(const struct state *s, struct arena *a,
				 const struct container *asked,
				 const struct container_status *status)
{
	const struct container *c = container_networked(s, a, asked);
	/* As podman has it: of the default network alone, its address is the container's. */
	bool only_default = c->networks.n == 1 && network_is_default(c->networks.v[0].network);
	struct network_status room;
	const struct network_status *st =
		network_status(s, a, c->id, &room, NULL) == 0 ? &room : NULL;
	json_t *v = basic(a, only_default ? endpoint_of(st, c->networks.v[0].network) : NULL);
	json_t *networks = json_object();

	for (size_t i = 0; i < c->networks.n; i++)
		json_object_set_new(networks, c->networks.v[i].network,
				    network_of(a, c, &c->networks.v[i], st));
	json_object_set_new(v, "Bridge", json_string(""));
	json_object_set_new(v, "SandboxID", json_string(""));
	json_object_set_new(v, "HairpinMode", json_false());
	json_object_set_new(v, "LinkLocalIPv6Address", json_string(""));
	json_object_set_new(v, "LinkLocalIPv6PrefixLen", json_integer(0));
	json_object_set_new(v, "Ports", inspect_ports(a, c));
	json_object_set_new(v, "SandboxKey", json_string(sandbox(a, c, st, status)));
	json_object_set_new(v, "Networks", networks);
	return v;
}
