/* SPDX-License-Identifier: BSD-2-Clause */
/* Recording images.  Private to this module. */
#pragma once

#include "image/image.h"

struct image_new {
	const char *manifest, *config; /* the raw documents */
	size_t manifest_len, config_len;
	const char *media_type; /* of the manifest */
	struct texts digests;   /* besides the manifest's: that of its index */
	struct texts layers;    /* keys, the base first; held by the caller */
	uint64_t tar_bytes;     /* of all layers */
	struct texts names;     /* to give it */
};
/* Syncs the layers and the documents at once, records the image and then its names. */
int image_record(const struct state *s, const struct image_new *n, char ret_id[STATE_ID_LEN + 1],
		 struct err *e);

/* "docker.io/library/nginx:latest" as the name of a file, and back. */
char *image_name_escape(struct arena *a, const char *name);
char *image_name_unescape(struct arena *a, const char *file);
/* The layers that images refer to. An image that can't be read is an error: what it refers to isn't
 * known. */
int image_layers_used(const struct state *s, struct arena *a, struct texts *ret_keys,
		      struct err *e);
