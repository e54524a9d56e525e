/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/sha256.h"
#include "image/archive.h"
#include "image/document.h"
#include "image/outlet.h"

#define REF_NAME "org.opencontainers.image.ref.name"

const char *const image_format_name[IMAGE_FORMATS + 1] = {
	[IMAGE_DOCKER_ARCHIVE] = "docker-archive",
	[IMAGE_OCI_ARCHIVE] = "oci-archive",
	[IMAGE_OCI_DIR] = "oci-dir",
	[IMAGE_DOCKER_DIR] = "docker-dir",
};

struct saving {
	const struct state *state;
	const struct image_save *how;
	struct arena *arena;
	struct outlet outlet;
	struct texts written; /* layers that are there already */
};

static const char *hex_of(const char *digest)
{
	return strchr(digest, ':') + 1;
}

static void tell(const struct saving *s, enum image_step step, const char *digest)
{
	if (s->how->progress)
		s->how->progress(s->how->progress_arg,
				 &(struct image_progress){ .step = step, .digest = digest });
}

static int read_layers(struct saving *s, const struct image *i, struct layer **ret, struct err *e)
{
	struct layer *layers = arena_array(s->arena, i->layers.n, sizeof(*layers));

	for (size_t n = 0; n < i->layers.n; n++) {
		int r = layer_read(s->state, s->arena, i->layers.v[n], &layers[n], e);

		if (r < 0)
			return err_wrap(e, "image %.12s", i->id);
	}
	*ret = layers;
	return 0;
}

/* name: where a layer goes, with %s for the hex digits of its diffID. */
static int put_layers(struct saving *s, const struct image *i, const struct layer *layers,
		      const char *before, const char *after, struct err *e)
{
	for (size_t n = 0; n < i->layers.n; n++) {
		const char *diff_id = layers[n].diff_id;
		int r;

		if (texts_has(&s->written, diff_id))
			continue;
		tell(s, IMAGE_STEP_LAYER, diff_id);
		r = outlet_layer(&s->outlet, s->state,
				 arena_printf(s->arena, "%s%s%s", before, hex_of(diff_id), after),
				 &layers[n], e);
		if (r < 0)
			return r;
		texts_add(s->arena, &s->written, diff_id);
	}
	return 0;
}

/* Of a directory: *ret_digests and *ret_sizes are of the compressed blobs. */
static int put_layers_gzip(struct saving *s, const struct image *i, const struct layer *layers,
			   struct texts *ret_digests, uint64_t **ret_sizes, struct err *e)
{
	uint64_t *sizes = arena_array(s->arena, i->layers.n, sizeof(*sizes));
	struct texts digests = { 0 };

	for (size_t n = 0; n < i->layers.n; n++) {
		int same = text_index(layers[n].diff_id, s->written.v, s->written.n);
		struct outlet_blob blob;
		int r;

		texts_add(s->arena, &s->written, layers[n].diff_id);
		if (same >= 0) {
			texts_add(s->arena, &digests, digests.v[same]);
			sizes[n] = sizes[same];
			continue;
		}
		tell(s, IMAGE_STEP_LAYER, layers[n].diff_id);
		r = outlet_layer_gzip(&s->outlet, s->state, &layers[n], &blob, e);
		if (r < 0)
			return r;
		texts_add(s->arena, &digests, arena_strdup(s->arena, blob.digest));
		sizes[n] = blob.bytes;
	}
	*ret_digests = digests;
	*ret_sizes = sizes;
	return 0;
}

static const char *manifest_of(struct saving *s, const struct image *i, const struct layer *layers,
			       bool docker)
{
	uint64_t *sizes = arena_array(s->arena, i->layers.n, sizeof(*sizes));

	for (size_t n = 0; n < i->layers.n; n++)
		sizes[n] = layers[n].tar_bytes;
	return document_manifest(s->arena, &(struct document_manifest){
						   .docker = docker,
						   .config = i->config_text,
						   .config_len = i->config_len,
						   .digests = &i->config.rootfs.diff_ids,
						   .sizes = sizes,
					   });
}

static int put_blob(struct saving *s, const char *text, size_t len, char ret_digest[SHA256_TEXT],
		    struct err *e)
{
	sha256_text(ret_digest, text, len);
	return outlet_file(&s->outlet,
			   arena_printf(s->arena, "blobs/sha256/%s", hex_of(ret_digest)), text, len,
			   e);
}

static int put_index(struct saving *s, const struct image_save_item *item, const char *digest,
		     size_t size, struct err *e)
{
	auto_buf text = BUF(IMAGE_MANIFEST_MAX);
	struct image_index index = { .schema_version = 2 };
	size_t n = item->names.n ? item->names.n : 1;
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
	int r;

	index.manifests.n = n;
	index.manifests.v = arena_array(s->arena, n, sizeof(*index.manifests.v));
	for (size_t i = 0; i < n; i++) {
		struct image_descriptor *d = &index.manifests.v[i];

		*d = (struct image_descriptor){ .media_type = IMAGE_TYPE_OCI_MANIFEST,
						.digest = digest,
						.size = size };
		if (item->names.n)
			text_map_set(s->arena, &d->annotations, REF_NAME, item->names.v[i]);
	}
	json_write(&text, &image_index_json, &index, 0);
	r = outlet_file(&s->outlet, "index.json", buf_text(&text), text.len, e);
	return r < 0 ? r : outlet_file(&s->outlet, "oci-layout", layout, strlen(layout), e);
}

