/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mounts of a configuration, each by descriptors: what is mounted is made or copied detached,
 * its target is opened inside the root, and one is attached on the other.  Sources of binds are
 * copied by the parent, who may reach what the container's root may not, and with the peers that
 * they have outside; but a source inside the root may only come to be by an earlier mount, and is
 * copied by the child.
 */
#include "runtime/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "runtime/id_map.h"
#include "runtime/label.h"

static bool is_copied_by_child(const struct build *b, const char *source)
{
	const char *bundle = b->create->bundle ? b->create->bundle : "/";
	const struct oci_root *root = b->config->root;
	const char *path;

	if (b->create->root >= 0 || !root)
		return false;
	path = path_clean(b->a,
			  root->path[0] == '/' ? root->path : path_join(b->a, bundle, root->path));
	return strcmp(path, "/") != 0 && path_is_below(path_clean(b->a, source), path);
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

static int copy_source(struct mount_step *m, struct err *e)
{
	const char *source = m->source, *there;
	struct stat st;
	pid_t pid;

	there = in_other_namespace(source, &pid);
	m->fd = there ? kernel_mount_copy_of(pid, there, m->options.tree, NULL)
		      : kernel_mount_copy(AT_FDCWD, source, m->options.tree, NULL);
	/* One that is detached, which older kernels copy only from a namespace, is taken as it is.
	 */
	if (m->fd == -EINVAL && text_after(source, "/proc/self/fd/"))
		m->fd = fcntl(atoi(text_after(source, "/proc/self/fd/")), F_DUPFD_CLOEXEC, 0);
	/* Mounts that a more privileged namespace locked below it can't be left out. */
	if (m->fd == -EINVAL && !m->options.tree)
		m->fd = kernel_mount_copy(AT_FDCWD, source, true, NULL);
	if (m->fd < 0)
		return err_from(e, m->fd, "mount %s on %s", source, m->target);
	if (fstat(m->fd, &st) < 0)
		return err_sys(e, "mount %s on %s", source, m->target);
	m->is_file = !S_ISDIR(st.st_mode);
	return 0;
}

static int open_source(void *arg, struct err *e)
{
	struct mount_step *m = arg;
	int r = copy_source(m, e);

	if (r == 0 && (m->uid_maps || m->options.id_map)) {
		r = id_map_mount(m->fd, m->uid_maps, m->gid_maps, m->options.id_map_tree, e);
		if (r < 0)
			return err_wrap(e, "mount %s on %s", m->source, m->target);
	}
	return r;
}

static void close_source(void *arg)
{
	struct mount_step *m = arg;

	if (m->fd >= 0)
		close(take_fd(m->fd));
}

/* What may be mounted over inside procfs: files that tell of the machine, as lxcfs shows them. */
static bool is_allowed_in_proc(const char *target)
{
	static const char *const files[] = {
		"/proc",
		"/proc/cpuinfo",
		"/proc/diskstats",
		"/proc/meminfo",
		"/proc/stat",
		"/proc/swaps",
		"/proc/uptime",
		"/proc/loadavg",
		"/proc/slabinfo",
		"/proc/net/dev",
		"/proc/sys/kernel/ns_last_pid",
		"/proc/sys/crypto/fips_enabled",
		"/proc/sys/fs/binfmt_misc",
	};

	return text_index(target, files, ARRAY_LEN(files)) >= 0;
}

static bool is_proc_or_sys(const char *target)
{
	return strcmp(target, "/proc") == 0 || strcmp(target, "/sys") == 0;
}

static int make_target(const struct mount_step *m, struct err *e)
{
	auto_close int parent = -1;
	const char *name;
	int fd;

	if (!m->is_file)
		return kernel_mkdir_in(m->s.c->root, m->target, 0755, e);
	parent = kernel_parent_in(m->s.c->root, m->target, 0755, &name, e);
	if (parent < 0)
		return parent;
	fd = kernel_create_in(m->s.c->root, m->target, O_WRONLY, 0644, e);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : kernel_open_in(m->s.c->root, m->target, O_PATH, e);
}

/* The object to mount on, O_PATH; *ret_made: it was not there. */
static int open_target(const struct mount_step *m, bool *ret_made, struct err *e)
{
	/* A link at /proc or /sys would show the container's own files as the kernel's. */
	int no_follow = is_proc_or_sys(m->target) ? O_NOFOLLOW : 0;
	int fd = kernel_open_in(m->s.c->root, m->target, O_PATH | no_follow, e);
	struct stat st;

	*ret_made = fd == -ENOENT;
	if (*ret_made)
		fd = make_target(m, e);
	if (fd < 0)
		return fd;
	if (no_follow && fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode)) {
		close(fd);
		return err_set(e, ERR_INVALID, "%s must be mounted on ordinary directory",
			       m->target);
	}
	if (kernel_is_on(fd, PROC_SUPER_MAGIC) > 0 && !is_allowed_in_proc(m->target)) {
		close(fd);
		return err_set(e, ERR_DENIED, "%s is inside /proc", m->target);
	}
	return fd;
}

