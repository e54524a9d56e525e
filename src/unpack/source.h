/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An archive's bytes: read from a descriptor, hashed, decompressed, hashed again, chunk by chunk.
 */
#pragma once

#include <sys/types.h>

#include "unpack/report.h"
#include "unpack/unpack.h"

struct source;

struct source_new {
	int fd;
	enum unpack_compression compression; /* UNPACK_AUTO: whatever it is */
	enum unpack_hash hash;
	const struct unpack_limits *limits; /* outlives the source; complete, without zeros */
	struct report *report;              /* of progress; may be NULL */
};
struct source *source_new(const struct source_new *how);
void source_free(struct source *s);
DEFINE_AUTO(source);

/* The next chunk of the uncompressed bytes, valid until the next call; 0 at the end. */
ssize_t source_read(struct source *s, const void **ret, struct err *e);
/* Uncompressed bytes given out so far. */
uint64_t source_given(const struct source *s);
/* Reads on until the end, so that the digests are those of all. */
int source_drain(struct source *s, struct err *e);
/* After the end: digests, sizes, compression. */
void source_result(struct source *s, struct unpack_result *ret);

/* By the first bytes; fewer than this may be too few. */
#define SOURCE_MAGIC_MAX 6
enum unpack_compression source_detect(const uint8_t *in, size_t len);
