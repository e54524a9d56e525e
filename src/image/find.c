/* SPDX-License-Identifier: BSD-2-Clause */
/* Which stored image people mean, and giving and taking names. */
#include <string.h>

#include "image/store.h"

#define KIND      "images"
#define NAME_KIND "image"

struct search {
	const struct state *state;
	struct arena *arena;
	const char *id;   /* found */
	const char *name; /* by this stored name, or NULL */
};

static bool by_name(struct search *s, const char *name)
{
	const char *id =
		state_name_find(s->state, NAME_KIND, image_name_escape(s->arena, name), s->arena);

	/* A name may be left over when a removal was cut short. */
	if (!id || !state_exists(s->state, KIND, id))
		return false;
	s->id = id;
	s->name = name;
	return true;
}

static bool by_domain(struct search *s, const struct reference *said, const char *domain)
{
	struct reference r = *said;

	reference_qualify(s->arena, &r, domain);
	if (r.digest)
		r.tag = NULL;
	return by_name(s, reference_print(s->arena, &r));
}

/* "foo" is also the end of "registry:5000/team/foo:latest". */
static int by_ending(struct search *s, const struct reference *said, struct err *e)
{
	struct reference r = *said;
	struct text_map names;
	const char *ending;
	int result = state_name_list(s->state, NAME_KIND, s->arena, &names, e);

	if (result < 0 || said->domain)
		return result;
	if (!r.tag && !r.digest)
		r.tag = "latest";
	if (r.digest)
		r.tag = NULL;
	ending = arena_printf(s->arena, "/%s", reference_print(s->arena, &r));
	for (size_t i = 0; i < names.n && !s->id; i++) {
		const char *name = image_name_unescape(s->arena, names.v[i].key);

		if (text_ends(name, ending))
			by_name(s, name);
	}
	return 0;
}

/* repository@digest, where the repository is one of the image's and the digest too. */
static int by_digest(struct search *s, const struct reference *said, struct err *e)
{
	struct images images;
	int r = image_list(s->state, s->arena, &images, NULL, NULL, e);

	for (size_t i = 0; r == 0 && i < images.n; i++) {
		const struct image *image = images.v[i];

		if (!texts_has(&image->digests, said->digest))
			continue;
		if (!said->repository) {
			s->id = image->id;
			return 0;
		}
		for (size_t n = 0; n < image->names.n; n++) {
			struct reference name, want = *said;
			struct err ignored;

			if (reference_parse_name(s->arena, image->names.v[n], &name, &ignored) < 0)
				continue;
			reference_qualify(s->arena, &want, name.domain);
			if (!text_eq(reference_print_name(s->arena, &name),
				     reference_print_name(s->arena, &want)))
				continue;
			s->id = image->id;
			s->name = image->names.v[n];
			return 0;
		}
	}
	return r;
}

static int by_id(struct search *s, const char *said, struct err *e)
{
	size_t len = strlen(said);
	struct texts ids;
	int r;

	if (len > STATE_ID_LEN || strspn(said, "0123456789abcdef") != len)
		return 0;
	if (len == STATE_ID_LEN) {
		if (state_exists(s->state, KIND, said))
			s->id = said;
		return 0;
	}
	r = state_list(s->state, KIND, s->arena, &ids, e);
	for (size_t i = 0; r == 0 && i < ids.n; i++) {
		if (strncmp(ids.v[i], said, len) != 0)
			continue;
		if (s->id)
			return err_set(e, ERR_CONFLICT,
				       "%s: more than one image has an ID that begins so", said);
		s->id = ids.v[i];
	}
	return r;
}

static int search_name(struct search *s, const struct reference *r, struct err *e)
{
	int result = 0;

	if (by_domain(s, r, "localhost") || by_domain(s, r, "docker.io"))
		return 0;
	result = by_ending(s, r, e);
	if (result == 0 && !s->id && r->digest)
		result = by_digest(s, r, e);
	return result;
}

static int search(struct search *s, const char *said, struct err *e)
{
	const char *hex = text_after(said, "sha256:");
	struct reference r;
	struct err ignored;
	int result = 0;

	if (hex) {
		result = by_id(s, hex, e);
		if (result == 0 && !s->id && strlen(hex) == STATE_ID_LEN)
			result = by_digest(s, &(struct reference){ .digest = said }, e);
		return result;
	}
	if (strlen(said) == STATE_ID_LEN) {
		result = by_id(s, said, e);
		if (result < 0 || s->id)
			return result;
	}
	/* "localhost" alone, or what no grammar allows, may still begin an id; nothing else. */
	if (reference_parse(s->arena, said, &r, &ignored) == 0 && r.repository) {
		result = search_name(s, &r, e);
		if (result < 0 || s->id)
			return result;
	}
	return by_id(s, said, e);
}

int image_find(const struct state *s, struct arena *a, const char *name, struct image **ret,
	       const char **ret_name, struct err *e)
{
	struct search found = { .state = s, .arena = a };
	int r = search(&found, name, e);

	if (r < 0)
		return r;
	if (!found.id)
		return err_set(e, ERR_NOT_FOUND, "%s: image not known", name);
	r = image_load(s, a, found.id, ret, e);
	if (r == 0 && ret_name)
		*ret_name = found.name;
	return r;
}

int image_tag(const struct state *s, struct arena *a, const struct image *i, const char *name,
	      struct err *e)
{
	struct reference r;
	int result = reference_parse_name(a, name, &r, e);

	if (result < 0)
		return result;
	if (r.digest)
		return err_set(e, ERR_INVALID, "%s: a name with a digest can't be given", name);
	reference_qualify(a, &r, "localhost");
	name = reference_print(a, &r);
	auto_close int store = state_lock_store(s, false, e);
	if (store < 0)
		return store;
	if (!state_exists(s, KIND, i->id))
		return err_set(e, ERR_NOT_FOUND, "%s: image not known", i->id);
	return state_name_set(s, NAME_KIND, image_name_escape(a, name), i->id, e);
}

int image_name_forget(const struct state *s, struct arena *a, const char *name, struct err *e)
{
	auto_close int store = state_lock_store(s, true, e);

	if (store < 0)
		return store;
	state_name_drop(s, NAME_KIND, image_name_escape(a, name));
	return 0;
}

int image_untag(const struct state *s, struct arena *a, const struct image *i, const char *name,
		struct err *e)
{
	struct search found = { .state = s, .arena = a };
	struct image with_names = *i;
	struct reference r;
	int result;

	if (!name) {
		result = image_names(s, a, &with_names, e);
		for (size_t n = 0; result == 0 && n < with_names.names.n; n++)
			state_name_drop(s, NAME_KIND, image_name_escape(a, with_names.names.v[n]));
		return result;
	}
	result = reference_parse_name(a, name, &r, e);
	if (result == 0)
		result = search_name(&found, &r, e);
	if (result < 0)
		return result;
	if (!found.name || !text_eq(found.id, i->id))
		return err_set(e, ERR_NOT_FOUND, "%s: tag not known", name);
	state_name_drop(s, NAME_KIND, image_name_escape(a, found.name));
	return 0;
}
