/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Brings the layers of one image into the store, several at a time: blob by blob from the source
 * through `unpack`, verified, renamed into place.  What another process is just bringing is waited
 * for.  When one fails the others are stopped; those that were whole stay for the next attempt.
 * Private to this module.
 */
#pragma once

#include "image/image.h"

struct fetch_layer;
struct fetch {
	const struct state *state;
	struct arena *arena;
	struct source *source;
	const struct image_manifest *manifest;
	const struct image_config *config;
	unsigned parallel; /* 0: the default */
	void (*progress)(void *arg, const struct image_progress *p);
	void *progress_arg;

	/* Results: keys, and bytes of the tars, of each layer. */
	struct texts keys;
	uint64_t *tar_bytes;
	struct fetch_layer *layers; /* held until fetch_release() */
};
int fetch_layers(struct fetch *f, struct err *e);
void fetch_release(struct fetch *f);
