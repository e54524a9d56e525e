/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the firewall share. */
#pragma once

#include "network/firewall.h"

/* Changes with the rules and the sets' types: what another version made is replaced. */
#define FIREWALL_VERSION "version_1"

/* Has the program do it, all of it or nothing. ret_said (may be NULL): what a listing says. */
int firewall_run(struct arena *a, const struct buf *text, int host_netns, struct buf *ret_said,
		 struct err *e);
/* Lets the host's kernel pass on what comes from and goes to these bridges: forwarding, and
 * route_localnet where a port is published on 127.0.0.1. Only what isn't so is written. */
int firewall_let_pass(const struct network_status *st, int host_netns, struct err *e);
