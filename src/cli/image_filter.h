/* SPDX-License-Identifier: BSD-2-Clause */
/* --filter of images and image prune: podman-images(1). */
#pragma once

#include "cli/cli.h"
#include "image/image.h"

struct image_filter;
/* Values of one key are alternatives, different keys must all hold; labels must all hold. */
int image_filter_new(struct session *s, const struct texts *filters, struct image_filter **ret,
		     struct err *e);
/* Adds "reference=pattern". */
void image_filter_reference(struct image_filter *f, const char *pattern);
/* 1, 0 or an error. users: what uses images. */
int image_filter_matches(const struct image_filter *f, const struct image *i, struct err *e);
/* Whether this name of a matching image is asked for too. */
bool image_filter_shows(const struct image_filter *f, const char *name);