static int wrap(const struct mount_step *m, struct err *e)
{
	return err_wrap(e, "mount %s on %s", m->source, m->target);
}

/* As many flags as can be: in a user namespace those that are locked stay, unless it was asked to
 * clear them. */
static int attach(const struct mount_step *m, int mount, int target, struct err *e)
{
	const struct mount_options *o = &m->options;
	struct kernel_mount_set set = { .set = o->set,
					.clear = o->clear,
					.propagation = o->propagation_tree ? 0 : o->propagation };
	struct kernel_mount_set tree = {
		.set = o->tree_set,
		.clear = o->tree_clear,
		.propagation = o->propagation_tree ? o->propagation : 0,
		.recursive = true,
	};
	bool any = set.set || set.clear || set.propagation;
	int r = kernel_mount_attach(mount, target, any ? &set : NULL, e);

	if (r == -EPERM && o->bind && set.clear) {
		set.clear = 0;
		r = kernel_mount_attach(mount, target, &set, e);
	}
	if (r < 0 || (!tree.set && !tree.clear && !tree.propagation))
		return r;
	return kernel_mount_set(mount, &tree, e);
}

static int apply_bind(void *arg, struct err *e)
{
	struct mount_step *m = arg;
	auto_close int target = -1;
	bool made;
	int r = m->fd < 0 ? copy_source(m, e) : 0;

	if (r < 0)
		return r;
	target = open_target(m, &made, e);
	if (target < 0)
		return wrap(m, e);
	r = attach(m, m->fd, target, e);
	close(take_fd(m->fd));
	return r < 0 ? wrap(m, e) : 0;
}

/* A tmpfs shows the mode of what it hides, and 1777 where there was nothing. */
static void add_mode(struct mount_step *m, int target, bool made, char *text, size_t size)
{
	struct mount_options *o = &m->options;
	struct stat st;

	if (strcmp(m->type, "tmpfs") != 0 || made || m->has_mode || fstat(target, &st) < 0)
		return;
	snprintf(text, size, "%o", (unsigned)st.st_mode & 07777);
	o->data[o->data_len++] = (struct kernel_mount_option){ "mode", text };
}

/* procfs, sysfs and the like have labels of their own. */
static void add_label(struct mount_step *m)
{
	static const char *const labelled[] = { "tmpfs", "devpts", "mqueue" };
	struct mount_options *o = &m->options;

	if (!text_empty(m->label) && text_index(m->type, labelled, ARRAY_LEN(labelled)) >= 0 &&
	    label_mounts())
		o->data[o->data_len++] = (struct kernel_mount_option){ "context", m->label };
}

static int apply_new(void *arg, struct err *e)
{
	struct mount_step *m = arg;
	auto_close int target = -1, mount = -1;
	char mode[16];
	bool made;
	int r;

	target = open_target(m, &made, e);
	if (target < 0)
		return wrap(m, e);
	add_mode(m, target, made, mode, sizeof(mode));
	add_label(m);
	mount = kernel_mount_new(m->type, m->source, m->options.data, m->options.data_len, 0, e);
	/* sysfs is the network namespace's, which may belong to another user namespace. */
	if (mount == -EPERM && strcmp(m->type, "sysfs") == 0)
		mount = kernel_mount_copy(AT_FDCWD, "/sys", true, e);
	if (mount < 0)
		return wrap(m, e);
	if (m->options.copy_up && !made) {
		r = mount_copy_up(target, mount, e);
		if (r < 0)
			return wrap(m, e);
	}
	r = attach(m, mount, target, e);
	return r < 0 ? wrap(m, e) : 0;
}

