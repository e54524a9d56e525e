/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files that berth provides to a container: hosts, hostname, resolv.conf, .containerenv and the
 * time zone.  They lie in its run directory, made anew at each start, and are mounted.
 */
#pragma once

#include "engine/container.h"

/* Writes them into run_dir. other: the run directory's path of the container whose network is
 * shared, whose hosts and resolv.conf are taken over, or NULL. *ret_timezone: localtime is there.
 */
int container_files(const struct state *s, struct arena *a, const struct container *c, int run_dir,
		    const char *other, bool *ret_timezone, struct err *e);
