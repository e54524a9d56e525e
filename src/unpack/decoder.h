/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decompressors with one shape.  step() consumes from the front of `in` and appends to `out` as far
 * as either goes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct decoder_io {
	const uint8_t *in;
	size_t in_len;
	bool in_ends; /* nothing comes after in */
	uint8_t *out;
	size_t out_len;
};

struct decoder {
	/* 1: a stream ended here, and another may follow; 0: give more room or input. */
	int (*step)(struct decoder *d, struct decoder_io *io, struct err *e);
	void (*free)(struct decoder *d);
};

struct decoder *decoder_gzip(void);
struct decoder *decoder_zstd(void);
struct decoder *decoder_xz(void);

static inline void decoder_free(struct decoder *d)
{
	if (d)
		d->free(d);
}

/* For constructors: memory of a fixed size or the end. */
void *decoder_alloc(size_t bytes);