static bool has_option(const struct mount_options *o, const char *key)
{
	for (size_t i = 0; i < o->data_len; i++)
		if (strcmp(o->data[i].key, key) == 0)
			return true;
	return false;
}

/* What a plan shows: "tmpfs /dev nosuid,mode=755", and a bind's source in front. */
static const char *words(struct build *b, const struct oci_mount *m, const struct mount_step *s)
{
	struct texts shown = { 0 };

	for (size_t i = 0; i < m->options.n; i++)
		if (strcmp(m->options.v[i], "bind") != 0)
			texts_add(b->a, &shown, m->options.v[i]);
	return arena_printf(b->a, "%s %s%s%s%s", s->options.bind ? s->source : s->type, s->target,
			    shown.n ? " " : "", shown.n ? texts_join(b->a, &shown, ",") : "",
			    m->uid_maps.n ? " mapped" : "");
}

static int plan_bind(struct build *b, const struct oci_mount *m, struct mount_step *s,
		     struct err *e)
{
	const char *bundle = b->create->bundle ? b->create->bundle : "/";

	if (text_empty(m->source))
		return err_set(e, ERR_INVALID, "mount on %s: a bind needs a source", s->target);
	s->source = m->source[0] == '/' ? m->source : path_join(b->a, bundle, m->source);
	if (m->uid_maps.n || s->options.id_map) {
		s->uid_maps = m->uid_maps.n ? &m->uid_maps : &b->os->uid_maps;
		s->gid_maps = m->gid_maps.n ? &m->gid_maps : &b->os->gid_maps;
		if (!s->uid_maps->n)
			return err_set(e, ERR_INVALID, "mount on %s: there are no ID mappings",
				       s->target);
	}
	if (!s->options.propagation) {
		s->options.propagation = MS_PRIVATE;
		s->options.propagation_tree = true;
	}
	s->s.words = words(b, m, s);
	if (!is_copied_by_child(b, s->source) || s->uid_maps)
		plan_add(&b->before, &(struct plan_op){ .verb = "open",
							.apply = open_source,
							.undo = close_source,
							.print = mount_print_source,
							.arg = s });
	step_hold(b, &s->fd);
	step_add(&b->child, "mount", apply_bind, s);
	return 0;
}

void mount_print_source(const void *arg, struct buf *out)
{
	buf_adds(out, ((const struct mount_step *)arg)->source);
}

static int plan_mount(struct build *b, const struct oci_mount *m, struct err *e)
{
	struct mount_step *s = ARENA_NEW(b->a, struct mount_step);

	*s = (struct mount_step){ .s = { .c = b->c }, .fd = -1 };
	mount_options_read(b->a, &m->options, &s->options);
	s->target =
		path_clean(b->a, m->destination[0] == '/' ? m->destination
							  : path_join(b->a, "/", m->destination));
	s->type = text_empty(m->type) ? "none" : m->type;
	if (s->options.bind || text_eq(m->type, "bind")) {
		s->options.bind = true;
		return plan_bind(b, m, s, e);
	}
	s->source = text_empty(m->source) ? s->type : m->source;
	s->has_mode = has_option(&s->options, "mode");
	s->label = b->os->mount_label;
	if (text_eq(m->type, "cgroup") || text_eq(m->type, "cgroup2"))
		return cgroup_mount_plan(b, m, s, e);
	s->s.words = words(b, m, s);
	step_add(&b->child, "mount", apply_new, s);
	return 0;
}

int mount_attach_new(struct mount_step *m, int mount, struct err *e)
{
	auto_close int target = -1;
	bool made;
	int r;

	target = open_target(m, &made, e);
	if (target < 0)
		return wrap(m, e);
	r = attach(m, mount, target, e);
	return r < 0 ? wrap(m, e) : 0;
}

int mounts_plan(struct build *b, struct err *e)
{
	for (size_t i = 0; i < b->config->mounts.n; i++) {
		int r = plan_mount(b, &b->config->mounts.v[i], e);

		if (r < 0)
			return r;
	}
	return 0;
}
