/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Published ports of a plain user's containers on bridges: his bridges are in a network namespace
 * of his own (usernet.h), and what comes to the host's ports is taken there by the program
 * `forward`, one for each container that publishes some.  It sends on in the client's name, so that
 * the container sees who asks; it ends by itself with the container.
 */
#pragma once

#include "network/port.h"

/* Starts it, if there are ports that lead anywhere. netns: usernet_find()'s; holds: the sockets,
 * which are its own from then on: the caller closes them; dir: the attachment's directory; pid: of
 * the container. */
int forward_start(const struct network_status *st, int dir, int netns, pid_t pid,
		  const struct port_holds *holds, struct err *e);
/* One that runs and leads where it should is left alone; else its ports are taken anew. */
int forward_restore(const struct network_status *st, int dir, int netns, struct err *e);
void forward_stop(const struct state *s, const char *id, int dir);
/* The namespace that one forwards into (close it), or -1. */
int forward_netns(const struct state *s, struct arena *a, const char *id);
/* What such ports can't be: SCTP. */
int forward_check(const struct network_ports *ports, struct err *e);
/* Where the number of the container's is. */
const char *forward_pid_path(const struct state *s, struct arena *a, const char *id);
