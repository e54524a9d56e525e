/* SPDX-License-Identifier: BSD-2-Clause */
#include "unpack/parents.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/kernel.h"
#include "unpack/report.h"

#define DIR_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

void parents_init(struct parents *p, int root)
{
	p->root = root;
	p->depth = 0;
	p->aliased = false;
	p->path[0] = '\0';
}

static void cut(struct parents *p, size_t depth)
{
	while (p->depth > depth)
		close(p->levels[--p->depth].fd);
}

void parents_forget(struct parents *p)
{
	cut(p, 0);
}

/* How many levels are of this path's beginning. */
static size_t common(const struct parents *p, const char *path, size_t len)
{
	size_t n = 0;

	for (; n < p->depth; n++) {
		size_t end = p->levels[n].end, from = n ? p->levels[n - 1].end : 0;

		if (end > len || (end < len && path[end] != '/') ||
		    memcmp(p->path + from, path + from, end - from) != 0)
			break;
	}
	return n;
}

/* path (its first `end` bytes) from the root, where a link is on the way or the cache is full. */
static int open_whole(struct parents *p, const char *path, size_t end, bool make, struct err *e)
{
	char whole[PATH_MAX];
	struct err ignored;
	int fd;

	p->aliased = true;
	memcpy(whole, path, end);
	whole[end] = '\0';
	fd = kernel_open_in(p->root, whole, O_PATH | O_DIRECTORY | O_CLOEXEC, &ignored);
	if (fd == -ENOENT && make)
		return err_set(e, ERR_INVALID, "%s: a symbolic link on the way leads nowhere",
			       quoted(whole).text);
	if (fd == -ENOTDIR)
		return err_set(e, ERR_INVALID, "%s isn't a directory", quoted(whole).text);
	return fd < 0 ? err_from(e, fd, "open %s", quoted(whole).text) : fd;
}

/* The next component below `above`. */
static int open_one(struct parents *p, int above, const char *path, size_t from, size_t end,
		    bool make, struct err *e)
{
	char name[NAME_MAX + 1];
	int fd;

	memcpy(name, path + from, end - from);
	name[end - from] = '\0';
	fd = openat(above, name, DIR_FLAGS);
	if (fd < 0 && errno == ENOENT && make) {
		if (mkdirat(above, name, 0755) < 0)
			return err_sys(e, "make directory %s", quoted(path).text);
		fd = openat(above, name, DIR_FLAGS);
	}
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return open_whole(p, path, end, make, e);
	return fd < 0 ? err_sys(e, "open %s", quoted(name).text) : fd;
}

int parents_at(struct parents *p, const char *path, size_t len, bool make, struct err *e)
{
	size_t keep = common(p, path, len), end, from;
	int above, fd;

	cut(p, keep);
	end = keep ? p->levels[keep - 1].end : 0;
	while (end < len) {
		from = end ? end + 1 : 0;
		end = from + strcspn(path + from, "/");
		if (end > len)
			end = len;
		/* Deeper than the cache: its last place is for whichever is the deepest. */
		if (p->depth == PARENTS_DEPTH) {
			above = p->levels[PARENTS_DEPTH - 1].fd;
			fd = open_one(p, above, path, from, end, make, e);
			if (fd < 0)
				return fd;
			cut(p, PARENTS_DEPTH - 1);
		} else {
			above = p->depth ? p->levels[p->depth - 1].fd : p->root;
			fd = open_one(p, above, path, from, end, make, e);
			if (fd < 0)
				return fd;
		}
		memcpy(p->path, path, end);
		p->levels[p->depth++] = (struct parents_level){ .fd = fd, .end = end };
	}
	return p->depth ? p->levels[p->depth - 1].fd : p->root;
}
