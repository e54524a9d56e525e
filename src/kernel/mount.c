/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/feature.h"
#include "kernel/mount_private.h"
#include "kernel/open.h"

/* libc's wrappers and enums come in three generations, so the calls are made here. */
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
enum { OPEN_CLOEXEC = 1, MOUNT_CLOEXEC = 1, TREE_CLONE = 1, PICK_CLOEXEC = 1, PICK_EMPTY_PATH = 8 };
enum { MOVE_FROM_FD = 0x4, MOVE_TO_FD = 0x40 };
#define TREE_RECURSIVE 0x8000 /* AT_RECURSIVE */

struct attr_request {
	uint64_t set, clear, propagation, userns;
};

int config_open(const char *type)
{
	return (int)syscall(SYS_fsopen, type, OPEN_CLOEXEC);
}

int config_set(int config, unsigned command, const char *key, const char *value, int aux)
{
	return (int)syscall(SYS_fsconfig, config, command, key, value, aux);
}

/* The first error in the context's log, without its "e " and the end of line. */
int config_error(int config, struct err *e, const char *what)
{
	int code = errno;
	char line[256];
	ssize_t n;

	while (config >= 0 && (n = read(config, line, sizeof(line) - 1)) > 0) {
		if (line[0] != 'e')
			continue;
		line[n] = '\0';
		line[strcspn(line, "\n")] = '\0';
		return err_from(e, -code, "%s: %s", what, line + (n > 2 ? 2 : 0));
	}
	return err_from(e, -code, "%s", what);
}

int config_mount(int config, uint64_t attr, const char *what, struct err *e)
{
	int fd;

	if (config_set(config, CONFIG_CREATE, NULL, NULL, 0) < 0)
		return config_error(config, e, what);
	fd = (int)syscall(SYS_fsmount, config, MOUNT_CLOEXEC, (unsigned)attr);
	return fd < 0 ? config_error(config, e, what) : fd;
}

static int set_options(int config, const char *type, const struct kernel_mount_option *options,
		       size_t options_len, struct err *e)
{
	for (size_t i = 0; i < options_len; i++) {
		const struct kernel_mount_option *o = &options[i];
		char what[128];

		if (config_set(config, o->value ? CONFIG_STRING : CONFIG_FLAG, o->key, o->value,
			       0) == 0)
			continue;
		snprintf(what, sizeof(what), "%s: option %s", type, o->key);
		return config_error(config, e, what);
	}
	return 0;
}

int kernel_mount_new(const char *type, const char *source,
		     const struct kernel_mount_option *options, size_t options_len, uint64_t attr,
		     struct err *e)
{
	auto_close int config = config_open(type);
	int r;

	if (config < 0)
		return errno == ENODEV ? err_set(e, ERR_UNSUPPORTED,
						 "this kernel has no file system \"%s\"", type)
				       : err_sys(e, "%s", type);
	if (source && config_set(config, CONFIG_STRING, "source", source, 0) < 0)
		return config_error(config, e, type);
	r = set_options(config, type, options, options_len, e);
	if (r < 0)
		return r;
	return config_mount(config, attr, type, e);
}

int kernel_mount_on(const char *type, const char *source, const char *data, int target,
		    struct err *e)
{
	return mount_call(source, kernel_fd_path(target).path, type, 0, data) < 0
		       ? err_sys(e, "%s", type)
		       : 0;
}

int kernel_mount_change(int mount, const struct kernel_mount_option *options, size_t options_len,
			struct err *e)
{
	auto_close int config = (int)syscall(SYS_fspick, mount, "", PICK_CLOEXEC | PICK_EMPTY_PATH);
	int r;

	if (config < 0)
		return err_sys(e, "change a file system's options");
	r = set_options(config, "file system", options, options_len, e);
	if (r == 0 && config_set(config, CONFIG_RECONFIGURE, NULL, NULL, 0) < 0)
		r = config_error(config, e, "change a file system's options");
	return r;
}

static int copy(int dir, const char *path, unsigned flags, struct err *e)
{
	int fd = (int)syscall(SYS_open_tree, dir, path, TREE_CLONE | O_CLOEXEC | flags);

	return fd < 0 ? err_sys(e, "copy the mount of %s", *path ? path : "a descriptor") : fd;
}

int kernel_mount_copy(int dir, const char *path, bool recursive, struct err *e)
{
	return copy(dir, path, (recursive ? TREE_RECURSIVE : 0) | (*path ? 0 : AT_EMPTY_PATH), e);
}

int kernel_mount_copy_link(int dir, const char *path, bool recursive, struct err *e)
{
	return copy(dir, path, (recursive ? TREE_RECURSIVE : 0) | AT_SYMLINK_NOFOLLOW, e);
}

