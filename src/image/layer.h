/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layers as they are stored: layers/KEY/ with the tree that the overlay takes as it is, layer.json
 * and the recipe from which the very same tar can be made again.  KEY is the 64 hex digits of the
 * diffID.  A layer whose hard links lead into layers below it depends on them: its KEY is its
 * ChainID instead.
 *
 * A layer is renamed into place as soon as it is whole, but not synced: the image that refers to it
 * syncs all its layers at once.  So a layer that no image refers to is to be trusted during the
 * boot in which it was written only.  Whoever makes an image holds a shared lock on its layers
 * until the image is recorded; layer_collect() removes what it can lock exclusively and no image
 * refers to.
 */
#pragma once

#include "base/text.h"
#include "state/state.h"

struct layer {
	const char *key;     /* 64 hex digits: its name on disk */
	const char *diff_id; /* "sha256:…" of the uncompressed tar */
	const char *digest;  /* of the blob it came in */
	bool chained;        /* key is the ChainID */
	uint64_t tar_bytes;  /* the uncompressed tar */
	uint64_t blob_bytes; /* the blob it came in */
	uint64_t file_bytes; /* the files' contents */
	const char *boot_id; /* of the boot in which it was written */
	int64_t stored_nsec; /* since 1970 */
};

/* The layer with this diffID, or (chain_id may be NULL) with this ChainID; ERR_NOT_FOUND. */
int layer_find(const struct state *s, struct arena *a, const char *diff_id, const char *chain_id,
	       struct layer *ret, struct err *e);
/* Opens the directory `tree` (O_RDONLY | O_DIRECTORY), to mount or to read. */
int layer_open_tree(const struct state *s, const char *key, struct err *e);
/* All layers, complete ones only. */
struct layers {
	struct layer *v;
	size_t n;
};
int layer_list(const struct state *s, struct arena *a, struct layers *ret, struct err *e);
/* Removes the layers that are in none of the images and that nobody is using to make one; what that
 * freed of the files' contents. */
int layer_collect(const struct state *s, uint64_t *ret_bytes, struct err *e);
