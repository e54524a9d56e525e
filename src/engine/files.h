/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files that berth provides to a container: hosts, hostname, resolv.conf, .containerenv and the
 * time zone.  They lie in its run directory, made anew at each start, and are mounted.
 */
#pragma once

#include "engine/facts.h"

/* Writes them into the run directory. other: the run directory's path of the container whose
 * network is shared, whose hosts and resolv.conf are taken over, or NULL. *ret_timezone: localtime
 * is there.
 */
int container_files(const struct facts_about *about, struct arena *a, const char *other,
		    bool *ret_timezone, struct err *e);
/* hosts and resolv.conf alone, of a container that runs: its networks have changed. */
int container_network_files(const struct container *c, const struct network_status *st, int run_dir,
			    struct err *e);
