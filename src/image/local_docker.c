/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `docker save` writes: manifest.json is an array of {Config, RepoTags, Layers}, each layer a
 * tar.  Nothing in it has a digest but the layers' diffIDs in the configuration, so the manifest
 * that is made up here names each layer by that.
 */
#include <string.h>

#include "base/sha256.h"
#include "image/document.h"
#include "image/local.h"

struct docker_item {
	const char *config;
	struct texts tags, layers;
};
struct docker_list {
	struct docker_items {
		struct docker_item *v;
		size_t n;
	} items;
};

static const struct json_field item_fields[] = {
	JSON_TEXT(docker_item, config, "Config", JSON_REQUIRED),
	JSON_TEXTS(docker_item, tags, "RepoTags", 0),
	JSON_TEXTS(docker_item, layers, "Layers", 0),
	{ 0 },
};
static const struct json_type item_json = JSON_TYPE(docker_item, item_fields);

static const struct json_field list_fields[] = {
	JSON_ARRAY(docker_list, items, "images", 0, item_json),
	{ 0 },
};
static const struct json_type list_json = JSON_TYPE(docker_list, list_fields);

static int read_list(struct arena *a, struct package *p, struct docker_list *ret, struct err *e)
{
	auto_buf text = BUF(IMAGE_MANIFEST_MAX), object = BUF(IMAGE_MANIFEST_MAX + 32);
	int r = package_read(p, "manifest.json", &text, e);

	if (r < 0)
		return r;
	/* Tables read objects. */
	buf_adds(&object, "{\"images\":");
	buf_add(&object, buf_text(&text), text.len);
	buf_adds(&object, "}");
	r = json_read(a, buf_text(&object), object.len, &list_json, ret, e);
	if (r < 0)
		return err_wrap(e, "manifest.json");
	if (ret->items.n == 0)
		return err_set(e, ERR_NOT_FOUND, "there is no image in manifest.json");
	return 0;
}

/* "busybox" means "docker.io/library/busybox:latest", in the archive and on the command line. */
static bool same_name(struct arena *a, const char *one, const char *other)
{
	struct reference l, r;
	struct err e;

	if (reference_parse_name(a, one, &l, &e) < 0 || reference_parse_name(a, other, &r, &e) < 0)
		return text_eq(one, other);
	reference_normalise(a, &l);
	reference_normalise(a, &r);
	return text_eq(reference_print(a, &l), reference_print(a, &r));
}

static int choose(struct arena *a, const struct docker_list *list, const char *selector,
		  const struct docker_item **ret, struct err *e)
{
	uint64_t number;
	struct err ignored;

	if (!selector && list->items.n > 1)
		return err_set(
			e, ERR_INVALID,
			"there are %zu images in manifest.json: say which one (:NAME or :@N)",
			list->items.n);
	if (!selector) {
		*ret = &list->items.v[0];
		return 0;
	}
	if (*selector == '@' &&
	    text_to_uint(selector + 1, list->items.n - 1, &number, "image", &ignored) == 0) {
		*ret = &list->items.v[number];
		return 0;
	}
	for (size_t i = 0; i < list->items.n; i++) {
		const struct texts *tags = &list->items.v[i].tags;

		for (size_t t = 0; t < tags->n; t++) {
			if (!same_name(a, tags->v[t], selector))
				continue;
			*ret = &list->items.v[i];
			return 0;
		}
	}
	return err_set(e, ERR_NOT_FOUND, "no image is called \"%s\" in manifest.json", selector);
}

static const char *docker_file_of(struct local_source *l, const struct image_descriptor *d)
{
	if (text_eq(d->digest, l->config_digest))
		return l->config;
	for (size_t i = 0; i < l->layers.n; i++)
		if (text_eq(l->diff_ids.v[i], d->digest))
			return l->layers.v[i];
	return NULL;
}

static int make_manifest(struct local_source *l, const char *config, size_t config_len,
			 struct err *e)
{
	struct image_config c;
	uint64_t *sizes;
	int r = image_config_read(l->arena, config, config_len, &c, e);

	if (r < 0)
		return r;
	if (c.rootfs.diff_ids.n != l->layers.n)
		return err_set(e, ERR_INVALID, "manifest.json lists %zu layers, %s %zu",
			       l->layers.n, l->config, c.rootfs.diff_ids.n);
	sizes = arena_array(l->arena, l->layers.n, sizeof(*sizes));
	for (size_t i = 0; i < l->layers.n; i++) {
		r = package_size(l->package, l->layers.v[i], &sizes[i], e);
		if (r < 0)
			return r;
	}
	l->diff_ids = c.rootfs.diff_ids;
	l->media_type = IMAGE_TYPE_DOCKER_MANIFEST;
	l->manifest = document_manifest(l->arena, &(struct document_manifest){
							  .docker = true,
							  .config = config,
							  .config_len = config_len,
							  .digests = &c.rootfs.diff_ids,
							  .sizes = sizes,
						  });
	l->manifest_len = strlen(l->manifest);
	return 0;
}

int local_open_docker(struct arena *a, struct package *p, const char *selector, struct source **ret,
		      struct err *e)
{
	struct local_source *l = local_new(a, p);
	auto_buf config = BUF(IMAGE_CONFIG_MAX);
	const struct docker_item *item = NULL;
	char digest[SHA256_TEXT];
	struct docker_list list = { 0 };
	int r = read_list(a, p, &list, e);

	if (r == 0)
		r = choose(a, &list, selector, &item, e);
	if (r == 0)
		r = package_read(p, item->config, &config, e);
	if (r < 0)
		return r;
	sha256_text(digest, buf_text(&config), config.len);
	l->file_of = docker_file_of;
	l->layers = item->layers;
	l->config = item->config;
	l->config_digest = arena_strdup(a, digest);
	l->source.names = item->tags;
	l->source.by_diff_id = true;
	r = make_manifest(l, buf_text(&config), config.len, e);
	if (r < 0)
		return r;
	*ret = &l->source;
	return 0;
}

static int count_docker(struct arena *a, struct package *p, size_t *ret, struct err *e)
{
	struct docker_list list = { 0 };
	int r = read_list(a, p, &list, e);

	if (r == 0)
		*ret = list.items.n;
	return r;
}

int local_count(struct arena *a, struct package *p, enum local_format format, size_t *ret,
		struct err *e)
{
	if (format == LOCAL_DOCKER)
		return count_docker(a, p, ret, e);
	if (format == LOCAL_OCI)
		return local_count_oci(a, p, ret, e);
	*ret = 1;
	return 0;
}
