/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree may be a running container's: directories are opened one at a time through the cache of
 * parents, which never leaves the root; a file that grows is cut at the size that its header says,
 * one that shrinks is filled with zeros, what vanishes is left out.
 */
#include "unpack/pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/arena.h"
#include "base/text.h"
#include "kernel/kernel.h"
#include "unpack/decoder.h"
#include "unpack/parents.h"
#include "unpack/xattr.h"

#define CHUNK      (256 << 10)
#define XATTRS_MAX (64 << 10)

struct packer {
	struct archive *archive;
	struct archive_entry *entry;
	struct parents parents;
	const struct unpack_request *how;
	struct outlet *out;
	struct unpack_result *result;
	struct arena *arena; /* of the table of hard links */
	void *inodes;
	dev_t device;
	struct err failed; /* of the outlet, below libarchive */
	bool has_failed;
	char path[PATH_MAX], name[2 * PATH_MAX]; /* in the tree, in the archive */
	/* Not on the stack, as trees may be deep. */
	uint8_t contents[CHUNK];
	char target[PATH_MAX];
	char xattr_names[XATTRS_MAX], xattr_value[XATTRS_MAX];
};

struct inode {
	dev_t device;
	ino_t number;
	const char *name; /* in the archive, of its first link */
};

static la_ssize_t write_out(struct archive *a, void *client, const void *bytes, size_t len)
{
	struct packer *p = client;

	if (outlet_write(p->out, bytes, len, &p->failed) == 0)
		return (la_ssize_t)len;
	p->has_failed = true;
	archive_set_error(a, EIO, "outlet");
	return -1;
}

static int failure(struct packer *p, struct err *e)
{
	const char *why = archive_error_string(p->archive);

	if (p->has_failed) {
		*e = p->failed;
		return -e->code;
	}
	return err_set(e, ERR_SYSTEM, "%s: write to the archive: %s", quoted(p->path).text,
		       why ? why : "unknown reason");
}

