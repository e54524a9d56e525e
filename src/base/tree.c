/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole trees, walked by descriptor: no link is followed, no mount is crossed, and depth is bounded
 * by the descriptors that one level needs, not by the stack: a tree deeper than TREE_DEPTH has its
 * lower part moved up to the top before it is removed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

#define TREE_DEPTH 128

struct walk {
	int top;   /* where too deep parts are moved to */
	dev_t dev; /* everything else is another file system */
	unsigned moved;
	bool contents; /* what is in files counts, not what they take */
	int64_t bytes;
	struct err *e;
};

static void close_dir_p(DIR **d)
{
	if (*d)
		closedir(*d);
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* A directory stream of dir/name, or NULL: *ret says whether it was because it vanished. */
static DIR *open_stream(int dir, const char *name, dev_t dev, int *ret)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	DIR *d;

	*ret = 0;
	if (fd < 0) {
		*ret = errno == ENOENT ? 0 : -errno;
		return NULL;
	}
	if (fstat(fd, &st) < 0 || st.st_dev != dev) {
		*ret = -EXDEV;
		close(fd);
		return NULL;
	}
	d = fdopendir(fd);
	if (!d) {
		*ret = -errno;
		close(fd);
	}
	return d;
}

static int remove_below(struct walk *w, int dir, const char *name, unsigned depth);

static int remove_entry(struct walk *w, int dir, const struct dirent *entry, unsigned depth)
{
	if (entry->d_type != DT_DIR) {
		if (unlinkat(dir, entry->d_name, 0) == 0 || errno == ENOENT)
			return 0;
		if (errno != EISDIR)
			return err_sys(w->e, "remove %s", entry->d_name);
	}
	return remove_below(w, dir, entry->d_name, depth + 1);
}

static int remove_content(struct walk *w, DIR *d, unsigned depth)
{
	const struct dirent *entry;

	while ((entry = readdir(d))) {
		int r;

		if (is_dots(entry->d_name))
			continue;
		r = remove_entry(w, dirfd(d), entry, depth);
		if (r < 0)
			return r;
	}
	return 0;
}

static int remove_below(struct walk *w, int dir, const char *name, unsigned depth)
{
	__attribute__((cleanup(close_dir_p))) DIR *d = NULL;
	int r;

	if (unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST)
		return err_sys(w->e, "remove %s", name);
	if (depth >= TREE_DEPTH) {
		char moved[32];

		snprintf(moved, sizeof(moved), ".deep-%u", w->moved++);
		if (renameat(dir, name, w->top, moved) < 0)
			return err_sys(w->e, "remove %s", name);
		return 0;
	}
	d = open_stream(dir, name, w->dev, &r);
	if (!d)
		return r < 0 ? err_from(w->e, r, "remove %s", name) : 0;
	r = remove_content(w, d, depth);
	if (r < 0)
		return r;
	if (unlinkat(dir, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(w->e, "remove %s", name);
	return 0;
}

int file_remove_tree_at(int dir, const char *name, struct err *e)
{
	struct walk w = { .e = e };
	auto_close int top = -1;
	struct stat st;
	int r;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_sys(e, "remove %s", name);
	top = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (top < 0)
		return errno == ENOENT ? 0 : err_sys(e, "remove %s", name);
	if (fstat(top, &st) < 0)
		return err_sys(e, "remove %s", name);
	w.top = top;
	w.dev = st.st_dev;
	/* Each round empties the tree, but for what it moved up. */
	do {
		w.moved = 0;
		r = remove_below(&w, dir, name, 0);
	} while (w.moved > 0 && (r == 0 || r == -ENOTEMPTY));
	return r;
}

/* Each of a file's links counts for its share. */
static int64_t bytes_of(const struct walk *w, const struct stat *st)
{
	bool is_dir = S_ISDIR(st->st_mode);

	if (w->contents)
		return is_dir ? 0 : st->st_size / (int64_t)st->st_nlink;
	return st->st_blocks * 512 / (is_dir ? 1 : (int64_t)st->st_nlink);
}

static int usage_below(struct walk *w, int dir, const char *name, unsigned depth)
{
	__attribute__((cleanup(close_dir_p))) DIR *d = NULL;
	const struct dirent *entry;
	int r;

	if (depth > 4096)
		return err_from(w->e, -ELOOP, "measure %s", name);
	d = open_stream(dir, name, w->dev, &r);
	if (!d)
		return r < 0 && r != -EXDEV ? err_from(w->e, r, "measure %s", name) : 0;
	while ((entry = readdir(d))) {
		struct stat st;

		if (is_dots(entry->d_name) && strcmp(entry->d_name, ".") != 0)
			continue;
		if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		w->bytes += bytes_of(w, &st);
		if (!S_ISDIR(st.st_mode) || is_dots(entry->d_name))
			continue;
		r = usage_below(w, dirfd(d), entry->d_name, depth + 1);
		if (r < 0)
			return r;
	}
	return 0;
}

static int measure(int dir, const char *name, bool contents, int64_t *ret_bytes, struct err *e)
{
	struct walk w = { .e = e, .contents = contents };
	struct stat st;
	int r;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "measure %s", name);
	w.dev = st.st_dev;
	r = S_ISDIR(st.st_mode) ? usage_below(&w, dir, name, 0) : 0;
	if (!S_ISDIR(st.st_mode))
		w.bytes = contents ? st.st_size : st.st_blocks * 512;
	*ret_bytes = w.bytes;
	return r;
}

int file_tree_usage(int dir, const char *name, int64_t *ret_bytes, struct err *e)
{
	return measure(dir, name, false, ret_bytes, e);
}

int file_tree_size(int dir, const char *name, int64_t *ret_bytes, struct err *e)
{
	return measure(dir, name, true, ret_bytes, e);
}
