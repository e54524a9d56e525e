/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The texts of the table.  Two things are worth knowing when reading the rules:
 *
 * A published port is an element "protocol . port : address . port" of a map, so that its look-up
 * costs the same with one port and with ten thousand.  Those published on all addresses count for
 * what is addressed to this host ("fib daddr type local"); those published on one for that one.
 *
 * The client's address is kept, but where answers would not come back through here: from 127.0.0.1
 * and ::1, which mean somebody else inside a container, and from a client in the very subnet of the
 * container, whom it would answer directly.
 */
#include "network/firewall_private.h"
#include "network/network_private.h"

#include <string.h>

#define TABLE FIREWALL_TABLE

static const char *const sets[][2] = {
	{ "bridges", "ifname" },  { "same_bridge", "ifname . ifname" }, { "internal", "ifname" },
	{ "isolated", "ifname" }, { "isolated_strictly", "ifname" },
};

/* Of subnets. */
static const char *const ranges[][2] = {
	{ "subnets4", "ipv4_addr" },
	{ "subnets6", "ipv6_addr" },
	{ "same_subnet4", "ipv4_addr . ipv4_addr" },
	{ "same_subnet6", "ipv6_addr . ipv6_addr" },
};

static const char *const maps[][2] = {
	{ "ports4", "inet_proto . inet_service : ipv4_addr . inet_service" },
	{ "ports6", "inet_proto . inet_service : ipv6_addr . inet_service" },
	{ "address_ports4", "ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service" },
	{ "address_ports6", "ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service" },
};

/* user is the administrator's: it is made, and then left alone.  FIREWALL_VERSION has a rule that
 * does nothing: when that isn't there, nor are the others, or they are another version's. */
static const char *const chains[][2] = {
	{ "user", "" },
	{ FIREWALL_VERSION, "" },
	{ "ports", "" },
	{ "forward", "type filter hook forward priority filter; policy accept;" },
	{ "loopback", "type filter hook prerouting priority raw; policy accept;" },
	{ "prerouting", "type nat hook prerouting priority dstnat; policy accept;" },
	{ "output", "type nat hook output priority -100; policy accept;" },
	{ "postrouting", "type nat hook postrouting priority srcnat; policy accept;" },
};

/* Protocols are numbers, as their names may be in a file that the program can't open: TCP, UDP,
 * SCTP. */
#define HAS_PORTS "meta l4proto { 6, 17, 132 } "
#define BY_PORT   "meta l4proto . th dport map "

static const char *const rules[][2] = {
	{ FIREWALL_VERSION, "return" },

	{ "forward", "jump user" },
	{ "forward", "iifname . oifname @same_bridge accept" },
	{ "forward", "iifname @internal drop" },
	{ "forward", "oifname @internal drop" },
	{ "forward", "iifname @isolated oifname @isolated drop" },
	{ "forward", "iifname @isolated_strictly oifname @bridges drop" },
	{ "forward", "iifname @bridges oifname @isolated_strictly drop" },
	{ "forward", "oifname @bridges ct state established,related accept" },
	{ "forward", "oifname @bridges ct status dnat accept" },
	{ "forward", "iifname @bridges accept" },
	/* What is not published is not to be had from outside. */
	{ "forward", "oifname @bridges drop" },

	/* route_localnet lets 127.0.0.1 leave through a bridge; nobody may come in that way. */
	{ "loopback", "iifname @bridges ip daddr 127.0.0.0/8 drop" },

	{ "prerouting", "iifname != \"lo\" ip daddr 127.0.0.0/8 return" },
	{ "prerouting", HAS_PORTS "jump ports" },
	{ "output", HAS_PORTS "jump ports" },

	{ "ports", HAS_PORTS "dnat ip to ip daddr . " BY_PORT "@address_ports4" },
	{ "ports", HAS_PORTS "dnat ip6 to ip6 daddr . " BY_PORT "@address_ports6" },
	{ "ports", "fib daddr type != local return" },
	{ "ports", "meta nfproto ipv4 " HAS_PORTS "dnat ip to " BY_PORT "@ports4" },
	{ "ports", "meta nfproto ipv6 " HAS_PORTS "dnat ip6 to " BY_PORT "@ports6" },

	{ "postrouting", "oifname @bridges ip saddr 127.0.0.0/8 masquerade" },
	{ "postrouting", "oifname @bridges ip6 saddr ::1 masquerade" },
	{ "postrouting", "ct status dnat ip saddr . ip daddr @same_subnet4 masquerade" },
	{ "postrouting", "ct status dnat ip6 saddr . ip6 daddr @same_subnet6 masquerade" },
	{ "postrouting", "oifname @bridges return" },
	{ "postrouting", "ip daddr != 224.0.0.0/4 ip saddr @subnets4 masquerade" },
	{ "postrouting", "ip6 daddr != ff00::/8 ip6 saddr @subnets6 masquerade" },
};

