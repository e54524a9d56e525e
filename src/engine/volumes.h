/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The volumes of a container that are mounts (volume.h).  One that runs has the mount, and others
 * get a copy of it from there; with the last of them it goes.  So nothing is mounted on the host,
 * and nothing can stay mounted.
 */
#pragma once

#include "engine/container.h"
#include "volume/volume.h"

/* The volume's root directory: its folder, or the mount that its users share, which is made if it
 * has none. */
int volume_open_shared(const struct state *s, struct arena *a, const struct volume *v,
		       struct err *e);
/* Puts a mount on the volume's own folder, where the host sees it, and takes it away again. A
 * volume that is a folder is there already. */
int volume_attach(const struct state *s, struct arena *a, const struct volume *v, struct err *e);
int volume_detach(const struct state *s, struct arena *a, const struct volume *v, struct err *e);
/* Its content as a tar stream to fd, and from fd into it. */
int volume_export(const struct state *s, struct arena *a, const struct volume *v, int fd,
		  struct err *e);
int volume_import(const struct state *s, struct arena *a, const struct volume *v, int fd,
		  struct err *e);
/* Fills in descriptors, which are -1, for those of c->mounts that are mounts. *ret_lock
 * (-1: there are none) keeps other containers from making their own until it is closed. */
int container_volumes_open(const struct state *s, struct arena *a, const struct container *c,
			   int *fds, int *ret_lock, struct err *e);
