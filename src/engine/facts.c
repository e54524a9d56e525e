/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "engine/accounts.h"
#include "engine/devices.h"
#include "engine/files.h"
#include "engine/status.h"
#include "kernel/mount.h"
#include "kernel/open.h"
#include "runtime/capability.h"
#include "runtime/runtime.h"
#include "runtime/seccomp.h"
#include "runtime/user.h"
#include "volume/volume.h"

#define SECCOMP_MAX      (4U << 20)
#define CAP_RESOURCE_BIT (1ULL << 24)

static const struct {
	int type;
	const char *file;
} namespaces[] = {
	{ OCI_NS_PID, "pid" }, { OCI_NS_NETWORK, "net" }, { OCI_NS_IPC, "ipc" },
	{ OCI_NS_UTS, "uts" }, { OCI_NS_USER, "user" },   { OCI_NS_CGROUP, "cgroup" },
};

static const char *mode_of(const struct container *c, int type)
{
	switch (type) {
	case OCI_NS_PID:
		return c->namespaces.pid;
	case OCI_NS_NETWORK:
		return c->namespaces.network;
	case OCI_NS_IPC:
		return c->namespaces.ipc;
	case OCI_NS_UTS:
		return c->namespaces.uts;
	case OCI_NS_USER:
		return c->namespaces.user;
	default:
		return c->namespaces.cgroup;
	}
}

/* The namespace of another container's first process. *ret_id (may be NULL): which one. */
static int join_container(const struct state *s, struct arena *a, const char *name,
			  const char *file, const char **ret_path, const char **ret_id,
			  struct err *e)
{
	struct container_status st;
	struct container *other;
	int r = container_find(s, a, name, &other, e);

	if (r == 0)
		r = container_status(s, a, other, &st, e);
	if (r < 0)
		return r;
	if (!container_is_alive(&st))
		return err_set(e, ERR_CONFLICT,
			       "cannot join the %s namespace of container %s: it is not running: "
			       "container state improper",
			       file, other->name);
	if (strcmp(file, "ipc") == 0 &&
	    (text_eq(other->namespaces.ipc, "private") || text_eq(other->namespaces.ipc, "none")))
		return err_set(
			e, ERR_CONFLICT,
			"can't join IPC of container %s: non-shareable IPC (hint: use IpcMode:shareable "
			"for the donor container)",
			other->id);
	*ret_path = arena_printf(a, "/proc/%lld/ns/%s", (long long)st.run.pid, file);
	if (ret_id)
		*ret_id = other->id;
	return 0;
}

static int find_joined(struct arena *a, const struct facts_about *about, struct specify_facts *f,
		       const char **ret_network_of, struct err *e)
{
	*ret_network_of = NULL;
	for (size_t i = 0; i < ARRAY_LEN(namespaces); i++) {
		const char *mode = mode_of(about->container, namespaces[i].type);
		const char *path = mode ? text_after(mode, "ns:") : NULL;
		const char *name = mode ? text_after(mode, "container:") : NULL;
		const char *id = NULL;
		int r;

		if (path)
			f->joined[namespaces[i].type] = path;
		if (!name)
			continue;
		r = join_container(about->state, a, name, namespaces[i].file,
				   &f->joined[namespaces[i].type], &id, e);
		if (r < 0)
			return r;
		if (namespaces[i].type == OCI_NS_IPC)
			f->shm_path = arena_printf(a, "%.*s/root/dev/shm",
						   (int)(strlen(f->joined[OCI_NS_IPC]) -
							 strlen("/ns/ipc")),
						   f->joined[OCI_NS_IPC]);
		if (namespaces[i].type == OCI_NS_NETWORK)
			*ret_network_of =
				arena_printf(a, "%s/%s/%s", about->state->run_path, CONTAINERS, id);
	}
	return 0;
}

static void find_limits(struct specify_facts *f)
{
	struct rlimit nofile = { 0 }, nproc = { 0 };

	getrlimit(RLIMIT_NOFILE, &nofile);
	getrlimit(RLIMIT_NPROC, &nproc);
	f->nofile_hard = nofile.rlim_max;
	f->nproc_hard = nproc.rlim_max;
	f->capabilities = capability_bounding() & capability_all();
	f->may_raise_limits = !f->rootless && (f->capabilities & CAP_RESOURCE_BIT);
}

static void add_group(struct json_uints *groups, uint64_t gid)
{
	for (size_t i = 0; i < groups->n; i++)
		if (groups->v[i] == gid)
			return;
	groups->v[groups->n++] = gid;
}

/* The user's own group is among them: without it a file that is forbidden to the group is not so
 * to who has left that group by a setgid program. */
static int find_groups(struct arena *a, const struct container *c, int root,
		       const struct user_found *u, struct json_uints *ret, struct err *e)
{
	struct json_uints groups = {
		.v = arena_array(a, u->groups.n + c->group_add.n + 1, sizeof(*groups.v)),
	};

	for (size_t i = 0; i < u->groups.n; i++)
		add_group(&groups, u->groups.v[i]);
	for (size_t i = 0; i < c->group_add.n; i++) {
		uint64_t gid;
		int r = user_group_find(root, c->group_add.v[i], &gid, e);

		if (r < 0)
			return err_wrap(e, "looking up supplemental groups for container %s",
					c->id);
		add_group(&groups, gid);
	}
	add_group(&groups, u->gid);
	*ret = groups;
	return 0;
}

static int no_other_ids(struct err *e)
{
	err_set(e, ERR_UNSUPPORTED,
		"a container of a user without subordinate ids has no user or group but root: as "
		"root, usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER");
	if (e)
		e->where = RUNTIME_NOT_EXECUTABLE;
	return -ENOTSUP;
}

