/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "kernel/mount.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif
#define ARGUMENTS_MAX (2 << 20) /* as the kernel's own limit */
#define SELF          "/proc/self/exe"
/* Set for the one that is executed, so that a kernel that lies is not asked for ever. */
#define MARK "BERTH_SEALED"

bool kernel_is_sealed(void)
{
	auto_close int fd = open(SELF, O_RDONLY | O_CLOEXEC);
	struct statvfs fs;
	int seals;

	if (fd < 0)
		return false;
	seals = fcntl(fd, F_GET_SEALS);
	if (seals >= 0 && (seals & F_SEAL_WRITE))
		return true;
	return fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_RDONLY);
}

/* Costs neither a copy nor memory, but a capability. */
static int mount_self(void)
{
	struct kernel_mount_set set = { .set = MOUNT_ATTR_RDONLY };
	struct err ignored;
	auto_close int mount = kernel_mount_copy(AT_FDCWD, SELF, false, &ignored);

	if (mount < 0 || kernel_mount_set(mount, &set, &ignored) < 0)
		return -1;
	return take_fd(mount);
}

static int copy_self(struct err *e)
{
	auto_close int from = open(SELF, O_RDONLY | O_CLOEXEC);
	auto_close int to = memfd_create("berth", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
	ssize_t n = 1;

	/* The flag is of 6.3. */
	if (to < 0 && errno == EINVAL)
		to = memfd_create("berth", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (from < 0 || to < 0)
		return err_sys(e, "copy %s", SELF);
	while (n > 0)
		n = sendfile(to, from, NULL, 1 << 24);
	if (n < 0 ||
	    fcntl(to, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return err_sys(e, "copy %s", SELF);
	return take_fd(to);
}

/* By its descriptor it no longer knows where it is installed. */
static int keep_place(struct err *e)
{
	AUTO(arena) a = arena_new();
	char *path;
	int r = path_libexec(a, "monitor", &path, e);

	if (r < 0)
		return r;
	*strrchr(path, '/') = '\0';
	setenv("BERTH_LIBEXEC", path, 1);
	return 0;
}

/* As they are in memory, one after the other. */
static int read_arguments(struct arena *a, const char ***ret, struct err *e)
{
	auto_free char *text = NULL;
	struct texts all = { 0 };
	size_t len;
	int r = file_read_at(AT_FDCWD, "/proc/self/cmdline", ARGUMENTS_MAX, &text, &len, e);

	for (size_t at = 0; r == 0 && at < len; at += strlen(text + at) + 1)
		texts_add(a, &all, arena_strdup(a, text + at));
	*ret = all.v;
	return r < 0 || all.n ? r : err_set(e, ERR_SYSTEM, "this program has no arguments");
}

int kernel_seal_self(struct err *e)
{
	AUTO(arena) a = NULL;
	const char **argv;
	auto_close int fd = -1;
	int r;

	if (kernel_is_sealed())
		return 0;
	if (getenv(MARK))
		return err_set(e, ERR_SYSTEM,
			       "the program's file cannot be kept from being written");
	a = arena_new();
	r = read_arguments(a, &argv, e);
	if (r == 0)
		r = keep_place(e);
	if (r < 0)
		return r;
	fd = mount_self();
	if (fd < 0)
		fd = copy_self(e);
	if (fd < 0)
		return fd;
	setenv(MARK, "1", 1);
	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	unsetenv(MARK);
	return err_sys(e, "execute %s again", SELF);
}
