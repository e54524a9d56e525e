/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * openat2(2) does the work where the kernel has it.  Without it, and to make missing directories,
 * the path is walked here, component by component, without ever following a symlink or ".." in the
 * kernel: links are read and spliced in front of the rest, ".." drops the last name of what was
 * resolved and walks down to it again from the root.  A race can therefore lead to another place
 * inside the root or to an error, and not outside.
 */
#include "kernel/open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kernel/feature.h"

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

#define LINKS_MAX   40 /* as the kernel's own limit */
#define RETRIES_MAX 64 /* openat2 gives EAGAIN when a rename races with ".." */

struct walk {
	int root, at;            /* at: the directory reached; equal to root at the start */
	char done[PATH_MAX];     /* its path below the root, "a/b" */
	char rest[2 * PATH_MAX]; /* what is still to walk */
	char *next;
	unsigned links;
	bool make; /* missing directories */
	bool file; /* the last component is none of them */
	mode_t make_mode;
};

static int walk_to(struct walk *w, int fd)
{
	if (w->at != w->root)
		close(w->at);
	w->at = fd;
	return 0;
}

static int open_directory(int at, const char *name)
{
	return openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Down from the root to w->done, whose components are no symlinks. */
static int walk_again(struct walk *w)
{
	char *p = w->done;

	walk_to(w, w->root);
	while (*p) {
		char *end = strchrnul(p, '/'), was = *end;
		int fd;

		*end = '\0';
		fd = open_directory(w->at, p);
		*end = was;
		if (fd < 0)
			return -errno;
		walk_to(w, fd);
		p = end + (was != '\0');
	}
	return 0;
}

static int walk_up(struct walk *w)
{
	char *slash = strrchr(w->done, '/');

	*(slash ? slash : w->done) = '\0';
	return walk_again(w);
}

static int walk_into(struct walk *w, const char *name)
{
	size_t len = strlen(w->done), more = strlen(name);
	int fd = open_directory(w->at, name);

	if (fd < 0 && errno == ENOENT && w->make) {
		if (mkdirat(w->at, name, w->make_mode) < 0 && errno != EEXIST)
			return -errno;
		fd = open_directory(w->at, name);
	}
	if (fd < 0)
		return -errno;
	if (len + more + 2 > sizeof(w->done)) {
		close(fd);
		return -ENAMETOOLONG;
	}
	if (len)
		w->done[len++] = '/';
	memcpy(w->done + len, name, more + 1);
	return walk_to(w, fd);
}

/* 1: it was a symlink, and its target now stands in front of the rest. */
static int walk_link(struct walk *w, const char *name, bool slash)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(w->at, name, target, sizeof(target));
	size_t rest = strlen(w->next);

	if (n < 0)
		return errno == EINVAL || errno == ENOENT ? 0 : -errno;
	if (n == 0 || n == sizeof(target) || (size_t)n + rest + 2 > sizeof(w->rest))
		return -ENAMETOOLONG;
	/* A magic link's text is not what the kernel would follow: "/etc", "pipe:[4026]". */
	if (++w->links > LINKS_MAX || ((target[0] == '/' || memchr(target, ':', (size_t)n)) &&
				       kernel_is_on(w->at, PROC_SUPER_MAGIC) > 0))
		return -ELOOP;
	memmove(w->rest + n + 1, w->next, rest + 1); /* leaves "" behind the slash of "a/" */
	memcpy(w->rest, target, (size_t)n);
	/* A link that was last stays last: only a slash of the path's own asks for a directory. */
	w->rest[n] = rest || slash ? '/' : '\0';
	w->next = w->rest;
	if (target[0] == '/') {
		w->done[0] = '\0';
		walk_to(w, w->root);
	}
	return 1;
}

/* The next component, cut out of the rest; *ret_last: nothing but slashes follows, *ret_slash:
 * at least one does. NULL at the end. */
static char *walk_next(struct walk *w, bool *ret_last, bool *ret_slash)
{
	char *name = w->next + strspn(w->next, "/"), *end, *after;

	if (!*name)
		return NULL;
	end = strchrnul(name, '/');
	after = end + strspn(end, "/");
	*ret_last = *after == '\0';
	*ret_slash = *end == '/';
	*end = '\0';
	w->next = after;
	return name;
}

