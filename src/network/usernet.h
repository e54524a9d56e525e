/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What plays the host for a plain user's bridges: he has no power over the machine's own network
 * namespace, so all his bridges, their rules and their servers of names are in one of his own.  It
 * is made for the first container on a bridge, connected to the outside by one pasta(1), and gone
 * with the last one.
 *
 * usernet/ in the volatile root: its lock, hold.json (the process that keeps the namespace), and
 * pasta's number.  Whatever of them was killed, the next container that starts on a bridge, or
 * `network reload`, makes again.
 */
#pragma once

#include "network/network.h"

#define USERNET      "usernet" /* in the volatile root */
#define USERNET_NONE (-2)      /* in a descriptor's place: it is a plain user's, and not there */

/* Whether it is: this process has no power over the network namespace that it is in. */
bool usernet_is_needed(const struct state *s);
/* The namespace that plays the host, for host_netns of everything in here: close it; -1: this
 * process's own does; USERNET_NONE. */
int usernet_find(const struct state *s);

struct usernet {
	int netns; /* as usernet_find's, but there */
	int lock;  /* it stays until this is closed, or a container that is on it written down */
};
#define USERNET_INIT ((struct usernet){ -1, -1 })
/* Makes it, or what of it was killed, for a container on these networks. Nothing to do for root, or
 * where none of them is a bridge. */
int usernet_begin(const struct state *s, struct arena *a, const struct network_attachments *asked,
		  struct usernet *ret, struct err *e);
/* Its pasta, and the forwarder of the container's ports, are started again if they were killed. */
int usernet_restore(const struct state *s, const struct network_status *st, struct err *e);
/* Takes it away if no container is on it any more. */
void usernet_end(const struct state *s);

/* What is sent in a client's name (src/forward) has this mark, and so has its flow; answers have
 * the other one, which is the number of the table of routes that leads them here, too. */
#define USERNET_MARK        0x62657274
#define USERNET_MARK_ANSWER 0x62657275
