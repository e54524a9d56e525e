/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The story of a container's start, in order.  What is decided here is pure: the two plans can be
 * printed without being applied.
 */
#include <sched.h>
#include <sys/prctl.h>

#include "runtime/annotations.h"
#include "runtime/start.h"
#include "runtime/sync.h"

static bool mounts_writable_cgroup(const struct oci_mounts *mounts)
{
	for (size_t i = 0; i < mounts->n; i++) {
		const struct oci_mount *m = &mounts->v[i];

		if (text_eq(m->type, "cgroup") || text_eq(m->type, "cgroup2"))
			return !texts_has(&m->options, "ro") && !texts_has(&m->options, "rro");
	}
	return false;
}

/* config-linux.md, "Cgroup ownership": the user of the container's process, as the host has him, if
 * he can see no group but the container's own and may write there. */
static uid_t cgroup_owner(const struct build *b)
{
	const struct oci_namespace *n = oci_namespace_find(b->config, OCI_NS_CGROUP);
	const struct oci_id_maps *maps = &b->os->uid_maps;

	if (!n || !text_empty(n->path) || !oci_namespace_find(b->config, OCI_NS_USER) ||
	    !mounts_writable_cgroup(&b->config->mounts))
		return 0;
	for (size_t i = 0; i < maps->n; i++) {
		uint64_t at = b->process->user.uid - maps->v[i].container_id;

		if (b->process->user.uid >= maps->v[i].container_id && at < maps->v[i].size)
			return (uid_t)(maps->v[i].host_id + at);
	}
	return 0;
}

static int plan_cgroup(struct build *b, struct err *e)
{
	const struct runtime_create *how = b->create;

	return cgroup_plan(&b->before,
			   &(struct cgroup_create){
				   .manager = how->cgroup_manager,
				   .path = b->os->cgroups_path,
				   .parent = how->cgroup_parent,
				   .id = how->id,
				   .resources = b->os->resources,
				   .rootless = how->rootless,
				   .delegate_to = cgroup_owner(b),
				   .annotations = &b->config->annotations,
			   },
			   &b->c->cgroup, e);
}

/* So that one that is killed before it executes its program can be told from one after it. */
static int name_process(void *arg, struct err *e)
{
	prctl(PR_SET_NAME, START_NAME, 0, 0, 0);
	return 0;
}

/* Without a keyring of its own the container would have the caller's. */
static int new_keyring(void *arg, struct err *e)
{
	keyring_join(((struct step *)arg)->words);
	return 0;
}

static int plan_keyring(struct build *b, struct err *e)
{
	if (!b->create->no_new_keyring)
		step_add_plain(b, "keyring", new_keyring, arena_printf(b->a, "_ses.%s", b->id));
	return 0;
}

static int plan_name(struct build *b, struct err *e)
{
	step_add_plain(b, "prctl", name_process, "name " START_NAME);
	return 0;
}

static int say_no_process(void *arg, struct err *e)
{
	return err_set(e, ERR_INVALID, "process: is missing");
}

/* "create" needs no process, "start" does. */
static int refuse_start(struct build *b, struct err *e)
{
	if (b->no_process)
		step_add_plain(b, "refuse", say_no_process, "there is no process");
	return 0;
}

typedef int plan_part(struct build *b, struct err *e);

static plan_part *const parts[] = {
	annotations_plan,
	plan_cgroup,
	namespaces_plan,
	plan_name,
	rdt_plan,
	limits_early_plan,
	namespaces_enter_plan,
	rootfs_plan,
	sysctl_plan,
	mounts_plan,
	devices_plan,
	console_plan,
	directory_plan,
	mounts_seal_plan,
	paths_plan,
	names_plan,
	hooks_plan,
	plan_keyring,
	rootfs_enter_plan,
	gate_plan,
	refuse_start,
	environment_plan,
	hooks_start_plan,
	streams_plan,
	limits_plan,
	identity_plan,
	program_plan,
};

static const char *const no_args[] = { "", NULL };
static const struct oci_process no_process = { .cwd = "/", .args = { (const char **)no_args, 1 } };

static int plan_create(const struct runtime_create *how, struct arena *a, bool gate,
		       struct build **ret, struct err *e)
{
	bool none = !how->config->process;
	struct build *b = build_new(a, how->config, none ? &no_process : how->config->process);

	if (none && !gate)
		return err_set(e, ERR_INVALID, "process: is missing");
	b->no_process = none;
	b->plain_lines = how->plain_lines;
	b->create = how;
	b->id = how->id;
	b->bundle = how->bundle ? how->bundle : "/";
	b->streams = &how->streams;
	b->seccomp_cache = how->seccomp_cache;
	b->die_with_parent = how->die_with_parent;
	b->gate = gate;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		int r = parts[i](b, e);

		if (r < 0) {
			cgroup_free(b->c->cgroup);
			return r;
		}
	}
	*ret = b;
	return 0;
}

int runtime_create(const struct runtime_create *how, struct arena *a, struct runtime_container *ret,
		   struct err *e)
{
	struct build *b;
	int r = plan_create(how, a, true, &b, e);

	if (r == 0 && how->planned) {
		r = how->planned(how->planned_arg, cgroup_path(b->c->cgroup),
				 cgroup_manager(b->c->cgroup), e);
		if (r < 0)
			cgroup_free(b->c->cgroup);
	}
	return r < 0 ? r : start_process(b, ret, e);
}

int runtime_start(const struct runtime_create *how, struct arena *a, struct runtime_container *ret,
		  struct err *e)
{
	struct build *b;
	int r = plan_create(how, a, false, &b, e);

	return r < 0 ? r : start_process(b, ret, e);
}

static void print_clone(const struct build *b, struct buf *out)
{
	static const struct {
		uint64_t flag;
		enum oci_namespace_type type;
	} flags[] = {
		{ CLONE_NEWUSER, OCI_NS_USER }, { CLONE_NEWPID, OCI_NS_PID },
		{ CLONE_NEWNS, OCI_NS_MOUNT },  { CLONE_NEWNET, OCI_NS_NETWORK },
		{ CLONE_NEWIPC, OCI_NS_IPC },   { CLONE_NEWUTS, OCI_NS_UTS },
	};
	const char *between = "";

	buf_addf(out, "%-10s ", "clone");
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (!(b->clone_flags & flags[i].flag))
			continue;
		buf_addf(out, "%s%s", between, oci_namespace_name[flags[i].type]);
		between = " ";
	}
	buf_addc(out, '\n');
}

int runtime_plan(const struct runtime_create *how, struct arena *a, struct buf *out, struct err *e)
{
	struct build *b;
	int r = plan_create(how, a, false, &b, e);

	if (r < 0)
		return r;
	plan_print(&b->before, out);
	print_clone(b, out);
	plan_print(&b->child, out);
	cgroup_free(b->c->cgroup);
	return 0;
}
