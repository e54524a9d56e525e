/* SPDX-License-Identifier: BSD-2-Clause */
/* gzip by zlib, where ISA-L is missing. */
#include <limits.h>
#include <zlib.h>

#include "unpack/encoder.h"

struct gzip {
	struct decoder base;
	z_stream z;
	bool between;
};

static int gzip_step(struct decoder *d, struct decoder_io *io, struct err *e)
{
	struct gzip *g = (struct gzip *)d;
	unsigned in_len = io->in_len > INT_MAX ? INT_MAX : (unsigned)io->in_len;
	unsigned out_len = io->out_len > INT_MAX ? INT_MAX : (unsigned)io->out_len;
	int r;

	if (g->between)
		inflateReset(&g->z);
	g->z.next_in = (Bytef *)io->in;
	g->z.avail_in = in_len;
	g->z.next_out = io->out;
	g->z.avail_out = out_len;
	r = inflate(&g->z, Z_NO_FLUSH);
	io->in += in_len - g->z.avail_in;
	io->in_len -= in_len - g->z.avail_in;
	io->out += out_len - g->z.avail_out;
	io->out_len -= out_len - g->z.avail_out;
	if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
		return err_set(e, ERR_INVALID, "gzip data is damaged: %s",
			       g->z.msg ? g->z.msg : zError(r));
	g->between = r == Z_STREAM_END;
	return g->between;
}

static void gzip_free(struct decoder *d)
{
	inflateEnd(&((struct gzip *)d)->z);
	free(d);
}

struct decoder *decoder_gzip(void)
{
	struct gzip *g = decoder_alloc(sizeof(*g));

	g->base = (struct decoder){ .step = gzip_step, .free = gzip_free };
	if (inflateInit2(&g->z, 16 + MAX_WBITS) != Z_OK)
		abort();
	return &g->base;
}

struct gzip_out {
	struct encoder base;
	z_stream z;
};

static int gzip_out_step(struct encoder *c, struct decoder_io *io, struct err *e)
{
	z_stream *z = &((struct gzip_out *)c)->z;
	unsigned in_len = io->in_len > INT_MAX ? INT_MAX : (unsigned)io->in_len;
	unsigned out_len = io->out_len > INT_MAX ? INT_MAX : (unsigned)io->out_len;
	bool last = io->in_ends && in_len == io->in_len;
	int r;

	z->next_in = (Bytef *)io->in;
	z->avail_in = in_len;
	z->next_out = io->out;
	z->avail_out = out_len;
	r = deflate(z, last ? Z_FINISH : Z_NO_FLUSH);
	io->in += in_len - z->avail_in;
	io->in_len -= in_len - z->avail_in;
	io->out += out_len - z->avail_out;
	io->out_len -= out_len - z->avail_out;
	if (r != Z_OK && r != Z_STREAM_END && r != Z_BUF_ERROR)
		return err_set(e, ERR_SYSTEM, "compress with gzip: %s", zError(r));
	return r == Z_STREAM_END;
}

static void gzip_out_free(struct encoder *c)
{
	deflateEnd(&((struct gzip_out *)c)->z);
	free(c);
}

struct encoder *encoder_gzip(void)
{
	struct gzip_out *g = decoder_alloc(sizeof(*g));

	g->base = (struct encoder){ .step = gzip_out_step, .free = gzip_out_free };
	if (deflateInit2(&g->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 16 + MAX_WBITS, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	return &g->base;
}
