/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths that someone else may influence, resolved so that they cannot leave a root: as chroot(2)
 * would, absolute symlinks and ".." stay inside, and magic links of procfs are refused.  Nothing
 * here allocates, so that it may run between clone and exec.  All descriptors are close-on-exec.
 */
#pragma once

#include <sys/types.h>

#include "base/err.h"

/* Opens root/path. flags: open(2)'s without O_CREAT. Errors say the path alone. */
int kernel_open_in(int root, const char *path, int flags, struct err *e);
/* The same with O_CREAT and a mode (less the umask). A dangling symlink's target is created. */
int kernel_create_in(int root, const char *path, int flags, mode_t mode, struct err *e);
/* Makes the directory and its missing parents inside root, and opens it O_PATH. */
int kernel_mkdir_in(int root, const char *path, mode_t mode, struct err *e);
/* Opens the file to read, made if missing with its missing parents, also where dangling symlinks
 * lead. The modes are less the umask. */
int kernel_make_file_in(int root, const char *path, mode_t mode, mode_t parents, struct err *e);
/* Opens the directory that path's last component is in, made if missing, O_PATH; *ret_name is that
 * component, inside path. A path that ends in ".." or is the root itself: -EINVAL. */
int kernel_parent_in(int root, const char *path, mode_t mode, const char **ret_name, struct err *e);

/* "/proc/self/fd/N": to give a descriptor where a path is wanted. */
struct kernel_fd_path {
	char path[32];
};
struct kernel_fd_path kernel_fd_path(int fd);

/* Is the open file on a file system of that magic number (statfs(2))? */
int kernel_is_on(int fd, unsigned long magic); /* 1, 0 or -errno */

/* Descriptors [from, ∞) become close-on-exec. */
int kernel_cloexec_from(int from);
/* Closes all of [from, ∞) but two. */
int kernel_close_but(int from, int keep, int keep_too);
/* The same but those n, which it sorts; those below from don't matter. */
int kernel_close_except(int from, int *keep, size_t n);
/* Descriptors [from, ∞) are closed: for a child that goes on without exec. */
int kernel_close_from(int from);
/* write(2) of what goes without waiting, whatever the descriptor's flags: -EAGAIN when nothing
 * does, -EOPNOTSUPP when this kernel can't tell for such a file. */
ssize_t kernel_write_nowait(int fd, const void *data, size_t len);
