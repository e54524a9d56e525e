/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bind mounts.  Sources are copied by the parent, who may reach what the container's root may not,
 * and with the peers that they have outside; but a source inside the root may only come to be by an
 * earlier mount, and is copied by the child, from the root that it is furnishing.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/path.h"
#include "runtime/id_map.h"
#include "runtime/mounts.h"

/* What follows the root's own path in a source that is below it, or NULL. */
static const char *inside_root(const struct build *b, const char *source)
{
	const char *bundle = b->create->bundle ? b->create->bundle : "/";
	const struct oci_root *root = b->config->root;
	const char *path, *inside = path_clean(b->a, source);

	if (b->create->root >= 0 || !root || !b->own_mounts)
		return NULL;
	path = path_clean(b->a,
			  root->path[0] == '/' ? root->path : path_join(b->a, bundle, root->path));
	if (strcmp(path, "/") == 0 || !path_is_below(inside, path))
		return NULL;
	inside += strlen(path);
	return *inside ? inside : "/";
}

/* "/proc/PID/root/PATH" is PATH in the mount namespace of that process. */
static const char *in_other_namespace(const char *source, pid_t *ret_pid)
{
	const char *p = text_after(source, "/proc/");
	char *rest;
	long pid;

	if (!p || *p < '0' || *p > '9')
		return NULL;
	pid = strtol(p, &rest, 10);
	*ret_pid = (pid_t)pid;
	return pid > 0 && pid <= INT32_MAX && text_after(rest, "/root/") ? rest + strlen("/root")
									 : NULL;
}

static int copy_of(const struct mount_step *m, bool tree)
{
	pid_t pid;
	const char *there = in_other_namespace(m->source, &pid);

	if (there)
		return kernel_mount_copy_of(pid, there, tree, NULL);
	return m->options.source_no_follow ? kernel_mount_copy_link(AT_FDCWD, m->source, tree, NULL)
					   : kernel_mount_copy(AT_FDCWD, m->source, tree, NULL);
}

/* In the child: what is there by now, after the mounts before this one. */
static int copy_inside(const struct mount_step *m)
{
	int no_follow = m->options.source_no_follow ? O_NOFOLLOW : 0;
	auto_close int at = kernel_open_in(m->s.c->root, m->inside, O_PATH | no_follow, NULL);

	return at < 0 ? at : kernel_mount_copy(at, "", m->options.tree, NULL);
}

static int look_at_copy(struct mount_step *m, struct err *e)
{
	struct stat st;

	if (m->fd < 0)
		return err_from(e, m->fd, "mount %s on %s", m->source, m->target);
	if (fstat(m->fd, &st) < 0)
		return err_sys(e, "mount %s on %s", m->source, m->target);
	m->is_file = !S_ISDIR(st.st_mode);
	return 0;
}

static int copy_source(struct mount_step *m, struct err *e)
{
	const char *number = text_after(m->source, "/proc/self/fd/");

	m->fd = copy_of(m, m->options.tree);
	/* One that is detached, which older kernels copy only from a namespace, is taken as it is.
	 */
	if (m->fd == -EINVAL && number)
		m->fd = fcntl(atoi(number), F_DUPFD_CLOEXEC, 0);
	/* Mounts that a more privileged namespace locked below it can't be left out. */
	if (m->fd == -EINVAL && !m->options.tree)
		m->fd = copy_of(m, true);
	return look_at_copy(m, e);
}

/* For a container with a user namespace the kernel would lock the flags that the source has outside
 * (mount_namespaces(7)), had we not copied it there: what was asked for by name and would clear one
 * is refused, and what would only by the way is left. */
