/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Masked and read-only paths.  All masked ones show one tiny read-only file system, made here: its
 * empty directory or its one empty file, so that nothing of the container's own (its /dev/null,
 * say) is trusted.  Read-only ones are bound on themselves, by descriptor.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "runtime/step.h"

struct path_step {
	struct step s;
	const char *path;
};

static int make_mask(struct child *c, struct err *e)
{
	static const struct kernel_mount_option options[] = { { "mode", "0555" },
							      { "size", "4k" },
							      { "nr_inodes", "3" } };
	auto_close int mount =
		kernel_mount_new("tmpfs", "tmpfs", options, ARRAY_LEN(options),
				 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, e);
	int file;

	if (mount < 0)
		return mount;
	if (mkdirat(mount, "directory", 0555) < 0)
		return err_sys(e, "make what masked paths show");
	file = openat(mount, "file", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (file < 0)
		return err_sys(e, "make what masked paths show");
	close(file);
	c->mask = take_fd(mount);
	return 0;
}

/* Before 6.15 only what is attached can be copied.  The host's /sys, in this namespace of ours, has
 * served its turn and goes away with the old root. */
static int attach_mask(const struct child *c, struct err *e)
{
	auto_close int target = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (target < 0)
		return err_sys(e, "/sys");
	return kernel_mount_attach(c->mask, target, NULL, e);
}

static int copy_mask(const struct child *c, const char *name, struct err *e)
{
	int fd = kernel_mount_copy(c->mask, name, false, e), r;

	if (fd != -EINVAL)
		return fd;
	r = attach_mask(c, e);
	return r < 0 ? r : kernel_mount_copy(c->mask, name, false, e);
}

/* A detached mount that is closed waits for an RCU grace period of its own, an attached one shares
 * the old root's. */
void paths_leave_mask(struct child *c)
{
	if (c->mask >= 0)
		attach_mask(c, NULL);
}

static int mask(void *arg, struct err *e)
{
	const struct path_step *p = arg;
	struct child *c = p->s.c;
	auto_close int target = kernel_open_in(c->root, p->path, O_PATH, e), mount = -1;
	struct kernel_mount_set set = { .set = MOUNT_ATTR_RDONLY };
	struct stat st, shown;
	int r;

	if (target == -ENOENT || target == -ENOTDIR)
		return 0;
	if (target < 0)
		return err_wrap(e, "linux.maskedPaths");
	r = c->mask < 0 ? make_mask(c, e) : 0;
	if (r < 0)
		return r;
	if (fstat(target, &st) < 0 || fstat(c->mask, &shown) < 0)
		return err_sys(e, "linux.maskedPaths: %s", p->path);
	if (st.st_dev == shown.st_dev)
		return 0;
	mount = copy_mask(c, S_ISDIR(st.st_mode) ? "directory" : "file", e);
	r = mount < 0 ? mount : kernel_mount_attach(mount, target, &set, e);
	return r < 0 ? err_wrap(e, "linux.maskedPaths: %s", p->path) : 0;
}

static int make_read_only(void *arg, struct err *e)
{
	const struct path_step *p = arg;
	auto_close int target = kernel_open_in(p->s.c->root, p->path, O_PATH, e), mount = -1;
	struct kernel_mount_set set = { .set = MOUNT_ATTR_RDONLY };
	int r;

	if (target == -ENOENT || target == -ENOTDIR)
		return 0;
	if (target < 0)
		return err_wrap(e, "linux.readonlyPaths");
	mount = kernel_mount_copy(target, "", true, e);
	r = mount < 0 ? mount : kernel_mount_attach(mount, target, &set, e);
	return r < 0 ? err_wrap(e, "linux.readonlyPaths: %s", p->path) : 0;
}

static void plan_paths(struct build *b, const struct texts *paths, const char *verb,
		       int (*apply)(void *arg, struct err *e))
{
	for (size_t i = 0; i < paths->n; i++) {
		struct path_step *p = ARENA_NEW(b->a, struct path_step);

		*p = (struct path_step){ { b->c, paths->v[i] }, paths->v[i] };
		step_add(&b->child, verb, apply, p);
	}
}

int paths_plan(struct build *b, struct err *e)
{
	plan_paths(b, &b->os->readonly_paths, "read-only", make_read_only);
	plan_paths(b, &b->os->masked_paths, "mask", mask);
	return 0;
}
