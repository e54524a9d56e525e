/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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

/* One entry of getdents64(2); libc's opendir() would allocate. */
struct entry {
	uint64_t ino;
	int64_t off;
	unsigned short len;
	unsigned char type;
	char name[];
};

static int cloexec_listed(int dir, int from)
{
	_Alignas(struct entry) char list[4096];
	long n;

	while ((n = syscall(SYS_getdents64, dir, list, sizeof(list))) > 0)
		for (long at = 0; at < n;) {
			const struct entry *x = (const void *)(list + at);
			int fd = atoi(x->name);

			if (x->name[0] != '.' && fd >= from)
				fcntl(fd, F_SETFD, FD_CLOEXEC);
			at += x->len;
		}
	return n < 0 ? -errno : 0;
}

int kernel_cloexec_from(int from)
{
	auto_close int dir = -1;

	if (kernel_has(KERNEL_CLOSE_RANGE)) {
		if (syscall(SYS_close_range, (unsigned)from, ~0U, CLOEXEC_FLAG) == 0)
			return 0;
		kernel_lacks(KERNEL_CLOSE_RANGE);
	}
	dir = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	return cloexec_listed(dir, from);
}
