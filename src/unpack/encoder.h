/* SPDX-License-Identifier: BSD-2-Clause */
/* Compressors with one shape. */
#pragma once

#include "unpack/decoder.h"

struct encoder {
	/* Consumes all of `in` or fills `out`; with in_ends, 1 when all has come out. */
	int (*step)(struct encoder *c, struct decoder_io *io, struct err *e);
	void (*free)(struct encoder *c);
};

struct encoder *encoder_gzip(void);
struct encoder *encoder_zstd(void);

static inline void encoder_free(struct encoder *c)
{
	if (c)
		c->free(c);
}
