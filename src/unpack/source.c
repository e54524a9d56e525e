/* SPDX-License-Identifier: BSD-2-Clause */
#include "unpack/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unpack/decoder.h"
#include "unpack/hash.h"

#define CHUNK          (256 << 10)
#define PROGRESS_BYTES (1 << 20)
/* Below it, a ratio says nothing: an empty file system of a few MB compresses a thousandfold. */
#define RATIO_FROM (256ULL << 20)

struct source {
	int fd;
	bool opened, ended, between;
	enum unpack_compression expected, compression;
	struct hash *hash, *diff_hash; /* the second is NULL when nothing is compressed */
	enum unpack_hash hash_kind;
	struct decoder *decoder;
	const struct unpack_limits *limits;
	struct report *report;
	uint64_t read, given, reported;
	const uint8_t *in;
	size_t in_len;
	uint8_t in_room[CHUNK], out_room[CHUNK];
};

static const struct {
	const char *name, *magic;
	size_t magic_len;
	struct decoder *(*decoder)(void);
} kinds[] = {
	[UNPACK_AUTO] = { "auto" },
	[UNPACK_PLAIN] = { "uncompressed" },
	[UNPACK_GZIP] = { "gzip", "\x1f\x8b", 2, decoder_gzip },
	[UNPACK_ZSTD] = { "zstd", "\x28\xb5\x2f\xfd", 4, decoder_zstd },
	[UNPACK_XZ] = { "xz",
			"\xfd"
			"7zXZ\0",
			6, decoder_xz },
};
_Static_assert(ARRAY_LEN(kinds) == UNPACK_COMPRESSIONS, "every compression is known");

void *decoder_alloc(size_t bytes)
{
	void *p = calloc(1, bytes);

	if (!p) {
		fputs("unpack: out of memory\n", stderr);
		abort();
	}
	return p;
}

struct source *source_new(const struct source_new *how)
{
	struct source *s = decoder_alloc(sizeof(*s));

	s->fd = how->fd;
	s->expected = how->compression;
	s->hash_kind = how->hash;
	s->hash = hash_new(how->hash);
	s->diff_hash = hash_new(UNPACK_SHA256);
	s->limits = how->limits;
	s->report = how->report;
	return s;
}

void source_free(struct source *s)
{
	if (!s)
		return;
	hash_free(s->hash);
	hash_free(s->diff_hash);
	decoder_free(s->decoder);
	free(s);
}

/* Appends what comes to in_room. */
static int fill(struct source *s, struct err *e)
{
	ssize_t n;

	if (s->in_len == 0)
		s->in = s->in_room;
	do
		n = read(s->fd, (uint8_t *)s->in + s->in_len,
			 (size_t)(s->in_room + CHUNK - (s->in + s->in_len)));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "read the archive");
	s->ended = n == 0;
	hash_add(s->hash, s->in + s->in_len, (size_t)n);
	s->in_len += (size_t)n;
	s->read += (uint64_t)n;
	if (s->report && s->read - s->reported >= PROGRESS_BYTES) {
		report_progress(s->report, s->read);
		s->reported = s->read;
	}
	return 0;
}

enum unpack_compression source_detect(const uint8_t *in, size_t len)
{
	for (enum unpack_compression c = UNPACK_GZIP; c < UNPACK_COMPRESSIONS; c++)
		if (len >= kinds[c].magic_len &&
		    memcmp(in, kinds[c].magic, kinds[c].magic_len) == 0)
			return c;
	/* zstd may begin with a skippable frame, as zstd:chunked and pzstd do. */
	if (len >= 4 && (in[0] & 0xf0) == 0x50 && memcmp(in + 1, "\x2a\x4d\x18", 3) == 0)
		return UNPACK_ZSTD;
	return UNPACK_PLAIN;
}

