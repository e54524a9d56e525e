/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /dev: the nodes and links that every container has (config-linux.md, "Default Devices" and "Dev
 * symbolic links"), and those of the configuration.  In a user namespace nodes may not be made: if
 * the parent may, it makes them all on a file system that nobody else sees, with the owners as they
 * are outside, and else the host's are bound.  They are bound over empty files.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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
	bool has_mode, has_owner; /* they were asked for */
	size_t number;            /* its name on the parent's file system */
};

/* Before 6.15 only what is attached can be copied; the host's /sys, in this namespace of ours, has
 * served its turn. */
static int copy_made(const struct child *c, const struct node *n, struct err *e)
{
	auto_close int target = -1;
	char name[24];
	int fd, r;

	snprintf(name, sizeof(name), "%zu", n->number);
	fd = kernel_mount_copy(c->nodes, name, false, e);
	if (fd != -EINVAL)
		return fd;
	target = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (target < 0)
		return err_sys(e, "/sys");
	r = kernel_mount_attach(c->nodes, target, NULL, e);
	return r < 0 ? r : kernel_mount_copy(c->nodes, name, false, e);
}

static int copy_hosts(const struct node *n, struct err *e)
{
	auto_close int mount = kernel_mount_copy(AT_FDCWD, n->path, false, e);
	struct stat st;

	if (mount < 0)
		return mount;
	if (fstat(mount, &st) < 0)
		return err_sys(e, "device %s", n->path);
	if (st.st_rdev != n->dev || (st.st_mode & S_IFMT) != (n->mode & S_IFMT))
		return err_set(e, ERR_UNSUPPORTED,
			       "device %s: may not be made here, and the host's is another",
			       n->path);
	return take_fd(mount);
}

static int bind_node(int parent, const char *name, const struct node *n, struct err *e)
{
	struct kernel_mount_set set = { .set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC };
	auto_close int mount = n->s.c->nodes >= 0 ? copy_made(n->s.c, n, e) : copy_hosts(n, e);
	auto_close int target = -1;

	if (mount < 0)
		return mount;
	target = openat(parent, name, O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
			0666);
	if (target < 0)
		return err_sys(e, "device %s", n->path);
	return kernel_mount_attach(mount, target, &set, e);
}

static int own_node(int parent, const char *name, const struct node *n, struct err *e)
{
	if ((n->has_owner || n->uid || n->gid) &&
	    fchownat(parent, name, n->uid, n->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "owner of device %s", n->path);
	return 0;
}

/* One that was there, and is the one. */
static int adopt_node(int parent, const char *name, const struct node *n, struct err *e)
{
	if (n->has_mode && fchmodat(parent, name, n->mode & 07777, 0) < 0)
		return err_sys(e, "mode of device %s", n->path);
	return n->has_owner ? own_node(parent, name, n, e) : 0;
}

static int make_node_at(int parent, const char *name, const struct node *n, struct err *e)
{
	struct stat st;

	if (mknodat(parent, name, n->mode, n->dev) == 0)
		return own_node(parent, name, n, e);
	if (errno == EPERM)
		return bind_node(parent, name, n, e);
	if (errno != EEXIST)
		return err_sys(e, "device %s", n->path);
	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "device %s", n->path);
	if ((st.st_mode & S_IFMT) == (n->mode & S_IFMT) &&
	    (S_ISFIFO(n->mode) || st.st_rdev == n->dev))
		return adopt_node(parent, name, n, e);
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
	int r;

	parent = kernel_parent_in(n->s.c->root, n->path, 0755, &name, e);
	r = parent < 0 ? parent : make_node_at(parent, name, n, e);
	return r < 0 ? err_wrap(e, "linux.devices") : 0;
}

