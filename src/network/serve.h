/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What serves a container from the background, and may be killed by anybody: servers of names, its
 * own and its networks', and, without root, who forwards its ports.
 */
#pragma once

#include "network/network.h"

/* The files, absolute, in which their numbers are. */
struct texts network_servers(const struct state *s, struct arena *a,
			     const struct network_status *st);
/* ERR_CONFLICT: what connected the container by itself was killed, pasta or slirp4netns. Its
 * network namespace has lost its interface with it, and gets a new one at the next start only. */
int network_check_connected(const struct state *s, struct arena *a, const struct network_status *st,
			    struct err *e);
/* Those of one that runs are there again. resolvers: its --dns. */
int network_serve(const struct state *s, struct arena *a, const char *id,
		  const struct texts *resolvers, struct err *e);
