/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A container's network namespace connected by slirp4netns(1), where there is no pasta(1) or the
 * user asks for it.  One process for each container.  Clients of published ports are 10.0.2.2 to
 * the container.
 */
#pragma once

#include "network/network.h"

struct slirp {
	int dir;        /* the attachment's directory: its number, and its socket */
	const char *id; /* the container's */
	int netns;
	const struct network_ports *ports;
	const struct texts *options; /* of --network slirp4netns:OPTION,… */
};
/* ERR_NOT_FOUND: it is not installed; ERR_INVALID: an option; ERR_UNSUPPORTED: a port. */
int slirp_start(struct arena *a, const struct slirp *how, struct err *e);
bool slirp_runs(struct arena *a, int dir, const char *id);
void slirp_stop(struct arena *a, int dir, const char *id);
/* The deciding parts. */
int slirp_arguments(struct arena *a, const struct slirp *how, const char *program,
		    struct texts *ret, struct err *e);
int slirp_check(const struct texts *options, struct err *e);
/* Where it answers questions about names: the third address of its network. */
const char *slirp_resolver(struct arena *a, const struct texts *options);
