/* SPDX-License-Identifier: BSD-2-Clause */
/* skopeo's `dir:`: manifest.json is the raw manifest, blobs are files called by their hex digits.
 */
#include <string.h>

#include "image/local.h"

static const char *dir_file_of(struct local_source *l, const struct image_descriptor *d)
{
	const char *hex, *manifest;

	if (!image_digest_valid(d->digest))
		return NULL;
	hex = strchr(d->digest, ':') + 1;
	manifest = arena_printf(l->arena, "%s.manifest.json", hex);
	return package_has(l->package, manifest) ? manifest : hex;
}

int local_open_dir(struct arena *a, struct package *p, const char *selector, struct source **ret,
		   struct err *e)
{
	struct local_source *l = local_new(a, p);
	auto_buf text = BUF(IMAGE_MANIFEST_MAX);
	int r = package_read(p, "manifest.json", &text, e);

	if (r < 0)
		return r;
	l->file_of = dir_file_of;
	l->manifest = arena_copy(a, buf_text(&text), text.len + 1);
	l->manifest_len = text.len;
	*ret = &l->source;
	return 0;
}
