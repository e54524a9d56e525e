/* SPDX-License-Identifier: BSD-2-Clause */
/* OCI image layouts: index.json names manifests, blobs/sha256/HEX are the bytes. */
#include <string.h>

#include "image/local.h"

#define REF_NAME        "org.opencontainers.image.ref.name"
#define CONTAINERD_NAME "io.containerd.image.name"

static const char *oci_file_of(struct local_source *l, const struct image_descriptor *d)
{
	return image_digest_valid(d->digest)
		       ? arena_printf(l->arena, "blobs/sha256/%s", strchr(d->digest, ':') + 1)
		       : NULL;
}

static int read_index(struct arena *a, struct package *p, struct image_index *ret, struct err *e)
{
	auto_buf text = BUF(IMAGE_MANIFEST_MAX);
	int r = package_read(p, "index.json", &text, e);

	return r < 0 ? r : image_index_read(a, buf_text(&text), text.len, ret, e);
}

static const char *name_of(const struct image_descriptor *d, bool full)
{
	const char *name = text_map_get(&d->annotations, CONTAINERD_NAME);

	return full && name ? name : text_map_get(&d->annotations, REF_NAME);
}

static int choose(const struct image_index *index, const char *selector,
		  const struct image_descriptor **ret, struct err *e)
{
	uint64_t number;
	struct err ignored;

	if (index->manifests.n == 0)
		return err_set(e, ERR_NOT_FOUND, "there is no image in index.json");
	if (!selector && index->manifests.n > 1)
		return err_set(e, ERR_INVALID,
			       "there are %zu images in index.json: say which one (:NAME)",
			       index->manifests.n);
	if (!selector) {
		*ret = &index->manifests.v[0];
		return 0;
	}
	if (*selector == '@' &&
	    text_to_uint(selector + 1, index->manifests.n - 1, &number, "image", &ignored) == 0) {
		*ret = &index->manifests.v[number];
		return 0;
	}
	for (size_t i = 0; i < index->manifests.n; i++) {
		const struct image_descriptor *d = &index->manifests.v[i];

		if (text_eq(name_of(d, false), selector) || text_eq(name_of(d, true), selector)) {
			*ret = d;
			return 0;
		}
	}
	return err_set(e, ERR_NOT_FOUND, "no image is called \"%s\" in index.json", selector);
}

int local_open_oci(struct arena *a, struct package *p, const char *selector, struct source **ret,
		   struct err *e)
{
	struct local_source *l = local_new(a, p);
	auto_buf text = BUF(IMAGE_MANIFEST_MAX);
	const struct image_descriptor *d = NULL;
	struct image_index index;
	const char *name;
	int r = read_index(a, p, &index, e);

	if (r == 0)
		r = choose(&index, selector, &d, e);
	if (r < 0)
		return r;
	l->file_of = oci_file_of;
	l->media_type = d->media_type;
	r = source_manifest(&l->source, a, d->digest, &text, &name, e);
	if (r < 0)
		return r;
	l->manifest = arena_copy(a, buf_text(&text), text.len + 1);
	l->manifest_len = text.len;
	name = name_of(d, true);
	if (name)
		texts_add(a, &l->source.names, name);
	*ret = &l->source;
	return 0;
}

int local_count_oci(struct arena *a, struct package *p, size_t *ret, struct err *e)
{
	struct image_index index;
	int r = read_index(a, p, &index, e);

	if (r == 0)
		*ret = index.manifests.n;
	return r;
}
