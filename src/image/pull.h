/* SPDX-License-Identifier: BSD-2-Clause */
/* One image from an open source into the store.  Private to this module. */
#pragma once

#include "image/image.h"

struct pull_take {
	struct source *source;
	const char *digest; /* the manifest must have it; NULL: any */
	bool any_platform;  /* load: what an archive has is what is wanted */
	struct texts names; /* to give it */
	const struct image_pull *how;
};
int pull_take(const struct state *s, const struct pull_take *t, char ret_id[STATE_ID_LEN + 1],
	      struct err *e);
/* The names to give to an image that came from `source` with r. */
int pull_names(struct arena *a, const struct reference *r, const struct source *source,
	       struct texts *ret, struct err *e);
