/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root: a detached mount, attached in a namespace where nobody else can see it, furnished
 * through its descriptor, and entered by pivot_root(2) when all is done.  It is attached at its own
 * path, where hooks that run before the pivot look for it in that namespace (config.md,
 * "createRuntime Hooks"); one without a path on top of the old root.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/path.h"
#include "runtime/step.h"

struct root_step {
	struct step s;
	const char *path;
	const char *place;    /* where it is attached; NULL: "/" */
	uint64_t propagation; /* MS_*, or 0 */
	bool recursive;
};

static int copy_root(void *arg, struct err *e)
{
	const struct root_step *t = arg;
	struct stat st;
	int fd;

	if (stat(t->path, &st) < 0)
		return err_sys(e, "root.path %s", t->path);
	if (!S_ISDIR(st.st_mode))
		return err_from(e, -ENOTDIR, "root.path %s", t->path);
	fd = kernel_mount_copy(AT_FDCWD, t->path, true, e);
	/* A plain user may in the namespaces that the child gets. */
	if (fd == -EPERM)
		return 0;
	if (fd < 0)
		return err_wrap(e, "root.path %s", t->path);
	t->s.c->root = fd;
	return 0;
}

static void forget_root(void *arg)
{
	struct child *c = ((struct step *)arg)->c;

	if (c->root >= 0)
		close(take_fd(c->root));
}

/* Slave at most: what happens in here must not happen outside too. */
static int isolate_mounts(void *arg, struct err *e)
{
	umask(0);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(e, "make mounts private");
	return 0;
}

/* Root of a user namespace may be kept from its path, and a namespace that is joined may have
 * nothing there. */
static int open_place(const char *path, struct err *e)
{
	int fd = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0)
		fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "/") : fd;
}

static int attach_root(void *arg, struct err *e)
{
	const struct root_step *t = arg;
	struct kernel_mount_set set = { .propagation = t->propagation, .recursive = t->recursive };
	auto_close int place = open_place(t->place, e);

	if (place < 0)
		return place;
	if (t->s.c->root < 0) {
		t->s.c->root = kernel_mount_copy(AT_FDCWD, t->path, true, e);
		if (t->s.c->root < 0)
			return err_wrap(e, "root.path %s", t->path);
	}
	return kernel_mount_attach(t->s.c->root, place, t->propagation ? &set : NULL, e);
}

static int open_root(void *arg, struct err *e)
{
	const struct root_step *t = arg;

	umask(0);
	t->s.c->root = open(t->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return t->s.c->root < 0 ? err_sys(e, "root.path %s", t->path) : 0;
}

/* "shared", "rslave"…; recursive with the r in front. */
static uint64_t propagation(const char *name, bool *ret_recursive)
{
	const char *plain = text_after(name, "r");

	*ret_recursive = plain != NULL;
	name = plain ? plain : name;
	return strcmp(name, "shared") == 0       ? MS_SHARED
	       : strcmp(name, "slave") == 0      ? MS_SLAVE
	       : strcmp(name, "private") == 0    ? MS_PRIVATE
	       : strcmp(name, "unbindable") == 0 ? MS_UNBINDABLE
						 : 0;
}

int rootfs_plan(struct build *b, struct err *e)
{
	struct root_step *t = ARENA_NEW(b->a, struct root_step);
	const char *bundle = b->create->bundle ? b->create->bundle : "/";
	const struct oci_root *root = b->config->root;
	bool recursive = false;

	*t = (struct root_step){ .s = { .c = b->c, .words = "/" } };
	if (b->create->root < 0) {
		if (!root)
			return err_set(e, ERR_INVALID, "root: is missing");
		t->path = root->path[0] == '/' ? root->path : path_join(b->a, bundle, root->path);
		t->s.words = t->path;
		/* Without a pivot the old root's mounts are yet to be reached. */
		t->place = b->create->no_pivot ? NULL : t->path;
		t->propagation = MS_PRIVATE;
		t->recursive = true;
		if (propagation(b->os->rootfs_propagation ? b->os->rootfs_propagation : "",
				&recursive) == MS_SLAVE)
			t->propagation = MS_SLAVE;
		if (b->own_mounts)
			plan_add(&b->before, &(struct plan_op){ .verb = "open",
								.apply = copy_root,
								.undo = forget_root,
								.print = step_print,
								.arg = t });
		step_hold(b, &b->c->root);
	} else {
		b->c->root = b->create->root;
	}
	if (!b->own_mounts) {
		if (b->os->masked_paths.n || b->os->readonly_paths.n)
			return err_set(e, ERR_INVALID,
				       "linux.%s: needs a mount namespace, so that it isn't the "
				       "host's",
				       b->os->masked_paths.n ? "maskedPaths" : "readonlyPaths");
		if (t->path)
			step_add(&b->child, "open", open_root, t);
		return 0;
	}
	step_add_plain(b, "private", isolate_mounts, "all mounts");
	step_add(&b->child, "root", attach_root, t);
	return 0;
}

static int make_read_only(void *arg, struct err *e)
{
	struct kernel_mount_set set = { .set = MOUNT_ATTR_RDONLY };

	return kernel_mount_set(((struct step *)arg)->c->root, &set, e);
}

/* With both arguments "." the old root ends up on top of the new one, from where it is taken off;
 * the new root needs no directory for it (pivot_root(2), "pivot_root(".", ".")"). */
static int pivot(void *arg, struct err *e)
{
	struct child *c = ((struct step *)arg)->c;

	paths_leave_mask(c);
	if (fchdir(c->root) < 0)
		return err_sys(e, "enter the root");
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return err_sys(e, "pivot_root");
	if (umount2(".", MNT_DETACH) < 0)
		return err_sys(e, "unmount the old root");
	if (chdir("/") < 0)
		return err_sys(e, "/");
	return 0;
}

static int change_root(void *arg, struct err *e)
{
	const struct child *c = ((struct step *)arg)->c;

	if (fchdir(c->root) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return err_sys(e, "enter the root");
	return 0;
}

static int set_propagation(void *arg, struct err *e)
{
	const struct root_step *t = arg;
	struct kernel_mount_set set = { .propagation = t->propagation, .recursive = t->recursive };

	return kernel_mount_set(t->s.c->root, &set, e);
}

int rootfs_enter_plan(struct build *b, struct err *e)
{
	struct root_step *t;
	const char *name = b->os->rootfs_propagation;

	if (b->config->root && b->config->root->read_only && b->own_mounts)
		step_add_plain(b, "read-only", make_read_only, "/");
	if (b->own_mounts && b->create->no_pivot)
		no_pivot_plan(b);
	if (!b->own_mounts || b->create->no_pivot) {
		step_add_plain(b, "chroot", change_root, NULL);
		return 0;
	}
	step_add_plain(b, "pivot", pivot, NULL);
	if (text_empty(name))
		return 0;
	t = ARENA_NEW(b->a, struct root_step);
	*t = (struct root_step){ .s = { b->c, name } };
	t->propagation = propagation(name, &t->recursive);
	step_add(&b->child, "propagate", set_propagation, t);
	return 0;
}
