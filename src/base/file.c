/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>

int file_read_fd(int fd, const char *name, size_t max, char **ret_text, size_t *ret_len,
		 struct err *e)
{
	auto_buf b = BUF(max);
	ssize_t n;

	do
		n = buf_read(&b, fd);
	while (n > 0);
	if (n == -EMSGSIZE)
		return err_set(e, ERR_INVALID, "%s is larger than %zu bytes", name, max);
	if (n < 0)
		return err_from(e, (int)n, "read %s", name);
	if (!b.data && buf_adds(&b, "") < 0)
		return err_from(e, -ENOMEM, "read %s", name);
	if (ret_len)
		*ret_len = b.len;
	*ret_text = take_ptr(b.data);
	return 0;
}

int file_read_at(int dir, const char *name, size_t max, char **ret_text, size_t *ret_len,
		 struct err *e)
{
	auto_close int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_sys(e, "open %s", name);
	return file_read_fd(fd, name, max, ret_text, ret_len, e);
}

int file_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* An open file with a lock, if it is filled where others sweep; -EAGAIN: one of those was faster.
 */
static int make_new(int root, const char *temporary, const char *name, bool swept, struct err *e)
{
	auto_close int fd = -1;

	fd = openat(root, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == ENOENT && swept) {
		if (mkdirat(root, FILE_NEW, 0700) < 0 && errno != EEXIST)
			return err_sys(e, "create %s", name);
		fd = openat(root, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	}
	if (fd < 0)
		return err_sys(e, "create %s", name);
	if (swept && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return err_from(e, -EAGAIN, "create %s", name);
	return take_fd(fd);
}

static int fill(int fd, const char *name, const void *data, size_t len,
		const struct file_write *how, struct err *e)
{
	int r = file_write_all(fd, data, len);

	if (r < 0)
		return err_from(e, r, "write %s", name);
	if (how->mode && fchmod(fd, how->mode) < 0)
		return err_sys(e, "set the mode of %s", name);
	if (how->durable && fdatasync(fd) < 0)
		return err_sys(e, "sync %s", name);
	return 0;
}

/* faccessat() would do, but not every libc does without its newest call. */
bool file_is_there(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int file_rename_new(int from_dir, const char *from, int to_dir, const char *to)
{
	long r = syscall(SYS_renameat2, from_dir, from, to_dir, to, RENAME_NOREPLACE);

	return r < 0 ? -errno : 0;
}

static int put_in_place(int root, const char *temporary, int dir, const char *name,
			const struct file_write *how, struct err *e)
{
	int r = 0;

	if (how->exclusive)
		r = file_rename_new(root, temporary, dir, name);
	else if (renameat(root, temporary, dir, name) < 0)
		r = -errno;
	if (r == -EEXIST)
		return err_set(e, ERR_CONFLICT, "%s exists", name);
	if (r < 0)
		return err_from(e, r, "replace %s", name);
	if (how->durable && fsync(dir) < 0)
		return err_sys(e, "sync the directory of %s", name);
	return 0;
}

static int replace(int dir, const char *name, const void *data, size_t len,
		   const struct file_write *how, struct err *e)
{
	bool swept = how->fill_root > 0;
	int root = swept ? how->fill_root : dir;
	char temporary[NAME_MAX + 1];
	auto_close int fd = -1;
	uint32_t number;
	int r;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return err_sys(e, "getrandom");
	if (swept)
		snprintf(temporary, sizeof(temporary), FILE_NEW "/half-%08x", number);
	else if (snprintf(temporary, sizeof(temporary), ".new-%08x-%s", number, name) >=
		 (int)sizeof(temporary))
		return err_from(e, -ENAMETOOLONG, "create %s", name);
	fd = make_new(root, temporary, name, swept, e);
	if (fd < 0)
		return fd;
	r = fill(fd, name, data, len, how, e);
	if (r == 0)
		r = put_in_place(root, temporary, dir, name, how, e);
	if (r < 0)
		unlinkat(root, temporary, 0);
	return r;
}

int file_replace_at(int dir, const char *name, const void *data, size_t len,
		    const struct file_write *how, struct err *e)
{
	static const struct file_write plain = { 0 };
	int r;

	if (!how)
		how = &plain;
	/* A sweeper that looked between the making and the lock has taken it away. */
	for (int tries = 0; tries < 10; tries++) {
		r = replace(dir, name, data, len, how, e);
		if (how->fill_root <= 0 || (r != -EAGAIN && r != -ENOENT))
			break;
	}
	return r;
}

int file_poke_at(int dir, const char *name, const char *text, struct err *e)
{
	auto_close int fd = openat(dir, name, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_sys(e, "open %s", name);
	if (write(fd, text, strlen(text)) < 0)
		return err_sys(e, "write \"%s\" to %s", text, name);
	return 0;
}

int file_mkdir_path(int dir, const char *path, mode_t mode, struct err *e)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(part))
		return err_from(e, -ENAMETOOLONG, "make directory %s", path);
	/* Most often only the last part is missing, or nothing. */
	if (mkdirat(dir, path, mode) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return err_sys(e, "make directory %s", path);
	memcpy(part, path, len + 1);
	for (char *p = part + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		if (mkdirat(dir, part, mode) < 0 && errno != EEXIST)
			return err_sys(e, "make directory %s", part);
		*p = '/';
	}
	if (mkdirat(dir, path, mode) < 0 && errno != EEXIST)
		return err_sys(e, "make directory %s", path);
	return 0;
}

int file_open_dir_at(int dir, const char *name, struct err *e)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "open directory %s", name) : fd;
}
