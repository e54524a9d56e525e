/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding out what container_specify() wants to know, and making the container's root. */
#pragma once

#include "engine/specify.h"
#include "image/image.h"

struct facts_about {
	const struct state *state;
	const struct container *container;
	const struct network_status *network; /* what it got of networks, or NULL */
	int run_dir;                          /* of the container */
	int lib_dir;                          /* its durable directory */
	/* Room for a descriptor per mount, and what container_volumes_open() opened; the caller
	 * closes them after the start. NULL: the mounts don't matter. */
	int *mount_fds, *volume_fds;
};

/* The container's root as a detached mount: its image's layers under its own writable one, or a
 * copy of the mount of --rootfs.  With a user namespace of its own its files belong to whom they
 * belong inside (idmapped layers, Linux 5.19); *_unmapped: to whom they do on disk, and in there.
 */
int container_root(const struct state *s, struct arena *a, const struct container *c,
		   struct err *e);
int container_root_unmapped(const struct state *s, struct arena *a, const struct container *c,
			    struct err *e);
/* An image's layers as a mount, with the container's IDs; dir has upper/ and work/, or is -1: then
 * it is read-only. */
int container_mount_image(const struct facts_about *about, struct arena *a,
			  const struct image *image, int dir, struct err *e);
/* root: what container_root() gave. Writes the files that berth provides into the run directory. */
int container_facts(struct arena *a, const struct facts_about *about, int root,
		    struct specify_facts *ret, struct err *e);
/* The same for a further process of a running container, whose files are made already. */
int container_exec_facts(struct arena *a, const struct facts_about *about, int root,
			 struct specify_facts *ret, struct err *e);
/* Opens or makes those of its mounts that are more than a folder: into about->mount_fds and
 * f->mount_paths. */
int container_mount_facts(const struct facts_about *about, struct arena *a, struct specify_facts *f,
			  struct err *e);
/* Gives mounts that were asked for so to the container's user. */
int container_own_mounts(const struct facts_about *about, const struct specify_facts *f,
			 struct err *e);
/* Volumes that nobody has used get what the image has at their place. */
int container_fill_volumes(const struct facts_about *about, struct arena *a, int root,
			   struct err *e);
/* The root of the volume that c->mounts.v[i] is of, as a directory to look into. */
int container_open_volume(const struct facts_about *about, size_t i, struct err *e);
