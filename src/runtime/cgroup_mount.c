/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /sys/fs/cgroup in a container.  In a cgroup namespace of its own it gets fresh mounts, whose root
 * is its own group; otherwise its own group of each hierarchy is bound.  With separate hierarchies
 * (v1, hybrid) they lie side by side in a tmpfs, under the names they have outside, unless the type
 * is "cgroup2", which is the unified one alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "runtime/mounts.h"

struct hierarchy {
	const char *name;  /* "cpu,cpuacct", "unified" */
	const char *group; /* the container's, as a path of the host */
	struct texts links;
	struct kernel_mount_option *options;
	size_t options_len;
	bool unified;
};

struct cgroup_mount {
	struct mount_step m;
	struct build *b;
	bool own_namespace, unified;
	bool only_unified; /* "cgroup2" beside separate hierarchies: that alone */
	struct hierarchy *h;
	size_t n;
};

static void describe(struct cgroup_mount *t, const struct cgroup_hierarchy *from,
		     struct hierarchy *h)
{
	struct arena *a = t->b->a;
	struct texts controllers = texts_split(a, from->controllers, ',');
	const struct cgroup *group = t->m.s.c->cgroup;
	const char *path = group ? cgroup_path_in(group, from->controllers) : "";

	h->unified = *from->controllers == '\0';
	h->name = path_base(from->mount);
	h->group = arena_printf(a, "%s%s", from->mount, *path ? path : from->own);
	h->options = arena_array(a, controllers.n + t->m.options.data_len + 1, sizeof(*h->options));
	for (size_t i = 0; i < controllers.n; i++) {
		const char *equals = strchr(controllers.v[i], '=');

		h->options[h->options_len++] = (struct kernel_mount_option){
			equals ? arena_strndup(a, controllers.v[i],
					       (size_t)(equals - controllers.v[i]))
			       : controllers.v[i],
			equals ? equals + 1 : NULL,
		};
		if (controllers.n > 1)
			texts_add(a, &h->links, controllers.v[i]);
	}
	for (size_t i = 0; i < t->m.options.data_len; i++)
		h->options[h->options_len++] = t->m.options.data[i];
}

/* In the parent, once the container's group is there. */
static int look(void *arg, struct err *e)
{
	struct cgroup_mount *t = arg;
	const struct cgroup *group = t->m.s.c->cgroup;
	const struct cgroup_host *known = group ? cgroup_host(group) : NULL;
	struct cgroup_host host;
	int r = 0;

	if (!known || !known->hierarchies_len) {
		r = cgroup_host_read(t->b->a, &host, e);
		known = &host;
	}
	if (r < 0)
		return r;
	t->unified = known->version == CGROUP_V2 || t->only_unified;
	t->h = arena_array(t->b->a, known->hierarchies_len, sizeof(*t->h));
	for (size_t i = 0; i < known->hierarchies_len; i++)
		if (!t->only_unified || *known->hierarchies[i].controllers == '\0')
			describe(t, &known->hierarchies[i], &t->h[t->n++]);
	return t->only_unified && t->n == 0
		       ? err_set(e, ERR_UNSUPPORTED,
				 "mount cgroup2 on %s: this host has no unified hierarchy",
				 t->m.target)
		       : 0;
}

static int make_mount(const struct cgroup_mount *t, const struct hierarchy *h, struct err *e)
{
	/* With separate hierarchies the host's mounts are there, and a copy of the own group is
	 * what a new mount in a cgroup namespace would be, for a fifth of the calls.  In a user
	 * namespace the host's flags would be locked on it. */
	bool copy =
		!t->unified && !t->m.options.data_len && !t->b->new_user && !t->b->create->rootless;

	if (!t->own_namespace || copy)
		return kernel_mount_copy(AT_FDCWD, h->group, false, e);
	if (h->unified)
		return kernel_mount_new("cgroup2", "cgroup2", h->options, h->options_len, 0, e);
	return kernel_mount_new("cgroup", "cgroup", h->options, h->options_len, 0, e);
}

static void flags_of(const struct cgroup_mount *t, struct kernel_mount_set *set)
{
	*set = (struct kernel_mount_set){
		.set = t->m.options.set,
		.clear = t->m.options.clear & ~(uint64_t)MOUNT_ATTR__ATIME,
		.propagation = MS_PRIVATE,
	};
}

static int attach_hierarchy(const struct cgroup_mount *t, int top, const struct hierarchy *h,
			    struct err *e)
{
	auto_close int mount = make_mount(t, h, e), target = -1;
	struct kernel_mount_set set;
	int r;

	if (mount < 0)
		return mount;
	if (mkdirat(top, h->name, 0755) < 0)
		return err_sys(e, "%s", h->name);
	target = openat(top, h->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return err_sys(e, "%s", h->name);
	flags_of(t, &set);
	r = kernel_mount_attach(mount, target, &set, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < h->links.n; i++)
		if (symlinkat(h->name, top, h->links.v[i]) < 0 && errno != EEXIST)
			return err_sys(e, "link %s", h->links.v[i]);
	return 0;
}

static int mount_side_by_side(struct cgroup_mount *t, struct err *e)
{
	static const struct kernel_mount_option mode = { "mode", "0755" };
	uint64_t read_only = t->m.options.set & MOUNT_ATTR_RDONLY;
	auto_close int top =
		kernel_mount_new("tmpfs", "cgroup", &mode, 1,
				 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, e);
	int r;

	if (top < 0)
		return top;
	/* Attached while it can still be written to: what is on it goes on an attached mount. */
	t->m.options.set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	r = mount_attach_new(&t->m, top, e);
	t->m.options.set |= read_only;
	for (size_t i = 0; i < t->n && r == 0; i++)
		r = attach_hierarchy(t, top, &t->h[i], e);
	if (r == 0 && read_only)
		r = kernel_mount_set(top, &(struct kernel_mount_set){ .set = read_only }, e);
	return r;
}

static int apply(void *arg, struct err *e)
{
	struct cgroup_mount *t = arg;
	auto_close int mount = -1;
	int r;

	if (t->n == 0)
		return 0;
	if (!t->unified) {
		r = mount_side_by_side(t, e);
		return r < 0 ? err_wrap(e, "mount cgroup on %s", t->m.target) : 0;
	}
	mount = make_mount(t, &t->h[0], e);
	if (mount < 0)
		return err_wrap(e, "mount cgroup on %s", t->m.target);
	return mount_attach_new(&t->m, mount, e);
}

int cgroup_mount_plan(struct build *b, const struct oci_mount *m, struct mount_step *s,
		      struct err *e)
{
	struct cgroup_mount *t = ARENA_NEW(b->a, struct cgroup_mount);
	const struct oci_namespace *n = oci_namespace_find(b->config, OCI_NS_CGROUP);

	*t = (struct cgroup_mount){
		.m = *s,
		.b = b,
		.own_namespace = n && text_empty(n->path),
		.only_unified = strcmp(s->type, "cgroup2") == 0,
	};
	t->m.s.words = arena_printf(b->a, "cgroup %s%s%s", s->target, m->options.n ? " " : "",
				    m->options.n ? texts_join(b->a, &m->options, ",") : "");
	plan_add(&b->before,
		 &(struct plan_op){ .verb = "look", .apply = look, .arg = t, .print = NULL });
	step_add(&b->child, "mount", apply, t);
	return 0;
}
