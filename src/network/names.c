/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/names.h"

#include <string.h>
#include <strings.h>

#include "base/address.h"

static bool is_on(const struct network_endpoint *at, const struct network *n)
{
	return text_eq(at->network, n->name) && at->dns_enabled && at->addresses.n;
}

static void add_name(struct buf *out, const struct texts *before, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(before->v[i], name) == 0)
			return;
	buf_addf(out, " %s", name);
}

/* All names of a container with one of its addresses; the first is what the address is called. */
static void add_line(struct buf *out, const char *ipnet, const struct network_status *st,
		     const struct network_endpoint *at)
{
	struct address address;
	char text[ADDRESS_TEXT];

	if (!address_parse_net(ipnet, &address))
		return;
	buf_addf(out, "%s %s", address_print(&address, text), st->name);
	for (size_t i = 0; i < at->aliases.n; i++)
		if (!text_eq(at->aliases.v[i], st->name))
			add_name(out, &at->aliases, i, at->aliases.v[i]);
	buf_addf(out, " %.12s\n", st->id);
}

void names_hosts(struct buf *out, const struct network *n, const struct network_statuses *all)
{
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->v[i].endpoints.n; k++) {
			const struct network_endpoint *at = &all->v[i].endpoints.v[k];

			for (size_t j = 0; is_on(at, n) && j < at->addresses.n; j++)
				add_line(out, at->addresses.v[j].ipnet, &all->v[i], at);
		}
}

bool names_any(const struct network *n, const struct network_statuses *all)
{
	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->v[i].endpoints.n; k++)
			if (is_on(&all->v[i].endpoints.v[k], n))
				return true;
	return false;
}

bool names_only_local(const char *resolv)
{
	bool any = false;

	for (const char *line = resolv; *line; line += strspn(line, "\n")) {
		const char *value = text_after(line, "nameserver");

		line += strcspn(line, "\n");
		if (!value || (*value != ' ' && *value != '\t'))
			continue;
		value += strspn(value, " \t");
		if (!text_after(value, "127.") && !(text_after(value, "::1") && value[3] <= ' '))
			return false;
		any = true;
	}
	return any;
}

static void add_upstream(struct arena *a, struct texts *argv, const struct network *n,
			 const char *resolver)
{
	/* An internal network's containers are not to reach the world, by names neither. */
	if (n->internal || n->dns_servers.n || resolver)
		texts_add(a, argv, "--no-resolv");
	else
		texts_add(a, argv, "--resolv-file=/etc/resolv.conf");
	for (size_t i = 0; !n->internal && i < n->dns_servers.n; i++)
		texts_addf(a, argv, "--server=%s", n->dns_servers.v[i]);
	if (resolver && !n->internal && !n->dns_servers.n)
		texts_addf(a, argv, "--server=%s", resolver);
}

struct texts names_arguments(struct arena *a, const struct network *n,
			     const struct names_server *how)
{
	struct texts argv = { 0 };

	texts_add(a, &argv, how->program);
	texts_add(a, &argv, "--conf-file=/dev/null");
	/* As root, before it becomes somebody; it also tells our servers from all others. */
	texts_addf(a, &argv, "--pid-file=%s/pid", how->dir);
	texts_add(a, &argv, how->single_id ? "--user=root" : "--user=nobody");
	if (how->single_id)
		/* Else it would leave all groups, which nobody may in such a namespace. */
		texts_add(a, &argv, "--group=");
	texts_add(a, &argv, "--no-hosts");
	texts_add(a, &argv, "--addn-hosts=" NAMES_SEEN "/hosts");
	texts_add(a, &argv, "--bind-interfaces");
	for (size_t i = 0; i < n->subnets.n; i++)
		if (n->subnets.v[i].gateway)
			texts_addf(a, &argv, "--listen-address=%s", n->subnets.v[i].gateway);
	texts_add(a, &argv, "--domain=" NAMES_DOMAIN);
	texts_add(a, &argv, "--local=/" NAMES_DOMAIN "/");
	texts_add(a, &argv, "--expand-hosts");
	/* A name without a dot is a container's or nobody's. */
	texts_add(a, &argv, "--domain-needed");
	texts_add(a, &argv, "--no-negcache");
	add_upstream(a, &argv, n, how->resolver);
	return argv;
}
