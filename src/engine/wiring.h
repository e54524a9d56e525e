/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A container's part in networks while it starts, and what is left of it afterwards.  Between the
 * steps anything may be killed: what was taken is taken back by the next who looks.
 */
#pragma once

#include "engine/start.h"
#include "network/port.h"

struct wiring {
	bool joined; /* the rest says something */
	struct network_status status;
	int lock; /* held until it has started */
	struct port_holds holds;
	int host;      /* what plays the host: usernet_find()'s */
	int watch;     /* for the monitor: netfilter_watch()'s, or -1 */
	int netfilter; /* or -1; the monitor keeps it, as closing it may take long (firewall.h) */
	/* Filled by the caller before wiring_apply(): whose end is the container's, and what is
	 * executed then if nobody else cleans up. */
	pid_t monitor;
	struct texts end;
};
#define WIRING ((struct wiring){ .lock = -1, .host = -1, .watch = -1, .netfilter = -1 })

/* Addresses and names. Nothing if the container is on no network. */
int wiring_join(const struct state *s, struct arena *a, const struct container *c,
		struct wiring *ret, struct err *e);
/* The container's first process waits at the gate: its interfaces, its ports. netns: its network
 * namespace, or -1: not at hand. */
int wiring_apply(const struct state *s, struct arena *a, struct wiring *w, pid_t pid,
		 uint64_t start_time, int netns, struct err *e);
/* The start failed: all goes back. */
void wiring_undo(const struct state *s, const struct container *c, struct wiring *w);
/* For the monitor: network_servers(). */
struct texts wiring_servers(const struct state *s, struct arena *a, const struct wiring *w);
/* What serves one that runs is there, though somebody ended it. */
int wiring_serve(const struct state *s, struct arena *a, const struct container *c, struct err *e);
/* This process has no more to do with it. */
void wiring_close(struct wiring *w);
/* One on no network runs: it has its name in /run/netns at least. */
void wiring_name(const struct state *s, const struct container *c, pid_t pid);
/* What an ended container leaves. pid: its first process's, or 0. */
int wiring_leave(const struct state *s, const struct container *c, pid_t pid, struct err *e);
/* c, which has that process, or none (0), is called `name` now. */
void wiring_rename(const struct state *s, const struct container *c, pid_t pid, const char *name);
/* What wiring_apply() would do, a line each. */
int wiring_plan(const struct state *s, struct arena *a, const struct container *c, struct buf *out,
		struct err *e);

/* On one more network, or one less, whether it runs or not. c is read anew under its lock.
 * ERR_CONFLICT: it is on it already; ERR_NOT_FOUND: it is not. how: of its
 * start, what is later to be executed with. */
int container_connect(const struct state *s, struct arena *a, struct container *c,
		      const struct network_attachment *n, const struct container_start *how,
		      struct err *e);
int container_disconnect(const struct state *s, struct arena *a, struct container *c,
			 const char *network, struct err *e);
/* The containers that were asked to be on it. */
int container_users_of_network(const struct state *s, struct arena *a, const char *network,
			       struct containers *ret, struct err *e);
