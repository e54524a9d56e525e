/* SPDX-License-Identifier: BSD-2-Clause */
/* Which networks a command is about, and who is on them. */
#pragma once

#include "cli/cli.h"
#include "engine/container.h"
#include "network/network.h"

/* The networks that match all filters; of one key any (labels: all). ERR_INVALID names a filter
 * that there is not. for_prune: label and until alone. */
int network_filter(struct session *s, const struct texts *filters, bool for_prune,
		   struct networks *ret, struct err *e);
/* The ids of the containers that have asked for it. */
struct texts network_users(struct session *s, const struct containers *all,
			   const struct network *n);
