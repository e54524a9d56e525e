/* SPDX-License-Identifier: BSD-2-Clause */
/* One image from an open source into the store: documents, layers, record. */
#include <string.h>

#include "base/sha256.h"
#include "image/document.h"
#include "image/fetch.h"
#include "image/pull.h"
#include "image/store.h"

#define INDEX_DEPTH 4 /* an index may name another */

struct taken {
	struct arena *arena;
	const char *manifest_text, *config_text, *media_type;
	size_t manifest_len, config_len;
	struct image_manifest manifest;
	struct image_config config;
	struct texts digests;
};

static void tell(const struct pull_take *t, const struct image_progress *p)
{
	if (t->how->progress)
		t->how->progress(t->how->progress_arg, p);
}

static struct image_platform wanted(const struct pull_take *t)
{
	struct image_platform want = t->how->platform, host = image_platform_host();

	if (!want.os)
		want.os = host.os;
	if (!want.architecture) {
		want.architecture = host.architecture;
		if (!want.variant)
			want.variant = host.variant;
	}
	return want;
}

static int kind_of(struct taken *k, const struct buf *text, const char *media_type,
		   enum image_media *ret, struct err *e)
{
	enum image_media media = image_media(media_type);
	int r;

	if (media == IMAGE_MEDIA_UNKNOWN) {
		/* A server may call it application/json, or nothing: then the document says. */
		r = image_media_type_of(k->arena, buf_text(text), text->len, &media_type, e);
		if (r < 0)
			return err_wrap(e, "manifest");
		media = image_media(media_type);
	}
	if (media == IMAGE_MEDIA_SCHEMA1)
		return err_set(e, ERR_UNSUPPORTED,
			       "the image is of Docker's old schema 1, which is not supported: "
			       "push it again with a newer tool");
	if (media != IMAGE_MEDIA_INDEX && media != IMAGE_MEDIA_MANIFEST)
		return err_set(e, ERR_UNSUPPORTED, "unsupported manifest media type \"%.100s\"",
			       media_type);
	k->media_type = arena_strdup(k->arena, media_type);
	*ret = media;
	return 0;
}

static int choose(const struct pull_take *t, struct taken *k, const struct buf *text,
		  const char **ret_digest, struct err *e)
{
	struct image_platform want = wanted(t);
	const struct image_descriptor *d;
	struct image_index index;
	int r = image_index_read(k->arena, buf_text(text), text->len, &index, e);

	if (r < 0)
		return r;
	d = image_index_choose(&index, &want);
	if (!d && index.manifests.n == 1 && !index.manifests.v[0].platform)
		d = &index.manifests.v[0];
	if (!d)
		return err_set(
			e, ERR_NOT_FOUND,
			"choosing an image from manifest list %s: no image found in manifest "
			"list for architecture %s, variant \"%s\", OS %s",
			t->source->shown, want.architecture, want.variant ? want.variant : "",
			want.os);
	*ret_digest = d->digest;
	return 0;
}

static int take_manifest(const struct pull_take *t, struct taken *k, struct err *e)
{
	auto_buf text = BUF(IMAGE_MANIFEST_MAX);
	const char *digest = t->digest, *media_type;

	for (int depth = 0; depth < INDEX_DEPTH; depth++) {
		char found[SHA256_TEXT];
		enum image_media kind = IMAGE_MEDIA_UNKNOWN;
		int r = source_manifest(t->source, k->arena, digest, &text, &media_type, e);

		if (r == 0)
			r = kind_of(k, &text, media_type, &kind, e);
		if (r < 0)
			return r;
		sha256_text(found, buf_text(&text), text.len);
		texts_add(k->arena, &k->digests, arena_strdup(k->arena, found));
		if (kind == IMAGE_MEDIA_INDEX) {
			r = choose(t, k, &text, &digest, e);
			if (r < 0)
				return r;
			continue;
		}
		k->manifest_text = arena_copy(k->arena, buf_text(&text), text.len + 1);
		k->manifest_len = text.len;
		return image_manifest_read(k->arena, buf_text(&text), text.len, &k->manifest, e);
	}
	return err_set(e, ERR_INVALID, "an index of an index of an index: %d levels", INDEX_DEPTH);
}

