/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the firewall share. */
#pragma once

#include "kernel/netfilter.h"
#include "network/firewall.h"

/* Changes with the rules and the sets' types: what another version made is replaced. */
#define FIREWALL_VERSION "version_1"

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
