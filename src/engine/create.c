/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/create.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/units.h"
#include "engine/depend.h"
#include "engine/userns.h"
#include "network/port.h"
#include "volume/volume.h"

/* The merged root's mode and owner are those of the upper directory: it takes the topmost layer's,
 * as no other layer's root shows through. */
int container_make_upper(const struct state *s, struct arena *a, const struct image *image, int dir,
			 struct err *e)
{
	auto_close int upper = -1;
	struct stat st;
	size_t len;
	int *fds, r;

	if (mkdirat(dir, "upper", 0755) < 0 || mkdirat(dir, "work", 0700) < 0)
		return err_sys(e, "make the writable layer");
	r = image_open_layers(s, a, image, &fds, &len, e);
	if (r < 0)
		return r;
	r = len > 0 && fstat(fds[0], &st) < 0 ? err_sys(e, "look at the topmost layer") : 0;
	image_close_layers(fds, len);
	if (r < 0 || len == 0)
		return r;
	upper = openat(dir, "upper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (upper < 0)
		return err_sys(e, "make the writable layer");
	if ((st.st_uid || st.st_gid) && fchown(upper, st.st_uid, st.st_gid) < 0 && !s->rootless)
		return err_sys(e, "set the owner of the writable layer");
	if (fchmod(upper, st.st_mode & 07777) < 0)
		return err_sys(e, "set the mode of the writable layer");
	return 0;
}

static int make_volume(const struct state *s, struct arena *a, struct container_mount *m,
		       struct err *e)
{
	struct volume v = {
		.name = m->source,
		.anonymous = m->anonymous,
		.options = m->volume_options,
		.labels = m->volume_labels,
	};
	int r;