static int keep_locked(struct mount_step *m, struct err *e)
{
	struct mount_options *o = &m->options;
	uint64_t locked, atime;
	struct statvfs fs;

	if (!o->set && !o->clear)
		return 0;
	if (fstatvfs(m->fd, &fs) < 0)
		return err_sys(e, "mount %s on %s", m->source, m->target);
	locked = (fs.f_flag & ST_RDONLY ? MOUNT_ATTR_RDONLY : 0) |
		 (fs.f_flag & ST_NOSUID ? MOUNT_ATTR_NOSUID : 0) |
		 (fs.f_flag & ST_NODEV ? MOUNT_ATTR_NODEV : 0) |
		 (fs.f_flag & ST_NOEXEC ? MOUNT_ATTR_NOEXEC : 0);
	atime = fs.f_flag & ST_NOATIME    ? MOUNT_ATTR_NOATIME
		: fs.f_flag & ST_RELATIME ? MOUNT_ATTR_RELATIME
					  : MOUNT_ATTR_STRICTATIME;
	if (o->asked_clear & locked ||
	    (o->clear & MOUNT_ATTR__ATIME && (o->set & MOUNT_ATTR__ATIME) != atime))
		return err_from(e, -EPERM, "mount %s on %s: flags of it are locked", m->source,
				m->target);
	o->clear &= ~locked;
	return 0;
}

/* The user namespace whose mapping it gets. */
static int open_map(void *arg, struct err *e)
{
	struct mount_step *m = arg;

	if (m->uid_maps) {
		m->map = id_map_userns(m->uid_maps, m->gid_maps, e);
		return m->map < 0 ? m->map : 0;
	}
	m->map = open(m->userns, O_RDONLY | O_CLOEXEC);
	return m->map < 0 ? err_sys(e, "%s", m->userns) : 0;
}

static int map_ids(struct mount_step *m, struct err *e)
{
	struct kernel_mount_set set = { .set = MOUNT_ATTR_IDMAP,
					.recursive = m->options.id_map_tree,
					.userns = m->map };
	int r = kernel_mount_set(m->fd, &set, e);

	close(take_fd(m->map));
	return r;
}

static int read_link(struct mount_step *m, struct err *e)
{
	ssize_t n = readlink(m->source, m->link, PATH_MAX - 1);

	m->is_link = n >= 0;
	if (n < 0)
		return errno == EINVAL ? 0 : err_sys(e, "mount %s on %s", m->source, m->target);
	m->link[n] = '\0';
	return 0;
}

static int open_source(void *arg, struct err *e)
{
	struct mount_step *m = arg;
	int r = m->link ? read_link(m, e) : 0;

	if (r < 0 || m->is_link)
		return r;
	r = copy_source(m, e);
	/* A plain user, and root of a user namespace in a mount namespace of others, may in those
	 * that the child gets, where the kernel locks flags. */
	if (r == -EPERM && !m->uid_maps && !m->userns)
		return 0;
	if (r == 0 && m->in_user)
		r = keep_locked(m, e);
	if (r == 0 && (m->uid_maps || m->userns)) {
		r = open_map(m, e);
		if (r == 0)
			r = map_ids(m, e);
		if (r < 0)
			return mount_wrap(m, e);
	}
	return r;
}

static void close_source(void *arg)
{
	struct mount_step *m = arg;

	if (m->fd >= 0)
		close(take_fd(m->fd));
}

static void close_map(void *arg)
{
	struct mount_step *m = arg;

	if (m->map >= 0)
		close(take_fd(m->map));
}

/* copy-symlink: the source's text, at the target. */
static int make_link(const struct mount_step *m, struct err *e)
{
	char there[PATH_MAX];
	auto_close int parent = -1;
	const char *name;
	ssize_t n;

	parent = kernel_parent_in(m->s.c->root, m->target, 0755, &name, e);
	if (parent < 0)
		return parent;
	if (symlinkat(m->link, parent, name) == 0)
		return 0;
	if (errno != EEXIST)
		return err_sys(e, "%s", m->target);
	n = readlinkat(parent, name, there, sizeof(there));
	return n == (ssize_t)strlen(m->link) && memcmp(there, m->link, (size_t)n) == 0
		       ? 0
		       : err_from(e, -EEXIST, "%s", m->target);
}

