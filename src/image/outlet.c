/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/outlet.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "image/unpack.h"

#define TAR_BLOCK     512
#define TAR_OCTAL_MAX 077777777777ULL /* of 11 digits */

/* POSIX.1-1988, 10.1.1. */
struct tar_header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100],
		magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155],
		padding[12];
};
_Static_assert(sizeof(struct tar_header) == TAR_BLOCK, "a header is one block");

static void put_size(char field[12], uint64_t size)
{
	char octal[24];

	if (size <= TAR_OCTAL_MAX) {
		snprintf(octal, sizeof(octal), "%011llo", (unsigned long long)size);
		memcpy(field, octal, 11);
		return;
	}
	memset(field, 0, 12);
	field[0] = (char)0x80;
	for (int i = 11; size; i--, size >>= 8)
		field[i] = (char)(size & 0xff);
}

static int put_header(int fd, const char *name, uint64_t size, struct err *e)
{
	struct tar_header h = { .mode = "0000444",
				.uid = "0000000",
				.gid = "0000000",
				.mtime = "00000000000",
				.type = '0',
				.magic = "ustar",
				.version = { '0', '0' } };
	unsigned sum = 0;
	char octal[16];
	int r;

	if (strlen(name) > sizeof(h.name))
		return err_set(e, ERR_INVALID, "%s: the name is too long for a tar", name);
	memcpy(h.name, name, strlen(name));
	put_size(h.size, size);
	memset(h.checksum, ' ', sizeof(h.checksum));
	for (size_t i = 0; i < sizeof(h); i++)
		sum += ((unsigned char *)&h)[i];
	snprintf(octal, sizeof(octal), "%06o", sum);
	memcpy(h.checksum, octal, 7);
	r = file_write_all(fd, &h, sizeof(h));
	return r < 0 ? err_from(e, r, "write %s", name) : 0;
}

static int put_padding(int fd, uint64_t size, struct err *e)
{
	static const char zeros[TAR_BLOCK];
	int r = file_write_all(fd, zeros, (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);

	return r < 0 ? err_from(e, r, "write") : 0;
}

static int put_in_dir(int dir, const char *name, const void *data, size_t len, struct err *e)
{
	const char *base = path_base(name);
	const struct file_write how = { .mode = 0644 };
	auto_close int parent = -1;
	char path[64];

	if (base == name)
		return file_replace_at(dir, name, data, len, &how, e);
	snprintf(path, sizeof(path), "%.*s", (int)(base - name), name);
	parent = file_open_dir_at(dir, path, e);
	return parent < 0 ? parent : file_replace_at(parent, base, data, len, &how, e);
}

int outlet_file(const struct outlet *o, const char *name, const void *data, size_t len,
		struct err *e)
{
	int r;

	if (o->directory)
		return put_in_dir(o->fd, name, data, len, e);
	r = put_header(o->fd, name, len, e);
	if (r < 0)
		return r;
	r = file_write_all(o->fd, data, len);
	return r < 0 ? err_from(e, r, "write %s", name) : put_padding(o->fd, len, e);
}

int outlet_mkdir(const struct outlet *o, const char *name, struct err *e)
{
	if (o->directory && mkdirat(o->fd, name, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "create %s", name);
	return 0;
}

static int assemble(const struct state *s, const struct layer *l, int out,
		    enum unpack_compression compression, struct outlet_blob *ret, struct err *e)
{
	AUTO(arena) a = arena_new();
	auto_close int tree = layer_open_tree(s, l->key, e);
	auto_close int recipe = tree < 0 ? -1 : layer_open_recipe(s, l->key, e);
	struct unpack_result got;
	char *program;
	int r;

	if (tree < 0 || recipe < 0)
		return -e->code;
	r = path_libexec(a, "unpack", &program, e);
	if (r == 0)
		r = unpack_run(
			&(struct unpack_start){
				.program = program,
				.mode = UNPACK_ASSEMBLE,
				.dir = tree,
				.recipe = recipe,
				.out = out,
				.compression = compression,
				.user_xattr = s->rootless,
			},
			a, NULL, &got, e);
	if (r < 0)
		return err_wrap(e, "layer %s", l->key);
	if (!text_eq(got.diff_id, l->diff_id) || got.tar_bytes != l->tar_bytes)
		return err_set(e, ERR_INVALID,
			       "layer %s was changed since it was stored: its tar is %s now",
			       l->key, got.diff_id);
	if (ret) {
		memcpy(ret->digest, got.digest, SHA256_TEXT - 1);
		ret->digest[SHA256_TEXT - 1] = '\0';
		ret->bytes = got.bytes;
	}
	return 0;
}

int outlet_layer(const struct outlet *o, const struct state *s, const char *name,
		 const struct layer *l, struct err *e)
{
	auto_close int file = -1;
	int r;

	if (o->directory) {
		file = openat(o->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
			      0644);
		return file < 0 ? err_sys(e, "create %s", name)
				: assemble(s, l, file, UNPACK_AUTO, NULL, e);
	}
	r = put_header(o->fd, name, l->tar_bytes, e);
	if (r == 0)
		r = assemble(s, l, o->fd, UNPACK_AUTO, NULL, e);
	return r < 0 ? r : put_padding(o->fd, l->tar_bytes, e);
}

int outlet_layer_check(const struct state *s, const struct layer *l, struct err *e)
{
	auto_close int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	return nowhere < 0 ? err_sys(e, "open /dev/null")
			   : assemble(s, l, nowhere, UNPACK_AUTO, NULL, e);
}

int outlet_layer_gzip(const struct outlet *o, const struct state *s, const struct layer *l,
		      struct outlet_blob *ret, struct err *e)
{
	/* What it is called is known at its end. */
	static const char name[] = ".new-layer";
	auto_close int file =
		openat(o->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	struct outlet_blob got;
	int r;

	if (file < 0)
		return err_sys(e, "create %s", name);
	r = assemble(s, l, file, UNPACK_GZIP, &got, e);
	if (r == 0 && renameat(o->fd, name, o->fd, strchr(got.digest, ':') + 1) < 0)
		r = err_sys(e, "create %s", got.digest);
	if (r < 0) {
		unlinkat(o->fd, name, 0);
		return r;
	}
	*ret = got;
	return 0;
}

int outlet_end(const struct outlet *o, struct err *e)
{
	static const char zeros[2 * TAR_BLOCK];
	int r = o->directory ? 0 : file_write_all(o->fd, zeros, sizeof(zeros));

	return r < 0 ? err_from(e, r, "write") : 0;
}
