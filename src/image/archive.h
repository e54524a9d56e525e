/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images in and out of files: what `load`, `save` and `import` do.  Layers go out as the very tars
 * that they came in as, made again from their recipes and verified while they are written.
 */
#pragma once

#include "image/image.h"

/* Every image of an OCI layout, a docker-archive or a `dir:`, as a folder or an archive, compressed
 * or not; path "-" is standard input, and it may be a URL.  ret: the names they got, ids
 * ("sha256:…") of those without. ERR_INVALID "payload does not match any of the supported image
 * formats". */
int image_load_files(const struct state *s, struct arena *a, const char *path,
		     const struct image_pull *how, struct texts *ret, struct err *e);

enum image_format {
	IMAGE_DOCKER_ARCHIVE,
	IMAGE_OCI_ARCHIVE,
	IMAGE_OCI_DIR,
	IMAGE_DOCKER_DIR,
	IMAGE_FORMATS
};
extern const char *const image_format_name[IMAGE_FORMATS + 1]; /* "docker-archive" …, NULL */

struct image_save_item {
	const struct image *image;
	struct texts names; /* by which it goes out; may be empty */
};
struct image_save {
	enum image_format format;
	const struct image_save_item *items; /* more than one: IMAGE_DOCKER_ARCHIVE only */
	size_t items_len;
	bool compress; /* IMAGE_DOCKER_DIR: the layers by gzip */
	int out;       /* archives: where they go; else the directory */
	void (*progress)(void *arg, const struct image_progress *p); /* may be NULL */
	void *progress_arg;
};
int image_save(const struct state *s, const struct image_save *how, struct err *e);

struct image_import {
	const char *path;               /* or a URL; "-": standard input */
	const char *name;               /* to give it, or NULL */
	const char *message;            /* NULL: "imported from tarball" */
	struct texts changes;           /* "CMD …", "ENV …": image/change.h */
	struct image_platform platform; /* what is NULL: the host's */
};
/* A tar, compressed or not, becomes an image of one layer. */
int image_import(const struct state *s, const struct image_import *how,
		 char ret_id[STATE_ID_LEN + 1], struct err *e);
