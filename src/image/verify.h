/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether what is stored of images is what was stored: documents have their digests, layers are all
 * there, and each layer's tree still makes the very tar that its diffID names.
 */
#pragma once

#include "image/image.h"

struct image_verify {
	bool quick;               /* layers' contents are not read */
	int64_t layer_age_nsec;   /* a layer that no image refers to, and that is older, is wrong */
	struct texts *bad_images; /* ids of those that are not whole are added; may be NULL */
	/* What is "image", "layer" or "name". */
	void (*wrong)(void *arg, const char *what, const char *id, const char *why);
	void *arg;
};
/* Changes nothing. An error is one of looking: what is wrong is told. */
int image_verify(const struct state *s, struct arena *a, const struct image_verify *how,
		 struct err *e);
