/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/pull.h"

#include <string.h>

#include "base/sha256.h"

const char *const image_policy_name[4] = {
	[IMAGE_PULL_ALWAYS] = "always",
	[IMAGE_PULL_MISSING] = "missing",
	[IMAGE_PULL_NEWER] = "newer",
	[IMAGE_PULL_NEVER] = "never",
};

static void tell(const struct image_pull *how, enum image_step step, const char *shown)
{
	if (how->progress)
		how->progress(how->progress_arg,
			      &(struct image_progress){ .step = step, .shown = shown });
}

/* A name that came with an archive: Docker's short names mean docker.io, an OCI archive's this
 * machine.  In a layout that is a folder there are mostly bare tags, which name nothing. */
static int name_of_archive(struct arena *a, const char *said, const char *domain, struct texts *ret,
			   struct err *e)
{
	struct reference r;
	int result = reference_parse_name(a, said, &r, e);

	if (result < 0)
		return result;
	if (!domain && !r.domain)
		return 0;
	reference_qualify(a, &r, domain);
	if (r.digest)
		r.tag = NULL;
	texts_add(a, ret, reference_print(a, &r));
	return 0;
}

int pull_names(struct arena *a, const struct reference *r, const struct source *source,
	       struct texts *ret, struct err *e)
{
	const char *domain = source->by_diff_id ? "docker.io" : "localhost";
	struct texts names = { 0 };
	bool named;
	int result = 0;

	if (!r->file) {
		struct reference name = *r;

		if (name.digest)
			name.tag = NULL;
		texts_add(a, &names, reference_print(a, &name));
	} else if (r->transport == REFERENCE_OCI && r->selector) {
		result = name_of_archive(a, r->selector, domain, &names, e);
	}
	named = names.n > 0;
	if (r->transport == REFERENCE_OCI)
		domain = NULL;
	for (size_t i = 0; result == 0 && !named && r->file && i < source->names.n; i++)
		result = name_of_archive(a, source->names.v[i], domain, &names, e);
	*ret = names;
	return result;
}

/* Whether the registry's image is the one that we have under this name. */
static bool is_same(const struct state *s, struct arena *a, const struct reference *r,
		    struct source *source)
{
	auto_buf text = BUF(IMAGE_MANIFEST_MAX);
	const char *media_type;
	char digest[SHA256_TEXT];
	struct image *i;
	struct err e;

	if (image_find(s, a, reference_print(a, r), &i, NULL, &e) < 0 ||
	    source_manifest(source, a, r->digest, &text, &media_type, &e) < 0)
		return false;
	sha256_text(digest, buf_text(&text), text.len);
	return texts_has(&i->digests, digest);
}

static int pull_one(const struct state *s, struct arena *a, const struct reference *r,
		    const struct image_pull *how, char ret_id[STATE_ID_LEN + 1], struct err *e)
{
	AUTO(source) source = NULL;
	struct texts names;
	struct image *have;
	int result;

	if (!r->file)
		tell(how, IMAGE_STEP_TRY, reference_print(a, r));
	result = source_open(s, a, r, &how->access, &source, e);
	if (result == 0)
		result = pull_names(a, r, source, &names, e);
	if (result < 0)
		return result;
	if (how->policy == IMAGE_PULL_NEWER && !r->file && is_same(s, a, r, source)) {
		result = image_find(s, a, reference_print(a, r), &have, NULL, e);
		if (result == 0)
			memcpy(ret_id, have->id, STATE_ID_LEN + 1);
		return result;
	}
	result = pull_take(s,
			   &(struct pull_take){ .source = source,
						.digest = r->file ? NULL : r->digest,
						.names = names,
						.how = how },
			   ret_id, e);
	return result < 0 ? err_wrap(e, "initializing source %s", source->shown) : 0;
}

int pull_resolve(struct arena *a, const struct reference *r, const struct image_pull *how,
		 struct registries_names *ret, struct err *e)
{
	struct registries_names names;
	struct texts shown = { 0 };
	struct registries conf;
	size_t chosen;
	int result = registries_read(a, &conf, e);

