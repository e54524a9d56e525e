/* SPDX-License-Identifier: BSD-2-Clause */
#include "unpack/assemble.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "unpack/decoder.h"
#include "unpack/name.h"
#include "unpack/parents.h"
#include "unpack/recipe_format.h"

#define CHUNK (256 << 10)

struct assembler {
	int recipe, file;
	struct parents parents;
	struct outlet *out;
	ZSTD_DCtx *zstd;
	ZSTD_inBuffer in;
	bool ended;        /* the stream of zstd */
	size_t have, used; /* decompressed */
	char path[PATH_MAX];
	uint8_t in_room[64 << 10], room[64 << 10], contents[CHUNK];
};

static int damaged(struct err *e)
{
	return err_set(e, ERR_INVALID, "the layer's recipe is damaged");
}

/* More of the recipe into room, which is used up: 1, or 0 at its end. */
static int refill(struct assembler *a, struct err *e)
{
	ZSTD_outBuffer out = { .dst = a->room, .size = sizeof(a->room) };
	size_t r;
	ssize_t n;

	while (out.pos == 0) {
		if (a->ended)
			return 0;
		if (a->in.pos == a->in.size) {
			n = read(a->recipe, a->in_room, sizeof(a->in_room));
			if (n < 0)
				return err_sys(e, "read the layer's recipe");
			if (n == 0)
				return damaged(e);
			a->in = (ZSTD_inBuffer){ .src = a->in_room, .size = (size_t)n };
		}
		r = ZSTD_decompressStream(a->zstd, &out, &a->in);
		if (ZSTD_isError(r))
			return damaged(e);
		a->ended = r == 0;
	}
	a->used = 0;
	a->have = out.pos;
	return 1;
}

/* At most len bytes of the recipe, at least one. */
static ssize_t take(struct assembler *a, uint64_t len, const uint8_t **ret, struct err *e)
{
	size_t n;

	int r = a->used == a->have ? refill(a, e) : 1;

	if (r < 1)
		return r < 0 ? r : damaged(e);
	n = a->have - a->used < len ? a->have - a->used : (size_t)len;
	*ret = a->room + a->used;
	a->used += n;
	return (ssize_t)n;
}

static int take_all(struct assembler *a, void *ret, size_t len, struct err *e)
{
	const uint8_t *from = NULL;
	size_t done = 0;
	ssize_t n;

	for (; done < len; done += (size_t)n) {
		n = take(a, len - done, &from, e);
		if (n < 0)
			return (int)n;
		memcpy((char *)ret + done, from, (size_t)n);
	}
	return 0;
}

static int take_number(struct assembler *a, uint64_t *ret, struct err *e)
{
	uint64_t value = 0;
	uint8_t byte = 0x80;

	for (unsigned shift = 0; byte & 0x80; shift += 7) {
		if (shift > 63)
			return damaged(e);
		if (take_all(a, &byte, 1, e) < 0)
			return -e->code;
		value |= (uint64_t)(byte & 0x7f) << shift;
	}
	*ret = value;
	return 0;
}

static int put_literal(struct assembler *a, struct err *e)
{
	const uint8_t *from = NULL;
	uint64_t len;
	ssize_t n;

	if (take_number(a, &len, e) < 0)
		return -e->code;
	for (; len > 0; len -= (uint64_t)n) {
		n = take(a, len, &from, e);
		if (n < 0 || outlet_write(a->out, from, (size_t)n, e) < 0)
			return -e->code;
	}
	return 0;
}

static int open_file(struct assembler *a, size_t path_len, struct err *e)
{
	const char *name;
	int folder;

	if (path_len >= sizeof(a->path))
		return damaged(e);
	if (take_all(a, a->path, path_len, e) < 0)
		return -e->code;
	a->path[path_len] = '\0';
	name = name_base(a->path);
	folder = parents_at(&a->parents, a->path, name > a->path ? (size_t)(name - a->path) - 1 : 0,
			    false, e);
	if (folder < 0)
		return err_wrap(e, "the layer's tree");
	close_p(&a->file);
	a->file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (a->file < 0)
		return err_sys(e, "the layer's tree: %s", quoted(a->path).text);
	return 0;
}

static int put_contents(struct assembler *a, struct err *e)
{
	uint64_t path_len, offset, len;
	ssize_t n;

	if (take_number(a, &path_len, e) < 0 ||
	    (path_len > 0 && open_file(a, (size_t)path_len, e) < 0) ||
	    take_number(a, &offset, e) < 0 || take_number(a, &len, e) < 0)
		return -e->code;
	if (a->file < 0)
		return damaged(e);
	for (; len > 0; len -= (uint64_t)n, offset += (uint64_t)n) {
		n = pread(a->file, a->contents, len < CHUNK ? (size_t)len : CHUNK, (off_t)offset);
		if (n < 0)
			return err_sys(e, "the layer's tree: %s", quoted(a->path).text);
		if (n == 0)
			return err_set(e, ERR_INVALID,
				       "the layer's tree has changed: %s is shorter",
				       quoted(a->path).text);
		if (outlet_write(a->out, a->contents, (size_t)n, e) < 0)
			return -e->code;
	}
	return 0;
}

static int check_end(struct assembler *a, struct unpack_result *ret, struct err *e)
{
	char diff_id[UNPACK_DIGEST_MAX] = { 0 };
	uint64_t tar_bytes;
	int r;

	if (take_number(a, &tar_bytes, e) < 0 ||
	    take_all(a, diff_id, strlen("sha256:") + 64, e) < 0 || outlet_end(a->out, ret, e) < 0)
		return -e->code;
	/* The stream's own checksum is behind its last byte. */
	r = a->used == a->have ? refill(a, e) : 1;
	if (r != 0)
		return r < 0 ? r : damaged(e);
	if (tar_bytes != ret->tar_bytes || strcmp(diff_id, ret->diff_id) != 0)
		return err_set(
			e, ERR_INVALID,
			"the layer's tree has changed: its archive would be %s rather than %s",
			ret->diff_id, diff_id);
	return 0;
}

static int assemble(struct assembler *a, struct unpack_result *ret, struct err *e)
{
	char magic[sizeof(RECIPE_MAGIC) - 1], op;
	ssize_t n = read(a->recipe, magic, sizeof(magic));
	int r = 0;

	if (n != sizeof(magic) || memcmp(magic, RECIPE_MAGIC, sizeof(magic)) != 0)
		return err_set(e, ERR_INVALID,
			       "this is no recipe of a layer, or of another version");
	while (r == 0) {
		r = take_all(a, &op, 1, e);
		if (r < 0)
			break;
		if (op == RECIPE_END)
			return check_end(a, ret, e);
		if (op == RECIPE_LITERAL)
			r = put_literal(a, e);
		else if (op == RECIPE_CONTENTS)
			r = put_contents(a, e);
		else
			r = damaged(e);
	}
	return r;
}

int assemble_run(int recipe, int root, struct outlet *out, struct unpack_result *ret, struct err *e)
{
	struct assembler *a = decoder_alloc(sizeof(*a));
	int r;

	a->recipe = recipe;
	a->file = -1;
	a->out = out;
	a->zstd = ZSTD_createDCtx();
	if (!a->zstd)
		abort();
	parents_init(&a->parents, root);
	r = assemble(a, ret, e);
	parents_forget(&a->parents);
	close_p(&a->file);
	ZSTD_freeDCtx(a->zstd);
	free(a);
	return r;
}
