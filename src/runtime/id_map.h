/* SPDX-License-Identifier: BSD-2-Clause */
/* ID mappings (user_namespaces(7)) of a new process, and for mounts. */
#pragma once

#include <sys/types.h>

#include "spec/runtime.h"

/* Writes both maps of a process in a new user namespace: directly if we may, else through
 * newuidmap(1) and newgidmap(1).  Empty maps: everything that we have is mapped to itself. */
int id_map_process(pid_t pid, const struct oci_id_maps *uids, const struct oci_id_maps *gids,
		   struct err *e);
/* A user namespace with these maps and nobody in it: its descriptor. */
int id_map_userns(const struct oci_id_maps *uids, const struct oci_id_maps *gids, struct err *e);
