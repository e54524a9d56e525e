/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a group goes, and the plan that makes it with its limits. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "base/path.h"
#include "cgroup/systemd.h"

#define DEFAULT_PARENT  "/berth"
#define UNDO_TIMEOUT_MS 2000

/* where */

const char *cgroup_path_of(struct arena *a, const char *parent, const char *id)
{
	return path_clean(a, arena_printf(a, "/%s/%s", parent ? parent : DEFAULT_PARENT, id));
}

/* The path of the group in a hierarchy, from its mount. */
static const char *place(struct arena *a, const struct cgroup_create *how,
			 enum cgroup_version version, const struct cgroup_hierarchy *h)
{
	const char *relative = how->path;
	const char *slash;

	if (!relative && (how->parent || !how->rootless))
		return cgroup_path_of(a, how->parent, how->id);
	if (!relative)
		relative = arena_printf(a, "berth-%s", how->id);
	if (*relative == '/')
		return path_clean(a, relative);
	if (version != CGROUP_V2)
		return path_clean(a, arena_printf(a, "%s/%s", h->own, relative));
	/* Beside its own: a group with processes cannot hand controllers down. */
	slash = strrchr(h->own, '/');
	return path_clean(a, arena_printf(a, "%.*s/%s", slash ? (int)(slash - h->own) : 0, h->own,
					  relative));
}

/* One path if it is the same everywhere, else a line "CONTROLLERS:PATH" for each hierarchy. */
static void add_groups(struct cgroup *c, const struct cgroup_create *how,
		       const struct cgroup_host *host)
{
	const char *one = NULL;
	struct texts lines = { 0 };
	bool same = true;

	c->groups = arena_array(c->arena, host->hierarchies_len + 1, sizeof(*c->groups));
	for (size_t i = 0; i < host->hierarchies_len; i++) {
		const struct cgroup_hierarchy *h = &host->hierarchies[i];
		const char *path = place(c->arena, how, host->version, h);

		if (one && strcmp(one, path) != 0)
			same = false;
		one = path;
		texts_addf(c->arena, &lines, "%s:%s", h->controllers, path);
		cgroup_add_group(c, h, path);
	}
	c->path = same ? (one ? one : "") : texts_join(c->arena, &lines, "\n");
}

struct make_arg {
	struct cgroup *c;
	const struct oci_linux_resources *resources;
};

static int remove_made(struct cgroup *c)
{
	int r = 0;

	for (size_t i = c->len; i-- > 0;)
		if (c->groups[i].made && group_remove(&c->groups[i]) == -EBUSY)
			r = -EBUSY;
	return r;
}

/* What failed after this may have a process in it that is dying. */
static void unmake(void *arg)
{
	struct make_arg *m = arg;
	int64_t deadline = cgroup_deadline(UNDO_TIMEOUT_MS);
	int wait_usec = 0;
	struct err ignored;

	while (remove_made(m->c) == -EBUSY && cgroup_wait(deadline, &wait_usec))
		cgroup_kill(m->c, SIGKILL, &ignored);
	if (m->c->manager->removed && m->c->len > 0)
		m->c->manager->removed(m->c);
}

