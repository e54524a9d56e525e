/* SPDX-License-Identifier: BSD-2-Clause */
/* Removing images, and collecting the layers that no image is left for. */
#include <sys/file.h>

#include <fcntl.h>

#include "image/layer_store.h"
#include "image/store.h"

#define KIND         "images"
#define NAME_KIND    "image"
#define COLLECT_ONCE 200 /* layers locked at once: a descriptor each */

static void drop_names(const struct state *s, struct arena *a, const struct texts *names,
		       struct image_removed *ret)
{
	for (size_t i = 0; i < names->n; i++) {
		state_name_drop(s, NAME_KIND, image_name_escape(a, names->v[i]));
		texts_add(a, &ret->untagged, names->v[i]);
	}
}

static int check_unused(const struct image *i, struct arena *a, const struct image_users *users,
			struct err *e)
{
	struct texts containers = { 0 };
	int r = users ? users->find(users->arg, i->id, a, &containers, e) : 0;

	if (r < 0 || containers.n == 0)
		return r;
	err_set(e, ERR_CONFLICT,
		"image used by %s: image is in use by a container: consider listing external "
		"containers and force-removing image",
		containers.v[0]);
	e->where = IMAGE_IN_USE;
	return -e->code;
}

int image_remove(const struct state *s, struct arena *a, const struct image *i,
		 const struct image_remove *how, struct image_removed *ret, struct err *e)
{
	auto_close int store = state_lock_store(s, true, e);
	struct image_removed removed = { 0 };
	struct image now = *i;
	int r;

	if (store < 0)
		return store;
	r = image_names(s, a, &now, e);
	if (r < 0)
		return r;
	if (how->name && now.names.n > 1 && texts_has(&now.names, how->name)) {
		struct texts one = { &(const char *){ how->name }, 1 };

		drop_names(s, a, &one, &removed);
		*ret = removed;
		return 0;
	}
	if (!how->name && now.names.n > 1 && !how->force)
		return err_set(e, ERR_CONFLICT,
			       "unable to delete image \"%s\" by ID with more than one tag (%s): "
			       "please force removal",
			       i->id, texts_join(a, &now.names, ", "));
	r = check_unused(i, a, how->users, e);
	if (r < 0)
		return r;
	drop_names(s, a, &now.names, &removed);
	r = state_remove(s, KIND, i->id, e);
	if (r < 0)
		return r;
	removed.deleted = i->id;
	close(take_fd(store));
	r = layer_collect(s, &removed.bytes, e);
	*ret = removed;
	return r;
}

struct doomed {
	const char *key[COLLECT_ONCE];
	int lock[COLLECT_ONCE];
	size_t n;
};

static void lock_unused(const struct state *s, const struct texts *keys, size_t *at,
			const struct texts *used, struct doomed *d)
{
	struct err ignored;

	for (; *at < keys->n && d->n < COLLECT_ONCE; ++*at) {
		int fd;

		if (texts_has(used, keys->v[*at]))
			continue;
		fd = state_dir(s, "layers", keys->v[*at], &ignored);
		if (fd < 0)
			continue;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			close(fd);
			continue;
		}
		d->key[d->n] = keys->v[*at];
		d->lock[d->n++] = fd;
	}
}

static int remove_doomed(const struct state *s, struct arena *a, struct doomed *d,
			 const struct texts *used, uint64_t *bytes, struct err *e)
{
	int result = 0;

	for (size_t i = 0; i < d->n; i++) {
		struct layer l = { 0 };
		struct err ignored;

		if (result == 0 && !texts_has(used, d->key[i])) {
			layer_read(s, a, d->key[i], &l, &ignored);
			result = state_remove(s, "layers", d->key[i], e);
			*bytes += result == 0 ? l.file_bytes : 0;
		}
		close(d->lock[i]);
	}
	d->n = 0;
	return result;
}

int layer_collect(const struct state *s, uint64_t *ret_bytes, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct doomed doomed = { .n = 0 };
	struct texts keys, used;
	uint64_t bytes = 0;
	size_t at = 0;
	int r = state_list(s, "layers", a, &keys, e);

	if (r == 0)
		r = image_layers_used(s, a, &used, e);
	while (r == 0 && at < keys.n) {
		lock_unused(s, &keys, &at, &used, &doomed);
		if (doomed.n == 0)
			break;
		/* Again, now that nobody can begin to use them: an image may have been recorded
		 * between the first look and the locks. */
		r = image_layers_used(s, a, &used, e);
		if (r < 0)
			used = keys;
		r = remove_doomed(s, a, &doomed, &used, &bytes, e) < 0 ? -e->code : r;
	}
	*ret_bytes = bytes;
	return r;
}