static int apply_bind(void *arg, struct err *e)
{
	struct mount_step *m = arg;
	auto_close int target = -1;
	bool made;
	int r;

	if (m->is_link) {
		r = make_link(m, e);
		return r < 0 ? mount_wrap(m, e) : 0;
	}
	if (m->fd < 0 && !m->inside) {
		r = copy_source(m, e);
		if (r < 0)
			return r;
	} else if (m->fd < 0) {
		m->fd = copy_inside(m);
		r = look_at_copy(m, e);
		if (r < 0)
			return r;
	}
	r = m->map >= 0 ? map_ids(m, e) : 0;
	if (r < 0)
		return mount_wrap(m, e);
	target = mount_open_target(m, &made, e);
	if (target < 0)
		return mount_wrap(m, e);
	r = mount_attach(m, m->fd, target, e);
	close(take_fd(m->fd));
	return r < 0 ? mount_wrap(m, e) : 0;
}

static void print_source(const void *arg, struct buf *out)
{
	buf_adds(out, ((const struct mount_step *)arg)->source);
}

/* The mount's own mapping, or else the container's, or that of the user namespace it joins. */
static int choose_maps(struct build *b, const struct oci_mount *m, size_t number,
		       struct mount_step *s, struct err *e)
{
	const struct oci_namespace *user = oci_namespace_find(b->config, OCI_NS_USER);
	struct oci_id_maps *uids = ARENA_NEW(b->a, struct oci_id_maps);
	struct oci_id_maps *gids = ARENA_NEW(b->a, struct oci_id_maps);
	int r;

	if (s->options.id_map_text) {
		r = mount_options_id_maps(b->a, s->options.id_map_text, b->os, uids, gids, e);
		if (r < 0)
			return err_wrap(e, "mounts[%zu].options", number);
		s->uid_maps = uids;
		s->gid_maps = gids;
	} else if (m->uid_maps.n) {
		s->uid_maps = &m->uid_maps;
		s->gid_maps = &m->gid_maps;
	} else if (s->options.id_map && b->os->uid_maps.n) {
		s->uid_maps = &b->os->uid_maps;
		s->gid_maps = &b->os->gid_maps;
	} else if (s->options.id_map && user && !text_empty(user->path)) {
		s->userns = user->path;
	} else if (s->options.id_map) {
		return err_set(e, ERR_INVALID, "mount on %s: there are no ID mappings", s->target);
	}
	return 0;
}

static void plan_source(struct build *b, struct mount_step *s)
{
	bool maps = s->uid_maps || s->userns;

	if (!s->inside)
		plan_add(&b->before, &(struct plan_op){ .verb = "open",
							.apply = open_source,
							.undo = close_source,
							.print = print_source,
							.arg = s });
	else if (maps)
		plan_add(&b->before, &(struct plan_op){ .verb = "map",
							.apply = open_map,
							.undo = close_map,
							.print = print_source,
							.arg = s });
	if (maps)
		step_hold(b, &s->map);
}

int mount_bind_plan(struct build *b, const struct oci_mount *m, size_t number, struct mount_step *s,
		    struct err *e)
{
	const char *bundle = b->create->bundle ? b->create->bundle : "/";
	int r = choose_maps(b, m, number, s, e);

	if (r < 0)
		return r;
	if (text_empty(m->source))
		return err_set(e, ERR_INVALID, "mount on %s: a bind needs a source", s->target);
	s->source = m->source[0] == '/' ? m->source : path_join(b->a, bundle, m->source);
	if (!s->options.propagation) {
		s->options.propagation = MS_PRIVATE;
		s->options.propagation_tree = true;
	}
	if (s->options.copy_link)
		s->link = arena_alloc(b->a, PATH_MAX);
	s->s.words = mount_words(b, m, s);
	s->inside = s->link ? NULL : inside_root(b, s->source);
	/* Who maps IDs must own the file system, which root of a user namespace may not. */
	if (b->in_user && (s->uid_maps || s->userns))
		s->inside = NULL;
	plan_source(b, s);
	step_hold(b, &s->fd);
	step_add(&b->child, "mount", apply_bind, s);
	return 0;
}