/* mount(2)'s bits for the attributes, atime's too. */
unsigned long kernel_mount_flags(uint64_t attr)
{
	unsigned long flags = 0;

	if (attr & MOUNT_ATTR_RDONLY)
		flags |= MS_RDONLY;
	if (attr & MOUNT_ATTR_NOSUID)
		flags |= MS_NOSUID;
	if (attr & MOUNT_ATTR_NODEV)
		flags |= MS_NODEV;
	if (attr & MOUNT_ATTR_NOEXEC)
		flags |= MS_NOEXEC;
	if (attr & MOUNT_ATTR_NODIRATIME)
		flags |= MS_NODIRATIME;
	if (attr & MOUNT_ATTR_NOATIME)
		flags |= MS_NOATIME;
	if (attr & MOUNT_ATTR_STRICTATIME)
		flags |= MS_STRICTATIME;
	return flags;
}

/* What the mount has now, as attributes; statvfs(3)'s bits equal mount(2)'s. */
static int attr_now(const char *path, uint64_t *ret)
{
	struct statvfs fs;

	if (statvfs(path, &fs) < 0)
		return -errno;
	*ret = (fs.f_flag & ST_RDONLY ? MOUNT_ATTR_RDONLY : 0) |
	       (fs.f_flag & ST_NOSUID ? MOUNT_ATTR_NOSUID : 0) |
	       (fs.f_flag & ST_NODEV ? MOUNT_ATTR_NODEV : 0) |
	       (fs.f_flag & ST_NOEXEC ? MOUNT_ATTR_NOEXEC : 0) |
	       (fs.f_flag & ST_NODIRATIME ? MOUNT_ATTR_NODIRATIME : 0) |
	       (fs.f_flag & ST_NOATIME       ? MOUNT_ATTR_NOATIME
		: !(fs.f_flag & ST_RELATIME) ? MOUNT_ATTR_STRICTATIME
					     : 0);
	return 0;
}

static int set_the_old_way(int mount, const struct kernel_mount_set *how, struct err *e)
{
	struct kernel_fd_path at = kernel_fd_path(mount);
	unsigned long recursive = how->recursive ? MS_REC : 0, atime = 0;
	uint64_t attr = 0;
	int r;

	if (((how->set | how->clear) && how->recursive) || how->set & MOUNT_ATTR_IDMAP)
		return err_set(e, ERR_UNSUPPORTED, "%s needs Linux 5.12 (mount_setattr)",
			       how->recursive ? "a recursive mount option" : "an ID-mapped mount");
	if (how->set | how->clear) {
		r = attr_now(at.path, &attr);
		if (r < 0)
			return err_from(e, r, "flags of a mount");
		attr = (attr & ~how->clear) | how->set;
		/* Without any of them mount(2) keeps what there is. */
		if (!(attr & MOUNT_ATTR__ATIME))
			atime = MS_RELATIME;
		if (mount_call(NULL, at.path, NULL,
			       MS_REMOUNT | MS_BIND | atime | kernel_mount_flags(attr), NULL) < 0)
			return err_sys(e, "set flags of a mount");
	}
	if (how->propagation &&
	    mount_call(NULL, at.path, NULL, how->propagation | recursive, NULL) < 0)
		return err_sys(e, "set the propagation of a mount");
	return 0;
}

int mount_call(const char *source, const char *target, const char *type, unsigned long flags,
	       const void *data)
{
	return (int)syscall(SYS_mount, source, target, type, flags, data);
}

int kernel_mount_set(int mount, const struct kernel_mount_set *how, struct err *e)
{
	struct attr_request attr = {
		.set = how->set,
		.clear = how->clear,
		.propagation = how->propagation,
		.userns = how->set & MOUNT_ATTR_IDMAP ? (uint64_t)how->userns : 0,
	};
	unsigned flags = AT_EMPTY_PATH | (how->recursive ? TREE_RECURSIVE : 0);

	/* An atime is changed by clearing the whole field. */
	if (how->set & MOUNT_ATTR__ATIME)
		attr.clear |= MOUNT_ATTR__ATIME;
	if (kernel_has(KERNEL_MOUNT_SETATTR)) {
		if (syscall(SYS_mount_setattr, mount, "", flags, &attr, sizeof(attr)) == 0)
			return 0;
		if (errno != ENOSYS)
			return err_sys(e,
				       how->set & MOUNT_ATTR_IDMAP
					       ? "map the IDs of a mount (its file system may not "
						 "be able to on this kernel)"
					       : "set flags of a mount");
		kernel_lacks(KERNEL_MOUNT_SETATTR);
	}
	return set_the_old_way(mount, how, e);
}

int kernel_mount_attach(int mount, int target, const struct kernel_mount_set *set, struct err *e)
{
	bool before = set && kernel_has(KERNEL_MOUNT_SETATTR);
	int r;

	if (before) {
		r = kernel_mount_set(mount, set, e);
		/* The call may just have been found missing; the old one wants it attached. */
		before = kernel_has(KERNEL_MOUNT_SETATTR);
		if (r < 0 && before)
			return r;
	}
	if (syscall(SYS_move_mount, mount, "", target, "", MOVE_FROM_FD | MOVE_TO_FD) < 0)
		return err_sys(e, "attach a mount");
	return set && !before ? kernel_mount_set(mount, set, e) : 0;
}
