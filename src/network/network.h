/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Networks, and containers on them.
 *
 * A network is what was asked for: networks/NAME/network.json in the durable root, the same
 *document that `network inspect` shows (doc/formats/network.md).  A container's part in networks is
 *volatile: attachments/ID/ in the volatile root says what it got (addresses, interfaces, host
 *devices), so that whoever comes later can take it back, whatever ended the container.
 *
 * The life of a container on networks:
 *	network_join()   takes addresses, names and devices for it, and writes them down
 *	network_plan()   decides, purely, what to do with them once there is a network namespace
 *	plan_apply()     does it, between clone and the program's execution, or undoes it
 *	network_started() says whose process it is: from now on its end can be seen
 *	network_settled() is the end of its start
 *	network_leave()  takes everything back: by the monitor's end path, by `rm`, by a sweep
 * Each may be killed at any instant; network_leave() and network_sweep() are idempotent.
 *
 * Addresses are text here ("10.88.0.2", "10.88.0.2/16", "fd00::2"), as in all documents; address.h
 * calculates with them.
 */
#pragma once

#include "base/json.h"
#include "base/plan.h"
#include "state/state.h"

#define NETWORKS         "networks"    /* kinds, for state.h */
#define ATTACHMENTS      "attachments" /* volatile only */
#define NETWORK_DEFAULT  "podman"      /* always there; answers to "bridge" as well */
#define NETWORK_PASTA    "pasta"       /* no object: one pasta(1) for each container */
#define NETWORK_SLIRP    "slirp4netns" /* the same by slirp4netns(1) */
#define NETWORK_RESOLVER "127.0.0.11"  /* answers inside one with --dns on a network with names */
#define NETWORK_MAX      35            /* networks of one container */
#define INTERFACE_LEN    15 /* characters of an interface's name, the kernel's IFNAMSIZ - 1 */

/* What was asked for. */

struct network_lease_range {
	const char *start_ip, *end_ip;
};

struct network_subnet {
	const char *subnet;                      /* "10.89.0.0/24", the network's address */
	const char *gateway;                     /* NULL: none (an internal macvlan) */
	struct network_lease_range *lease_range; /* NULL: all of it */
};
struct network_subnets {
	struct network_subnet *v;
	size_t n;
};

struct network_route {
	const char *destination, *gateway;
	const uint64_t *metric;
};
struct network_routes {
	struct network_route *v;
	size_t n;
};

/*
 * driver: "bridge", "macvlan", "ipvlan", "host-device".
 * network_interface: the bridge; for the others the interface of the host (NULL: that of the
 * default route, at each start). options: mtu, vlan, isolate, metric, no_default_route, vrf, mode,
 * bclim; for host-device also address ("10.0.0.2/24,…") and mac. ipam_options: driver =
 * "host-local" (addresses of the subnets), "none", or, of a host device without subnets, "keep":
 * those it has on the host.
 */
struct network {
	const char *name, *id, *driver, *network_interface;
	const char *created; /* RFC 3339 */
	struct network_subnets subnets;
	struct network_routes routes; /* inside the containers */
	bool ipv6_enabled, internal, dns_enabled;
	struct texts dns_servers;
	struct text_map labels, options, ipam_options;
};
extern const struct json_type network_json, network_subnet_json, network_route_json;

struct networks {
	struct network **v;
	size_t n;
};

/* Fills in what was left open (id, driver, interface, subnets and gateways that are free), checks
 * all of it, and stores it. ERR_CONFLICT: the name, the bridge or a subnet is taken; ERR_INVALID in
 * podman's words. Nothing is changed on failure. */
int network_create(const struct state *s, struct arena *a, struct network *n, struct err *e);
/* By name, whole id or unique beginning of an id. ERR_NOT_FOUND "unable to find network with name
 * or ID x: network not found"; ERR_CONFLICT when it is ambiguous. */
int network_find(const struct state *s, struct arena *a, const char *name, struct network **ret,
		 struct err *e);
/* All, sorted by name, the default one among them; damaged ones are left out. */
int network_list(const struct state *s, struct arena *a, struct networks *ret, struct err *e);
/* Its name servers changed; the default network can't be. */
int network_update(const struct state *s, struct arena *a, const char *name,
		   const struct texts *add_dns, const struct texts *drop_dns, struct err *e);
