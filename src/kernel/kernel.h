/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls that libc lacks, and the fallbacks of old kernels (5.10 and later).  Above this
 * module there is no #ifdef, no ENOSYS, no version number.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Opens root/path with all symlinks and ".." resolved inside root (openat2 RESOLVE_IN_ROOT, no
 * magic links). */
int kernel_open_in(int root, const char *path, int flags, struct err *e);
/* The same, with a mode for O_CREAT. */
int kernel_create_in(int root, const char *path, int flags, mode_t mode, struct err *e);
/* Makes the directory and its missing parents inside root, and opens it O_PATH. */
int kernel_mkdir_in(int root, const char *path, mode_t mode, struct err *e);
/* "/proc/self/fd/N": to give a descriptor where a path is wanted. */
struct kernel_fd_path {
	char path[32];
};
struct kernel_fd_path kernel_fd_path(int fd);

/* fork() with namespaces: clone3. flags are CLONE_NEW*; cgroup_fd -1 or a v2 cgroup to be born in
 * (-ENOSYS style failures never reach the caller: *ret_in_cgroup tells whether it was used).
 * Returns 0 in the child, its pid in the parent. */
struct kernel_clone {
	uint64_t flags;
	int cgroup_fd;
};
pid_t kernel_clone(const struct kernel_clone *how, int *ret_pidfd, bool *ret_in_cgroup,
		   struct err *e);
int kernel_pidfd_open(pid_t pid);		 /* -errno */
int kernel_pidfd_send_signal(int pidfd, int signal); /* -errno */
/* The process's start time in clock ticks since boot (stat field 22): pid + start is unique. */
int kernel_start_time(pid_t pid, uint64_t *ret); /* -errno */
/* Descriptors [from, ∞) become close-on-exec. */
int kernel_cloexec_from(int from);

/* Mounts as descriptors. */
struct kernel_mount_option {
	const char *key, *value; /* value NULL: a flag */
};
/* fsopen + fsconfig + fsmount: a detached mount. attr: MOUNT_ATTR_*. */
int kernel_mount_new(const char *type, const char *source, const struct kernel_mount_option *options,
		     size_t options_len, uint64_t attr, struct err *e);
/* A detached copy of the mount (tree) at dir/path: open_tree(OPEN_TREE_CLONE). */
int kernel_mount_copy(int dir, const char *path, bool recursive, struct err *e);
/* mount_setattr on a mount descriptor. propagation: MS_PRIVATE … or 0. */
int kernel_mount_set(int mount, uint64_t set, uint64_t clear, uint64_t propagation, bool recursive,
		     struct err *e);
/* Attaches a detached mount on the object that `target` (O_PATH) is. */
int kernel_mount_attach(int mount, int target, struct err *e);
/* The overlay of these layers (upper first, all open directories); upper -1: read-only.
 * lowerdir+ where the kernel has it, short links otherwise. user_xattr: user.overlay.*. */
struct kernel_overlay {
	const int *lower; /* topmost first */
	size_t lower_len;
	int upper, work;
	bool user_xattr, read_only, is_volatile;
};
int kernel_mount_overlay(const struct kernel_overlay *o, struct err *e);
