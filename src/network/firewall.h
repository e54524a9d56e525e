/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The firewall's part in networks: masquerading, published ports, and what may talk to what.  All
 * of it is in one nftables table, `inet berth` (doc/formats/firewall.md), made of rules that never
 * change and of sets that have an element for each network and each published port.  So a
 * container that starts or stops changes elements only, in one transaction, for which the program
 * `firewall` is needed only if its bridge is not known yet; and one that publishes nothing, on a
 * bridge that is known, changes nothing.
 *
 * What there should be follows from attachments/ alone (network_status_list()).  What somebody else
 * deletes is put back, whole: containers' monitors hear of it, and run firewall_mend().
 */
#pragma once

#include "network/network.h"

#define FIREWALL_TABLE "inet berth"

/* Pure: texts for the program. */

/* Table, sets, chains, and rules in place of those that are there. The administrator's chain stays
 * as it is, and so do the elements of sets. */
void firewall_print_rules(struct buf *out);
/* Empties all sets. */
void firewall_print_flush(struct buf *out);
/* The elements of a bridge network; nothing for another driver. verb: "add" or "delete". */
void firewall_print_network(struct buf *out, const char *verb, const struct network *n);
/* The elements of a container's published ports. */
void firewall_print_ports(struct buf *out, const char *verb, const struct network_status *st);

/* Where a container's published ports lead to: its address of that family on its first bridge that
 * isn't internal, else on its first bridge; NULL if it has none. Without the prefix's length. */
const char *firewall_port_target(struct arena *a, const struct network_status *st, bool ipv6);

/* Doing. host_netns: as network_join's.  netfilter: a socket of netfilter_open(), opened when it is
 * needed if it is -1, which stays the caller's to close: that may take as long as the kernel needs
 * to free what was deleted, milliseconds.  NULL: there is no hurry. */

/* The elements of a container that starts; the whole table if its rules are not there. */
int firewall_open(const struct state *s, const struct network_status *st, int host_netns,
		  int *netfilter, struct err *e);
/* Takes its ports away. What isn't there is no error. */
int firewall_close(const struct state *s, const struct network_status *st, int host_netns,
		   int *netfilter, struct err *e);
/* Takes a network's elements away: it is removed. */
int firewall_forget(const struct state *s, const struct network *n, int host_netns, struct err *e);
/* The whole table anew, of all that are on networks now. */
int firewall_reload(const struct state *s, int host_netns, struct err *e);

/* Chains of other people's tables that drop what they don't know, and know nothing of the bridge
 * (NULL: of any): "inet filter forward". What is said of them is theirs to change. */
int firewall_obstacles(struct arena *a, const char *bridge, int host_netns, int *netfilter,
		       struct texts *ret, struct err *e);

/* firewalld is there, and has the bridge in no zone: it refused, or could not be asked. */
bool firewall_is_foreign_to_firewalld(const char *bridge, int host_netns);
/* Tables of iptables-legacy are there, and its programs aren't, or were not told (asked if `told`).
 */
bool firewall_legacy_is_untold(const char *bridge, int host_netns, bool told);

/* A socket for a container's monitor, which hears that somebody took away what is here. -1: it
 * needs none, or there can't be one. */
int firewall_watch(const struct network_status *st, int host_netns);
/* The same as firewall_reload(), unless nobody has changed anything since the last one was done by
 * this: all monitors hear of it. */
int firewall_mend(const struct state *s, struct err *e);

/* firewall_open() as an operation, which firewall_close() undoes. st and target are looked at when
 * it is applied, and so have to live as long as the plan. */
void firewall_plan(struct plan *p, const struct state *s, const struct network_status *st,
		   const struct network_target *target);
/* Of that only what bridges lose when somebody deletes them: 127.0.0.1 and ::1 lead there. */
void firewall_plan_loopback(struct plan *p, const struct network_status *st,
			    const struct network_target *target);