/* first: of the container, whose user is to be known in there. */
static int find_user(struct arena *a, const struct container *c, int root, bool first,
		     struct specify_facts *f, struct err *e)
{
	struct user_found u = { 0 };
	int r = first ? container_add_host_users(a, c, root, e) : 0;

	if (r < 0)
		return r;
	r = user_find(root, c->user ? c->user : "", a, &u, e);

	if (r == 0)
		r = find_groups(a, c, root, &u, &f->groups, e);
	if (r == -ENOENT && e)
		e->where = RUNTIME_NOT_EXECUTABLE;
	if (r < 0)
		return r;
	if (f->single_id && (u.uid || u.gid || c->group_add.n))
		return no_other_ids(e);
	/* Who has but one ID may set no groups, and is in none but his own. */
	if (f->single_id)
		f->groups.n = 0;
	f->uid = u.uid;
	f->gid = u.gid;
	f->home = u.home;
	if (!first)
		return 0;
	/* It is his entry's. */
	if (text_empty(u.name) && !c->no_passwd && !text_empty(c->working_dir))
		f->home = c->working_dir;
	return container_add_user(a, c, root, &u, e);
}

static int find_seccomp(struct arena *a, const struct container *c, struct specify_facts *f,
			struct err *e)
{
	auto_free char *text = NULL;
	uint64_t capabilities;
	size_t len;
	int r;

	if (!c->seccomp || strcmp(c->seccomp, "unconfined") == 0)
		return 0;
	r = container_capabilities(c, f, &capabilities, e);
	if (r == 0)
		r = file_read_at(AT_FDCWD, c->seccomp, SECCOMP_MAX, &text, &len, e);
	if (r == 0)
		r = seccomp_read(a, text, len,
				 &(struct seccomp_for){ .capabilities = capabilities }, &f->seccomp,
				 e);
	return r < 0 ? err_wrap(e, "opening seccomp profile failed") : 0;
}

static int find_init(struct arena *a, const struct facts_about *about, struct specify_facts *f,
		     struct err *e)
{
	const struct container *c = about->container;
	char *path;
	int r;

	if (!c->init)
		return 0;
	if (c->init_path) {
		f->init_program = c->init_path;
	} else {
		r = path_libexec(a, "init", &path, e);
		if (r < 0)
			return r;
		f->init_program = path;
	}
	if (access(f->init_program, X_OK) < 0)
		return err_sys(e, "container-init binary not found on the host: stat %s",
			       f->init_program);
	return 0;
}

/* A directory that the user named must be there; the image's own is made by the runtime. */
static int check_working_dir(const struct container *c, int root, struct err *e)
{
	auto_close int dir = -1;

	if (!c->working_dir_asked)
		return 0;
	/* It may lie on a volume, which is not mounted yet. */
	for (size_t i = 0; i < c->mounts.n; i++)
		if (path_is_below(c->working_dir, c->mounts.v[i].destination))
			return 0;
	dir = kernel_open_in(root, c->working_dir, O_PATH | O_DIRECTORY, NULL);
	if (dir >= 0)
		return 0;
	err_set(e, ERR_NOT_FOUND, "workdir \"%s\" does not exist on container %s", c->working_dir,
		c->id);
	if (e)
		e->where = RUNTIME_NOT_EXECUTABLE;
	return -ENOENT;
}

/* What any process of the container needs to be decided. */
static int find_common(struct arena *a, const struct facts_about *about, int root, bool first,
		       struct specify_facts *f, struct err *e)
{
	const struct state *s = about->state;
	const struct container *c = about->container;
	int r;

	f->rootless = s->rootless;
	f->single_id = s->single_id;
	f->run_path = arena_printf(a, "%s/%s/%s", s->run_path, CONTAINERS, c->id);
	f->volumes_path = path_join(a, s->lib_path, "volumes");
	find_limits(f);
	r = find_user(a, c, root, first, f, e);
	return r < 0 ? r : find_seccomp(a, c, f, e);
}

int container_exec_facts(struct arena *a, const struct facts_about *about, int root,
			 struct specify_facts *ret, struct err *e)
{
	const struct container *c = about->container;
	struct specify_facts f = { 0 };
	int r = find_common(a, about, root, false, &f, e);

	/* Which ones they are the running process says; only that they aren't the host's counts. */
	for (size_t i = 0; i < ARRAY_LEN(namespaces); i++) {
		const char *mode = mode_of(c, namespaces[i].type);

		if (mode && (text_after(mode, "container:") || text_after(mode, "ns:")))
			f.joined[namespaces[i].type] = mode;
	}
	if (r == 0)
		*ret = f;
	return r;
}

int container_facts(struct arena *a, const struct facts_about *about, int root,
		    struct specify_facts *ret, struct err *e)
{
	const struct container *c = about->container;
	struct specify_facts f = { 0 };
	const char *network_of;
	int r = find_joined(a, about, &f, &network_of, e);

	if (r == 0)
		r = find_common(a, about, root, true, &f, e);
	if (r == 0)
		r = container_devices(a, c, &f.devices, e);
	if (r == 0)
		r = find_init(a, about, &f, e);
	if (r == 0)
		r = check_working_dir(c, root, e);
	if (r == 0 && about->mount_fds)
		r = container_mount_facts(about, a, &f, e);
	if (r == 0)
		r = container_files(about, a, network_of, &f.has_timezone, e);
	if (r == 0)
		*ret = f;
	return r;
}
