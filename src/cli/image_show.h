/* SPDX-License-Identifier: BSD-2-Clause */
/* Images as JSON for people: what images and inspect share. */
#pragma once

#include "cli/cli.h"
#include "image/image.h"

/* "docker.io/library/nginx@sha256:…" for each of its repositories and digests. */
struct texts image_repo_digests(struct arena *a, const struct image *i);
/* What `image inspect` prints of an image; json_decref() it. */
int image_inspect(struct session *s, const char *name, json_t **ret, struct err *e);
/* For templates, to which what JSON leaves out of Config is null or empty. */
void image_inspect_fill(json_t *list);
