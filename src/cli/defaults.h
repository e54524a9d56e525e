/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What containers.conf(5) says, of what berth heeds: the system's files, then the user's, each
 * stronger than those before; CONTAINERS_CONF names the only file, CONTAINERS_CONF_OVERRIDE the
 * last one.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct defaults {
	const char *netns;           /* [containers] netns: --network when it is not given */
	const char *default_host_ip; /* [network], berth's own: the address of -p without one */
};
/* A missing file is no error, a damaged one ERR_INVALID. */
int defaults_read(struct arena *a, struct defaults *ret, struct err *e);