	if (m->source && state_exists(s, VOLUMES, m->source))
		return 0;
	r = volume_options_check(a, &v, e);
	if (r < 0)
		return r;
	r = volume_create(s, a, &v, &m->source, e);
	/* Another create made it at the same time: so be it. */
	return r == -EEXIST && !m->anonymous ? 0 : r;
}

static int make_volumes(const struct state *s, struct arena *a, struct container *c, struct err *e)
{
	for (size_t i = 0; i < c->mounts.n; i++) {
		int r = strcmp(c->mounts.v[i].type, "volume") == 0
				? make_volume(s, a, &c->mounts.v[i], e)
				: 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static void remove_anonymous(const struct state *s, const struct container *c)
{
	for (size_t i = 0; i < c->mounts.n; i++)
		if (c->mounts.v[i].anonymous && c->mounts.v[i].source)
			volume_remove(s, c->mounts.v[i].source, NULL);
}

static int take_name(const struct state *s, struct arena *a, struct container *c, struct err *e)
{
	const char *owner = NULL;
	bool random = !c->name;
	int r;

	do {
		r = random ? container_name_random(s, a, &c->name, e)
			   : container_name_check(c->name, e);
		if (r == 0)
			r = state_name_take(s, CONTAINERS, c->name, c->id, a, &owner, e);
	} while (r == -EEXIST && random && owner);
	if (r == -EEXIST && owner)
		return err_set(e, ERR_CONFLICT,
			       "creating container storage: the container name \"%s\" is already "
			       "in use by %s. You have to remove that container to be able to "
			       "reuse that name: that name is already in use, or use --replace to "
			       "have berth do so.",
			       c->name, owner);
	return r;
}

/* By its id: the other container may be renamed. */
static int fix_mode(const struct state *s, struct arena *a, const char **mode, struct err *e)
{
	const char *name = *mode ? text_after(*mode, "container:") : NULL, *id;
	int r = name ? container_find_id(s, a, name, &id, e) : 0;

	if (name && r == 0)
		*mode = arena_printf(a, "container:%s", id);
	return r;
}

/* --requires, whose names come to be ids. */
static int fix_requires(const struct state *s, struct arena *a, struct container *c, struct err *e)
{
	struct texts ids = { 0 };

	for (size_t i = 0; i < c->requires.n; i++) {
		const char *id;
		int r = container_find_id(s, a, c->requires.v[i], &id, e);

		if (r < 0)
			return err_wrap(e, "--requires %s", c->requires.v[i]);
		texts_add(a, &ids, id);
	}
	c->requires = ids;
	return 0;
}

/* Who joins a user namespace has the IDs that are in it. */
static int take_joined_ids(const struct state *s, struct arena *a, struct container *c,
			   struct err *e)
{
	const char *mode = c->namespaces.user ? c->namespaces.user : "";
	const char *id = text_after(mode, "container:"), *path = text_after(mode, "ns:");
	struct container *other;
	int r;

	if (path)
		return userns_of_path(a, path, c, e);
	if (!id)
		return 0;
	r = container_load(s, a, id, &other, e);
	if (r < 0)
		return r;
	c->uid_maps = other->uid_maps;
	c->gid_maps = other->gid_maps;
	/* It has the host's. */
	if (other->uid_maps.n == 0)
		c->namespaces.user = NULL;
	return 0;
}

static int fix_namespaces(const struct state *s, struct arena *a, struct container_namespaces *n,
			  struct err *e)
{
	const char **modes[] = { &n->pid, &n->ipc, &n->uts, &n->network, &n->user, &n->cgroup };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(modes); i++)
		r = fix_mode(s, a, modes[i], e);
	return r;
}

/* Whoever shares a UTS namespace has its name; whoever shares the host's network is known by the
 * host's; others by their own id. */
static const char *choose_hostname(const struct state *s, struct arena *a,
				   const struct container *c)
{
	const char *donor = c->namespaces.uts ? text_after(c->namespaces.uts, "container:") : NULL;
	struct container *other;
	char name[256];

	if (donor && container_load(s, a, donor, &other, NULL) == 0)
		return other->hostname;
	if ((text_eq(c->namespaces.uts, "host") || text_eq(c->namespaces.network, "host")) &&
	    gethostname(name, sizeof(name)) == 0)
		return arena_strdup(a, name);
	return arena_strndup(a, c->id, 12);
}

static int fill(const struct state *s, struct arena *a, const struct container_create *how,
		struct container *c, int dir, struct err *e)
{
	int r = how->image ? container_make_upper(s, a, how->image, dir, e) : 0;

	if (r == 0)
		r = make_volumes(s, a, c, e);
	if (r == 0)
		r = container_depend(s, a, c, e);
	if (r == 0)
		r = container_save(s, dir, c, how->durable, e);
	if (r == 0)
		r = state_commit(s, CONTAINERS, c->id, dir, how->durable, e);
	return r;
}

int container_create(const struct state *s, struct arena *a, const struct container_create *how,
		     struct container **ret, struct err *e)
{
	struct container *c = ARENA_NEW(a, struct container);
	char id[STATE_ID_LEN + 1];
	auto_close int store = -1;
	auto_close int dir = -1;
	int r = container_merge(a, how, c, e);

	if (r < 0)
		return r;
	state_new_id(id);
	c->id = arena_strdup(a, id);
	c->created_nsec = clock_nsec();
	r = port_choose(&c->ports, e);
	if (r == 0)
		r = fix_namespaces(s, a, &c->namespaces, e);
	if (r == 0)
		r = take_joined_ids(s, a, c, e);
	if (r == 0)
		r = fix_requires(s, a, c, e);
	if (r < 0)
		return r;
	if (!c->hostname)
		c->hostname = choose_hostname(s, a, c);
	/* Until the container is there, nothing else says that the image is needed. */
	store = state_lock_store(s, how->userns_size > 0, e);
	if (store < 0)
		return store;
	if (s->rootless && (how->userns_size > 0 || c->uid_maps.n))
		return err_set(e, ERR_UNSUPPORTED,
			       "a user namespace of the container's own needs root: without it "
			       "layers can't be shown with other IDs");
	if (how->userns_size > 0) {
		r = userns_choose(s, a, (uint64_t)how->userns_size, c, e);
		if (r < 0)
			return r;
	}
	dir = state_begin(s, CONTAINERS, id, e);
	if (dir < 0)
		return dir;
	r = take_name(s, a, c, e);
	if (r < 0) {
		state_abandon(s, CONTAINERS, id);
		return r;
	}
	r = fill(s, a, how, c, dir, e);
	if (r < 0) {
		container_undepend(s, a, c);
		remove_anonymous(s, c);
		state_name_drop(s, CONTAINERS, c->name);
		state_abandon(s, CONTAINERS, id);
		return r;
	}
	if (how->ret_lock)
		*how->ret_lock = take_fd(dir);
	*ret = c;
	return 0;
}
