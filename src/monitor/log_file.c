/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A log file with its predecessors: PATH is the current one, PATH.1 the one before it, and so on.
 * Each holds whole records only, and PATH exists at every moment: a reader that holds one of them
 * open finds it again by its inode, which only ever moves to higher numbers, and its successor
 * one number below.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/supervisor.h"

#define LOG_MODE 0640

static bool numbered(char ret[PATH_MAX], const struct log_file *f, int n)
{
	return snprintf(ret, PATH_MAX, "%s.%d", f->path, n) < PATH_MAX;
}

static int open_to_append(const struct log_file *f, const char *path, int flags)
{
	return openat(f->dir, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags,
		      LOG_MODE);
}

/* A monitor that was killed between the two halves of a rotation leaves both names. */
static void forget_half_rotation(const struct log_file *f)
{
	char first[PATH_MAX];
	struct stat a, b;

	if (numbered(first, f, 1) && fstat(f->fd, &a) == 0 &&
	    fstatat(f->dir, first, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_ino == b.st_ino &&
	    a.st_dev == b.st_dev)
		unlinkat(f->dir, first, 0);
}

void log_file_open(struct log_file *f)
{
	struct stat st;

	f->fd = open_to_append(f, f->path, 0);
	if (f->fd < 0)
		return;
	forget_half_rotation(f);
	f->size = fstat(f->fd, &st) == 0 ? st.st_size : 0;
	f->tail = f->size;
}

static int rotate(struct log_file *f)
{
	char from[PATH_MAX], to[PATH_MAX], fresh[PATH_MAX];
	int fd;

	if (!numbered(fresh, f, 0) || !numbered(to, f, f->files))
		return -ENAMETOOLONG;
	unlinkat(f->dir, fresh, 0);
	fd = open_to_append(f, fresh, O_EXCL);
	if (fd < 0)
		return -errno;

	for (int i = f->files - 1; i > 1; i--) {
		numbered(from, f, i - 1);
		numbered(to, f, i);
		renameat(f->dir, from, f->dir, to);
	}
	numbered(to, f, 1);
	unlinkat(f->dir, to, 0);
	if (linkat(f->dir, f->path, f->dir, to, 0) < 0)
		renameat(f->dir, f->path, f->dir, to);
	if (renameat(f->dir, fresh, f->dir, f->path) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}

	close(f->fd);
	f->fd = fd;
	f->size = f->tail = 0;
	return 0;
}

bool log_file_fits(const struct log_file *f, int64_t bytes)
{
	return f->max_bytes < 0 || f->tail == 0 || f->tail + bytes <= f->max_bytes;
}

int log_file_room(struct log_file *f, int64_t bytes)
{
	if (f->fd < 0)
		log_file_open(f);
	if (f->fd < 0)
		return -errno;
	return log_file_fits(f, bytes) ? 0 : rotate(f);
}

int log_file_write(struct log_file *f, struct iovec *v, int n)
{
	while (n > 0) {
		ssize_t done = writev(f->fd, v, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? -errno : -ENOSPC;
		f->tail += done;
		for (; n > 0 && (size_t)done >= v->iov_len; n--, v++)
			done -= (ssize_t)v->iov_len;
		if (n > 0) {
			v->iov_base = (char *)v->iov_base + done;
			v->iov_len -= (size_t)done;
		}
	}
	return 0;
}

void log_file_commit(struct log_file *f)
{
	f->size = f->tail;
}

/* Someone may have cut the file meanwhile: it must not grow by this. */
void log_file_abandon(struct log_file *f)
{
	struct stat st;

	if (f->fd >= 0 && f->tail > f->size && fstat(f->fd, &st) == 0 && st.st_size > f->size &&
	    ftruncate(f->fd, f->size) == 0)
		f->tail = f->size;
}
