/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Published ports: what -p says, which host ports nobody has yet, and holding them while a
 * container has them.
 *
 * The kernel leads what comes to a published port to the container, so nothing of ours would have
 * to be bound to it; but then anyone else could be, and would never hear a thing.  So a socket is
 * bound to each, without listening, by the starter, and kept by the monitor
 * (doc/decisions/ports.md).
 */
#pragma once

#include "network/network.h"

/* [[IP:][HOST]:]PORT[/PROTOCOL], each port may be a range FIRST-LAST, PROTOCOL a list with commas,
 * in any case; IPv6 in brackets. Adds to ret; a host port that is left open is 0. ERR_INVALID in
 * podman's words. */
int port_parse(struct arena *a, const char *text, struct network_ports *ret, struct err *e);
/* Of "80/tcp", as images and --expose have it, for -P; what is published already is left out. */
int port_parse_exposed(struct arena *a, const char *text, struct network_ports *ret, struct err *e);
/* Gives those without a host port one that is free now. */
int port_choose(struct network_ports *ports, struct err *e);
/* What is said twice is one, and what goes on where another ends is one range, as podman has it.
 * Those of one protocol and address stay together, in the order of the container's ports. */
void port_merge(struct network_ports *ports);
/* ERR_INVALID if two of them are the same host port. */
int port_check(const struct network_ports *ports, struct err *e);
/* "0.0.0.0:8080", "[::1]:53" … of the i-th of its range. */
const char *port_print_host(struct arena *a, const struct network_port *p, int64_t i);

/* Sockets bound to the ports of a container, close-on-exec. */
struct port_holds {
	int *v; /* in the arena */
	size_t n;
};
/* In this process's network namespace. ERR_CONFLICT names who has it: "address already in use by
 * container web". On failure nothing is held. */
int port_hold(const struct state *s, struct arena *a, const struct network_status *st,
	      struct port_holds *ret, struct err *e);
void port_release(struct port_holds *h);
/* Before somebody else binds them, who would not say by whom they are taken, or be content with one
 * family of two: the errors of port_hold(). */
int port_check_free(const struct state *s, struct arena *a, const struct network_status *st,
		    struct err *e);

/* Who has the port p->host_port + i on this host: " by container web", " by process 12 (nginx)", or
 * "". id: the container that asks. */
const char *port_owner(const struct state *s, struct arena *a, const char *id,
		       const struct network_port *p, int64_t i);
/* Whether a socket listens there, as far as the kernel's list says. */
bool port_has_listener(const struct network_port *p, int64_t i);
