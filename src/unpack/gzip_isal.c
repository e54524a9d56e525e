/* SPDX-License-Identifier: BSD-2-Clause */
/* gzip by ISA-L, several times faster than zlib on x86-64 and arm64. */
#include <isa-l/igzip_lib.h>
#include <limits.h>

#include "unpack/encoder.h"

struct gzip {
	struct decoder base;
	struct inflate_state state;
	bool between; /* two members: what follows begins with a header */
};

static void restart(struct gzip *g)
{
	isal_inflate_reset(&g->state);
	g->state.crc_flag = ISAL_GZIP;
	g->between = false;
}

static int gzip_step(struct decoder *d, struct decoder_io *io, struct err *e)
{
	struct gzip *g = (struct gzip *)d;
	uint32_t in_len = io->in_len > INT_MAX ? INT_MAX : (uint32_t)io->in_len;
	uint32_t out_len = io->out_len > INT_MAX ? INT_MAX : (uint32_t)io->out_len;
	int r;

	if (g->between)
		restart(g);
	g->state.next_in = (uint8_t *)io->in;
	g->state.avail_in = in_len;
	g->state.next_out = io->out;
	g->state.avail_out = out_len;
	r = isal_inflate(&g->state);
	io->in += in_len - g->state.avail_in;
	io->in_len -= in_len - g->state.avail_in;
	io->out += out_len - g->state.avail_out;
	io->out_len -= out_len - g->state.avail_out;
	if (r == ISAL_INCORRECT_CHECKSUM)
		return err_set(e, ERR_INVALID, "gzip data is damaged: its checksum differs");
	if (r < 0)
		return err_set(e, ERR_INVALID, "gzip data is damaged");
	g->between = g->state.block_state == ISAL_BLOCK_FINISH;
	return g->between;
}

static void gzip_free(struct decoder *d)
{
	free(d);
}

struct decoder *decoder_gzip(void)
{
	struct gzip *g = decoder_alloc(sizeof(*g));

	g->base = (struct decoder){ .step = gzip_step, .free = gzip_free };
	isal_inflate_init(&g->state);
	restart(g);
	return &g->base;
}

struct gzip_out {
	struct encoder base;
	struct isal_zstream stream;
	uint8_t room[ISAL_DEF_LVL2_DEFAULT];
};

static int gzip_out_step(struct encoder *c, struct decoder_io *io, struct err *e)
{
	struct isal_zstream *s = &((struct gzip_out *)c)->stream;
	uint32_t in_len = io->in_len > INT_MAX ? INT_MAX : (uint32_t)io->in_len;
	uint32_t out_len = io->out_len > INT_MAX ? INT_MAX : (uint32_t)io->out_len;

	s->next_in = (uint8_t *)io->in;
	s->avail_in = in_len;
	s->next_out = io->out;
	s->avail_out = out_len;
	s->end_of_stream = io->in_ends && in_len == io->in_len;
	s->flush = NO_FLUSH;
	if (isal_deflate(s) != COMP_OK)
		return err_set(e, ERR_SYSTEM, "compress with gzip");
	io->in += in_len - s->avail_in;
	io->in_len -= in_len - s->avail_in;
	io->out += out_len - s->avail_out;
	io->out_len -= out_len - s->avail_out;
	return s->internal_state.state == ZSTATE_END;
}

static void gzip_out_free(struct encoder *c)
{
	free(c);
}

struct encoder *encoder_gzip(void)
{
	struct gzip_out *g = decoder_alloc(sizeof(*g));

	g->base = (struct encoder){ .step = gzip_out_step, .free = gzip_out_free };
	isal_deflate_init(&g->stream);
	g->stream.level = 2;
	g->stream.level_buf = g->room;
	g->stream.level_buf_size = sizeof(g->room);
	g->stream.gzip_flag = IGZIP_GZIP;
	return &g->base;
}
