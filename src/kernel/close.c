/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/feature.h"
#include "kernel/open.h"

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define CLOEXEC_FLAG (1U << 2)
#define NUMBERS_MAX  65536

/* One entry of getdents64(2); libc's opendir() would allocate. */
struct entry {
	uint64_t ino;
	int64_t off;
	unsigned short len;
	unsigned char type;
	char name[];
};

static int each_listed(int dir, int from, void (*do_to)(int fd))
{
	_Alignas(struct entry) char list[4096];
	long n;

	while ((n = syscall(SYS_getdents64, dir, list, sizeof(list))) > 0)
		for (long at = 0; at < n;) {
			const struct entry *x = (const void *)(list + at);
			int fd = atoi(x->name);

			if (x->name[0] != '.' && fd >= from && fd != dir)
				do_to(fd);
			at += x->len;
		}
	return n < 0 ? -errno : 0;
}

static void set_cloexec(int fd)
{
	fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void set_closed(int fd)
{
	close(fd);
}

static int from_on(int from, unsigned flags, void (*do_to)(int fd))
{
	auto_close int dir = -1;

	if (kernel_has(KERNEL_CLOSE_RANGE)) {
		if (syscall(SYS_close_range, (unsigned)from, ~0U, flags) == 0)
			return 0;
		kernel_lacks(KERNEL_CLOSE_RANGE);
	}
	dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	return each_listed(dir, from, do_to);
}

int kernel_cloexec_from(int from)
{
	return from_on(from, CLOEXEC_FLAG, set_cloexec);
}

int kernel_close_from(int from)
{
	return from_on(from, 0, set_closed);
}

static bool close_range_of(unsigned from, unsigned to)
{
	if (from > to)
		return true;
	if (!kernel_has(KERNEL_CLOSE_RANGE))
		return false;
	if (syscall(SYS_close_range, from, to, 0) == 0)
		return true;
	kernel_lacks(KERNEL_CLOSE_RANGE);
	return false;
}

/* There may be no /proc to look into, so every number is tried that may be in use. */
static void close_by_number(int from, int to)
{
	long end = sysconf(_SC_OPEN_MAX);

	for (int fd = from; fd <= to && fd < (end > 0 && end < NUMBERS_MAX ? end : NUMBERS_MAX);
	     fd++)
		close(fd);
}

static void sort(int *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j > 0 && v[j - 1] > v[j]; j--) {
			int other = v[j];

			v[j] = v[j - 1];
			v[j - 1] = other;
		}
}

int kernel_close_except(int from, int *keep, size_t n)
{
	sort(keep, n);
	for (size_t i = 0; i <= n; i++) {
		int to = i < n ? keep[i] - 1 : INT_MAX;

		if (from <= to && !close_range_of((unsigned)from, (unsigned)to))
			close_by_number(from, to);
		if (i < n && keep[i] >= from)
			from = keep[i] + 1;
	}
	return 0;
}

int kernel_close_but(int from, int keep, int keep_too)
{
	int both[] = { keep, keep_too };

	if (keep < from || keep_too < from || keep == keep_too)
		return -EINVAL;
	return kernel_close_except(from, both, 2);
}