static int take_config(const struct pull_take *t, struct taken *k, struct err *e)
{
	auto_buf text = BUF(0);
	struct image_platform want = wanted(t), has;
	int r = source_read(t->source, &k->manifest.config, IMAGE_CONFIG_MAX, &text, e);

	if (r < 0)
		return err_wrap(e, "configuration");
	r = image_config_read(k->arena, buf_text(&text), text.len, &k->config, e);
	if (r < 0)
		return r;
	k->config_text = arena_copy(k->arena, buf_text(&text), text.len + 1);
	k->config_len = text.len;
	has = (struct image_platform){ .os = k->config.os,
				       .architecture = k->config.architecture,
				       .variant = k->config.variant };
	if (t->any_platform || image_platform_fits(&has, &want))
		return 0;
	return err_set(e, ERR_UNSUPPORTED,
		       "image platform (%s) does not match the expected platform (%s); "
		       "--platform %s takes it",
		       image_platform_print(k->arena, &has), image_platform_print(k->arena, &want),
		       image_platform_print(k->arena, &has));
}

static uint64_t sum(const uint64_t *v, size_t n)
{
	uint64_t all = 0;

	for (size_t i = 0; i < n; i++)
		all += v[i];
	return all;
}

static int record(const struct state *s, const struct pull_take *t, struct taken *k,
		  const struct fetch *f, char ret_id[STATE_ID_LEN + 1], struct err *e)
{
	size_t layers = k->manifest.layers.n;

	tell(t, &(struct image_progress){ .step = IMAGE_STEP_CONFIG,
					  .digest = k->manifest.config.digest });
	if (t->source->by_diff_id) {
		/* Only now are the sizes known for certain. */
		k->manifest_text =
			document_manifest(k->arena, &(struct document_manifest){
							    .docker = true,
							    .config = k->config_text,
							    .config_len = k->config_len,
							    .digests = &k->config.rootfs.diff_ids,
							    .sizes = f->tar_bytes,
						    });
		k->manifest_len = strlen(k->manifest_text);
		k->digests.n = 0;
	}
	tell(t, &(struct image_progress){ .step = IMAGE_STEP_RECORD });
	return image_record(s,
			    &(struct image_new){
				    .manifest = k->manifest_text,
				    .manifest_len = k->manifest_len,
				    .config = k->config_text,
				    .config_len = k->config_len,
				    .media_type = k->media_type,
				    .digests = k->digests,
				    .layers = f->keys,
				    .tar_bytes = sum(f->tar_bytes, layers),
				    .names = t->names,
			    },
			    ret_id, e);
}

int pull_take(const struct state *s, const struct pull_take *t, char ret_id[STATE_ID_LEN + 1],
	      struct err *e)
{
	AUTO(arena) a = arena_new();
	struct taken k = { .arena = a };
	struct fetch f = {
		.state = s,
		.arena = a,
		.source = t->source,
		.manifest = &k.manifest,
		.config = &k.config,
		.parallel = t->how->parallel,
		.progress = t->how->progress,
		.progress_arg = t->how->progress_arg,
	};
	uint64_t total = 0;
	int r = take_manifest(t, &k, e);

	if (r == 0)
		r = take_config(t, &k, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < k.manifest.layers.n; i++)
		total += k.manifest.layers.v[i].size;
	tell(t, &(struct image_progress){ .step = IMAGE_STEP_MANIFEST,
					  .index = k.manifest.layers.n,
					  .total = total });
	r = fetch_layers(&f, e);
	if (r == 0)
		r = record(s, t, &k, &f, ret_id, e);
	fetch_release(&f);
	return r;
}
