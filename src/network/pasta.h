/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A container's network namespace connected by pasta(1): in user space, with the user's own
 * privileges.  One process for each container; it keeps the client's address of published ports.
 */
#pragma once

#include "network/network.h"

#define PASTA_DNS "169.254.1.1" /* the host's resolvers, seen from inside */

struct pasta {
	int dir;          /* the attachment's directory, where its number is kept */
	const char *path; /* of the same */
	int netns;
	const struct network_ports *ports;
	const struct texts *options; /* of --network pasta:OPTION,OPTION,…: stronger than ours */
};
/* ERR_NOT_FOUND: pasta is not installed; ERR_UNSUPPORTED: a port that it can't forward. */
int pasta_start(struct arena *a, const struct pasta *how, struct err *e);
/* The address that leads to the host's resolvers, by default or of --dns-forward; NULL: it was said
 * that there is none. Lives as long as the options. */
const char *pasta_resolver(const struct texts *options);
/* path, dir: as struct pasta's. */
bool pasta_runs(struct arena *a, int dir, const char *path);
void pasta_stop(struct arena *a, int dir, const char *path);
/* The deciding part. */
int pasta_arguments(struct arena *a, const struct pasta *how, const char *program,
		    struct texts *ret, struct err *e);
