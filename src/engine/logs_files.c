/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/logs_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define NUMBERS_MAX 10000
#define RETRIES_MAX 1000 /* a rotation takes a few system calls */

static const char *numbered(char ret[PATH_MAX], const struct logs_source *from, int number)
{
	if (number == 0)
		return from->path;
	snprintf(ret, PATH_MAX, "%s.%d", from->path, number);
	return ret;
}

static int open_number(const struct logs_source *from, int number)
{
	char path[PATH_MAX];
	int fd = openat(from->lib_dir, numbered(path, from, number),
			O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

/* 1: the open file has that number, 0: another has it, -ENOENT: none has. */
static int has_number(const struct logs_source *from, int fd, int number)
{
	char path[PATH_MAX];
	struct stat ours, there;

	if (fstat(fd, &ours) < 0 ||
	    fstatat(from->lib_dir, numbered(path, from, number), &there, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

/* The number that an open file has now; -ESTALE: it was deleted. */
static int number_of(const struct logs_source *from, int fd)
{
	int holes = 0;

	/* While a rotation is under way one number may be missing, the next can't be. */
	for (int number = 0; number < NUMBERS_MAX && holes < 2; number++) {
		int has = has_number(from, fd, number);

		if (has == 1)
			return number;
		holes = has < 0 ? holes + 1 : 0;
	}
	return -ESTALE;
}

/* Opens a number, unless it has the very file that we are beside: a rotation that is under way, or
 * was when its monitor was killed, leaves one number missing, or a file with two. */
static int open_other(const struct logs_source *from, int fd, int number)
{
	int other = open_number(from, number);

	if (other < 0 || has_number(from, fd, number) != 1)
		return other;
	close(other);
	return -ENOENT;
}

/* The file next to an open one, step 1: the older, -1: the newer. -ENOENT: there is none. */
static int open_beside(const struct logs_source *from, int fd, int step)
{
	for (int tries = 0; tries < RETRIES_MAX; tries++) {
		int number = number_of(from, fd), other = -ENOENT, away = number;
		bool hole = false;

		if (number < 0)
			return number;
		for (int k = 0; k < 2 && other == -ENOENT && away + step >= 0; k++) {
			hole = k > 0;
			away += step;
			other = open_other(from, fd, away);
		}
		/* Only if ours didn't move meanwhile, nor what we skipped, is it the one. */
		if (number_of(from, fd) == number &&
		    (!hole || has_number(from, fd, number + step) != 0) &&
		    (other >= 0 || step > 0 || number == 0))
			return other;
		close_p(&other);
	}
	return -ENOENT;
}

int logs_files_open(struct logs_files *f, const struct logs_source *from)
{
	int fd = open_number(from, 0);

	f->from = from;
	f->at = f->n = 0;
	if (fd < 0)
		return fd;
	for (; fd >= 0 && f->n < LOGS_FILES_MAX / 2; f->n++) {
		f->fd[f->n] = fd;
		fd = open_beside(from, fd, 1);
	}
	close_p(&fd);
	for (size_t i = 0; i < f->n / 2; i++) {
		int swapped = f->fd[i];

		f->fd[i] = f->fd[f->n - 1 - i];
		f->fd[f->n - 1 - i] = swapped;
	}
	return 0;
}

void logs_files_close(struct logs_files *f)
{
	for (; f->at < f->n; f->at++)
		close(f->fd[f->at]);
}

int logs_files_look(struct logs_files *f)
{
	if (f->at > 0) {
		memmove(f->fd, f->fd + f->at, (f->n - f->at) * sizeof(f->fd[0]));
		f->n -= f->at;
		f->at = 0;
	}
	while (f->n < LOGS_FILES_MAX) {
		int fd = open_beside(f->from, f->fd[f->n - 1], -1);

		if (fd == -ESTALE && f->n == 1)
			return fd;
		if (fd < 0)
			break;
		f->fd[f->n++] = fd;
	}
	return f->n > 1;
}

void logs_files_next(struct logs_files *f)
{
	close(f->fd[f->at]);
	f->at++;
}

int logs_files_skip(struct logs_files *f)
{
	const struct logs_source *from = f->from;

	logs_files_close(f);
	return logs_files_open(f, from);
}