/* ERR_DENIED for the default network. Who uses it is the caller's to ask, and to remove. */
int network_remove(const struct state *s, struct arena *a, const char *name, struct err *e);
/* No network that others are on, but a program that connects one container: pasta, slirp4netns. */
bool network_is_user_mode(const char *name);
bool network_is_default(const char *name); /* "podman", "bridge", "default" */

/* One network of a container, as it was asked for by --network; in container.json. */
struct network_attachment {
	const char *network;        /* its name */
	const char *interface;      /* inside; NULL: eth0, eth1, … by its place in the list */
	const char *host_interface; /* outside, of a bridge's veth pair; NULL: berth's choice */
	const char *mac;            /* NULL: random */
	struct texts addresses;     /* one of each family at most; none: the next free ones */
	struct texts aliases;
	struct texts arguments; /* of the program, on networks "pasta" and "slirp4netns" */
	struct text_map
		options; /* mtu, metric, … of this one interface: stronger than the network's */
};
extern const struct json_type network_attachment_json;
struct network_attachments {
	struct network_attachment *v;
	size_t n;
};
/* What is wrong with it whatever the network is; brings it into the form that is stored. */
int network_attachment_check(struct arena *a, struct network_attachment *n, struct err *e);
/* Whether what is asked for can be had of this network: its addresses, its MTU. Who has an address
 * is seen by network_join(). */
int network_check_asked(const struct network *n, const struct network_attachment *asked,
			struct err *e);

/* A published port, or `range` of them in a row; podman's PortMapping. */
struct network_port {
	const char *host_ip;                      /* "": all of the host's */
	int64_t container_port, host_port, range; /* range 0 is as good as 1 */
	const char *protocol;                     /* "tcp", "udp", "sctp" */
};
extern const struct json_type network_port_json;
struct network_ports {
	struct network_port *v;
	size_t n;
};

/* What a container got. */

struct network_address {
	const char *ipnet;   /* "10.88.0.2/16" */
	const char *gateway; /* of its subnet, or NULL */
	const char *exact;   /* all that the kernel said of a host device's, in hex; or NULL */
};
struct network_addresses {
	struct network_address *v;
	size_t n;
};

/* A host's interface that is inside a container, as it was before: it is to be so again. */
struct network_device_route {
	const char *destination, *gateway;
	const uint64_t *metric;
	int64_t table;     /* 0: the main one */
	const char *exact; /* as an address's */
};
struct network_device_routes {
	struct network_device_route *v;
	size_t n;
};
struct network_device {
	const char *name, *alias, *mac;
	int64_t index, mtu;
	int64_t inside; /* its index in the container; 0: not seen there yet */
	bool up;
	struct network_addresses addresses;  /* without gateways */
	struct network_device_routes routes; /* without those that come with the addresses */
	/* Below /proc/sys/net, as in "ipv6/conf/eth1/disable_ipv6": what is not the default. */
	struct text_map settings;
};

struct network_endpoint {
	const char *network, *network_id, *driver;
	const char *interface;      /* inside: "eth0" */
	const char *host_interface; /* outside: a bridge's veth; NULL for other drivers */
	const char *bridge;         /* or the parent; NULL: none */
	const char *mac;            /* NULL: a host device keeps its own */
	struct network_addresses addresses;
	struct texts aliases, dns_servers;
	bool internal, dns_enabled;
	struct network_device *device;          /* driver host-device */
	const struct network *about;            /* the network itself; not stored */
	const struct network_attachment *asked; /* not stored; NULL when read back */
};
extern const struct json_type network_endpoint_json;
struct network_endpoints {
	struct network_endpoint *v;
	size_t n;
};

/* The MAC address that it has, or "". */
const char *network_endpoint_mac(const struct network_endpoint *p);

/* attachments/ID/network.json */
struct network_status {
	const struct state *state; /* not stored */
	int64_t version;
	const char *id, *name; /* the container's */
	int64_t pid;           /* its first process's; 0: not started yet */
	uint64_t start_time;   /* kernel_start_time() */
	struct network_endpoints endpoints;
	struct network_ports ports;
	bool named;             /* /run/netns/NAME is ours */
	bool pinned;            /* its network namespace is kept at attachments/ID/netns */
	size_t first;           /* of the endpoints that a network_join() added; not stored */
	struct texts resolvers; /* --dns; not stored */
};
extern const struct json_type network_status_json;

