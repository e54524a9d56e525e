/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cgroup/cgroup.h"
#include "engine/depend.h"
#include "engine/stop.h"
#include "engine/wiring.h"
#include "image/image.h"
#include "volume/volume.h"

static void remove_volumes(const struct state *s, const struct container *c)
{
	for (size_t i = 0; i < c->mounts.n; i++)
		if (c->mounts.v[i].anonymous)
			volume_remove(s, c->mounts.v[i].source, NULL);
}

/* --rmi: what others use stays, and nobody is there any more who could be told. */
static void remove_image_too(const struct state *s, const struct container *c)
{
	AUTO(arena) a = arena_new();
	struct image_users users = { container_users_of_image, (void *)(uintptr_t)s };
	struct image_removed removed;
	struct image *image;
	struct err e;

	if (c->image_id && image_load(s, a, c->image_id, &image, &e) == 0)
		image_remove(s, a, image, &(struct image_remove){ .force = true, .users = &users },
			     &removed, &e);
}

/* With its lock held and nothing running. */
static int remove_ended(const struct state *s, struct arena *a, const struct container *c,
			const struct container_status *st, const struct container_remove *how,
			struct err *e)
{
	struct state_trash trash;
	int r = container_cleanup_ended(s, a, c, st, e);

	if (r < 0)
		return err_wrap(e, "remove container %s", c->id);
	/* The name first: without it the object is still found by its id, and removed again. */
	state_name_drop(s, CONTAINERS, c->name);
	r = state_discard(s, CONTAINERS, c->id, how->trash ? how->trash : &trash, e);
	if (!how->trash)
		state_delete(s, &trash);
	if (r < 0)
		return err_wrap(e, "remove container %s", c->id);
	if (how->volumes)
		remove_volumes(s, c);
	if (c->cid_file)
		unlink(c->cid_file);
	if (how->needed_too && c->auto_remove_image)
		remove_image_too(s, c);
	return 0;
}

static int is_running(const struct container *c, const struct container_status *st, struct err *e)
{
	int r = err_set(e, ERR_CONFLICT,
			"cannot remove container %s as it is %s - running or paused containers "
			"cannot be removed without force: container state improper",
			c->id, container_state_name[st->state]);

	if (e)
		e->where = CONTAINER_IS_RUNNING;
	return r;
}

/* Whoever needs it goes first, or keeps it. */
static int check_dependents(const struct state *s, struct arena *a, const struct container *c,
			    const struct container_remove *how, struct err *e)
{
	struct texts ids;
	int r = how->needed_too ? 0 : container_dependents(s, a, c->id, &ids, e);

	if (how->needed_too || r < 0)
		return r;
	for (size_t i = 0; how->depend && r >= 0 && i < ids.n; i++) {
		struct container *other;

		r = container_load(s, a, ids.v[i], &other, e);
		if (r == 0)
			r = container_remove(s, a, other, how, e);
		if (r == 0 && how->removed)
			how->removed(how->arg, ids.v[i]);
	}
	if (how->depend || ids.n == 0)
		return r < 0 ? r : 0;
	return err_set(e, ERR_CONFLICT,
		       "container %s has dependent containers which must be removed before it: %s: "
		       "container already exists",
		       c->id, texts_join(a, &ids, ", "));
}

static int stop_and_remove(const struct state *s, struct arena *a, const struct container *c,
			   const struct container_remove *how, struct err *e)
{
	/* Somebody may start it between our stopping and our locking. */
	for (int tries = 0; tries < 10; tries++) {
		struct container_status st;
		int r;
		{
			auto_close int lock = state_lock(s, CONTAINERS, c->id, e);

			if (lock < 0)
				return lock;
			r = container_status(s, a, c, &st, e);
			if (r < 0)
				return r;
			if (container_is_alive(&st) && !how->force)
				return is_running(c, &st, e);
			r = check_dependents(s, a, c, how, e);
			if (r < 0)
				return r;
			if (!container_is_alive(&st)) {
				container_undepend(s, a, c);
				return remove_ended(s, a, c, &st, how, e);
			}
		}
		r = container_stop(s, a, c,
				   &(struct container_stop){
					   .timeout_sec = how->timeout_sec < 0 ? c->stop_timeout_sec
									       : how->timeout_sec,
				   },
				   e);
		if (r < 0)
			return r;
	}
	return err_set(e, ERR_CONFLICT, "container %s is started again and again", c->name);
}

int container_remove(const struct state *s, struct arena *a, const struct container *c,
		     const struct container_remove *how, struct err *e)
{
	int r = stop_and_remove(s, a, c, how, e);

	/* Not told from the error: much can be missing besides the container. */
	return r < 0 && !state_exists(s, CONTAINERS, c->id) ? 1 : r;
}

int container_remove_all(const struct state *s, struct arena *a, const struct texts *ids,
			 const struct container_remove *how, struct err *e)
{
	for (size_t i = 0; i < ids->n; i++) {
		struct container *c;
		int r = container_load(s, a, ids->v[i], &c, e);

		if (r == -ENOENT)
			continue;
		if (r == 0)
			r = container_remove(s, a, c, how, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int container_rename(const struct state *s, struct arena *a, const struct container *c,
		     const char *name, struct err *e)
{
	auto_close int lock = state_lock(s, CONTAINERS, c->id, e);
	struct container renamed = *c;
	struct container_status st;
	const char *owner = NULL;
	int r;

	if (lock < 0)
		return lock;
	if (text_eq(c->name, name))
		return 0;
	r = container_name_check(name, e);
	if (r == 0)
		r = state_name_take(s, CONTAINERS, name, c->id, a, &owner, e);
	if (r == -EEXIST && owner)
		return err_set(e, ERR_CONFLICT,
			       "renaming container %s: name %s already in use by %s: container "
			       "already exists",
			       c->id, name, owner);
	if (r < 0)
		return r;
	renamed.name = name;
	r = container_save(s, lock, &renamed, true, e);
	state_name_drop(s, CONTAINERS, r < 0 ? name : c->name);
	if (r == 0 && container_status(s, a, c, &st, NULL) == 0 && container_is_alive(&st))
		wiring_rename(s, c, (pid_t)st.run.pid, name);
	return r;
}
