/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits and device rules as operations of a plan, and their change while the container runs. */
#include <errno.h>

#include "cgroup/manager.h"

bool cgroup_wants_limits(const struct oci_linux_resources *r)
{
	return r && (r->memory || r->cpu || r->pids || r->block_io || r->hugepage_limits.n ||
		     r->network || r->rdma.n || r->unified.n);
}

bool cgroup_is_refusal(int r)
{
	return r == -EACCES || r == -EPERM || r == -EROFS;
}

struct limit_arg {
	struct cgroup *c;
	struct limit limit;
	const struct limit *next; /* of a pair */
};

struct devices_arg {
	struct cgroup *c;
	const struct oci_device_rules *rules;
};

static int limit_apply(struct cgroup *c, const struct limit *one, struct err *e)
{
	struct group *g = c->manager->group_of(c, one);

	if (!g)
		return err_set(e, ERR_UNSUPPORTED,
			       "%s: this host has no %s controller in its cgroups (%s)", one->file,
			       one->controller, one->from);
	return group_apply(g, one, e);
}

/* A group that comes with its process gets them then, and a plan only shows them. */
static bool comes_later(const struct cgroup *c)
{
	return c->manager->adopt && c->len == 0;
}

static int limit_op(void *arg, struct err *e)
{
	struct limit_arg *l = arg;
	struct err second;
	int r = comes_later(l->c) ? 0 : limit_apply(l->c, &l->limit, e);

	if (r < 0 && l->next && limit_apply(l->c, l->next, &second) == 0)
		r = limit_apply(l->c, &l->limit, e);
	return r;
}

static void limit_print(const void *arg, struct buf *out)
{
	const struct limit_arg *l = arg;

	buf_addf(out, "%s %s", l->limit.file, l->limit.value);
}

static int devices_op(void *arg, struct err *e)
{
	struct devices_arg *d = arg;
	int r;

	if (!d->c->manager->devices || comes_later(d->c))
		return 0;
	r = d->c->manager->devices(d->c, d->rules, false, e);
	/* Without root nothing can be made in /dev anyway. */
	return cgroup_is_refusal(r) && d->c->rootless ? 0 : r;
}

static void devices_print(const void *arg, struct buf *out)
{
	const struct devices_arg *d = arg;

	for (size_t i = 0; i < d->rules->n; i++) {
		const struct oci_device_rule *rule = &d->rules->v[i];

		buf_addf(out, "%s%s %s ", i ? ", " : "", rule->allow ? "allow" : "deny",
			 rule->type ? rule->type : "a");
		if (rule->major && *rule->major >= 0)
			buf_addf(out, "%lld:", (long long)*rule->major);
		else
			buf_adds(out, "*:");
		if (rule->minor && *rule->minor >= 0)
			buf_addf(out, "%lld", (long long)*rule->minor);
		else
			buf_addc(out, '*');
		buf_addf(out, " %s", rule->access ? rule->access : "rwm");
	}
}

int cgroup_plan_limits(struct plan *p, struct cgroup *c, const struct oci_linux_resources *r,
		       struct err *e)
{
	struct limits limits = { .arena = c->arena };
	struct devices_arg *d;
	int ret = c->manager->limits ? c->manager->limits(c, r, &limits, e) : 0;

	if (ret < 0)
		return ret;
	for (size_t i = 0; i < limits.n; i++) {
		struct limit_arg *l = ARENA_NEW(c->arena, struct limit_arg);

		l->c = c;
		l->limit = limits.v[i];
		if ((limits.v[i].flags & LIMIT_PAIR) && i + 1 < limits.n)
			l->next = &limits.v[i + 1];
		plan_add(p, &(struct plan_op){ "limit", limit_op, NULL, limit_print, l });
	}
	if (r->devices.n == 0)
		return 0;
	d = ARENA_NEW(c->arena, struct devices_arg);
	d->c = c;
	d->rules = &r->devices;
	plan_add(p, &(struct plan_op){ "devices", devices_op, NULL, devices_print, d });
	return 0;
}

int cgroup_write_resources(struct cgroup *c, const struct oci_linux_resources *r, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct plan p;
	int ret;

	plan_init(&p, a);
	ret = cgroup_plan_limits(&p, c, r, e);
	return ret < 0 ? ret : plan_apply(&p, e);
}

int cgroup_update(struct cgroup *c, const struct oci_linux_resources *r, struct err *e)
{
	struct oci_linux_resources limits = *r;
	int ret = 0;

	if (c->len == 0 && cgroup_wants_limits(r))
		return err_set(e, ERR_UNSUPPORTED, "this container has no cgroup of its own");
	limits.devices.n = 0;
	if (c->manager->update)
		ret = c->manager->update(c, &limits, e);
	if (ret == 0)
		ret = cgroup_write_resources(c, &limits, e);
	if (ret == 0 && r->devices.n > 0 && c->manager->devices)
		ret = c->manager->devices(c, &r->devices, true, e);
	return ret;
}