static int make_all(struct make_arg *m, struct err *e)
{
	struct cgroup *c = m->c;
	int r = c->manager->prepare && c->len > 0 ? c->manager->prepare(c, m->resources, e) : 0;

	for (size_t i = 0; r == 0 && i < c->len; i++)
		r = group_make(&c->groups[i], c->manager->made, e);
	if (r == 0 && c->unified) {
		c->fd = open(c->unified->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (c->fd < 0)
			r = err_sys(e, "cgroup %s", c->unified->dir);
	}
	return r < 0 ? r : cgroup_delegate(c, c->delegate_to, e);
}

static int make_apply(void *arg, struct err *e)
{
	struct make_arg *m = arg;
	int r = make_all(m, e);

	if (r == 0)
		return 0;
	remove_made(m->c);
	if (cgroup_is_refusal(r) && m->c->optional) {
		cgroup_give_up(m->c);
		return 0;
	}
	if (cgroup_is_refusal(r) && m->c->rootless)
		return err_wrap(e, "rootless needs no limits + no cgrouppath when no permission is "
				   "granted for cgroups; under systemd, run in a unit with "
				   "Delegate=yes (systemd-run --user --scope -p Delegate=yes …)");
	return r;
}

static void make_print(const void *arg, struct buf *out)
{
	const struct make_arg *m = arg;

	buf_adds(out, m->c->path);
	if (m->c->delegate_to)
		buf_addf(out, " delegated to %u", (unsigned)m->c->delegate_to);
}

static int check(const struct cgroup_create *how, struct err *e)
{
	if (how->path && path_goes_up(how->path))
		return err_set(e, ERR_INVALID, "linux.cgroupsPath: \"%s\" contains \"..\"",
			       how->path);
	if (how->parent && path_goes_up(how->parent))
		return err_set(e, ERR_INVALID, "--cgroup-parent: \"%s\" contains \"..\"",
			       how->parent);
	return 0;
}

/* The host that the group is planned for. */
static int choose_host(struct cgroup *c, const struct cgroup_create *how, struct cgroup_host *ret,
		       struct err *e)
{
	*ret = (struct cgroup_host){ 0 };
	if (text_eq(how->manager, "disabled"))
		return 0; /* not a file of cgroups is to be looked at */
	if (how->host) {
		*ret = *how->host;
		return 0;
	}
	return host_find(c->arena, ret, e);
}

static int plan_nothing(const struct cgroup_create *how, struct err *e)
{
	if (!cgroup_wants_limits(how->resources))
		return 0;
	return err_set(e, ERR_UNSUPPORTED, "linux.resources: %s",
		       text_eq(how->manager, "disabled")
			       ? "limits need cgroups, which are disabled"
			       : "limits need cgroups, and this host has none mounted");
}

/* A path from the mount is for us alone to make. */
static const char *choose_manager(const struct cgroup_create *how, const struct cgroup_host *host)
{
	if (how->manager)
		return how->manager;
	if (host->version != CGROUP_V2 || !host->systemd || !systemd_is_there())
		return "cgroupfs";
	if (how->path)
		return strchr(how->path, ':') ? "systemd" : "cgroupfs";
	return !how->parent || text_ends(how->parent, ".slice") ? "systemd" : "cgroupfs";
}

static int plan_place(struct cgroup *c, const struct cgroup_create *how,
		      const struct cgroup_host *host, struct err *e)
{
	int r;

	if (!c->manager->adopt) {
		add_groups(c, how, host);
		return 0;
	}
	/* There is nothing to make before the process is there. */
	r = systemd_place(c->arena, how, &c->unit, e);
	c->path = c->unit.path;
	c->resources = how->resources;
	c->annotations = how->annotations;
	return r;
}

int cgroup_plan(struct plan *p, const struct cgroup_create *how, struct cgroup **ret, struct err *e)
{
	AUTO(cgroup) c = cgroup_new();
	struct cgroup_host *host = ARENA_NEW(c->arena, struct cgroup_host);
	struct make_arg *m;
	int r = check(how, e);

	if (r == 0)
		r = choose_host(c, how, host, e);
	if (r < 0)
		return r;
	c->host = host;
	c->manager = cgroup_manager_named(c->arena, choose_manager(how, host), host, e);
	if (!c->manager)
		return -e->code;
	c->rootless = how->rootless;
	c->delegate_to = how->delegate_to;
	c->optional =
		how->rootless && !how->path && !how->parent && !cgroup_wants_limits(how->resources);
	if (c->manager == &cgroup_disabled) {
		r = plan_nothing(how, e);
		if (r == 0)
			*ret = take_ptr(c);
		return r;
	}
	r = plan_place(c, how, host, e);
	m = ARENA_NEW(c->arena, struct make_arg);
	*m = (struct make_arg){ .c = c, .resources = how->resources };
	plan_add(p, &(struct plan_op){ "cgroup", make_apply, unmake, make_print, m });
	if (r == 0 && how->resources)
		r = cgroup_plan_limits(p, c, how->resources, e);
	if (r == 0)
		*ret = take_ptr(c);
	return r;
}

int cgroup_create(const struct cgroup_create *how, struct cgroup **ret, struct err *e)
{
	AUTO(arena) a = arena_new();
	AUTO(cgroup) c = NULL;
	struct plan p;
	int r;

	plan_init(&p, a);
	r = cgroup_plan(&p, how, &c, e);
	if (r == 0)
		r = plan_apply(&p, e);
	if (r < 0)
		return r;
	*ret = take_ptr(c);
	return 0;
}
