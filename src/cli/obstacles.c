/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/obstacles.h"

#include <stdio.h>

#include "network/firewall.h"

static void warn(struct arena *a, const char *chain, const char *bridge)
{
	struct texts l = texts_split(a, chain, ' ');

	if (l.n != 3)
		return;
	fprintf(stderr,
		"Warning: chain %s of table %s %s drops what it does not know, and has no rule "
		"about %s, so that containers on it neither get out nor are reached: "
		"nft insert rule %s iifname %s accept, and the same with oifname\n",
		l.v[2], l.v[0], l.v[1], bridge, chain, bridge);
}

void obstacles_warn(struct session *s, const char *network, bool told, int *netfilter)
{
	struct texts found = { 0 };
	struct network *n;

	if (s->state.rootless || network_find(&s->state, s->arena, network, &n, NULL) < 0 ||
	    !text_eq(n->driver, "bridge") || n->internal)
		return;
	if (told && firewall_is_foreign_to_firewalld(n->network_interface, -1))
		fprintf(stderr,
			"Warning: firewalld could not be told of %s, and may drop what goes to and from "
			"containers on it: firewall-cmd --zone=trusted --add-interface=%s\n",
			n->network_interface, n->network_interface);
	if (firewall_legacy_is_untold(n->network_interface, -1, told))
		fprintf(stderr,
			"Warning: the tables of iptables-legacy could not be told of %s, and may drop "
			"what goes to and from containers on it: install iptables-legacy-save and "
			"iptables-legacy-restore, then: network reload --all\n",
			n->network_interface);
	if (firewall_obstacles(s->arena, n->network_interface, -1, netfilter, &found, NULL) < 0)
		return;
	for (size_t i = 0; i < found.n; i++)
		warn(s->arena, found.v[i], n->network_interface);
}
