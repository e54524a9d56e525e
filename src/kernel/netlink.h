/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interfaces, addresses, routes and neighbours, by rtnetlink(7), in a given network namespace.
 * Errors say the object, and the kernel's own words where it gives some.
 */
#pragma once

#include <net/if.h>
#include <stdint.h>

#include "base/address.h"
#include "base/err.h"

/* A socket that is in one network namespace for good. */
struct netlink;
/* netns -1: this process's. */
int netlink_open(int netns, struct netlink **ret, struct err *e);
void netlink_free(struct netlink *n);
int netlink_fd(const struct netlink *n);
DEFINE_AUTO(netlink);

/* A new interface, or what is to become of one: what is NULL or 0 is left to the kernel, or as it
 * is. */
struct netlink_link {
	const char *name;
	const unsigned char *mac; /* MAC_LEN */
	const char *alias;        /* "" takes it away */
	uint32_t mtu;
	int master;       /* index; -1: none any more */
	const int *netns; /* it is made in, or moves to, this namespace */
	bool up, down;

	/* Of new ones: */
	const char *kind; /* "bridge", "veth", "macvlan", "ipvlan", "vlan", "dummy" */
	int parent;       /* index, in the socket's namespace */
	uint32_t mode;    /* macvlan: MACVLAN_MODE_*; ipvlan: IPVLAN_MODE_* (linux/if_link.h) */
	uint16_t vlan;    /* vlan: its id; bridge: filters, and this is what ports belong to */
	const int32_t *broadcast_limit;  /* macvlan: IFLA_MACVLAN_BC_CUTOFF */
	const struct netlink_link *peer; /* veth: name, mac, mtu, netns, up */
};
/* -EEXIST: the name is taken. */
int netlink_link_add(struct netlink *n, const struct netlink_link *link, struct err *e);
/* With netns: it moves, renamed and changed in the same stroke. */
int netlink_link_set(struct netlink *n, int index, const struct netlink_link *how, struct err *e);
/* Absent (-ENODEV) is an error without words: the caller knows whether it is one. */
int netlink_link_remove(struct netlink *n, int index, struct err *e);

struct netlink_info {
	char name[IF_NAMESIZE], alias[256], kind[16];
	unsigned char mac[MAC_LEN];
	int index, master, parent; /* 0: none */
	uint32_t mtu;
	unsigned flags; /* IFF_* of netdevice(7) */
	bool has_mac, parent_elsewhere;
	int parent_netns; /* of a parent, or other end, elsewhere: the namespace's number here */
};
/* By name or, if that is NULL, by index. -ENODEV without words. */
int netlink_link_find(struct netlink *n, const char *name, int index, struct netlink_info *ret,
		      struct err *e);
typedef int netlink_each_link(void *arg, const struct netlink_info *link); /* not 0 ends it */
/* Returns what the callback did. */
int netlink_links(struct netlink *n, netlink_each_link *each, void *arg, struct err *e);

/* A port of a bridge. */
struct netlink_port {
	bool hairpin, isolated; /* back out where it came in; not to other isolated ones */
	uint16_t vlan; /* its only one: what comes in untagged belongs to; 0: the bridge's */
};
int netlink_port_set(struct netlink *n, int index, const struct netlink_port *how, struct err *e);

/* Addresses; IPv6 ones are there at once, without looking for duplicates. -EEXIST as it is. */
int netlink_address_add(struct netlink *n, int index, const struct address *a, struct err *e);
int netlink_address_remove(struct netlink *n, int index, const struct address *a, struct err *e);
struct netlink_address {
	struct address address;
	int index;
	bool permanent, secondary, link_local;
	bool global; /* of the widest scope */
	/* While the callback runs: all that the kernel says of it, for netlink_address_put(). */
	const void *exact;
	size_t exact_len;
};
typedef int netlink_each_address(void *arg, const struct netlink_address *a);
int netlink_addresses(struct netlink *n, netlink_each_address *each, void *arg, struct err *e);
/* Those in another namespace, by its number here (struct netlink_info). */
int netlink_addresses_in(struct netlink *n, int netns, netlink_each_address *each, void *arg,
			 struct err *e);
/* Adds one that was told, with what has no name above (the other end's address, its label, flags).
 * keep_label: the interface has its name of then. */
int netlink_address_put(struct netlink *n, int index, const void *exact, size_t len,
			bool keep_label, struct err *e);

struct netlink_route {
	struct address destination;     /* prefix 0: the default route */
	struct address gateway, source; /* family 0: none */
	int index;               /* of the interface; 0: the kernel finds it by the gateway */
	uint32_t metric, table;  /* 0: the main table */
	uint8_t protocol, scope; /* RTPROT_*, RT_SCOPE_*; 0: boot and universe */
	uint8_t type;            /* RTN_*; 0: unicast */
	bool on_link;            /* the gateway is there, whatever the interface's addresses say */
	/* As of an address; told, never read. */
	const void *exact;
	size_t exact_len;
};
int netlink_route_add(struct netlink *n, const struct netlink_route *route, struct err *e);
int netlink_route_remove(struct netlink *n, const struct netlink_route *route, struct err *e);
typedef int netlink_each_route(void *arg, const struct netlink_route *route);
/* Unicast routes with one next hop, of all tables. */
int netlink_routes(struct netlink *n, netlink_each_route *each, void *arg, struct err *e);
/* Adds one that was told, with its metrics, preference and so on. */
int netlink_route_put(struct netlink *n, int index, const void *exact, size_t len, struct err *e);

/* What has the mark is looked up in the table first; of a family. -EEXIST as it is. */
int netlink_rule_add(struct netlink *n, int family, uint32_t mark, uint32_t table, struct err *e);

/* Forgets who has that address. Nobody known: 0. */
int netlink_neighbour_remove(struct netlink *n, int index, const struct address *a, struct err *e);