void firewall_print_rules(struct buf *out)
{
	buf_adds(out, "add table " TABLE "\n");
	for (size_t i = 0; i < ARRAY_LEN(sets); i++)
		buf_addf(out, "add set " TABLE " %s { type %s; }\n", sets[i][0], sets[i][1]);
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		buf_addf(out, "add set " TABLE " %s { type %s; flags interval; }\n", ranges[i][0],
			 ranges[i][1]);
	for (size_t i = 0; i < ARRAY_LEN(maps); i++)
		buf_addf(out, "add map " TABLE " %s { type %s; }\n", maps[i][0], maps[i][1]);
	for (size_t i = 0; i < ARRAY_LEN(chains); i++) {
		buf_addf(out, "add chain " TABLE " %s", chains[i][0]);
		buf_addf(out, *chains[i][1] ? " { %s }\n" : "\n", chains[i][1]);
	}
	for (size_t i = 0; i < ARRAY_LEN(chains); i++)
		if (!text_eq(chains[i][0], "user"))
			buf_addf(out, "flush chain " TABLE " %s\n", chains[i][0]);
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		buf_addf(out, "add rule " TABLE " %s %s\n", rules[i][0], rules[i][1]);
}

void firewall_print_flush(struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(sets); i++)
		buf_addf(out, "flush set " TABLE " %s\n", sets[i][0]);
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		buf_addf(out, "flush set " TABLE " %s\n", ranges[i][0]);
	for (size_t i = 0; i < ARRAY_LEN(maps); i++)
		buf_addf(out, "flush map " TABLE " %s\n", maps[i][0]);
}

static void print_element(struct buf *out, const char *verb, const char *set, const char *what)
{
	buf_addf(out, "%s element " TABLE " %s { %s }\n", verb, set, what);
}

static void print_interface(struct buf *out, const char *verb, const char *set, const char *name)
{
	buf_addf(out, "%s element " TABLE " %s { \"%s\" }\n", verb, set, name);
}

static void print_subnet(struct buf *out, const char *verb, const struct network *n,
			 const char *subnet)
{
	bool ipv6 = strchr(subnet, ':');

	buf_addf(out, "%s element " TABLE " %s { %s . %s }\n", verb,
		 ipv6 ? "same_subnet6" : "same_subnet4", subnet, subnet);
	if (!n->internal)
		print_element(out, verb, ipv6 ? "subnets6" : "subnets4", subnet);
}

bool firewall_rules_over(const struct network *n)
{
	return network_driver(n) == NETWORK_BRIDGE && network_mode(n) != NETWORK_UNMANAGED &&
	       n->network_interface;
}

void firewall_print_network(struct buf *out, const char *verb, const struct network *n)
{
	const char *isolate = text_map_get(&n->options, "isolate");
	const char *bridge = n->network_interface;

	if (!firewall_rules_over(n))
		return;
	print_interface(out, verb, "bridges", bridge);
	buf_addf(out, "%s element " TABLE " same_bridge { \"%s\" . \"%s\" }\n", verb, bridge,
		 bridge);
	if (n->internal)
		print_interface(out, verb, "internal", bridge);
	if (text_eq(isolate, "true") || text_eq(isolate, "1"))
		print_interface(out, verb, "isolated", bridge);
	if (text_eq(isolate, "strict"))
		print_interface(out, verb, "isolated_strictly", bridge);
	for (size_t i = 0; i < n->subnets.n; i++)
		print_subnet(out, verb, n, n->subnets.v[i].subnet);
}
