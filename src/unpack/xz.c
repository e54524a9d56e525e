/* SPDX-License-Identifier: BSD-2-Clause */
#include <lzma.h>

#include "unpack/decoder.h"

/* What `xz -9` needs is 65 MiB. */
#define MEMORY_MAX (256 << 20)

struct xz {
	struct decoder base;
	lzma_stream stream;
};

static int xz_step(struct decoder *d, struct decoder_io *io, struct err *e)
{
	lzma_stream *s = &((struct xz *)d)->stream;
	lzma_ret r;

	s->next_in = io->in;
	s->avail_in = io->in_len;
	s->next_out = io->out;
	s->avail_out = io->out_len;
	r = lzma_code(s, io->in_ends ? LZMA_FINISH : LZMA_RUN);
	io->in = s->next_in;
	io->in_len = s->avail_in;
	io->out = s->next_out;
	io->out_len = s->avail_out;
	if (r == LZMA_MEMLIMIT_ERROR)
		return err_set(e, ERR_INVALID, "xz data wants more than %d MiB of memory",
			       MEMORY_MAX >> 20);
	if (r != LZMA_OK && r != LZMA_STREAM_END && r != LZMA_BUF_ERROR)
		return err_set(e, ERR_INVALID, "xz data is damaged");
	return r == LZMA_STREAM_END;
}

static void xz_free(struct decoder *d)
{
	lzma_end(&((struct xz *)d)->stream);
	free(d);
}

struct decoder *decoder_xz(void)
{
	struct xz *x = decoder_alloc(sizeof(*x));

	x->base = (struct decoder){ .step = xz_step, .free = xz_free };
	if (lzma_stream_decoder(&x->stream, MEMORY_MAX, LZMA_CONCATENATED) != LZMA_OK)
		abort();
	return &x->base;
}
