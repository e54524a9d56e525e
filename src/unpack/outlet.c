/* SPDX-License-Identifier: BSD-2-Clause */
#include "unpack/outlet.h"

#include <string.h>

#include "base/file.h"
#include "unpack/encoder.h"
#include "unpack/hash.h"

#define CHUNK          (256 << 10)
#define PROGRESS_BYTES (1 << 20)

struct outlet {
	int fd;
	struct hash *hash, *diff_hash; /* the first is NULL when nothing is compressed */
	struct encoder *encoder;
	struct report *report;
	enum unpack_compression compression;
	uint64_t tar_bytes, written, reported;
	uint8_t room[CHUNK];
};

struct outlet *outlet_new(int fd, const struct unpack_request *how, struct report *report,
			  struct err *e)
{
	enum unpack_compression c =
		how->compression == UNPACK_AUTO ? UNPACK_PLAIN : how->compression;
	struct outlet *o;

	if (c == UNPACK_XZ) {
		err_set(e, ERR_UNSUPPORTED, "xz is read only");
		return NULL;
	}
	o = decoder_alloc(sizeof(*o));
	o->fd = fd;
	o->compression = c;
	o->report = report;
	o->diff_hash = hash_new(UNPACK_SHA256);
	if (c != UNPACK_PLAIN || how->hash != UNPACK_SHA256)
		o->hash = hash_new(how->hash);
	if (c != UNPACK_PLAIN)
		o->encoder = c == UNPACK_GZIP ? encoder_gzip() : encoder_zstd();
	return o;
}

void outlet_free(struct outlet *o)
{
	if (!o)
		return;
	hash_free(o->hash);
	hash_free(o->diff_hash);
	encoder_free(o->encoder);
	free(o);
}

static int send_out(struct outlet *o, const void *bytes, size_t len, struct err *e)
{
	int r = len ? file_write_all(o->fd, bytes, len) : 0;

	if (r < 0)
		return err_from(e, r, "write the archive");
	if (o->hash)
		hash_add(o->hash, bytes, len);
	o->written += len;
	if (o->report && o->written - o->reported >= PROGRESS_BYTES) {
		report_progress(o->report, o->written);
		o->reported = o->written;
	}
	return 0;
}

static int encode(struct outlet *o, const void *bytes, size_t len, bool ends, struct err *e)
{
	struct decoder_io io = { .in = bytes, .in_len = len, .in_ends = ends };
	int r;

	do {
		io.out = o->room;
		io.out_len = CHUNK;
		r = o->encoder->step(o->encoder, &io, e);
		if (r < 0 || send_out(o, o->room, CHUNK - io.out_len, e) < 0)
			return -e->code;
	} while (ends ? r == 0 : io.in_len > 0);
	return 0;
}

int outlet_write(struct outlet *o, const void *bytes, size_t len, struct err *e)
{
	hash_add(o->diff_hash, bytes, len);
	o->tar_bytes += len;
	return o->encoder ? encode(o, bytes, len, false, e) : send_out(o, bytes, len, e);
}

int outlet_end(struct outlet *o, struct unpack_result *ret, struct err *e)
{
	if (o->encoder && encode(o, NULL, 0, true, e) < 0)
		return -e->code;
	hash_text(o->diff_hash, ret->diff_id);
	if (o->hash)
		hash_text(o->hash, ret->digest);
	else
		memcpy(ret->digest, ret->diff_id, sizeof(ret->digest));
	ret->compression = o->compression;
	ret->bytes = o->written;
	ret->tar_bytes = o->tar_bytes;
	return 0;
}
