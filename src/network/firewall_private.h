/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the firewall share. */
#pragma once

#include "kernel/netfilter.h"
#include "network/firewall.h"

/* Changes with the rules and the sets' types: what another version made is replaced. */
#define FIREWALL_VERSION "version_1"

/* Opens *netfilter if it is -1. */
int firewall_socket(int *netfilter, int host_netns, struct err *e);
/* Has the program do it, all of it or nothing. ret_said (may be NULL): what a listing says. */
int firewall_run(struct arena *a, const struct buf *text, int host_netns, struct buf *ret_said,
		 struct err *e);
/* The published ports as the kernel has them; v is zeroed. How many there are: v has the first max.
 */
size_t firewall_port_elements(struct netfilter_element *v, size_t max,
			      const struct network_status *st);
/* Before the host begins to forward IPv6, in its namespace: a host that forwards stops believing
 * routers' advertisements (accept_ra 1) and so would lose its own address and default route; 2 says
 * that it is to believe them all the same. */
void firewall_keep_advertisements(void);
/* Lets 127.0.0.1 and ::1 of the host reach what is published there. Only what isn't so is written.
 */
int firewall_let_loopback(const struct network_status *st, int host_netns, struct err *e);

/* Whether ours are the rules about what passes a network's bridge: not one of the host's own. */
bool firewall_rules_over(const struct network *n);

/* Other people's firewalls let pass what ours is to decide on; from the network's end they don't
 * any more. socket: netfilter_open()'s. */
int firewall_admit(struct arena *a, const struct network *n, int host_netns, int socket,
		   struct err *e);
int firewall_dismiss(struct arena *a, const struct network *n, int host_netns, int socket,
		     struct err *e);
/* The chains in iptables's tables that are berth's. */
#define FIREWALL_FORWARD "BERTH-FORWARD"
#define FIREWALL_NAMES   "BERTH-INPUT"
/* The same in tables of iptables-legacy. What is printed is for iptables-restore(8) --noflush,
 * nothing if nothing is to change; saved: what iptables-save(8) says. names: the network serves
 * them. */
#define FIREWALL_LEGACY_MAX 65536
int firewall_legacy_admit(struct arena *a, const struct network *n, int host_netns, struct err *e);
int firewall_legacy_dismiss(struct arena *a, const struct network *n, int host_netns,
			    struct err *e);
void firewall_legacy_print_admit(struct buf *out, const char *saved, const char *bridge,
				 bool names);
void firewall_legacy_print_dismiss(struct buf *out, const char *saved, const char *bridge);
/* The interface is in firewalld's zone `trusted`, or not any more. In another zone it stays. */
int firewalld_trust(const char *interface, bool trust, struct err *e);