static int save_oci(struct saving *s, struct err *e)
{
	const struct image_save_item *item = &s->how->items[0];
	const struct image *i = item->image;
	char digest[SHA256_TEXT];
	const char *manifest;
	struct layer *layers = NULL;
	int r = read_layers(s, i, &layers, e);

	if (r == 0)
		r = outlet_mkdir(&s->outlet, "blobs", e);
	if (r == 0)
		r = outlet_mkdir(&s->outlet, "blobs/sha256", e);
	if (r == 0)
		r = put_layers(s, i, layers, "blobs/sha256/", "", e);
	if (r < 0)
		return r;
	tell(s, IMAGE_STEP_CONFIG,
	     i->config_text ? arena_printf(s->arena, "sha256:%s", i->id) : "");
	r = put_blob(s, i->config_text, i->config_len, digest, e);
	if (r < 0)
		return r;
	tell(s, IMAGE_STEP_RECORD, NULL);
	manifest = manifest_of(s, i, layers, false);
	r = put_blob(s, manifest, strlen(manifest), digest, e);
	return r < 0 ? r : put_index(s, item, digest, strlen(manifest), e);
}

static void add_item(struct saving *s, json_t *list, const struct image_save_item *item)
{
	const struct texts *diff_ids = &item->image->config.rootfs.diff_ids;
	json_t *tags = json_array(), *layers = json_array(), *entry = json_object();

	for (size_t n = 0; n < item->names.n; n++)
		json_array_append_new(tags, json_string(item->names.v[n]));
	for (size_t n = 0; n < diff_ids->n; n++)
		json_array_append_new(layers, json_string(arena_printf(s->arena, "%s.tar",
								       hex_of(diff_ids->v[n]))));
	json_object_set_new(entry, "Config",
			    json_string(arena_printf(s->arena, "%s.json", item->image->id)));
	json_object_set_new(entry, "RepoTags", tags);
	json_object_set_new(entry, "Layers", layers);
	json_array_append_new(list, entry);
}

static int save_docker_archive(struct saving *s, struct err *e)
{
	auto_buf text = BUF(IMAGE_MANIFEST_MAX);
	json_t *list = json_array();
	int r = 0;

	for (size_t n = 0; r == 0 && n < s->how->items_len; n++) {
		const struct image *i = s->how->items[n].image;
		struct layer *layers = NULL;

		r = read_layers(s, i, &layers, e);
		if (r == 0)
			r = put_layers(s, i, layers, "", ".tar", e);
		if (r < 0)
			break;
		tell(s, IMAGE_STEP_CONFIG, arena_printf(s->arena, "sha256:%s", i->id));
		r = outlet_file(&s->outlet, arena_printf(s->arena, "%s.json", i->id),
				i->config_text, i->config_len, e);
		add_item(s, list, &s->how->items[n]);
	}
	json_print(&text, list, 0);
	json_decref(list);
	if (r == 0)
		r = buf_check(&text, "manifest.json", e);
	if (r < 0)
		return r;
	tell(s, IMAGE_STEP_RECORD, NULL);
	return outlet_file(&s->outlet, "manifest.json", buf_text(&text), text.len, e);
}

static int save_docker_dir(struct saving *s, struct err *e)
{
	static const char version[] = "Directory Transport Version: 1.1\n";
	const struct image *i = s->how->items[0].image;
	struct layer *layers = NULL;
	struct texts digests;
	uint64_t *sizes = NULL;
	const char *manifest;
	int r = read_layers(s, i, &layers, e);

	if (r == 0)
		r = outlet_file(&s->outlet, "version", version, strlen(version), e);
	if (r == 0)
		r = s->how->compress ? put_layers_gzip(s, i, layers, &digests, &sizes, e)
				     : put_layers(s, i, layers, "", "", e);
	if (r < 0)
		return r;
	tell(s, IMAGE_STEP_CONFIG, arena_printf(s->arena, "sha256:%s", i->id));
	r = outlet_file(&s->outlet, i->id, i->config_text, i->config_len, e);
	if (r < 0)
		return r;
	tell(s, IMAGE_STEP_RECORD, NULL);
	manifest = s->how->compress ? document_manifest(s->arena,
							&(struct document_manifest){
								.docker = true,
								.gzip = true,
								.config = i->config_text,
								.config_len = i->config_len,
								.digests = &digests,
								.sizes = sizes,
							})
				    : manifest_of(s, i, layers, true);
	return outlet_file(&s->outlet, "manifest.json", manifest, strlen(manifest), e);
}

int image_save(const struct state *s, const struct image_save *how, struct err *e)
{
	static int (*const save[IMAGE_FORMATS])(struct saving * s, struct err * e) = {
		[IMAGE_DOCKER_ARCHIVE] = save_docker_archive,
		[IMAGE_OCI_ARCHIVE] = save_oci,
		[IMAGE_OCI_DIR] = save_oci,
		[IMAGE_DOCKER_DIR] = save_docker_dir,
	};
	AUTO(arena) a = arena_new();
	struct saving saving = {
		.state = s,
		.how = how,
		.arena = a,
		.outlet = { .fd = how->out,
			    .directory = how->format == IMAGE_OCI_DIR ||
					 how->format == IMAGE_DOCKER_DIR },
	};
	int r;

	if (how->items_len != 1 && how->format != IMAGE_DOCKER_ARCHIVE)
		return err_set(e, ERR_INVALID, "%s holds one image only",
			       image_format_name[how->format]);
	r = save[how->format](&saving, e);
	return r < 0 ? r : outlet_end(&saving.outlet, e);
}
