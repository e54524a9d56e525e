/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Name servers of a container's own (--dns) beside its networks': a dnsmasq(8) in the container's
 * network namespace, on its loopback, asks its networks for their names and those servers for all
 * others.  resolv.conf(5) can't say that: of two servers the first one's "no such name" is final.
 */
#pragma once

#include "network/network.h"

/* Whether the container needs it: it has servers of its own, and is on a network that has names. */
bool resolver_is_needed(const struct network_status *st);
struct resolver {
	int dir;          /* the attachment's directory, where its number is kept */
	const char *path; /* of the same */
	int netns;
	bool single_id;
};
/* In place of one that runs. */
int resolver_start(struct arena *a, const struct resolver *how, const struct network_status *st,
		   struct err *e);
bool resolver_runs(struct arena *a, int dir, const char *path);
const char *resolver_pid_path(struct arena *a, const char *path);
void resolver_stop(struct arena *a, int dir, const char *path);
/* The deciding part. */
struct texts resolver_arguments(struct arena *a, const struct resolver *how,
				const struct network_status *st, const char *program);
