/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cp: files between containers and the host, in either direction, with Docker's rules of what a
 * destination means.  A container's paths are resolved inside its root; of one that does not run,
 * also through the volumes and folders that it would have mounted.
 */
#pragma once

#include "engine/status.h"

struct copy_end {
	const struct container *container; /* NULL: the host */
	const char *path;                  /* "-": a tar stream on standard input or output */
};
struct container_copy {
	struct copy_end from, to;
	bool keep_owner; /* else copies are the destination container's user's, or the caller's */
	bool overwrite;  /* a directory may take a file's place and the reverse */
};
int container_copy(const struct state *s, struct arena *a, const struct container_copy *how,
		   struct err *e);