static int open_source(struct source *s, struct err *e)
{
	int r = 0;

	while (r == 0 && !s->ended && s->in_len < SOURCE_MAGIC_MAX)
		r = fill(s, e);
	if (r < 0)
		return r;
	s->compression = source_detect(s->in, s->in_len);
	if (s->expected != UNPACK_AUTO && s->expected != s->compression)
		return err_set(e, ERR_INVALID, "the archive is %s, but should be %s",
			       kinds[s->compression].name, kinds[s->expected].name);
	if (kinds[s->compression].decoder)
		s->decoder = kinds[s->compression].decoder();
	else if (s->hash_kind == UNPACK_SHA256)
		hash_free(take_ptr(s->diff_hash));
	s->opened = s->between = true;
	return 0;
}

static int check_limits(const struct source *s, struct err *e)
{
	if (s->given > s->limits->max_bytes)
		return err_set(e, ERR_INVALID, "the archive holds more than %llu bytes (max_bytes)",
			       (unsigned long long)s->limits->max_bytes);
	if (s->decoder && s->given > RATIO_FROM && s->given / s->limits->max_ratio > s->read)
		return err_set(e, ERR_INVALID,
			       "the archive expands more than %llu times (max_ratio): refused as a "
			       "decompression bomb",
			       (unsigned long long)s->limits->max_ratio);
	return 0;
}

static ssize_t give(struct source *s, const uint8_t *bytes, size_t len, const void **ret,
		    struct err *e)
{
	int r;

	s->given += len;
	r = check_limits(s, e);
	if (r < 0)
		return r;
	if (s->diff_hash)
		hash_add(s->diff_hash, bytes, len);
	*ret = bytes;
	return (ssize_t)len;
}

static ssize_t read_plain(struct source *s, const void **ret, struct err *e)
{
	size_t len;
	int r = 0;

	if (s->in_len == 0 && !s->ended)
		r = fill(s, e);
	if (r < 0)
		return r;
	len = s->in_len;
	s->in_len = 0;
	return give(s, s->in, len, ret, e);
}

/* Until the chunk is full: big writes are what makes extraction cheap. */
static ssize_t read_decoded(struct source *s, const void **ret, struct err *e)
{
	struct decoder_io io = { .out = s->out_room, .out_len = CHUNK };
	size_t before;
	int r;

	while (io.out_len > 0) {
		if (s->in_len == 0 && !s->ended) {
			r = fill(s, e);
			if (r < 0)
				return r;
		}
		if (s->in_len == 0 && s->ended && s->between)
			break;
		io.in = s->in;
		io.in_len = before = s->in_len;
		io.in_ends = s->ended;
		before += io.out_len;
		r = s->decoder->step(s->decoder, &io, e);
		if (r < 0)
			return r;
		s->in = io.in;
		s->in_len = io.in_len;
		s->between = r == 1;
		if (r == 0 && s->ended && io.in_len + io.out_len == before)
			return err_set(e, ERR_INVALID,
				       "the archive is truncated: its %s data ends early",
				       kinds[s->compression].name);
	}
	return give(s, s->out_room, CHUNK - io.out_len, ret, e);
}

ssize_t source_read(struct source *s, const void **ret, struct err *e)
{
	int r = s->opened ? 0 : open_source(s, e);

	if (r < 0)
		return r;
	return s->decoder ? read_decoded(s, ret, e) : read_plain(s, ret, e);
}

uint64_t source_given(const struct source *s)
{
	return s->given;
}

int source_drain(struct source *s, struct err *e)
{
	const void *bytes;
	ssize_t n;

	do
		n = source_read(s, &bytes, e);
	while (n > 0);
	return (int)n;
}

void source_result(struct source *s, struct unpack_result *ret)
{
	hash_text(s->hash, ret->digest);
	if (s->diff_hash)
		hash_text(s->diff_hash, ret->diff_id);
	else
		memcpy(ret->diff_id, ret->digest, sizeof(ret->diff_id));
	ret->compression = s->compression;
	ret->bytes = s->read;
	ret->tar_bytes = s->given;
}
