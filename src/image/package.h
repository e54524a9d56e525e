/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Named files of a folder or of an archive: what is below OCI layouts, docker-archives and `dir:`.
 * An uncompressed archive that can seek is read in place; any other (compressed, a pipe) is laid
 * out in the store first, and goes again with package_free().  Nothing in it leads out of it.
 */
#pragma once

#include "image/source.h"
#include "state/state.h"

struct package;

/* path: a folder, a file or a URL; "-" is standard input.  s may be NULL, if nothing is to be laid
 * out. ERR_INVALID when the file is no archive. */
int package_open(const struct state *s, struct arena *a, const char *path, struct package **ret,
		 struct err *e);
void package_free(struct package *p);
DEFINE_AUTO(package);

bool package_has(struct package *p, const char *name);
/* Appends all of a file to ret; more than its maximum is ERR_INVALID, none such ERR_NOT_FOUND. */
int package_read(struct package *p, const char *name, struct buf *ret, struct err *e);
int package_size(struct package *p, const char *name, uint64_t *ret, struct err *e);
/* Opens it to be read from beginning to end. */
int package_blob(struct package *p, const char *name, struct source_blob *ret, struct err *e);
int package_blob_end(struct source_blob *b, struct err *e);
