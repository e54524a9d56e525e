/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mounts as descriptors: made detached, where nobody sees them, set up, and attached when complete
 * to an object that is held open, so that no path can change in between.  A detached mount whose
 * descriptor is closed is gone.  See mount_setattr(2), and Documentation/filesystems/overlayfs.rst.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/types.h>

#include "base/err.h"

/* libc's headers have these only in part. */
#ifndef MOUNT_ATTR_RDONLY
#define MOUNT_ATTR_RDONLY      0x00000001
#define MOUNT_ATTR_NOSUID      0x00000002
#define MOUNT_ATTR_NODEV       0x00000004
#define MOUNT_ATTR_NOEXEC      0x00000008
#define MOUNT_ATTR__ATIME      0x00000070
#define MOUNT_ATTR_RELATIME    0x00000000
#define MOUNT_ATTR_NOATIME     0x00000010
#define MOUNT_ATTR_STRICTATIME 0x00000020
#define MOUNT_ATTR_NODIRATIME  0x00000080
#endif
#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

struct kernel_mount_option {
	const char *key, *value; /* value NULL: a flag */
};
/* fsopen + fsconfig + fsmount. attr: MOUNT_ATTR_*. On failure the words are the kernel's own where
 * it gives some. */
int kernel_mount_new(const char *type, const char *source,
		     const struct kernel_mount_option *options, size_t options_len, uint64_t attr,
		     struct err *e);
/* mount(2), right on `target` (O_PATH), with all options as one text of up to a page: for values of
 * more than the 255 bytes that fsconfig takes. */
int kernel_mount_on(const char *type, const char *source, const char *data, int target,
		    struct err *e);
/* Gives the file system of a mount, held open at its root, other options (fspick). */
int kernel_mount_change(int mount, const struct kernel_mount_option *options, size_t options_len,
			struct err *e);
/* A detached copy of the mount (tree) at dir/path: open_tree(OPEN_TREE_CLONE). path "": dir
 * itself, which may be a file. */
int kernel_mount_copy(int dir, const char *path, bool recursive, struct err *e);
/* The same of what is there itself, be it a symlink. */
int kernel_mount_copy_link(int dir, const char *path, bool recursive, struct err *e);
/* The same of a path in the mount namespace of a process, of which nobody else could copy it. */
int kernel_mount_copy_of(pid_t pid, const char *path, bool recursive, struct err *e);

/* A part of a detached mount, which may come from anywhere: `inside` is open in it. The mount is
 * used up; what is open in it stays good. */
int kernel_mount_copy_part(int mount, int inside, struct err *e);
/* Is what lies there the root of a mount? "" for the directory itself. */
bool kernel_is_mount_root(int dir, const char *name);

/* Changes a mount, detached or held open. */
struct kernel_mount_set {
	uint64_t set, clear;  /* MOUNT_ATTR_* */
	uint64_t propagation; /* MS_PRIVATE, MS_SLAVE, MS_SHARED, MS_UNBINDABLE, or 0 */
	int userns;           /* with MOUNT_ATTR_IDMAP in set */
	bool recursive;
};
/* Without mount_setattr(2) (before 5.12) mount(2) does it, which knows no ID maps and no recursive
 * flags (ERR_UNSUPPORTED) and no detached mounts (-EINVAL): give those to kernel_mount_attach(). */
int kernel_mount_set(int mount, const struct kernel_mount_set *how, struct err *e);
/* Attaches a detached mount on the object that `target` (O_PATH) is, and changes it before that
 * if the kernel can, else just after; set may be NULL. */
int kernel_mount_attach(int mount, int target, const struct kernel_mount_set *set, struct err *e);
/* MS_* of mount(2) as MOUNT_ATTR_*, without atime's. */
unsigned long kernel_mount_flags(uint64_t attr);

/* The overlay of these layers. user_xattr: user.overlay.* instead of trusted.*. Returns a detached
 * mount. */
struct kernel_overlay {
	const int *lower; /* open directories, the topmost first; 500 at most */
	size_t lower_len;
	int upper, work; /* upper -1: read-only */
	/* Detached mounts that the layers are on, such as idmapped copies: before 6.15 they have to
	 * be attached for as long as the overlay is made. */
	const int *mounts;
	size_t mounts_len;
	bool user_xattr;
	bool is_volatile; /* no sync, ever: the upper layer is not to be used after a crash */
	const struct kernel_mount_option *options; /* others, such as context= */
	size_t options_len;
};
int kernel_mount_overlay(const struct kernel_overlay *o, struct err *e);
