/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A layer's recipe: all of its tar but the contents of files, which are found in the tree.
 * doc/formats/recipe.md describes the file.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "unpack/unpack.h"

struct recipe_writer;

struct recipe_writer *recipe_writer_new(int fd);
void recipe_writer_free(struct recipe_writer *w);
DEFINE_AUTO(recipe_writer);

/* The chunk of tar that is being parsed now; the last one's rest was made literal before. */
void recipe_chunk(struct recipe_writer *w, const void *bytes, size_t len);
/* What isn't told yet, up to this place in the tar, is kept as it is. */
int recipe_literal(struct recipe_writer *w, uint64_t position, struct err *e);
/* len bytes of the tar at position are those of the file in the tree at offset. */
int recipe_contents(struct recipe_writer *w, uint64_t position, const char *path, uint64_t offset,
		    uint64_t len, struct err *e);
/* The file, which the tree is about to lose, is open as fd and has that size: its contents are kept
 * here. 1, or 0 if they are too large. */
int recipe_keep(struct recipe_writer *w, const char *path, int fd, uint64_t size, struct err *e);
int recipe_end(struct recipe_writer *w, const struct unpack_result *result, struct err *e);
