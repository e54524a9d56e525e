/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of this module share. */
#pragma once

#include "base/address.h"
#include "kernel/netlink.h"
#include "network/network.h"

enum network_driver {
	NETWORK_BRIDGE,
	NETWORK_MACVLAN,
	NETWORK_IPVLAN,
	NETWORK_HOST_DEVICE,
	NETWORK_DRIVERS
};
extern const char *const network_driver_name[NETWORK_DRIVERS];
enum network_driver network_driver(const struct network *n); /* NETWORK_DRIVERS: an unknown one */

/* Option "mode": its number in linux/if_link.h, of a bridge one of ours; -1: unknown. */
enum { NETWORK_MANAGED = 0, NETWORK_UNMANAGED = 1 };
struct network_mode {
	const char *name;
	int number;
};
int network_mode(const struct network *n);
bool network_option_is(const struct network *n, const char *key); /* a true one */

/* What a new network has to get along with. */
struct network_world {
	struct networks networks; /* those that are there */
	struct address *used;     /* addresses and routes of the host */
	size_t used_len;
	struct texts interfaces; /* of the host */
	struct texts no_bridges; /* those of them that a bridge network can't have */
};
int network_world(const struct state *s, struct arena *a, struct network_world *ret, struct err *e);
/* Pure: fills in what was left open, and checks all of it. */
int network_complete(struct arena *a, struct network *n, const struct network_world *w,
		     struct err *e);
int network_complete_options(struct arena *a, struct network *n, struct err *e);
/* "10.89.0.0/24" and on; the first that meets nothing used. */
int network_free_subnet(struct arena *a, const struct network_world *w, const struct network *n,
			int family, const char **ret, struct err *e);
/* On the host, by another network, or by another subnet of n than `own`. */
bool network_subnet_is_used(const struct network_world *w, const struct network *n,
			    const struct network_subnet *own, const struct address *subnet);

/* Names of interfaces, and hardware addresses (which are brought into one form). */
int network_check_interface(const char *name, const char *what, struct err *e);
int network_check_mac(struct arena *a, const char **mac, struct err *e);

/*
 * Leases: networks/NAME/leases/ADDRESS -> ID in the volatile root, made with symlinkat(), whose
 * EEXIST says that it is taken.  One is deleted under the lock of networks/NAME alone, so that it
 * can't be somebody else's by then.
 */
/* Addresses that others have on a bridge that isn't berth's: podman's, or the host's own. */
struct strangers {
	struct address *v;
	size_t n;
};
/* Nothing if there is no such bridge, or it is one of berth's. id: the container's that asks. */
void strangers_find(struct arena *a, struct netlink *host, const char *bridge, const char *id,
		    struct strangers *ret);
bool strangers_have(const struct strangers *s, const struct address *a);
/* ret: the address with its subnet's prefix. asked NULL: the next free one after the last, of those
 * that strangers don't have. */
int network_lease(const struct state *s, const struct network *n,
		  const struct network_subnet *subnet, const struct strangers *strangers,
		  const char *asked, const char *id, struct address *ret, struct err *e);
/* Whether the addresses that are asked for are a container's of this network. */
int network_check_addresses(const struct network *n, const struct network_attachment *asked,
			    struct err *e);
/* What network_lease() would give; takes nothing. */
int network_lease_peek(const struct state *s, const struct network *n,
		       const struct network_subnet *subnet, const struct strangers *strangers,
		       const char *asked, struct address *ret, struct err *e);
/* All that the container has of the network. */
void network_lease_drop(const struct state *s, const char *network, const char *id);
/* And those of containers that are gone. */
void network_lease_sweep(const struct state *s, const char *network);
/* The volatile directory of the network, locked: LOCK_SH while a bridge gets ports, LOCK_EX to
 * delete. */
int network_lock(const struct state *s, const char *network, int how, struct err *e);

/* In an interface's alias: whose it is. */
#define BRIDGE_MARK "berth-network:"   /* and network_bridge_mark()'s: it goes with its last port */
#define DEVICE_MARK "berth-interface:" /* and its name on the host, where it belongs */
/* The network's name and which volatile root it is of. */
#define BRIDGE_MARK_TEXT 256
void network_bridge_mark(const struct state *s, const char *network, char ret[BRIDGE_MARK_TEXT]);
bool network_bridge_has_ports(struct netlink *host, int index);
/* Hardware addresses of what is made on the host, always the same. A bridge's own: else it is its
 * ports' lowest, and changes as they come and go; and when somebody deletes the bridge, containers
 * go on to remember whom they sent to. */
void network_bridge_mac(const char *network_id, const char *name, unsigned char ret[MAC_LEN]);
/* Of the outer end of a pair. */
void network_port_mac(const char *id, const char *name, unsigned char ret[MAC_LEN]);
/* The container's, and nobody's who only has the name. */
bool network_is_port(const struct netlink_info *i, const char *id);
/* A kind of the volatile root: who is being started, or has host devices; each command looks
 * whether one of them is dead. */
#define NETWORK_UNSETTLED "unsettled"
/* An attachment's id begins so that is no container's, but a device's that can't go home yet. */
#define NETWORK_ASIDE "aside-"

/* attachments/ID */
/* Its directory, locked, waiting. ERR_NOT_FOUND unless it is to be made. */
int network_record_lock(const struct state *s, const char *id, bool make, struct err *e);
/* Nobody is starting, ending or running it. */
bool network_is_dead(const struct state *s, const char *id);
int network_record_save(int dir, const struct network_status *st, struct err *e);
int network_record_load(const struct state *s, struct arena *a, int dir, const char *id,
			struct network_status *ret, struct err *e);
/* Its process is there. */
bool network_record_lives(const struct network_status *st);
/* Takes back what st has, from its last endpoint to `first`; goes on after a failure. */
int network_take_back(const struct state *s, const struct network_status *st, int dir, size_t first,
		      int host_netns, struct err *e);

/* What nobody has to wait for when a container leaves networks; see behind.c. */
struct network_behind {
	struct netlink *host; /* opened when there is something to do with it */
	struct {
		int index; /* of a port's outer end; 0: none */
		const struct network_endpoint *endpoint;
	} ports[NETWORK_MAX];
	size_t n;
	int netfilter; /* a socket that is only to be closed, or -1 */
};
#define NETWORK_BEHIND ((struct network_behind){ .netfilter = -1 })
int network_behind_open(struct network_behind *b, int host_netns, struct err *e);
/* Notes the outer end, to be removed, and its bridge if that is left without ports. */
void network_behind_port(struct network_behind *b, int index, const struct network_endpoint *p);
/* In a process of its own, without waiting for it. */
void network_behind_do(const struct state *s, struct network_behind *b);

/* Now, if it has no ports: the network is removed. */
void network_remove_bridge(const struct state *s, const struct network *n);

/* A host's interface: as it is now. Errors say what is in its way. */
int network_device_look(const struct state *s, struct arena *a, struct netlink *host,
			const char *name, struct network_device **ret, struct err *e);
/* And what is set for it below /proc/sys/net. */
int network_device_settings(struct arena *a, struct network_device *d, int host_netns,
			    struct err *e);
#define NETWORK_SETTINGS "/proc/sys/net/" /* and "ipv4/conf/NAME/SETTING" */
/* The interface of the default route; NULL: there is none. */
const char *network_default_interface(struct arena *a, struct netlink *host);