	if (result == 0)
		result = registries_resolve(a, &conf, r, how->choose, &names, e);
	if (result < 0)
		return result;
	if (names.ask) {
		for (size_t i = 0; i < names.n; i++)
			texts_add(a, &shown, reference_print(a, &names.v[i]));
		result = how->choose(how->choose_arg, &shown, &chosen, e);
		if (result < 0)
			return result;
		names.v += chosen;
		names.n = 1;
	}
	*ret = names;
	return 0;
}

void pull_chosen(struct arena *a, const struct reference *r, const struct reference *chosen,
		 const struct image_pull *how)
{
	const char *path = registries_recorded(a), *name = reference_print_name(a, chosen);
	struct err e;

	if (path && registries_record(a, path, r->repository, name, &e) < 0)
		tell(how, IMAGE_STEP_NOTICE,
		     arena_printf(a, "Recording short-name alias \"%s\": %s", r->repository,
				  e.msg));
}

/* Each place that a short name may mean, until one has it. */
static int pull_any(const struct state *s, struct arena *a, const struct reference *r,
		    const struct image_pull *how, char ret_id[STATE_ID_LEN + 1], struct err *e)
{
	struct registries_names names;
	auto_buf all = BUF(sizeof(e->msg));
	int result = pull_resolve(a, r, how, &names, e);

	if (result < 0)
		return result;
	if (names.from)
		tell(how, IMAGE_STEP_NOTICE, names.from);
	for (size_t i = 0; i < names.n; i++) {
		result = pull_one(s, a, &names.v[i], how, ret_id, e);
		if (result == 0 && names.ask)
			pull_chosen(a, r, &names.v[i], how);
		if (result == 0 || names.n == 1)
			return result;
		buf_addf(&all, "\n\t* %s", e->msg);
	}
	if (names.n == 0)
		return err_set(e, ERR_NOT_FOUND, "%s: no registry to ask", reference_print(a, r));
	return err_set(e, ERR_REMOTE, "%zu errors occurred while pulling:%s", names.n,
		       buf_text(&all));
}

/* What is here under that name may be for another machine than was asked for. */
static bool is_for(const struct image *i, const struct image_platform *asked)
{
	const struct image_platform has = {
		.os = i->config.os,
		.architecture = i->config.architecture,
		.variant = i->config.variant,
	};
	struct image_platform want = *asked;

	if (!want.os && !want.architecture && !want.variant)
		return true;
	if (!want.architecture)
		want.architecture = image_platform_host().architecture;
	return image_platform_fits(&has, &want);
}

int image_pull(const struct state *s, const char *name, const struct image_pull *how,
	       char ret_id[STATE_ID_LEN + 1], struct err *e)
{
	AUTO(arena) a = arena_new();
	struct image *have = NULL;
	struct reference r;
	struct err missing;
	int result = 0;

	if (how->policy != IMAGE_PULL_ALWAYS && image_find(s, a, name, &have, NULL, &missing) < 0 &&
	    how->policy == IMAGE_PULL_NEVER) {
		*e = missing;
		return -e->code;
	}
	if (have && !is_for(have, &how->platform)) {
		if (how->policy == IMAGE_PULL_NEVER)
			return err_set(e, ERR_NOT_FOUND, "%s: image not known for the platform %s",
				       name, image_platform_print(a, &how->platform));
		have = NULL;
	}
	if (have && how->policy != IMAGE_PULL_NEWER) {
		memcpy(ret_id, have->id, STATE_ID_LEN + 1);
		return 0;
	}
	result = reference_parse(a, name, &r, e);
	if (result < 0)
		return result;
	if (r.transport == REFERENCE_STORE)
		return err_set(e, ERR_NOT_FOUND, "%s: image not known", name);
	result = r.file ? pull_one(s, a, &r, how, ret_id, e) : pull_any(s, a, &r, how, ret_id, e);
	/* What is here will do when nothing newer can be had. */
	if (result < 0 && have) {
		memcpy(ret_id, have->id, STATE_ID_LEN + 1);
		return 0;
	}
	return result;
}