static int walk_open(struct walk *w, int flags, mode_t mode)
{
	bool last = false, slash = false;
	char name[NAME_MAX + 1];
	char *found;
	int fd, r;

	while ((found = walk_next(w, &last, &slash))) {
		if (strlen(found) > NAME_MAX)
			return -ENAMETOOLONG;
		strcpy(name, found); /* the rest may be rewritten below */
		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			r = walk_up(w);
			if (r < 0)
				return r;
			continue;
		}
		if (!last || slash || !(flags & O_NOFOLLOW)) {
			r = walk_link(w, name, slash);
			if (r < 0)
				return r;
			if (r > 0)
				continue;
		}
		if (!last || slash || (w->make && !w->file)) {
			r = walk_into(w, name);
			if (r < 0)
				return r;
			continue;
		}
		fd = openat(w->at, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
		return fd < 0 ? -errno : fd;
	}
	fd = openat(w->at, ".", flags & ~O_NOFOLLOW, mode);
	return fd < 0 ? -errno : fd;
}

static int walk_from(struct walk *w, const char *path, int flags, mode_t mode)
{
	size_t len = strlen(path);
	int fd;

	if (len == 0)
		return -ENOENT;
	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(w->rest, path, len + 1);
	w->next = w->rest;
	fd = walk_open(w, flags, mode);
	walk_to(w, w->root);
	return fd;
}

static int walk_path(int root, const char *path, int flags, mode_t mode, bool make)
{
	struct walk w = { .root = root, .at = root, .make = make, .make_mode = mode };

	return walk_from(&w, path, flags, mode);
}

static int open_in(int root, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (unsigned)flags | O_CLOEXEC,
		.mode = mode,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd, tries = 0;

	if (!kernel_has(KERNEL_OPENAT2))
		return walk_path(root, path, flags | O_CLOEXEC, mode, false);
	do
		fd = (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || (errno == EAGAIN && tries++ < RETRIES_MAX)));
	if (fd >= 0)
		return fd;
	/* Older filters of container managers say EPERM to calls that they don't know. */
	if (errno == ENOSYS || (errno == EPERM && !(flags & O_CREAT))) {
		bool missing = errno == ENOSYS;

		fd = walk_path(root, path, flags | O_CLOEXEC, mode, false);
		if (missing)
			kernel_lacks(KERNEL_OPENAT2);
		return fd;
	}
	return -errno;
}

int kernel_open_in(int root, const char *path, int flags, struct err *e)
{
	int fd = open_in(root, path, flags, 0);

	return fd < 0 ? err_from(e, fd, "%s", path) : fd;
}

int kernel_create_in(int root, const char *path, int flags, mode_t mode, struct err *e)
{
	int fd = open_in(root, path, flags | O_CREAT, mode);

	return fd < 0 ? err_from(e, fd, "%s", path) : fd;
}

int kernel_mkdir_in(int root, const char *path, mode_t mode, struct err *e)
{
	int fd = open_in(root, path, O_PATH | O_DIRECTORY, 0);

	if (fd == -ENOENT)
		fd = walk_path(root, path, O_PATH | O_DIRECTORY, mode, true);
	return fd < 0 ? err_from(e, fd, "%s", path) : fd;
}

int kernel_make_file_in(int root, const char *path, mode_t mode, mode_t parents, struct err *e)
{
	struct walk w = {
		.root = root, .at = root, .make = true, .file = true, .make_mode = parents
	};
	int fd = walk_from(&w, path, O_RDONLY | O_CREAT | O_NOCTTY | O_NONBLOCK, mode);

	return fd < 0 ? err_from(e, fd, "%s", path) : fd;
}

int kernel_parent_in(int root, const char *path, mode_t mode, const char **ret_name, struct err *e)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	char parent[PATH_MAX];
	size_t len = slash ? (size_t)(slash - path) : 0;
	int fd;

	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return err_set(e, ERR_INVALID, "%s: not the name of a file", path);
	if (len >= sizeof(parent))
		return err_from(e, -ENAMETOOLONG, "%s", path);
	memcpy(parent, path, len);
	parent[len] = '\0';
	fd = kernel_mkdir_in(root, len ? parent : "/", mode, e);
	if (fd >= 0)
		*ret_name = name;
	return fd;
}

struct kernel_fd_path kernel_fd_path(int fd)
{
	struct kernel_fd_path p;

	snprintf(p.path, sizeof(p.path), "/proc/self/fd/%d", fd);
	return p;
}

int kernel_is_on(int fd, unsigned long magic)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return -errno;
	return (unsigned long)fs.f_type == magic;
}

ssize_t kernel_write_nowait(int fd, const void *data, size_t len)
{
	struct iovec v = { (void *)data, len };
	long n = syscall(SYS_pwritev2, fd, &v, 1L, -1L, -1L, RWF_NOWAIT);

	return n < 0 ? -errno : n;
}
