/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/verify.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/path.h"
#include "base/sha256.h"
#include "base/units.h"
#include "image/outlet.h"
#include "image/store.h"

struct verifying {
	const struct state *state;
	struct arena *arena;
	const struct image_verify *how;
	struct texts bad_layers, used_layers;
	bool images_unknown; /* one can't be read, so what it refers to isn't known */
};

static void tell(const struct verifying *v, const char *what, const char *id, const char *why)
{
	v->how->wrong(v->how->arg, what, id, why);
}

/* What cannot be looked at need not be damaged, and is not to be repaired away: a lack of memory or
 * descriptors, a permission, a disk that fails to read. */
static bool is_damage(const struct err *e)
{
	return e->kind == ERR_INVALID || e->code == ENOENT || e->code == ENOTDIR ||
	       e->code == EISDIR || e->code == ELOOP;
}

static int look_at_layer(struct verifying *v, const char *key, struct err *ret)
{
	bool unused = !v->images_unknown && !texts_has(&v->used_layers, key);
	struct layer l = { 0 };
	struct err e;
	int r = layer_read(v->state, v->arena, key, &l, &e);

	/* It is synced with the first image that has it: one that another boot left is not taken
	 * for whole by anyone. */
	if (unused && (r < 0 || !layer_is_of_this_boot(&l)))
		return 0;
	if (r == 0 && !v->how->quick)
		r = outlet_layer_check(v->state, &l, &e);
	if (r < 0 && !state_exists(v->state, "layers", key))
		return 0; /* removed meanwhile */
	if (r < 0 && !is_damage(&e)) {
		*ret = e;
		return r;
	}
	if (r < 0) {
		tell(v, "layer", key, e.msg);
		texts_add(v->arena, &v->bad_layers, key);
		return 0;
	}
	if (unused && clock_nsec() - l.stored_nsec > v->how->layer_age_nsec)
		tell(v, "layer", key, "no image refers to it");
	return 0;
}

static const char *digest_of(struct arena *a, const char *text, size_t len)
{
	char digest[SHA256_TEXT];

	sha256_text(digest, text, len);
	return arena_strdup(a, digest);
}

/* What is wrong with an image's documents, or NULL. */
static const char *wrong_document(struct arena *a, const struct image *i)
{
	const char *config = digest_of(a, i->config_text, i->config_len);
	const char *manifest = digest_of(a, i->manifest_text, i->manifest_len);

	if (!text_eq(text_after(config, "sha256:"), i->id))
		return arena_printf(a, "its configuration is %s", config);
	if (!texts_has(&i->digests, manifest))
		return arena_printf(a, "its manifest is %s", manifest);
	if (i->layers.n != i->config.rootfs.diff_ids.n)
		return arena_printf(a, "it has %zu layers, and its configuration %zu", i->layers.n,
				    i->config.rootfs.diff_ids.n);
	return NULL;
}

static const char *wrong_layer(const struct verifying *v, const struct image *i)
{
	for (size_t n = 0; n < i->layers.n; n++) {
		const char *key = i->layers.v[n];

		if (!state_exists(v->state, "layers", key))
			return arena_printf(v->arena, "its layer %s is missing", key);
		if (texts_has(&v->bad_layers, key))
			return arena_printf(v->arena, "its layer %s is damaged", key);
	}
	return NULL;
}

static int look_at_image(const struct verifying *v, const char *id, struct err *ret)
{
	const char *why;
	struct image *i;
	struct err e;
	int r = image_load(v->state, v->arena, id, &i, &e);

	if (r == -ENOENT)
		return 0;
	if (r < 0 && !is_damage(&e)) {
		*ret = e;
		return r;
	}
	why = r < 0 ? e.msg : wrong_document(v->arena, i);
	if (!why)
		why = wrong_layer(v, i);
	if (!why)
		return 0;
	tell(v, "image", id, why);
	if (v->how->bad_images)
		texts_add(v->arena, v->how->bad_images, id);
	return 0;
}

static void look_at_names(const struct verifying *v, const struct text_map *names)
{
	for (size_t i = 0; i < names->n; i++)
		if (!state_exists(v->state, "images", names->v[i].value))
			tell(v, "name", image_name_unescape(v->arena, names->v[i].key),
			     arena_printf(v->arena, "it leads to image %s, which is not there",
					  names->v[i].value));
}

int image_verify(const struct state *s, struct arena *a, const struct image_verify *how,
		 struct err *e)
{
	struct verifying v = { .state = s, .arena = a, .how = how };
	struct texts layers, images;
	struct text_map names;
	char *program;
	int r = state_list(s, "images", a, &images, e);

	if (r == 0)
		r = state_list(s, "layers", a, &layers, e);
	if (r == 0)
		r = state_name_list(s, "image", a, &names, e);
	/* Without it all layers would seem to be damaged. */
	if (r == 0 && !how->quick)
		r = path_libexec(a, "unpack", &program, e);
	if (r < 0)
		return r;
	v.images_unknown = image_layers_used(s, a, &v.used_layers, NULL) < 0;
	for (size_t i = 0; r == 0 && i < layers.n; i++)
		r = look_at_layer(&v, layers.v[i], e);
	for (size_t i = 0; r == 0 && i < images.n; i++)
		r = look_at_image(&v, images.v[i], e);
	if (r == 0)
		look_at_names(&v, &names);
	return r;
}
