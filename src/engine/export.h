/* SPDX-License-Identifier: BSD-2-Clause */
/* A container's file system as a tar stream. */
#pragma once

#include "engine/status.h"

/* Its merged root without what is mounted below, into fd. */
int container_export(const struct state *s, struct arena *a, const struct container *c, int fd,
		     struct err *e);
/* Its root as others see it: of a running container with all its mounts (/proc/PID/root), else
 * the merged layers. A directory (O_RDONLY). */
int container_open_root(const struct state *s, struct arena *a, const struct container *c,
			struct err *e);
