/* SPDX-License-Identifier: BSD-2-Clause */
#include "unpack/recipe.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <zstd.h>

#include "base/file.h"
#include "unpack/decoder.h"
#include "unpack/recipe_format.h"

/* Headers repeat themselves so much that the cheapest level is a hundredth of them. */
#define LEVEL 1

struct recipe_writer {
	int fd;
	bool begun;
	ZSTD_CCtx *zstd;
	const uint8_t *chunk;
	uint64_t chunk_at, chunk_end, told; /* places in the tar */
	/* The file contents that are still growing. */
	char path[PATH_MAX], last_path[PATH_MAX];
	uint64_t file_offset, file_len;
	uint64_t kept;
	uint8_t out[64 << 10];
};

struct recipe_writer *recipe_writer_new(int fd)
{
	struct recipe_writer *w = decoder_alloc(sizeof(*w));

	w->fd = fd;
	w->zstd = ZSTD_createCCtx();
	if (!w->zstd)
		abort();
	ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_checksumFlag, 1);
	return w;
}

void recipe_writer_free(struct recipe_writer *w)
{
	if (!w)
		return;
	ZSTD_freeCCtx(w->zstd);
	free(w);
}

static int put(struct recipe_writer *w, const void *bytes, size_t len, ZSTD_EndDirective end,
	       struct err *e)
{
	static const char magic[] = { RECIPE_MAGIC "-" };
	ZSTD_inBuffer in = { .src = bytes, .size = len };
	ZSTD_outBuffer out;
	size_t left;
	int r;

	if (!w->begun) {
		w->begun = true;
		r = file_write_all(w->fd, magic, strlen(magic));
		if (r < 0)
			return err_from(e, r, "write the layer's recipe");
	}
	do {
		out = (ZSTD_outBuffer){ .dst = w->out, .size = sizeof(w->out) };
		left = ZSTD_compressStream2(w->zstd, &out, &in, end);
		if (ZSTD_isError(left))
			return err_set(e, ERR_SYSTEM, "compress the layer's recipe: %s",
				       ZSTD_getErrorName(left));
		r = out.pos ? file_write_all(w->fd, w->out, out.pos) : 0;
		if (r < 0)
			return err_from(e, r, "write the layer's recipe");
	} while (end == ZSTD_e_end ? left > 0 : in.pos < in.size);
	return 0;
}

static size_t number(uint8_t *at, uint64_t n)
{
	size_t len = 0;

	for (; n >= 0x80; n >>= 7)
		at[len++] = (uint8_t)(n | 0x80);
	at[len++] = (uint8_t)n;
	return len;
}

static int put_numbers(struct recipe_writer *w, char op, uint64_t a, struct err *e)
{
	uint8_t head[1 + RECIPE_NUMBER_MAX];

	head[0] = (uint8_t)op;
	return put(w, head, 1 + number(head + 1, a), ZSTD_e_continue, e);
}

/* The path is left out when it is the last one's. */
static int put_contents(struct recipe_writer *w, struct err *e)
{
	uint8_t tail[2 * RECIPE_NUMBER_MAX];
	bool same = strcmp(w->path, w->last_path) == 0;
	size_t len = same ? 0 : strlen(w->path), n;

	if (w->file_len == 0)
		return 0;
	if (put_numbers(w, RECIPE_CONTENTS, len, e) < 0 ||
	    put(w, w->path, len, ZSTD_e_continue, e) < 0)
		return -e->code;
	n = number(tail, w->file_offset);
	n += number(tail + n, w->file_len);
	strcpy(w->last_path, w->path);
	w->file_len = 0;
	return put(w, tail, n, ZSTD_e_continue, e);
}

void recipe_chunk(struct recipe_writer *w, const void *bytes, size_t len)
{
	w->chunk = bytes;
	w->chunk_at = w->chunk_end;
	w->chunk_end += len;
}

int recipe_literal(struct recipe_writer *w, uint64_t position, struct err *e)
{
	uint64_t len = position - w->told;
	const uint8_t *from;

	if (position <= w->told)
		return 0;
	if (w->told < w->chunk_at || position > w->chunk_end)
		return err_set(e, ERR_INVALID, "the recipe lost its place in the archive");
	if (put_contents(w, e) < 0 || put_numbers(w, RECIPE_LITERAL, len, e) < 0)
		return -e->code;
	from = w->chunk + (w->told - w->chunk_at);
	w->told = position;
	return put(w, from, len, ZSTD_e_continue, e);
}

int recipe_contents(struct recipe_writer *w, uint64_t position, const char *path, uint64_t offset,
		    uint64_t len, struct err *e)
{
	if (recipe_literal(w, position, e) < 0)
		return -e->code;
	if (w->file_len == 0 || w->file_offset + w->file_len != offset ||
	    strcmp(w->path, path) != 0) {
		if (put_contents(w, e) < 0)
			return -e->code;
		strcpy(w->path, path);
		w->file_offset = offset;
	}
	w->file_len += len;
	w->told = position + len;
	return 0;
}

static int put_kept(struct recipe_writer *w, const char *path, int fd, uint64_t size, struct err *e)
{
	uint8_t len[RECIPE_NUMBER_MAX], bytes[16 << 10];
	ssize_t n;

	if (put_contents(w, e) < 0 || put_numbers(w, RECIPE_KEPT, strlen(path), e) < 0 ||
	    put(w, path, strlen(path), ZSTD_e_continue, e) < 0 ||
	    put(w, len, number(len, size), ZSTD_e_continue, e) < 0)
		return -e->code;
	for (uint64_t done = 0; done < size; done += (uint64_t)n) {
		n = read(fd, bytes, size - done < sizeof(bytes) ? size - done : sizeof(bytes));
		if (n < 0 || (n == 0 && (errno = EIO)))
			return err_sys(e, "read a file that is replaced");
		if (put(w, bytes, (size_t)n, ZSTD_e_continue, e) < 0)
			return -e->code;
	}
	/* Its name stands for another file from here on. */
	w->last_path[0] = '\0';
	return 1;
}

int recipe_keep(struct recipe_writer *w, const char *path, int fd, uint64_t size, struct err *e)
{
	if (size > RECIPE_KEPT_MAX - w->kept)
		return 0;
	w->kept += size;
	return put_kept(w, path, fd, size, e);
}

int recipe_end(struct recipe_writer *w, const struct unpack_result *result, struct err *e)
{
	static const char has_kept = RECIPE_HAS_KEPT;

	if (recipe_literal(w, w->chunk_end, e) < 0 || put_contents(w, e) < 0 ||
	    put_numbers(w, RECIPE_END, result->tar_bytes, e) < 0)
		return -e->code;
	if (put(w, result->diff_id, strlen(result->diff_id), ZSTD_e_end, e) < 0)
		return -e->code;
	if (w->kept && pwrite(w->fd, &has_kept, 1, strlen(RECIPE_MAGIC)) != 1)
		return err_sys(e, "write the layer's recipe");
	return 0;
}
