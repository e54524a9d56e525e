/* SPDX-License-Identifier: BSD-2-Clause */
#include "unpack/assemble.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

#include "base/arena.h"
#include "base/file.h"
#include "unpack/decoder.h"
#include "unpack/name.h"
#include "unpack/parents.h"
#include "unpack/recipe_format.h"

#define CHUNK (256 << 10)

/* Contents that the tree lost to a later file of the same name: until that place in the recipe,
 * the name stands for them. */
struct kept {
	struct kept *next;
	uint64_t until, at, len; /* at: in the spill */
	char path[];
};

struct assembler {
	int recipe, file, spill;
	struct arena *arena;
	struct kept *kept, **last;
	uint64_t op;      /* operations done so far */
	uint64_t file_at; /* where the file begins in what is open */
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

/* From the beginning of the recipe; *ret_has_kept tells whether it keeps contents. */
static int rewind_recipe(struct assembler *a, bool *ret_has_kept, struct err *e)
{
	char head[sizeof(RECIPE_MAGIC)];

	if (pread(a->recipe, head, sizeof(head), 0) != sizeof(head) ||
	    memcmp(head, RECIPE_MAGIC, sizeof(head) - 1) != 0)
		return err_set(e, ERR_INVALID,
			       "this is no recipe of a layer, or of another version");
	if (lseek(a->recipe, sizeof(head), SEEK_SET) < 0)
		return err_sys(e, "read the layer's recipe");
	ZSTD_DCtx_reset(a->zstd, ZSTD_reset_session_only);
	a->in = (ZSTD_inBuffer){ 0 };
	a->ended = false;
	a->have = a->used = a->op = 0;
	*ret_has_kept = head[sizeof(head) - 1] == RECIPE_HAS_KEPT;
	return 0;
}

static int skip(struct assembler *a, uint64_t len, struct err *e)
{
	const uint8_t *from = NULL;
	ssize_t n;

	for (; len > 0; len -= (uint64_t)n) {
		n = take(a, len, &from, e);
		if (n < 0)
			return (int)n;
	}
	return 0;
}

static int take_path(struct assembler *a, uint64_t len, struct err *e)
{
	if (len == 0 || len >= sizeof(a->path))
		return damaged(e);
	a->path[len] = '\0';
	return take_all(a, a->path, (size_t)len, e);
}

/* Its contents go to the spill; only on the first reading. */
static int take_kept(struct assembler *a, bool store, struct err *e)
{
	const uint8_t *from = NULL;
	uint64_t path_len, len;
	struct kept *k;
	ssize_t n;

	if (take_number(a, &path_len, e) < 0 || take_path(a, path_len, e) < 0 ||
	    take_number(a, &len, e) < 0)
		return -e->code;
	if (!store)
		return skip(a, len, e);
	k = arena_alloc(a->arena, sizeof(*k) + path_len + 1);
	*k = (struct kept){ .until = a->op, .len = len };
	memcpy(k->path, a->path, path_len);
	k->at = (uint64_t)lseek(a->spill, 0, SEEK_END);
	if (len > RECIPE_KEPT_MAX - k->at)
		return damaged(e);
	*a->last = k;
	a->last = &k->next;
	for (; len > 0; len -= (uint64_t)n) {
		n = take(a, len, &from, e);
		if (n < 0)
			return (int)n;
		if (file_write_all(a->spill, from, (size_t)n) < 0)
			return err_sys(e, "keep contents");
	}
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

static int open_kept(struct assembler *a, const struct kept *k, struct err *e)
{
	a->file = fcntl(a->spill, F_DUPFD_CLOEXEC, 0);
	a->file_at = k->at;
	return a->file < 0 ? err_sys(e, "open kept contents") : 0;
}

static int open_file(struct assembler *a, uint64_t path_len, struct err *e)
{
	const char *name;
	int folder;

	if (take_path(a, path_len, e) < 0)
		return -e->code;
	close_p(&a->file);
	for (const struct kept *k = a->kept; k; k = k->next)
		if (k->until > a->op && strcmp(k->path, a->path) == 0)
			return open_kept(a, k, e);
	name = name_base(a->path);
	folder = parents_at(&a->parents, a->path, name > a->path ? (size_t)(name - a->path) - 1 : 0,
			    false, e);
	if (folder < 0)
		return err_wrap(e, "the layer's tree");
	a->file_at = 0;
	a->file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (a->file < 0)
		return err_sys(e, "the layer's tree: %s", quoted(a->path).text);
	return 0;
}

static int put_contents(struct assembler *a, struct err *e)
{
	uint64_t path_len, offset, len;
	ssize_t n;

	if (take_number(a, &path_len, e) < 0 || (path_len > 0 && open_file(a, path_len, e) < 0) ||
	    take_number(a, &offset, e) < 0 || take_number(a, &len, e) < 0)
		return -e->code;
	if (a->file < 0)
		return damaged(e);
	for (; len > 0; len -= (uint64_t)n, offset += (uint64_t)n) {
		n = pread(a->file, a->contents, len < CHUNK ? (size_t)len : CHUNK,
			  (off_t)(a->file_at + offset));
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

/* Reads on over contents of the tree. */
static int skip_contents(struct assembler *a, struct err *e)
{
	uint64_t path_len, ignored;

	if (take_number(a, &path_len, e) < 0 || skip(a, path_len, e) < 0 ||
	    take_number(a, &ignored, e) < 0 || take_number(a, &ignored, e) < 0)
		return -e->code;
	return 0;
}

static int skip_literal(struct assembler *a, struct err *e)
{
	uint64_t len;

	return take_number(a, &len, e) < 0 ? -e->code : skip(a, len, e);
}

/* The first reading, for what is kept. */
static int collect_kept(struct assembler *a, struct err *e)
{
	char op;
	int r;

	a->spill = memfd_create("kept", MFD_CLOEXEC);
	if (a->spill < 0)
		return err_sys(e, "make a file in memory");
	while ((r = take_all(a, &op, 1, e)) == 0 && op != RECIPE_END) {
		a->op++;
		if (op == RECIPE_LITERAL)
			r = skip_literal(a, e);
		else if (op == RECIPE_CONTENTS)
			r = skip_contents(a, e);
		else
			r = op == RECIPE_KEPT ? take_kept(a, true, e) : damaged(e);
		if (r < 0)
			return r;
	}
	return r;
}

static int assemble(struct assembler *a, struct unpack_result *ret, struct err *e)
{
	bool has_kept;
	char op;
	int r = rewind_recipe(a, &has_kept, e);

	if (r == 0 && has_kept) {
		r = collect_kept(a, e);
		if (r == 0)
			r = rewind_recipe(a, &has_kept, e);
	}
	while (r == 0) {
		r = take_all(a, &op, 1, e);
		a->op++;
		if (r < 0)
			break;
		if (op == RECIPE_END)
			return check_end(a, ret, e);
		if (op == RECIPE_LITERAL)
			r = put_literal(a, e);
		else if (op == RECIPE_CONTENTS)
			r = put_contents(a, e);
		else
			r = op == RECIPE_KEPT ? take_kept(a, false, e) : damaged(e);
	}
	return r;
}

int assemble_run(int recipe, int root, struct outlet *out, struct unpack_result *ret, struct err *e)
{
	struct assembler *a = decoder_alloc(sizeof(*a));
	int r;

	a->recipe = recipe;
	a->file = a->spill = -1;
	a->arena = arena_new();
	a->last = &a->kept;
	a->out = out;
	a->zstd = ZSTD_createDCtx();
	if (!a->zstd)
		abort();
	parents_init(&a->parents, root);
	r = assemble(a, ret, e);
	parents_forget(&a->parents);
	close_p(&a->file);
	close_p(&a->spill);
	arena_free(a->arena);
	ZSTD_freeDCtx(a->zstd);
	free(a);
	return r;
}
