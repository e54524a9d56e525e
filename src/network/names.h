/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names inside container networks: one dnsmasq(8) for each network that wants names and has
 * containers, on the gateways' addresses.  It serves a hosts file, dns/NETWORK/hosts in the
 * volatile root, that is written anew when containers come and go, and reads it again on SIGHUP,
 * during which questions wait and none is lost.  Everything else it asks the host's resolvers.
 */
#pragma once

#include "network/network.h"

#define NAMES_DOMAIN "dns.podman" /* what containers search; "web" is "web.dns.podman" too */

#define NAMES      "dns"  /* a kind of the volatile root, by networks */
#define NAMES_SEEN "/sys" /* where a server sees its folder: always there, nothing to it */

/* Brings the server of a network to what is so now: started, told, or stopped when nobody is left.
 * Idempotent; also after somebody killed it, or removed the network. host_netns: where the gateways
 * are, -1: here. */
int names_update(const struct state *s, const char *network, int host_netns, struct err *e);

/* Where the number of the server of a network is. */
const char *names_pid_path(const struct state *s, struct arena *a, const char *network);
/* The network namespace of the server of a network, if it runs (close it), or -1. */
int names_netns(const struct state *s, struct arena *a, const char *network);

/* The deciding parts. */
void names_hosts(struct buf *out, const struct network *n, const struct network_statuses *all);
bool names_any(const struct network *n, const struct network_statuses *all);
struct names_server {
	const char *program, *dir; /* dir: dns/NETWORK of the volatile root */
	const char *resolver;      /* asked instead of the host's, or NULL */
	bool single_id;            /* there is nobody else to be */
};
struct texts names_arguments(struct arena *a, const struct network *n,
			     const struct names_server *how);
/* Whether resolv.conf(5) names resolvers, all of which are on the host's loopback. */
bool names_only_local(const char *resolv);