static int compare_inodes(const void *a, const void *b)
{
	const struct inode *x = a, *y = b;

	if (x->device != y->device)
		return x->device < y->device ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* The name of an earlier link to the same file, or NULL after remembering this one. */
static const char *earlier_link(struct packer *p, const struct stat *st)
{
	struct inode here = { .device = st->st_dev, .number = st->st_ino };
	struct inode **found = tfind(&here, &p->inodes, compare_inodes);

	if (found)
		return (*found)->name;
	here.name = arena_strdup(p->arena, p->name);
	if (!tsearch(arena_copy(p->arena, &here, sizeof(here)), &p->inodes, compare_inodes))
		abort();
	return NULL;
}

static int write_header(struct packer *p, struct err *e)
{
	int r = archive_write_header(p->archive, p->entry);

	if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
		return failure(p, e);
	p->result->entries++;
	return 0;
}

/* An empty file, as whiteouts are. */
static int write_marker(struct packer *p, const char *name, const struct stat *st, struct err *e)
{
	archive_entry_clear(p->entry);
	archive_entry_set_pathname(p->entry, name);
	archive_entry_set_filetype(p->entry, AE_IFREG);
	archive_entry_set_size(p->entry, 0);
	archive_entry_set_mtime(p->entry, st->st_mtim.tv_sec, 0);
	p->result->whiteouts++;
	return write_header(p, e);
}

static bool is_opaque(const struct packer *p)
{
	char value[2];

	return lgetxattr(".", p->how->user_xattr ? "user.overlay.opaque" : "trusted.overlay.opaque",
			 value, sizeof(value)) == 1 &&
	       value[0] == 'y';
}

static void add_xattrs(struct packer *p, const char *name)
{
	ssize_t len = llistxattr(name, p->xattr_names, sizeof(p->xattr_names)), n;

	for (const char *x = p->xattr_names; len > 0 && x < p->xattr_names + len;
	     x += strlen(x) + 1) {
		n = xattr_crosses(x) ? lgetxattr(name, x, p->xattr_value, sizeof(p->xattr_value))
				     : -1;
		if (n >= 0)
			archive_entry_xattr_add_entry(p->entry, x, p->xattr_value, (size_t)n);
	}
}

static int write_contents(struct packer *p, int fd, uint64_t size, struct err *e)
{
	uint64_t done = 0;
	ssize_t n;

	while (done < size) {
		n = read(fd, p->contents, size - done < CHUNK ? (size_t)(size - done) : CHUNK);
		if (n < 0)
			return err_sys(e, "read %s", quoted(p->path).text);
		if (n == 0)
			break;
		if (archive_write_data(p->archive, p->contents, (size_t)n) < 0)
			return failure(p, e);
		done += (uint64_t)n;
	}
	p->result->file_bytes += size;
	return archive_write_finish_entry(p->archive) < ARCHIVE_WARN ? failure(p, e) : 0;
}

static void describe(struct packer *p, const struct stat *st)
{
	archive_entry_clear(p->entry);
	archive_entry_set_pathname(p->entry, p->name);
	archive_entry_set_mode(p->entry, st->st_mode);
	archive_entry_set_uid(p->entry, st->st_uid);
	archive_entry_set_gid(p->entry, st->st_gid);
	if (p->how->ids == UNPACK_IDS_SET) {
		archive_entry_set_uid(p->entry, p->how->uid);
		archive_entry_set_gid(p->entry, p->how->gid);
	}
	archive_entry_set_mtime(p->entry, st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	archive_entry_set_size(p->entry, S_ISREG(st->st_mode) ? st->st_size : 0);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		archive_entry_set_rdev(p->entry, st->st_rdev);
}

/* The current directory is its folder; name is there, p->path and p->name are its names. */
static int write_member(struct packer *p, const char *name, const struct stat *st, struct err *e)
{
	auto_close int fd = -1;
	const char *link;
	ssize_t n;

	describe(p, st);
	if (S_ISREG(st->st_mode)) {
		fd = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0)
			return errno == ENOENT ? 0 : err_sys(e, "open %s", quoted(p->path).text);
	}
	if (S_ISLNK(st->st_mode)) {
		n = readlink(name, p->target, sizeof(p->target) - 1);
		if (n < 0)
			return errno == ENOENT ? 0 : err_sys(e, "read %s", quoted(p->path).text);
		p->target[n] = '\0';
		archive_entry_set_symlink(p->entry, p->target);
	}
	link = st->st_nlink > 1 && !S_ISDIR(st->st_mode) ? earlier_link(p, st) : NULL;
	if (link) {
		archive_entry_set_hardlink(p->entry, link);
		archive_entry_set_size(p->entry, 0);
	} else {
		add_xattrs(p, name);
	}
	if (write_header(p, e) < 0)
		return -e->code;
	return fd >= 0 && !link ? write_contents(p, fd, (uint64_t)st->st_size, e) : 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The sorted names in the current directory. */
static int list(const struct packer *p, struct arena *a, struct texts *ret, struct err *e)
{
	struct dirent *d;
	DIR *dir = opendir(".");

	if (!dir)
		return err_sys(e, "open %s", quoted(p->path).text);
	while ((errno = 0, d = readdir(dir)))
		if (!text_eq(d->d_name, ".") && !text_eq(d->d_name, ".."))
			texts_add(a, ret, arena_strdup(a, d->d_name));
	if (errno) {
		closedir(dir);
		return err_sys(e, "read %s", quoted(p->path).text);
	}
	closedir(dir);
	if (ret->n > 0)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_name);
	return 0;
}

static int walk(struct packer *p, size_t path_len, size_t name_len, struct err *e);

/* -EAGAIN: it is gone. */
static int go_to(struct packer *p, size_t path_len, struct err *e)
{
	int fd = parents_at(&p->parents, p->path, path_len, false, e);

	if (fd == -ENOENT || fd == -EINVAL)
		return -EAGAIN;
	if (fd < 0)
		return fd;
	return fchdir(fd) < 0 ? err_sys(e, "open %s", quoted(p->path).text) : 0;
}

static int append(char *at, size_t room, size_t *len, const char *name, struct err *e)
{
	int n = snprintf(at + *len, room - *len, "%s%s", *len ? "/" : "", name);

	if (n < 0 || (size_t)n >= room - *len)
		return err_set(e, ERR_INVALID, "%s: the path is too long", quoted(at).text);
	*len += (size_t)n;
	return 0;
}

static int whiteout_of(struct packer *p, size_t name_len, const char *name, const struct stat *st,
		       struct err *e)
{
	snprintf(p->name + name_len, sizeof(p->name) - name_len, "%s.wh.%s", name_len ? "/" : "",
		 name);
	return write_marker(p, p->name, st, e);
}

static int one(struct packer *p, size_t path_len, size_t name_len, const char *name, struct err *e)
{
	size_t parent_name_len = name_len;
	struct stat st;

	if (fstatat(AT_FDCWD, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "look at %s", quoted(name).text);
	if (S_ISSOCK(st.st_mode))
		return 0;
	if (p->how->whiteouts && S_ISCHR(st.st_mode) && st.st_rdev == 0)
		return whiteout_of(p, parent_name_len, name, &st, e);
	if (append(p->path, sizeof(p->path), &path_len, name, e) < 0 ||
	    append(p->name, sizeof(p->name), &name_len, name, e) < 0 ||
	    write_member(p, name, &st, e) < 0)
		return -e->code;
	if (!S_ISDIR(st.st_mode) || (p->how->one_file_system && st.st_dev != p->device))
		return 0;
	return walk(p, path_len, name_len, e);
}

/* What is in the directory that the first bytes of p->path name. */
static int walk(struct packer *p, size_t path_len, size_t name_len, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct texts names = { 0 };
	struct stat st;
	int r = go_to(p, path_len, e);

	if (r < 0)
		return r == -EAGAIN ? 0 : r;
	if (p->how->whiteouts && is_opaque(p) && stat(".", &st) == 0)
		r = whiteout_of(p, name_len, ".wh..opq", &st, e);
	if (r == 0)
		r = list(p, a, &names, e);
	for (size_t i = 0; i < names.n && r == 0; i++) {
		p->path[path_len] = p->name[name_len] = '\0';
		r = go_to(p, path_len, e);
		if (r == 0)
			r = one(p, path_len, name_len, names.v[i], e);
	}
	return r == -EAGAIN ? 0 : r;
}

/* A single file, not a tree: its folder is opened instead. */
static int pack_file(struct packer *p, int root, struct err *e)
{
	const char *name;
	auto_close int folder = kernel_parent_in(root, p->how->subdir, 0755, &name, e);
	struct stat st;

	if (folder < 0)
		return folder;
	if (fchdir(folder) < 0 || lstat(name, &st) < 0)
		return err_sys(e, "%s", quoted(name).text);
	snprintf(p->path, sizeof(p->path), "%s", name);
	snprintf(p->name, sizeof(p->name), "%s", *p->how->as ? p->how->as : name);
	return write_member(p, name, &st, e);
}

static int pack(struct packer *p, int root, struct err *e)
{
	auto_close int below = -1;
	struct stat st;
	int r;

	if (*p->how->subdir) {
		below = kernel_open_in(root, p->how->subdir, O_PATH | O_NOFOLLOW | O_CLOEXEC, e);
		if (below < 0)
			return below;
	}
	if (fstat(below >= 0 ? below : root, &st) < 0)
		return err_sys(e, "look at the tree");
	if (!S_ISDIR(st.st_mode))
		return pack_file(p, root, e);
	p->device = st.st_dev;
	parents_init(&p->parents, below >= 0 ? below : root);
	snprintf(p->name, sizeof(p->name), "%s", p->how->as);
	if (*p->how->as) {
		if (go_to(p, 0, e) < 0 || write_member(p, ".", &st, e) < 0)
			return -e->code;
	}
	r = walk(p, 0, strlen(p->how->as), e);
	parents_forget(&p->parents);
	return r;
}

static void keep(void *inode)
{
}

static void open_archive(struct packer *p)
{
	struct archive *a = archive_write_new();

	if (!a || archive_write_set_format_pax(a) != ARCHIVE_OK ||
	    archive_write_set_options(a, "pax:xattrheader=SCHILY") != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(a, CHUNK) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(a, 1) != ARCHIVE_OK ||
	    archive_write_open(a, p, NULL, write_out, NULL) != ARCHIVE_OK) {
		fputs("unpack: libarchive can't write tar\n", stderr);
		abort();
	}
	p->archive = a;
	p->entry = archive_entry_new();
}

int pack_run(int root, const struct unpack_request *how, struct outlet *out,
	     struct unpack_result *ret, struct err *e)
{
	struct packer *p = decoder_alloc(sizeof(*p));
	int r;

	p->how = how;
	p->out = out;
	p->result = ret;
	p->arena = arena_new();
	open_archive(p);
	r = pack(p, root, e);
	if (r == 0 && archive_write_close(p->archive) != ARCHIVE_OK)
		r = failure(p, e);
	archive_entry_free(p->entry);
	archive_write_free(p->archive);
	tdestroy(p->inodes, keep);
	arena_free(p->arena);
	free(p);
	return r < 0 ? r : outlet_end(out, ret, e);
}
