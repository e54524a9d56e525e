/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/local.h"

#include <string.h>

static int local_manifest(struct source *s, struct arena *a, const char *digest, struct buf *ret,
			  const char **ret_media_type, struct err *e)
{
	struct local_source *l = (struct local_source *)s;
	struct image_descriptor d = { .digest = digest };
	const char *file;
	int r;

	if (!digest) {
		buf_add(ret, l->manifest, l->manifest_len);
		if (l->media_type) {
			*ret_media_type = l->media_type;
			return 0;
		}
		return image_media_type_of(a, l->manifest, l->manifest_len, ret_media_type, e);
	}
	file = l->file_of(l, &d);
	if (!file)
		return err_set(e, ERR_NOT_FOUND, "%s is missing", digest);
	r = package_read(l->package, file, ret, e);
	return r < 0 ? r : image_media_type_of(a, buf_text(ret), ret->len, ret_media_type, e);
}

static int local_blob(struct source *s, const struct image_descriptor *d, struct source_blob *ret,
		      struct err *e)
{
	struct local_source *l = (struct local_source *)s;
	const char *file = l->file_of(l, d);

	if (!file)
		return err_set(e, ERR_NOT_FOUND, "%s is missing", d->digest);
	return package_blob(l->package, file, ret, e);
}

static void local_close(struct source *s)
{
	struct local_source *l = (struct local_source *)s;

	if (l->owns_package)
		package_free(l->package);
	l->package = NULL;
}

static const struct source_ops local_ops = {
	.manifest = local_manifest,
	.blob = local_blob,
	.blob_end = package_blob_end,
	.close = local_close,
};

struct local_source *local_new(struct arena *a, struct package *p)
{
	struct local_source *l = ARENA_NEW(a, struct local_source);

	l->source.ops = &local_ops;
	l->package = p;
	l->arena = a;
	return l;
}

void local_own(struct source *s, struct package *p)
{
	struct local_source *l = (struct local_source *)s;

	l->package = p;
	l->owns_package = true;
}

static bool is_array(struct package *p, const char *name)
{
	auto_buf text = BUF(IMAGE_MANIFEST_MAX);
	struct err e;

	if (package_read(p, name, &text, &e) < 0)
		return false;
	return buf_text(&text)[strspn(buf_text(&text), " \t\r\n")] == '[';
}

enum local_format local_format(struct package *p)
{
	if (package_has(p, "index.json") && package_has(p, "oci-layout"))
		return LOCAL_OCI;
	if (!package_has(p, "manifest.json"))
		return LOCAL_UNKNOWN;
	return is_array(p, "manifest.json") ? LOCAL_DOCKER : LOCAL_DIR;
}

int local_open(struct arena *a, struct package *p, enum local_format format, const char *selector,
	       struct source **ret, struct err *e)
{
	switch (format) {
	case LOCAL_OCI:
		return local_open_oci(a, p, selector, ret, e);
	case LOCAL_DOCKER:
		return local_open_docker(a, p, selector, ret, e);
	case LOCAL_DIR:
		return local_open_dir(a, p, selector, ret, e);
	default:
		return err_set(e, ERR_INVALID,
			       "payload does not match any of the supported image formats");
	}
}
