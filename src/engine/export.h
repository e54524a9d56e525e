/* SPDX-License-Identifier: BSD-2-Clause */
/* A container's file system as a tar stream. */
#pragma once

#include "engine/status.h"
#include "image/unpack.h"

/* Its merged root without what is mounted below, into fd. */
int container_export(const struct state *s, struct arena *a, const struct container *c, int fd,
		     struct err *e);
/* Its root as others see it: of a running container with all its mounts (/proc/PID/root), else
 * the merged layers. A directory (O_RDONLY).  *ret_userns: where its files' IDs are the
 * container's, for userns_run(); -1: they are that already. */
int container_open_root(const struct state *s, struct arena *a, const struct container *c,
			int *ret_userns, struct err *e);
/* unpack_run() with IDs as in the user namespace, unless that is -1. */
int container_pack(const struct unpack_start *how, int userns, struct err *e);
