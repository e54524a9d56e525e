/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the members of an archive go: a directory tree, for now. */
#pragma once

#include "unpack/reader.h"

struct sink;

struct sink_ops {
	/* A whole member, or a file that write() and end() complete. 1: a file's contents are
	 * wanted; 0: done with it. */
	int (*begin)(struct sink *s, const struct member *m, struct err *e);
	int (*write)(struct sink *s, const void *bytes, size_t len, uint64_t offset, struct err *e);
	int (*end)(struct sink *s, const struct member *m, struct err *e);
	/* What lower layers have under this name is gone; in an opaque directory, all of it. */
	int (*whiteout)(struct sink *s, const char *path, struct err *e);
	int (*opaque)(struct sink *s, const char *path, struct err *e);
	int (*finish)(struct sink *s, struct err *e);
	void (*free)(struct sink *s);
};

struct sink {
	const struct sink_ops *ops;
	struct unpack_result *result; /* counts */
};
