/* SPDX-License-Identifier: BSD-2-Clause */
/* Where an image comes from, and one image from an open source into the store. */
#pragma once

#include "image/image.h"
#include "image/registries.h"

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
/* The names that r may mean: one, or several to be tried; the user is asked if he is there.  ask in
 * *ret: he was, and pull_chosen() is to be called when the image was found there. */
int pull_resolve(struct arena *a, const struct reference *r, const struct image_pull *how,
		 struct registries_names *ret, struct err *e);
/* What was chosen is remembered; that it can't be is told, and no more. */
void pull_chosen(struct arena *a, const struct reference *r, const struct reference *chosen,
		 const struct image_pull *how);
