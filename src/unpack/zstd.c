/* SPDX-License-Identifier: BSD-2-Clause */
#include <zstd.h>

#include "unpack/encoder.h"

/* 128 MiB, which is as much as `zstd --ultra` needs without --long. */
#define WINDOW_LOG_MAX 27

struct zstd {
	struct decoder base;
	ZSTD_DCtx *context;
};

static int zstd_step(struct decoder *d, struct decoder_io *io, struct err *e)
{
	ZSTD_inBuffer in = { .src = io->in, .size = io->in_len };
	ZSTD_outBuffer out = { .dst = io->out, .size = io->out_len };
	size_t r = ZSTD_decompressStream(((struct zstd *)d)->context, &out, &in);

	io->in += in.pos;
	io->in_len -= in.pos;
	io->out += out.pos;
	io->out_len -= out.pos;
	if (ZSTD_isError(r))
		return err_set(e, ERR_INVALID, "zstd data is damaged: %s", ZSTD_getErrorName(r));
	return r == 0;
}

static void zstd_free(struct decoder *d)
{
	ZSTD_freeDCtx(((struct zstd *)d)->context);
	free(d);
}

struct decoder *decoder_zstd(void)
{
	struct zstd *z = decoder_alloc(sizeof(*z));

	z->base = (struct decoder){ .step = zstd_step, .free = zstd_free };
	z->context = ZSTD_createDCtx();
	if (!z->context)
		abort();
	ZSTD_DCtx_setParameter(z->context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	return &z->base;
}

struct zstd_out {
	struct encoder base;
	ZSTD_CCtx *context;
};

static int zstd_out_step(struct encoder *c, struct decoder_io *io, struct err *e)
{
	ZSTD_inBuffer in = { .src = io->in, .size = io->in_len };
	ZSTD_outBuffer out = { .dst = io->out, .size = io->out_len };
	size_t r = ZSTD_compressStream2(((struct zstd_out *)c)->context, &out, &in,
					io->in_ends ? ZSTD_e_end : ZSTD_e_continue);

	io->in += in.pos;
	io->in_len -= in.pos;
	io->out += out.pos;
	io->out_len -= out.pos;
	if (ZSTD_isError(r))
		return err_set(e, ERR_SYSTEM, "compress with zstd: %s", ZSTD_getErrorName(r));
	return io->in_ends && r == 0;
}

static void zstd_out_free(struct encoder *c)
{
	ZSTD_freeCCtx(((struct zstd_out *)c)->context);
	free(c);
}

struct encoder *encoder_zstd(void)
{
	struct zstd_out *z = decoder_alloc(sizeof(*z));

	z->base = (struct encoder){ .step = zstd_out_step, .free = zstd_out_free };
	z->context = ZSTD_createCCtx();
	if (!z->context)
		abort();
	ZSTD_CCtx_setParameter(z->context, ZSTD_c_checksumFlag, 1);
	return &z->base;
}
