/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The operations that plans of networks are made of.  "Inside" is the container's network
 * namespace, "host" the other one.  What they are given lives as long as the plan.
 */
#pragma once

#include "network/network_private.h"

struct op_about {
	const struct state *s;
	struct network_target *target;
	struct network_status *st;
	struct network_endpoint *endpoint;
};

/* Sockets in both places. */
int target_inside(struct network_target *t, struct netlink **ret, struct err *e);
int target_host(struct network_target *t, struct netlink **ret, struct err *e);

/* A value below /proc/sys that has to be that; it stays so. */
void op_sysctl(struct plan *p, struct network_target *t, bool inside, const char *path,
	       const char *value);

struct op_bridge {
	struct op_about about;
	const char *name, *vrf;
	uint32_t mtu;
	uint16_t vlan;
	const struct address *addresses; /* the gateways' */
	size_t addresses_len;
	bool unmanaged; /* is there already, and stays as it is */
	int lock;       /* while it gets a port: network_lock() */
};
/* Is there, with its addresses, and can't go before the port is there. */
struct op_bridge *op_bridge(struct plan *p, const struct op_bridge *how);
/* Its port: a veth pair, whose other end is inside. */
struct op_veth {
	struct op_about about;
	struct op_bridge *bridge;
	uint32_t mtu;
	uint16_t vlan; /* of the port; 0: the bridge's */
	bool has_mac;
	unsigned char mac[MAC_LEN];
};
void op_veth(struct plan *p, const struct op_veth *how);
/* The same of one that is there and may have lost its bridge. */
void op_port(struct plan *p, const struct op_veth *how);
/* macvlan, ipvlan. */
struct op_child {
	struct op_about about;
	const char *kind, *mode_name;
	uint32_t mode, mtu;
	bool has_mac, has_limit;
	unsigned char mac[MAC_LEN];
	int32_t broadcast_limit;
};
void op_child(struct plan *p, const struct op_child *how);

/* The network namespace outlives its processes. */
void op_pin(struct plan *p, const struct op_about *about);
/* A host's interface moves in. */
struct op_device {
	struct op_about about;
	uint32_t mtu;
	bool has_mac;
	unsigned char mac[MAC_LEN];
};
void op_device(struct plan *p, const struct op_device *how);

/* exact: as network_address's; NULL: there is no more to it. */
void op_address(struct plan *p, const struct op_about *about, const struct address *a,
		const char *exact);
void op_up(struct plan *p, const struct op_about *about);
/* route->index is the endpoint's. */
void op_route(struct plan *p, const struct op_about *about, const struct netlink_route *route,
	      const char *exact);
/* The bytes of an exact text, in a; NULL: it is none. */
const void *exact_bytes(struct arena *a, const char *text, size_t *ret_len);
/* The network's server of names knows the container. */
void op_names(struct plan *p, const struct op_about *about);
/* Its own server of names, for --dns. */
void op_resolver(struct plan *p, const struct op_about *about);
/* pasta(1) connects it, and publishes its ports. */
void op_pasta(struct plan *p, const struct op_about *about);
/* The same by slirp4netns(1). */
void op_slirp(struct plan *p, const struct op_about *about);
/* A plain user's published ports are forwarded into the namespace of his bridges. */
void op_forward(struct plan *p, const struct op_about *about);
/* /run/netns/NAME, for ip-netns(8). */
void op_name(struct plan *p, const struct op_about *about);

/* The other way. -EEXIST: it is on the host, but its name is another's now. */
int device_give_back(const struct network_status *st, const struct network_device *d, int dir,
		     int host_netns, struct err *e);
void pin_remove(int dir);
void name_remove(const struct network_status *st);
