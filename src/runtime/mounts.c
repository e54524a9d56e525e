/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mounts of a configuration, each by descriptors: what is mounted is made (or copied: bind.c)
 * detached, its target is opened inside the root, and one is attached on the other.
 */
#include "runtime/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "runtime/label.h"

#define PROC_ROOT_INODE 1 /* linux/proc_fs.h */

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

#define VALUE_MAX 255 /* fsconfig(2)'s */

static bool is_proc_or_sys(const char *target)
{
	return strcmp(target, "/proc") == 0 || strcmp(target, "/sys") == 0;
}

static int make_target(const struct mount_step *m, struct err *e)
{
	int fd;

	if (!m->is_file)
		return kernel_mkdir_in(m->s.c->root, m->target, 0755, e);
	fd = kernel_make_file_in(m->s.c->root, m->target, 0644, 0755, e);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : kernel_open_in(m->s.c->root, m->target, O_PATH, e);
}

int mount_open_target(const struct mount_step *m, bool *ret_made, struct err *e)
{
	/* A link at /proc or /sys would show the container's own files as the kernel's. */
	int no_follow = is_proc_or_sys(m->target) || m->options.target_no_follow ? O_NOFOLLOW : 0;
	int fd = kernel_open_in(m->s.c->root, m->target, O_PATH | no_follow, e);
	struct stat st;

	*ret_made = fd == -ENOENT;
	if (*ret_made)
		fd = make_target(m, e);
	if (fd < 0)
		return fd;
	if (is_proc_or_sys(m->target) && fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode)) {
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

int mount_wrap(const struct mount_step *m, struct err *e)
{
	return err_wrap(e, "mount %s on %s", m->source, m->target);
}

/* What is mounted on the root is the root from then on. */
static int replace_root(struct child *c, int mount, struct err *e)
{
	int fd = fcntl(mount, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, "duplicate a descriptor");
	close(c->root);
	c->root = fd;
	return 0;
}

/* In a user namespace flags may be locked: those that would be cleared only because others were
 * asked for stay. */
static int attach_top(const struct mount_step *m, int mount, int target, struct err *e)
{
	const struct mount_options *o = &m->options;
	struct kernel_mount_set set = { .set = o->set,
					.clear = o->clear,
					.propagation = o->propagation_tree ? 0 : o->propagation };
	bool any;
	int r;

	if (m->seal)
		set.set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	any = set.set || set.clear || set.propagation;
	r = kernel_mount_attach(mount, target, any ? &set : NULL, e);
	if (r != -EPERM || !o->bind || set.clear == o->asked_clear)
		return r;
	set.clear = o->asked_clear;
	return kernel_mount_attach(mount, target, &set, e);
}

static int set_tree(const struct mount_options *o, int mount, struct err *e)
{
	struct kernel_mount_set tree = {
		.set = o->tree_set,
		.clear = o->tree_clear,
		.propagation = o->propagation_tree ? o->propagation : 0,
		.recursive = true,
	};

	return tree.set || tree.clear || tree.propagation ? kernel_mount_set(mount, &tree, e) : 0;
}

/* Of a mount that is attached already. */
static int set_flags(const struct mount_step *m, int mount, struct err *e)
{
	const struct mount_options *o = &m->options;
	struct kernel_mount_set set = { .set = o->set,
					.clear = o->clear,
					.propagation = o->propagation_tree ? 0 : o->propagation };
	int r = set.set || set.clear || set.propagation ? kernel_mount_set(mount, &set, e) : 0;

	return r < 0 ? r : set_tree(o, mount, e);
}

/* Labels and the like are written there: what is on /proc has to be procfs, and its root. */
static int check_proc(const struct mount_step *m, int mount, struct err *e)
{
	struct stat st;

	if (strcmp(m->target, "/proc") != 0)
		return 0;
	if (kernel_is_on(mount, PROC_SUPER_MAGIC) > 0 && fstat(mount, &st) == 0 &&
	    st.st_ino == PROC_ROOT_INODE)
		return 0;
	return err_set(e, ERR_DENIED, "/proc cannot be mounted because it is not of type proc: %s",
		       m->source);
}

int mount_attach(struct mount_step *m, int mount, int target, struct err *e)
{
	int r = check_proc(m, mount, e);

	if (r == 0)
		r = attach_top(m, mount, target, e);
	if (r == 0)
		r = set_tree(&m->options, mount, e);
	if (r == 0 && strcmp(m->target, "/") == 0)
		r = replace_root(m->s.c, mount, e);
	if (r < 0 || !m->seal)
		return r;
	m->sealed = fcntl(mount, F_DUPFD_CLOEXEC, 0);
	return m->sealed < 0 ? err_sys(e, "duplicate a descriptor") : 0;
}

static void add_data(struct mount_options *o, const char *key, const char *value)
{
	o->data[o->data_len++] = (struct kernel_mount_option){ key, value };
}

/* A tmpfs shows the mode of what it hides, and 1777 where there was nothing. */
static void add_mode(struct mount_step *m, int target, bool made, char *text, size_t size)
{
	struct mount_options *o = &m->options;
	struct stat st;

	if (strcmp(m->type, "tmpfs") != 0 || made || m->has_mode || fstat(target, &st) < 0)
		return;
	snprintf(text, size, "%o", (unsigned)st.st_mode & 07777);
	add_data(o, "mode", text);
}

/* procfs, sysfs and the like have labels of their own. */
static void add_label(struct mount_step *m)
{
	static const char *const labelled[] = { "tmpfs", "devpts", "mqueue" };
	struct mount_options *o = &m->options;

	if (!text_empty(m->label) && text_index(m->type, labelled, ARRAY_LEN(labelled)) >= 0 &&
	    label_mounts())
		add_data(o, m->label_key, m->label);
}

/* A device that can't be written to is mounted by those who say so to the file system too. */
static bool is_read_only_device(const struct mount_step *m)
{
	struct stat st;

	return m->options.set & MOUNT_ATTR_RDONLY && m->source[0] == '/' &&
	       stat(m->source, &st) == 0 && S_ISBLK(st.st_mode);
}

static int make_new(struct mount_step *m, struct err *e)
{
	struct mount_options *o = &m->options;
	struct child *c = m->s.c;
	int mount;

	if (c->proc >= 0 && strcmp(m->type, "proc") == 0 && strcmp(m->source, "proc") == 0 &&
	    o->data_len == 0)
		return take_fd(c->proc);
	if (is_read_only_device(m))
		add_data(o, "ro", NULL);
	if (o->soft_version)
		add_data(o, "iversion", NULL);
	mount = kernel_mount_new(m->type, m->source, o->data, o->data_len, 0, e);
	/* mount(2) passes the flag to any file system, and most don't look. */
	if (mount == -EINVAL && o->soft_version)
		mount = kernel_mount_new(m->type, m->source, o->data, o->data_len - 1, 0, e);
	/* sysfs is the network namespace's, which may belong to another user namespace. */
	if (mount == -EPERM && strcmp(m->type, "sysfs") == 0)
		mount = kernel_mount_copy(AT_FDCWD, "/sys", true, e);
	return mount;
}

static int apply_new(void *arg, struct err *e)
{
	struct mount_step *m = arg;
	auto_close int target = -1, mount = -1;
	char mode[16];
	bool made;
	int r;

	target = mount_open_target(m, &made, e);
	if (target < 0)
		return mount_wrap(m, e);
	add_mode(m, target, made, mode, sizeof(mode));
	add_label(m);
	mount = make_new(m, e);
	if (mount < 0)
		return mount_wrap(m, e);
	if (m->options.copy_up && !made) {
		r = mount_copy_up(target, mount, e);
		if (r < 0)
			return mount_wrap(m, e);
	}
	r = mount_attach(m, mount, target, e);
	return r < 0 ? mount_wrap(m, e) : 0;
}

/* The new calls take 255 bytes a value, and an overlay's layers may be more: the old one mounts
 * right on the target, and the mount is found there. */
static int apply_long(void *arg, struct err *e)
{
	struct mount_step *m = arg;
	auto_close int target = -1, top = -1;
	bool made;
	int r;

	target = mount_open_target(m, &made, e);
	if (target < 0)
		return mount_wrap(m, e);
	r = kernel_mount_on(m->type, m->source, m->data, target, e);
	if (r < 0)
		return mount_wrap(m, e);
	top = kernel_open_in(m->s.c->root, m->target, O_PATH, e);
	r = top < 0 ? top : check_proc(m, top, e);
	if (r == 0)
		r = set_flags(m, top, e);
	return r < 0 ? mount_wrap(m, e) : 0;
}

/* The flags and options of what is mounted there already. */
static int apply_remount(void *arg, struct err *e)
{
	struct mount_step *m = arg;
	const struct mount_options *o = &m->options;
	auto_close int target = kernel_open_in(m->s.c->root, m->target, O_PATH, e);
	int r = target < 0 ? target : set_flags(m, target, e);

	if (r == 0 && o->data_len && !o->bind)
		r = kernel_mount_change(target, o->data, o->data_len, e);
	return r < 0 ? err_wrap(e, "remount %s", m->target) : 0;
}

static bool has_option(const struct mount_options *o, const char *key)
{
	for (size_t i = 0; i < o->data_len; i++)
		if (strcmp(o->data[i].key, key) == 0)
			return true;
	return false;
}

const char *mount_words(struct build *b, const struct oci_mount *m, const struct mount_step *s)
{
	struct texts shown = { 0 };

	for (size_t i = 0; i < m->options.n; i++)
		if (strcmp(m->options.v[i], "bind") != 0)
			texts_add(b->a, &shown, m->options.v[i]);
	return arena_printf(b->a, "%s %s%s%s%s", s->options.bind ? s->source : s->type, s->target,
			    shown.n ? " " : "", shown.n ? texts_join(b->a, &shown, ",") : "",
			    m->uid_maps.n ? " mapped" : "");
}

/* All options as one text, if one of them is too long for the new calls. */
static const char *long_data(struct build *b, const struct mount_options *o)
{
	struct texts all = { 0 };
	bool is_long = false;

	for (size_t i = 0; i < o->data_len; i++) {
		const struct kernel_mount_option *x = &o->data[i];

		is_long |= x->value && strlen(x->value) > VALUE_MAX;
		texts_addf(b->a, &all, "%s%s%s", x->key, x->value ? "=" : "",
			   x->value ? x->value : "");
	}
	return is_long ? texts_join(b->a, &all, ",") : NULL;
}

static int plan_new(struct build *b, const struct oci_mount *m, size_t number, struct mount_step *s,
		    struct err *e)
{
	const char *key = text_map_get(&b->config->annotations, "run.oci.mount_context_type");

	if (m->uid_maps.n || s->options.id_map)
		return err_set(e, ERR_UNSUPPORTED,
			       "mounts[%zu].uidMappings: ID mappings need a bind mount", number);
	s->source = text_empty(m->source) ? s->type : m->source;
	s->has_mode = has_option(&s->options, "mode");
	s->label = b->os->mount_label;
	s->label_key = text_empty(key) ? "context" : key;
	if (strcmp(s->type, "cgroup") == 0 || strcmp(s->type, "cgroup2") == 0)
		return cgroup_mount_plan(b, m, s, e);
	/* Other mounts, and devices, have their places on it yet to be made. */
	s->seal = s->options.set & MOUNT_ATTR_RDONLY &&
		  (strcmp(s->type, "tmpfs") == 0 || strcmp(s->target, "/dev") == 0);
	s->s.words = mount_words(b, m, s);
	s->data = long_data(b, &s->options);
	step_add(&b->child, "mount", s->data ? apply_long : apply_new, s);
	return 0;
}

static int plan_mount(struct build *b, const struct oci_mount *m, size_t number,
		      struct mount_step *s, struct err *e)
{
	*s = (struct mount_step){
		.s = { .c = b->c }, .fd = -1, .map = -1, .sealed = -1, .in_user = b->in_user
	};
	mount_options_read(b->a, &m->options, &s->options);
	s->target =
		path_clean(b->a, m->destination[0] == '/' ? m->destination
							  : path_join(b->a, "/", m->destination));
	s->type = text_empty(m->type) ? "none" : m->type;
	if (strcmp(s->type, "bind") == 0)
		s->options.bind = true;
	if (s->options.remount) {
		s->source = s->type;
		s->s.words = mount_words(b, m, s);
		step_add(&b->child, "remount", apply_remount, s);
		return 0;
	}
	return s->options.bind ? mount_bind_plan(b, m, number, s, e) : plan_new(b, m, number, s, e);
}

int mount_attach_new(struct mount_step *m, int mount, struct err *e)
{
	auto_close int target = -1;
	bool made;
	int r;

	target = mount_open_target(m, &made, e);
	if (target < 0)
		return mount_wrap(m, e);
	r = mount_attach(m, mount, target, e);
	return r < 0 ? mount_wrap(m, e) : 0;
}

int mounts_plan(struct build *b, struct err *e)
{
	const struct oci_mounts *l = &b->config->mounts;

	if (!b->own_mounts)
		return 0; /* runtime_warnings() tells */
	b->mounts = arena_array(b->a, l->n, sizeof(*b->mounts));
	for (size_t i = 0; i < l->n; i++) {
		int r = plan_mount(b, &l->v[i], i, &b->mounts[i], e);

		if (r < 0)
			return r;
	}
	return 0;
}

static int seal(void *arg, struct err *e)
{
	struct mount_step *m = arg;
	struct kernel_mount_set set = { .set = MOUNT_ATTR_RDONLY };
	int r = kernel_mount_set(m->sealed, &set, e);

	close(take_fd(m->sealed));
	return r < 0 ? mount_wrap(m, e) : 0;
}

static void print_sealed(const void *arg, struct buf *out)
{
	buf_adds(out, ((const struct mount_step *)arg)->target);
}

int mounts_seal_plan(struct build *b, struct err *e)
{
	for (size_t i = 0; b->own_mounts && i < b->config->mounts.n; i++)
		if (b->mounts[i].seal)
			plan_add(&b->child, &(struct plan_op){ .verb = "read-only",
							       .apply = seal,
							       .print = print_sealed,
							       .arg = &b->mounts[i] });
	return 0;
}
