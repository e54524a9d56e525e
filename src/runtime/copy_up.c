/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tmpcopyup: what a directory holds, copied into the tmpfs that is about to hide it.  Runs between
 * clone and exec, so it works with buffers on the stack and by descriptors; what is neither a file,
 * a directory nor a link is made again as a node.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "runtime/mounts.h"

#define DEPTH_MAX 64

/* One entry of getdents64(2). */
struct entry {
	uint64_t ino;
	int64_t off;
	unsigned short len;
	unsigned char type;
	char name[];
};

static int copy_tree(int from, int to, unsigned depth);

static int copy_bytes(int from, int to, const char *name, mode_t mode)
{
	auto_close int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), out = -1;
	ssize_t n;

	if (in < 0)
		return -errno;
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 0777);
	if (out < 0)
		return -errno;
	do
		n = sendfile(out, in, NULL, 1 << 20);
	while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : 0;
}

static int copy_link(int from, int to, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	return symlinkat(target, to, name) < 0 ? -errno : 0;
}

static int copy_directory(int from, int to, const char *name, unsigned depth)
{
	auto_close int in = -1, out = -1;

	if (depth == 0)
		return -ELOOP;
	in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (in < 0 || mkdirat(to, name, 0700) < 0)
		return -errno;
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return out < 0 ? -errno : copy_tree(in, out, depth - 1);
}

static int copy_entry(int from, int to, const char *name, unsigned depth)
{
	struct timespec times[2];
	struct stat st;
	int r;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISREG(st.st_mode))
		r = copy_bytes(from, to, name, st.st_mode);
	else if (S_ISLNK(st.st_mode))
		r = copy_link(from, to, name);
	else if (S_ISDIR(st.st_mode))
		r = copy_directory(from, to, name, depth);
	else
		r = mknodat(to, name, st.st_mode, st.st_rdev) < 0 ? -errno : 0;
	if (r < 0)
		return r;
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	if (fchownat(to, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    (!S_ISLNK(st.st_mode) && fchmodat(to, name, st.st_mode & 07777, 0) < 0) ||
	    utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static int copy_tree(int from, int to, unsigned depth)
{
	_Alignas(struct entry) char list[4096];
	long n;

	while ((n = syscall(SYS_getdents64, from, list, sizeof(list))) > 0)
		for (long at = 0; at < n;) {
			const struct entry *x = (const void *)(list + at);
			int r = 0;

			if (strcmp(x->name, ".") != 0 && strcmp(x->name, "..") != 0)
				r = copy_entry(from, to, x->name, depth);
			if (r < 0)
				return r;
			at += x->len;
		}
	return n < 0 ? -errno : 0;
}

int mount_copy_up(int from, int to, struct err *e)
{
	/* Both are O_PATH, which can't be listed. */
	auto_close int in = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = in < 0 ? -errno : copy_tree(in, to, DEPTH_MAX);

	return r < 0 ? err_from(e, r, "copy up") : 0;
}