static int open_dev(const struct child *c, struct err *e)
{
	return kernel_mkdir_in(c->root, "/dev", 0755, e);
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

/* What an ID inside is outside; one that is none there is left as it is. */
static uint64_t outside(const struct oci_id_maps *maps, uint64_t id)
{
	for (size_t i = 0; i < maps->n; i++) {
		const struct oci_id_map *m = &maps->v[i];

		if (id >= m->container_id && id - m->container_id < m->size)
			return m->host_id + (id - m->container_id);
	}
	return id;
}

struct nodes {
	struct step s;
	const struct oci_linux *os;
	struct node *v;
	size_t n;
};

/* In the parent, for a container with a user namespace. */
static int make_all(void *arg, struct err *e)
{
	static const struct kernel_mount_option mode = { "mode", "0755" };
	const struct nodes *t = arg;
	auto_close int fs = kernel_mount_new("tmpfs", "devices", &mode, 1, 0, e);
	mode_t mask = umask(0);
	int r = fs < 0 ? fs : 0;

	for (size_t i = 0; i < t->n && r == 0; i++) {
		const struct node *n = &t->v[i];
		char name[24];

		snprintf(name, sizeof(name), "%zu", n->number);
		if (mknodat(fs, name, n->mode, n->dev) < 0 ||
		    fchownat(fs, name, (uid_t)outside(&t->os->uid_maps, n->uid),
			     (gid_t)outside(&t->os->gid_maps, n->gid), AT_SYMLINK_NOFOLLOW) < 0)
			r = err_sys(e, "device %s", n->path);
	}
	umask(mask);
	/* Who may not has the host's. */
	if (r == -EPERM)
		return 0;
	if (r == 0)
		t->s.c->nodes = take_fd(fs);
	return r;
}

static void forget_all(void *arg)
{
	struct child *c = ((struct step *)arg)->c;

	if (c->nodes >= 0)
		close(take_fd(c->nodes));
}

static int make_standard(void *arg, struct err *e)
{
	const struct nodes *t = arg;
	auto_close int dev = open_dev(t->s.c, e);

	if (dev < 0)
		return dev;
	for (size_t i = 0; i < t->n; i++) {
		int r = make_node_at(dev, t->v[i].path + strlen("/dev/"), &t->v[i], e);

		if (r < 0)
			return r;
	}
	return 0;
}

static void read_device(struct build *b, const struct oci_device *d, struct node *n)
{
	mode_t type = d->type[0] == 'b' ? S_IFBLK : d->type[0] == 'p' ? S_IFIFO : S_IFCHR;

	*n = (struct node){
		.path = path_clean(b->a, d->path),
		.mode = type | (d->file_mode ? (mode_t)*d->file_mode & 07777 : 0666),
		.dev = type == S_IFIFO ? 0 : makedev((unsigned)d->major, (unsigned)d->minor),
		.uid = d->uid ? (uid_t)*d->uid : 0,
		.gid = d->gid ? (gid_t)*d->gid : 0,
		.has_mode = d->file_mode,
		.has_owner = d->uid || d->gid,
	};
	n->s = (struct step){
		b->c, arena_printf(b->a, "%s %s %lld:%lld %o%s", n->path, d->type,
				   (long long)d->major, (long long)d->minor, n->mode & 07777,
				   n->has_owner ? arena_printf(b->a, " %u:%u", n->uid, n->gid) : "")
	};
}

static bool is_listed(const struct node *list, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].path, path) == 0)
			return true;
	return false;
}

/* Those of the configuration, followed by the standard ones that it does not name. */
static void list_nodes(struct build *b, struct nodes *all, struct nodes *rest)
{
	size_t n = b->os->devices.n;
	auto_buf words = BUF(256);

	all->v = arena_array(b->a, n + ARRAY_LEN(standard), sizeof(*all->v));
	/* The host's /dev/ptmx, which engines list for the privileged, would open its terminals:
	 * there is the container's own. */
	for (size_t i = 0; i < n; i++) {
		read_device(b, &b->os->devices.v[i], &all->v[all->n]);
		all->n += strcmp(all->v[all->n].path, "/dev/ptmx") != 0;
	}
	n = all->n;
	rest->v = all->v + n;
	buf_adds(&words, "/dev");
	for (size_t i = 0; i < ARRAY_LEN(standard); i++) {
		const char *path = arena_printf(b->a, "/dev/%s", standard[i].name);

		if (is_listed(all->v, n, path))
			continue;
		all->v[all->n++] = (struct node){
			.s = { .c = b->c },
			.path = path,
			.mode = S_IFCHR | 0666,
			.dev = makedev(standard[i].major, standard[i].minor),
		};
		buf_addf(&words, " %s", standard[i].name);
	}
	rest->n = all->n - n;
	for (size_t i = 0; i < all->n; i++)
		all->v[i].number = i;
	rest->s.words = arena_strdup(b->a, buf_text(&words));
}

int devices_plan(struct build *b, struct err *e)
{
	struct nodes *all = ARENA_NEW(b->a, struct nodes);
	struct nodes *rest = ARENA_NEW(b->a, struct nodes);

	if (!b->own_mounts || brings_own(b))
		return 0;
	*all = *rest = (struct nodes){ .s = { .c = b->c }, .os = b->os };
	list_nodes(b, all, rest);
	if (b->in_user) {
		plan_add(&b->before, &(struct plan_op){ .verb = "devices",
							.apply = make_all,
							.undo = forget_all,
							.arg = all });
		step_hold(b, &b->c->nodes);
	}
	step_add(&b->child, "devices", make_standard, rest);
	step_add_plain(b, "links", make_links, "/dev fd stdin stdout stderr ptmx");
	for (struct node *n = all->v; n < rest->v; n++)
		step_add(&b->child, "device", make_node, n);
	return 0;
}