struct network_join {
	const char *id, *name; /* the container's */
	/* In the order of eth0, eth1, …; with none, all that it gets is its name in /run/netns. */
	const struct network_attachments *asked;
	struct network_ports ports;
	struct texts resolvers; /* --dns: asked for what no network knows */
	int host_netns; /* what plays the host: -1 this process's namespace; a user's own otherwise
			 */
	bool more;      /* it runs, on other networks already (`network connect`) */
	bool peek;      /* for --plan: the addresses that would be next; takes and writes nothing */
};
/* *ret_lock: the attachment's directory, locked: close it after network_started() or when the start
 * has failed (after network_leave()). What an earlier run of the same container left is taken back
 * first. On failure nothing is left. */
int network_join(const struct state *s, struct arena *a, const struct network_join *how,
		 struct network_status *ret, int *ret_lock, struct err *e);

struct port_holds; /* port.h */
/* Where a plan is applied; filled by the caller before plan_apply(), as namespaces are born late.
 */
struct network_target {
	int netns;                      /* the container's network namespace */
	int host_netns;                 /* as network_join's */
	int lock;                       /* the attachment's directory */
	pid_t pid;                      /* the container's first process */
	const struct port_holds *holds; /* the sockets of its published ports, or NULL */
	int *netfilter;                 /* as those of firewall.h */
	struct netlink *inside, *host;  /* opened when they are needed */
};
/* Closes what it opened itself; the descriptors are the caller's. */
void network_target_close(struct network_target *t);
/* Adds the operations to p, in p's arena, the firewall's among them. Pure: what is asked of st and
 * nothing else. */
void network_plan(struct plan *p, const struct state *s, struct network_status *st,
		  struct network_target *target);
/* The routes inside alone, of one that runs and has left a network: another's may be the way out
 * from now on. st: network_status()'s; asked: what it was asked for with. */
int network_plan_routes(struct plan *p, const struct state *s, struct network_status *st,
			const struct network_attachments *asked, struct network_target *target,
			struct err *e);
/* The same for what somebody took away from one that runs (`network reload`): bridges, and being a
 * port of them. st: network_status()'s. */
int network_plan_restore(struct plan *p, const struct state *s, struct network_status *st,
			 struct network_target *target, struct err *e);
/* The container's process is pid: writes it down, after plan_apply(). */
int network_started(struct network_status *st, int lock, pid_t pid, uint64_t start_time,
		    struct err *e);

/* Others know of the container by now, and look for its end: until then each command does, in case
 * this process is killed. */
void network_settled(const struct network_status *st);

/* Takes everything back that the container has: devices return under their old names, ports and
 * links go, addresses are free. Nothing there: 0. Goes on after a failure and says the first. The
 * caller knows that the container has ended, or gives up starting it. */
int network_leave(const struct state *s, const char *id, int host_netns, struct err *e);
/* The same of one that was seen to be dead, unless somebody starts it, or takes back already. */
void network_leave_dead(const struct state *s, const char *id);
/* One network of a container that lives on (`network disconnect`). ERR_NOT_FOUND: it is not on it.
 */
int network_leave_one(const struct state *s, const char *id, const char *network, int host_netns,
		      struct err *e);
/* What the container has. ERR_NOT_FOUND: it is on no network now. */
int network_status(const struct state *s, struct arena *a, const char *id,
		   struct network_status *ret, struct err *e);
/* All that are on networks now, and those that are being started (pid 0). */
struct network_statuses {
	struct network_status *v;
	size_t n;
};
int network_status_list(const struct state *s, struct arena *a, struct network_statuses *ret,
			struct err *e);

/* /run/netns/NAME of a container that is on no network (of one that is, it is a part of the plan).
 * False: it can't be had, which is no reason not to start. */
bool network_name(const char *name, pid_t pid);
/* Only what leads to that process, or to none: another's may be there, or an administrator's. */
void network_unname(const char *name, pid_t pid);
/* A container that runs has another name now, for ip-netns(8) and for other containers. */
int network_rename(const struct state *s, const char *id, const char *name, struct err *e);

/* Takes back what the dead left. unsettled_only: host devices, and what starts left half-way, which
 * cost nothing to look for when there are none; done at the beginning of each command. Otherwise
 * it also warns of devices whose name on the host is another's now. */
void network_sweep(const struct state *s, bool unsettled_only);
