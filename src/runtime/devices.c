/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /dev: the nodes and links that every container has (config-linux.md, "Default Devices" and "Dev
 * symbolic links"), and those of the configuration.  Where nodes may not be made, in a user
 * namespace, the host's are bound over empty files.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/path.h"
#include "runtime/step.h"

static const struct {
	const char *name;
	unsigned major, minor;
} standard[] = {
	{ "null", 1, 3 },   { "zero", 1, 5 },    { "full", 1, 7 },
	{ "random", 1, 8 }, { "urandom", 1, 9 }, { "tty", 5, 0 },
};

static const struct {
	const char *name, *target;
} links[] = {
	{ "fd", "/proc/self/fd" },       { "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
	{ "ptmx", "pts/ptmx" },
};

struct node {
	struct step s;
	const char *path; /* absolute */
	mode_t mode;      /* with its type */
	dev_t dev;
	uid_t uid;
	gid_t gid;
};

static int bind_node(int parent, const char *name, const struct node *n, struct err *e)
{
	auto_close int mount = kernel_mount_copy(AT_FDCWD, n->path, false, e), target = -1;
	struct stat st;

	if (mount < 0)
		return mount;
	if (fstat(mount, &st) < 0)
		return err_sys(e, "device %s", n->path);
	if (st.st_rdev != n->dev || (st.st_mode & S_IFMT) != (n->mode & S_IFMT))
		return err_set(e, ERR_UNSUPPORTED,
			       "device %s: may not be made here, and the host's is another",
			       n->path);
	target = openat(parent, name, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
			0666);
	if (target < 0)
		return err_sys(e, "device %s", n->path);
	return kernel_mount_attach(mount, target, NULL, e);
}

static int make_node_at(int parent, const char *name, const struct node *n, struct err *e)
{
	struct stat st;

	if (mknodat(parent, name, n->mode, n->dev) == 0) {
		if ((n->uid || n->gid) &&
		    fchownat(parent, name, n->uid, n->gid, AT_SYMLINK_NOFOLLOW) < 0)
			return err_sys(e, "owner of device %s", n->path);
		return 0;
	}
	if (errno == EPERM)
		return bind_node(parent, name, n, e);
	if (errno != EEXIST)
		return err_sys(e, "device %s", n->path);
	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "device %s", n->path);
	if ((st.st_mode & S_IFMT) == (n->mode & S_IFMT) &&
	    (S_ISFIFO(n->mode) || st.st_rdev == n->dev))
		return 0;
	/* An image from a builder without privileges has empty files there. */
	if (S_ISREG(st.st_mode) && st.st_size == 0 && unlinkat(parent, name, 0) == 0)
		return make_node_at(parent, name, n, e);
	return err_from(e, -EEXIST, "device %s", n->path);
}

static int make_node(void *arg, struct err *e)
{
	const struct node *n = arg;
	auto_close int parent = -1;
	const char *name;

	parent = kernel_parent_in(n->s.c->root, n->path, 0755, &name, e);
	return parent < 0 ? parent : make_node_at(parent, name, n, e);
}

static int open_dev(const struct child *c, struct err *e)
{
	return kernel_mkdir_in(c->root, "/dev", 0755, e);
}

static int make_standard(void *arg, struct err *e)
{
	const struct child *c = ((struct step *)arg)->c;
	auto_close int dev = open_dev(c, e);

	if (dev < 0)
		return dev;
	for (size_t i = 0; i < ARRAY_LEN(standard); i++) {
		char path[32] = "/dev/";
		struct node n = {
			.path = path,
			.mode = S_IFCHR | 0666,
			.dev = makedev(standard[i].major, standard[i].minor),
		};
		int r;

		strcat(path, standard[i].name);
		r = make_node_at(dev, standard[i].name, &n, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int make_links(void *arg, struct err *e)
{
	const struct child *c = ((struct step *)arg)->c;
	auto_close int dev = open_dev(c, e);
	struct stat st;

	if (dev < 0)
		return dev;
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		if (symlinkat(links[i].target, dev, links[i].name) == 0)
			continue;
		if (errno != EEXIST)
			return err_sys(e, "link /dev/%s", links[i].name);
		/* A ptmx that an image brings would open the host's terminals. */
		if (strcmp(links[i].name, "ptmx") == 0 &&
		    fstatat(dev, "ptmx", &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISLNK(st.st_mode) &&
		    (unlinkat(dev, "ptmx", 0) < 0 || symlinkat(links[i].target, dev, "ptmx") < 0))
			return err_sys(e, "link /dev/ptmx");
	}
	return 0;
}

/* A bind on /dev is somebody's own, and stays as it is. */
static bool brings_own(const struct build *b)
{
	for (size_t i = 0; i < b->config->mounts.n; i++) {
		const struct oci_mount *m = &b->config->mounts.v[i];

		if ((texts_has(&m->options, "bind") || texts_has(&m->options, "rbind") ||
		     text_eq(m->type, "bind")) &&
		    strcmp(path_clean(b->a, m->destination), "/dev") == 0)
			return true;
	}
	return false;
}

static void plan_node(struct build *b, const struct oci_device *d)
{
	struct node *n = ARENA_NEW(b->a, struct node);
	mode_t type = d->type[0] == 'b' ? S_IFBLK : d->type[0] == 'p' ? S_IFIFO : S_IFCHR;

	*n = (struct node){
		.path = path_clean(b->a, d->path),
		.mode = type | (d->file_mode ? (mode_t)*d->file_mode & 07777 : 0666),
		.dev = makedev((unsigned)d->major, (unsigned)d->minor),
		.uid = d->uid ? (uid_t)*d->uid : 0,
		.gid = d->gid ? (gid_t)*d->gid : 0,
	};
	n->s = (struct step){ b->c, arena_printf(b->a, "%s %s %lld:%lld %o", n->path, d->type,
						 (long long)d->major, (long long)d->minor,
						 n->mode & 07777) };
	step_add(&b->child, "device", make_node, n);
}

int devices_plan(struct build *b, struct err *e)
{
	if (!b->own_mounts || brings_own(b))
		return 0;
	step_add_plain(b, "devices", make_standard, "/dev null zero full random urandom tty");
	step_add_plain(b, "links", make_links, "/dev fd stdin stdout stderr ptmx");
	for (size_t i = 0; i < b->os->devices.n; i++)
		plan_node(b, &b->os->devices.v[i]);
	return 0;
}
