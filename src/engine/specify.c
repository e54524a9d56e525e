/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/specify.h"

#include <string.h>
#include <strings.h>

#include "engine/specify_private.h"
#include "runtime/capability.h"

#define DEFAULT_LIMIT 1048576

bool specify_is_host(const char *mode)
{
	return text_eq(mode, "host");
}

bool specify_is_private(const char *mode)
{
	return !mode || text_eq(mode, "private") || text_eq(mode, "none") ||
	       text_eq(mode, "bridge") || network_is_user_mode(mode) || text_eq(mode, "shareable");
}

static bool env_has(const struct texts *env, const char *key)
{
	size_t n = strlen(key);

	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], key, n) == 0 && env->v[i][n] == '=')
			return true;
	return false;
}

static struct texts make_env(struct arena *a, const struct container *c,
			     const struct specify_facts *f)
{
	struct texts env = { 0 };

	for (size_t i = 0; i < c->env.n; i++)
		texts_add(a, &env, c->env.v[i]);
	if (!env_has(&c->env, "HOSTNAME") && c->hostname)
		texts_addf(a, &env, "HOSTNAME=%s", c->hostname);
	if (!env_has(&c->env, "HOME"))
		texts_addf(a, &env, "HOME=%s", text_empty(f->home) ? "/" : f->home);
	return env;
}

int container_capabilities(const struct container *c, const struct specify_facts *f, uint64_t *ret,
			   struct err *e)
{
	if (c->privileged) {
		*ret = f->capabilities;
		return 0;
	}
	return capability_choose(CAPABILITY_DEFAULT, &c->cap_add, &c->cap_drop, ret, e);
}

/* root has what the container may have; another user has what was added for him by name, and that
 * also as ambient, so that his programs get it (podman's rule). */
static int make_capabilities(struct arena *a, const struct container *c,
			     const struct specify_facts *f, struct oci_capabilities **ret,
			     struct err *e)
{
	struct oci_capabilities *set = ARENA_NEW(a, struct oci_capabilities);
	uint64_t may, has;
	struct texts names;
	int r = container_capabilities(c, f, &may, e);

	if (r < 0)
		return r;
	may &= f->capabilities;
	set->bounding = capability_names(a, may);
	if (f->uid == 0) {
		set->effective = set->permitted = set->bounding;
		*ret = set;
		return 0;
	}
	r = capability_choose(0, &c->cap_add, &(struct texts){ 0 }, &has, e);
	if (r < 0)
		return r;
	names = capability_names(a, has & may);
	set->effective = set->permitted = set->inheritable = set->ambient = names;
	*ret = set;
	return 0;
}

static void add_rlimit(struct arena *a, struct oci_rlimits *l, const char *name, uint64_t soft,
		       uint64_t hard)
{
	struct oci_rlimit *v = arena_array(a, l->n + 1, sizeof(*v));

	if (l->n)
		memcpy(v, l->v, l->n * sizeof(*v));
	for (int type = 0; type < OCI_RLIMITS; type++)
		if (strcasecmp(text_after(oci_rlimit_name[type], "RLIMIT_"), name) == 0)
			v[l->n] = (struct oci_rlimit){ type, soft, hard };
	l->v = v;
	l->n++;
}

static bool has_ulimit(const struct container *c, const char *name)
{
	for (size_t i = 0; i < c->ulimits.n; i++)
		if (strcasecmp(c->ulimits.v[i].name, name) == 0)
			return true;
	return false;
}

static uint64_t limit_value(int64_t v)
{
	return v < 0 ? UINT64_MAX : (uint64_t)v;
}

/* The defaults give way to a host that can't raise its own limits; what was asked for does not, and
 * then fails with its name. */
static struct oci_rlimits make_rlimits(struct arena *a, const struct container *c,
				       const struct specify_facts *f)
{
	const struct {
		const char *name;
		uint64_t hard;
	} defaults[] = { { "nofile", f->nofile_hard }, { "nproc", f->nproc_hard } };
	struct oci_rlimits l = { 0 };

	if (has_ulimit(c, "host"))
		return l;
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
		uint64_t v = DEFAULT_LIMIT;

		if (has_ulimit(c, defaults[i].name))
			continue;
		if (!f->may_raise_limits && v > defaults[i].hard)
			v = defaults[i].hard;
		add_rlimit(a, &l, defaults[i].name, v, v);
	}
	for (size_t i = 0; i < c->ulimits.n; i++)
		add_rlimit(a, &l, c->ulimits.v[i].name, limit_value(c->ulimits.v[i].soft),
			   limit_value(c->ulimits.v[i].hard));
	return l;
}

static struct texts make_args(struct arena *a, const struct container *c)
{
	struct texts args = { 0 };

	if (!c->init)
		return c->args;
	texts_add(a, &args, "/run/podman-init");
	texts_add(a, &args, "--");
	for (size_t i = 0; i < c->args.n; i++)
		texts_add(a, &args, c->args.v[i]);
	return args;
}

int specify_process(struct arena *a, const struct container *c, const struct specify_facts *f,
		    struct oci_config *o, struct err *e)
{
	struct oci_process *p = ARENA_NEW(a, struct oci_process);
	uint64_t mask = 022;

	if (c->args.n == 0)
		return err_set(e, ERR_INVALID,
			       "no command or entrypoint provided, and no CMD or ENTRYPOINT from "
			       "image");
	p->terminal = c->tty;
	p->args = make_args(a, c);
	p->env = make_env(a, c, f);
	p->cwd = text_empty(c->working_dir) ? "/" : c->working_dir;
	p->user.uid = f->uid;
	p->user.gid = f->gid;
	p->user.additional_gids = f->groups;
	if (c->umask)
		mask = strtoul(c->umask, NULL, 8);
	p->user.umask = arena_copy(a, &mask, sizeof(mask));
	p->no_new_privileges = c->no_new_privileges;
	p->oom_score_adj = c->oom_score_adj;
	p->apparmor_profile = c->apparmor;
	p->selinux_label = c->selinux_label;
	p->rlimits = make_rlimits(a, c, f);
	o->process = p;
	return make_capabilities(a, c, f, &p->capabilities, e);
}

int container_specify(struct arena *a, const struct container *c, const struct specify_facts *f,
		      struct oci_config **ret, struct err *e)
{
	struct oci_config *o = ARENA_NEW(a, struct oci_config);
	int r;

	o->version = OCI_RUNTIME_VERSION;
	o->root = ARENA_NEW(a, struct oci_root);
	o->root->path = c->rootfs ? c->rootfs : "rootfs";
	o->root->read_only = c->read_only;
	if (specify_is_private(c->namespaces.uts)) {
		o->hostname = c->hostname;
		o->domainname = c->domainname;
	}
	o->annotations = c->annotations;
	r = specify_process(a, c, f, o, e);
	if (r == 0)
		r = specify_mounts(a, c, f, o, e);
	if (r == 0)
		r = specify_linux(a, c, f, o, e);
	if (r == 0)
		*ret = o;
	return r;
}
