/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Making a container: the user's wishes are merged with the image's configuration (image-spec,
 * "Conversion to OCI Runtime Configuration"), volumes are made, and the object appears complete.
 */
#pragma once

#include "engine/container.h"
#include "image/image.h"

struct container_create {
	/* What was asked for; what is NULL, empty or 0 comes from the image. id, created_nsec and
	 * version are filled here; name NULL: a random one. */
	struct container want;
	const struct image *image; /* NULL with want.rootfs */
	bool entrypoint_given; /* want.entrypoint counts even if empty, and ends the image's CMD */
	const char *image_volumes; /* "bind" (NULL), "tmpfs", "ignore" */
	struct texts proxies;      /* the host's; the image's own win over them */
	struct texts merge_env;    /* "K=TEXT", with $NAME of the image's in it */
	struct texts unset_env;    /* of the defaults, the proxies and the image's */
	bool unset_env_all;
	/* >0: want.uid_maps and want.gid_maps are so many IDs that no other container has. */
	int64_t userns_size;
	bool publish_all;       /* what is exposed and not published, on random ports, … */
	const char *publish_ip; /* … of this address; NULL: all */
	bool durable;           /* survives a power cut that follows */
	int *ret_lock;          /* the container's lock, held since it exists; NULL: not wanted */
};

/* The container as it would be made, without making it: for --plan. */
int container_merge(struct arena *a, const struct container_create *how, struct container *ret,
		    struct err *e);
/* Fills dir with upper/ and work/ for an overlay on the image's layers. */
int container_make_upper(const struct state *s, struct arena *a, const struct image *image, int dir,
			 struct err *e);
/* ERR_CONFLICT names the owner of a taken name. */
int container_create(const struct state *s, struct arena *a, const struct container_create *how,
		     struct container **ret, struct err *e);
