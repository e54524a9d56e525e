/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where `save` puts named files: into a tar (POSIX.1-1988 ustar, sizes over 8 GiB in GNU's base
 * 256) or into a directory.  Private to this module.
 */
#pragma once

#include "base/sha256.h"
#include "image/layer_store.h"

struct outlet {
	int fd; /* the archive, or the directory */
	bool directory;
};

struct outlet_blob {
	char digest[SHA256_TEXT];
	uint64_t bytes;
};

int outlet_file(const struct outlet *o, const char *name, const void *data, size_t len,
		struct err *e);
/* A directory's entry; archives do without. */
int outlet_mkdir(const struct outlet *o, const char *name, struct err *e);
/* The uncompressed tar of a layer, made again and verified. */
int outlet_layer(const struct outlet *o, const struct state *s, const char *name,
		 const struct layer *l, struct err *e);
/* Whether that would succeed. */
int outlet_layer_check(const struct state *s, const struct layer *l, struct err *e);
/* The same compressed by gzip into a directory's file that is called as its digest's hex digits. */
int outlet_layer_gzip(const struct outlet *o, const struct state *s, const struct layer *l,
		      struct outlet_blob *ret, struct err *e);
int outlet_end(const struct outlet *o, struct err *e);
