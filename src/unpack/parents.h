/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directories of a tree by their names, kept open along the last one asked for: the members of an
 * archive come folder by folder, so that most need no path walk at all.  Symbolic links on the way
 * lead where they would lead in a system whose root is the tree.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define PARENTS_DEPTH 64

struct parents {
	int root; /* the caller's */
	char path[PATH_MAX];
	size_t depth;
	bool aliased; /* a symbolic link was on the way, ever: two names may be one file */
	struct parents_level {
		int fd;
		size_t end; /* of its name in path */
	} levels[PARENTS_DEPTH];
};

void parents_init(struct parents *p, int root);
/* Forgets what it knows: after something on the way may have been replaced. */
void parents_forget(struct parents *p);
/* The directory with this clean name (len bytes), O_PATH; it stays the cache's and valid until the
 * next call. make: missing ones are made 0755; otherwise they are -ENOENT, with words. */
int parents_at(struct parents *p, const char *path, size_t len, bool make, struct err *e);
