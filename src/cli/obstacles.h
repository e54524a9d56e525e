/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "cli/cli.h"

/* Warns of other people's firewalls that stand in the way of a network. told: those that can be
 * told of a bridge have been, so that one that does not know it is warned of, too. netfilter: as
 * those of network/firewall.h. */
void obstacles_warn(struct session *s, const char *network, bool told, int *netfilter);
