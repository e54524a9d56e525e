/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/commands.h"
#include "cli/inspect.h"
#include "network/network.h"

/* On one network: {"eth0": {"subnets": [{"ipnet": …, "gateway": …}], "mac_address": …}} */
static json_t *describe_endpoint(const struct network_endpoint *p)
{
	json_t *subnets = json_array(), *one = json_object(), *interfaces = json_object();

	for (size_t i = 0; i < p->addresses.n; i++) {
		json_t *v = json_object();

		json_object_set_new(v, "ipnet", json_string(p->addresses.v[i].ipnet));
		if (p->addresses.v[i].gateway)
			json_object_set_new(v, "gateway", json_string(p->addresses.v[i].gateway));
		json_array_append_new(subnets, v);
	}
	json_object_set_new(one, "subnets", subnets);
	if (*network_endpoint_mac(p))
		json_object_set_new(one, "mac_address", json_string(network_endpoint_mac(p)));
	json_object_set_new(interfaces, p->interface, one);
	return interfaces;
}

static json_t *describe_containers(const struct network *n, const struct network_statuses *all)
{
	json_t *containers = json_object();

	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->v[i].endpoints.n; k++) {
			const struct network_endpoint *p = &all->v[i].endpoints.v[k];

			if (text_eq(p->network, n->name))
				json_object_set_new(containers, all->v[i].id,
						    json_pack("{ss? so}", "name", all->v[i].name,
							      "interfaces", describe_endpoint(p)));
		}
	return containers;
}

int inspect_network(struct session *s, const char *name, json_t **ret, struct err *e)
{
	struct network_statuses all;
	struct network *n;
	int r = network_find(&s->state, s->arena, name, &n, e);

	if (r == 0)
		r = network_status_list(&s->state, s->arena, &all, e);
	if (r < 0)
		return r;
	*ret = json_from(&network_json, n);
	json_object_set_new(*ret, "containers", describe_containers(n, &all));
	return 0;
}

void inspect_network_fill(json_t *list)
{
	static const char *const lists[] = { "subnets", "routes", "network_dns_servers" };
	static const char *const maps[] = { "labels", "options", "ipam_options" };
	json_t *n;
	size_t i;

	json_array_foreach (list, i, n) {
		if (!json_object_get(n, "dns_enabled"))
			continue;
		for (size_t k = 0; k < ARRAY_LEN(lists); k++)
			if (!json_object_get(n, lists[k]))
				json_object_set_new(n, lists[k], json_array());
		for (size_t k = 0; k < ARRAY_LEN(maps); k++)
			if (!json_object_get(n, maps[k]))
				json_object_set_new(n, maps[k], json_object());
		if (!json_object_get(n, "network_interface"))
			json_object_set_new(n, "network_interface", json_string(""));
	}
}

struct inspect_network_args {
	const char *format;
};

static const struct option inspect_options[] = {
	OPTION_TEXT(inspect_network_args, format, "format", 'f', "FORMAT",
		    "json, or a Go template"),
	{ 0 },
};

static int run(void *globals, void *args, int argc, const char **argv)
{
	const struct inspect_network_args *a = args;

	return inspect_named(globals, "network", a->format, false, false, argc, argv);
}

static const struct option *const tables[] = { inspect_options, NULL };

const struct command network_inspect_command = {
	.name = "inspect",
	.summary = "Show all about networks",
	.description = "Shows all that is known about networks, and who is on them now",
	.usage = "NETWORK [NETWORK...]",
	.examples = "podman\n--format '{{range .Subnets}}{{.Subnet}} {{end}}' podman\n",
	.options = tables,
	.args_size = sizeof(struct inspect_network_args),
	.min_args = 1,
	.max_args = -1,
	.completes = "network",
	.run = run,
};
