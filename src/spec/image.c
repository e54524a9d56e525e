/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/image.h"

#include <string.h>

#include "base/sha256.h"

static const struct json_field platform_fields[] = {
	JSON_TEXT(image_platform, architecture, "architecture", 0),
	JSON_TEXT(image_platform, os, "os", 0),
	JSON_TEXT(image_platform, os_version, "os.version", 0),
	JSON_TEXTS(image_platform, os_features, "os.features", 0),
	JSON_TEXT(image_platform, variant, "variant", 0),
	{ 0 },
};
const struct json_type image_platform_json = JSON_TYPE(image_platform, platform_fields);

static const struct json_field descriptor_fields[] = {
	JSON_TEXT(image_descriptor, media_type, "mediaType", 0),
	JSON_TEXT(image_descriptor, digest, "digest", JSON_REQUIRED),
	JSON_UINT(image_descriptor, size, "size", JSON_REQUIRED | JSON_ALWAYS),
	JSON_TEXT_MAP(image_descriptor, annotations, "annotations", 0),
	JSON_OBJECT_PTR(image_descriptor, platform, "platform", 0, image_platform_json),
	JSON_TEXT(image_descriptor, artifact_type, "artifactType", 0),
	{ 0 },
};
const struct json_type image_descriptor_json = JSON_TYPE(image_descriptor, descriptor_fields);

static const struct json_field index_fields[] = {
	JSON_INT(image_index, schema_version, "schemaVersion", JSON_REQUIRED),
	JSON_TEXT(image_index, media_type, "mediaType", 0),
	JSON_ARRAY(image_index, manifests, "manifests", JSON_REQUIRED | JSON_ALWAYS,
		   image_descriptor_json),
	JSON_TEXT_MAP(image_index, annotations, "annotations", 0),
	{ 0 },
};
const struct json_type image_index_json = JSON_TYPE(image_index, index_fields);

static const struct json_field manifest_fields[] = {
	JSON_INT(image_manifest, schema_version, "schemaVersion", JSON_REQUIRED),
	JSON_TEXT(image_manifest, media_type, "mediaType", 0),
	JSON_TEXT(image_manifest, artifact_type, "artifactType", 0),
	JSON_OBJECT(image_manifest, config, "config", JSON_REQUIRED, image_descriptor_json),
	JSON_ARRAY(image_manifest, layers, "layers", JSON_REQUIRED | JSON_ALWAYS,
		   image_descriptor_json),
	JSON_TEXT_MAP(image_manifest, annotations, "annotations", 0),
	{ 0 },
};
const struct json_type image_manifest_json = JSON_TYPE(image_manifest, manifest_fields);

static const struct json_field key_fields[] = { { 0 } };
static const struct json_type key_json = JSON_TYPE(image_key, key_fields);

static const struct json_field healthcheck_fields[] = {
	JSON_TEXTS(image_healthcheck, test, "Test", 0),
	JSON_INT(image_healthcheck, interval, "Interval", 0),
	JSON_INT(image_healthcheck, timeout, "Timeout", 0),
	JSON_INT(image_healthcheck, start_period, "StartPeriod", 0),
	JSON_INT(image_healthcheck, start_interval, "StartInterval", 0),
	JSON_INT(image_healthcheck, retries, "Retries", 0),
	{ 0 },
};
const struct json_type image_healthcheck_json = JSON_TYPE(image_healthcheck, healthcheck_fields);

static const struct json_field process_fields[] = {
	JSON_TEXT(image_process, user, "User", 0),
	JSON_MAP(image_process, exposed_ports, "ExposedPorts", 0, key_json),
	JSON_TEXTS(image_process, env, "Env", 0),
	JSON_TEXTS(image_process, entrypoint, "Entrypoint", 0),
	JSON_TEXTS(image_process, cmd, "Cmd", 0),
	JSON_MAP(image_process, volumes, "Volumes", 0, key_json),
	JSON_TEXT(image_process, working_dir, "WorkingDir", 0),
	JSON_TEXT_MAP(image_process, labels, "Labels", 0),
	JSON_TEXT(image_process, stop_signal, "StopSignal", 0),
	JSON_INT_PTR(image_process, stop_timeout, "StopTimeout", 0),
	JSON_OBJECT_PTR(image_process, healthcheck, "Healthcheck", 0, image_healthcheck_json),
	JSON_TEXTS(image_process, on_build, "OnBuild", 0),
	JSON_TEXTS(image_process, shell, "Shell", 0),
	{ 0 },
};
const struct json_type image_process_json = JSON_TYPE(image_process, process_fields);

static const struct json_field history_fields[] = {
	JSON_TEXT(image_history, created, "created", 0),
	JSON_TEXT(image_history, created_by, "created_by", 0),
	JSON_TEXT(image_history, author, "author", 0),
	JSON_TEXT(image_history, comment, "comment", 0),
	JSON_BOOL(image_history, empty_layer, "empty_layer", 0),
	{ 0 },
};
const struct json_type image_history_json = JSON_TYPE(image_history, history_fields);

static const struct json_field rootfs_fields[] = {
	JSON_TEXT(image_rootfs, type, "type", JSON_ALWAYS),
	JSON_TEXTS(image_rootfs, diff_ids, "diff_ids", JSON_ALWAYS),
	{ 0 },
};
static const struct json_type rootfs_json = JSON_TYPE(image_rootfs, rootfs_fields);

static const struct json_field config_fields[] = {
	JSON_TEXT(image_config, created, "created", 0),
	JSON_TEXT(image_config, author, "author", 0),
	JSON_TEXT(image_config, architecture, "architecture", JSON_ALWAYS),
	JSON_TEXT(image_config, variant, "variant", 0),
	JSON_TEXT(image_config, os, "os", JSON_ALWAYS),
	JSON_TEXT(image_config, os_version, "os.version", 0),
	JSON_TEXT(image_config, comment, "comment", 0),
	JSON_TEXT(image_config, docker_version, "docker_version", 0),
	JSON_OBJECT(image_config, config, "config", 0, image_process_json),
	JSON_OBJECT(image_config, rootfs, "rootfs", JSON_REQUIRED | JSON_ALWAYS, rootfs_json),
	JSON_ARRAY(image_config, history, "history", 0, image_history_json),
	{ 0 },
};
const struct json_type image_config_json = JSON_TYPE(image_config, config_fields);

static const struct {
	const char *type;
	enum image_media media;
} media_types[] = {
	{ IMAGE_TYPE_OCI_INDEX, IMAGE_MEDIA_INDEX },
	{ IMAGE_TYPE_DOCKER_LIST, IMAGE_MEDIA_INDEX },
	{ IMAGE_TYPE_OCI_MANIFEST, IMAGE_MEDIA_MANIFEST },
	{ IMAGE_TYPE_DOCKER_MANIFEST, IMAGE_MEDIA_MANIFEST },
	{ "application/vnd.docker.distribution.manifest.v1+json", IMAGE_MEDIA_SCHEMA1 },
	{ "application/vnd.docker.distribution.manifest.v1+prettyjws", IMAGE_MEDIA_SCHEMA1 },
	{ IMAGE_TYPE_OCI_CONFIG, IMAGE_MEDIA_CONFIG },
	{ IMAGE_TYPE_DOCKER_CONFIG, IMAGE_MEDIA_CONFIG },
	{ IMAGE_TYPE_OCI_LAYER, IMAGE_MEDIA_LAYER },
	{ IMAGE_TYPE_OCI_LAYER "+gzip", IMAGE_MEDIA_LAYER },
	{ IMAGE_TYPE_OCI_LAYER "+zstd", IMAGE_MEDIA_LAYER },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar", IMAGE_MEDIA_LAYER },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", IMAGE_MEDIA_LAYER },
	{ "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", IMAGE_MEDIA_LAYER },
	{ IMAGE_TYPE_DOCKER_LAYER, IMAGE_MEDIA_LAYER },
	{ IMAGE_TYPE_DOCKER_LAYER ".gzip", IMAGE_MEDIA_LAYER },
	{ IMAGE_TYPE_DOCKER_LAYER ".zstd", IMAGE_MEDIA_LAYER },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar", IMAGE_MEDIA_LAYER },
	{ "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", IMAGE_MEDIA_LAYER },
	{ IMAGE_TYPE_OCI_LAYER "+encrypted", IMAGE_MEDIA_ENCRYPTED_LAYER },
	{ IMAGE_TYPE_OCI_LAYER "+gzip+encrypted", IMAGE_MEDIA_ENCRYPTED_LAYER },
	{ IMAGE_TYPE_OCI_LAYER "+zstd+encrypted", IMAGE_MEDIA_ENCRYPTED_LAYER },
};

enum image_media image_media(const char *media_type)
{
	size_t len = media_type ? strcspn(media_type, "; ") : 0;

	for (size_t i = 0; i < ARRAY_LEN(media_types); i++)
		if (len == strlen(media_types[i].type) &&
		    !strncasecmp(media_types[i].type, media_type, len))
			return media_types[i].media;
	return IMAGE_MEDIA_UNKNOWN;
}

/* What tells the kinds of documents apart when nobody says the media type. */
struct image_probe {
	int64_t schema_version;
	const char *media_type, *manifests, *layers, *fs_layers;
};
static const struct json_field probe_fields[] = {
	JSON_INT(image_probe, schema_version, "schemaVersion", 0),
	JSON_TEXT(image_probe, media_type, "mediaType", 0),
	JSON_RAW(image_probe, manifests, "manifests", 0),
	JSON_RAW(image_probe, layers, "layers", 0),
	JSON_RAW(image_probe, fs_layers, "fsLayers", 0),
	{ 0 },
};
static const struct json_type probe_json = JSON_TYPE(image_probe, probe_fields);

int image_media_type_of(struct arena *a, const char *text, size_t len, const char **ret,
			struct err *e)
{
	struct image_probe p = { 0 };
	int r = json_read(a, text, len, &probe_json, &p, e);

	if (r < 0)
		return r;
	if (p.media_type)
		*ret = p.media_type;
	else if (p.schema_version == 1 || p.fs_layers)
		*ret = "application/vnd.docker.distribution.manifest.v1+json";
	else if (p.manifests)
		*ret = IMAGE_TYPE_OCI_INDEX;
	else
		*ret = IMAGE_TYPE_OCI_MANIFEST;
	return 0;
}

bool image_digest_valid(const char *digest)
{
	const char *hex = digest ? text_after(digest, "sha256:") : NULL;

	return hex && strlen(hex) == 64 && strspn(hex, "0123456789abcdef") == 64;
}

static int check_descriptor(const struct image_descriptor *d, const char *what, struct err *e)
{
	if (!image_digest_valid(d->digest))
		return err_set(e, ERR_INVALID, "%s: \"%.80s\" is not a digest (sha256:HEX)", what,
			       d->digest);
	if (d->size > INT64_MAX)
		return err_set(e, ERR_INVALID, "%s: its size is out of range", what);
	return 0;
}

static int check_descriptors(const struct image_descriptors *l, const char *what, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		int r = check_descriptor(&l->v[i], what, e);

		if (r < 0)
			return r;
	}
	return 0;
}

static int check_version(int64_t version, const char *media_type, enum image_media want,
			 struct err *e)
{
	if (version != 2)
		return err_set(e, ERR_UNSUPPORTED, "unsupported schema version %lld",
			       (long long)version);
	if (media_type && image_media(media_type) != want)
		return err_set(e, ERR_UNSUPPORTED, "unsupported media type \"%.100s\"", media_type);
	return 0;
}

int image_index_read(struct arena *a, const char *text, size_t len, struct image_index *ret,
		     struct err *e)
{
	struct image_index index = { 0 };
	int r = json_read(a, text, len, &image_index_json, &index, e);

	if (r == 0)
		r = check_version(index.schema_version, index.media_type, IMAGE_MEDIA_INDEX, e);
	if (r == 0)
		r = check_descriptors(&index.manifests, "manifests", e);
	if (r < 0)
		return err_wrap(e, "image index");
	*ret = index;
	return 0;
}

static int check_manifest(const struct image_manifest *m, struct err *e)
{
	int r = check_version(m->schema_version, m->media_type, IMAGE_MEDIA_MANIFEST, e);

	if (r < 0)
		return r;
	if (m->artifact_type ||
	    (m->config.media_type && image_media(m->config.media_type) != IMAGE_MEDIA_CONFIG))
		return err_set(e, ERR_UNSUPPORTED, "an artifact (%.100s), not an image",
			       m->artifact_type ? m->artifact_type : m->config.media_type);
	r = check_descriptor(&m->config, "config", e);
	if (r < 0)
		return r;
	if (m->layers.n > IMAGE_LAYERS_MAX)
		return err_set(e, ERR_INVALID, "%zu layers, more than %d", m->layers.n,
			       IMAGE_LAYERS_MAX);
	for (size_t i = 0; i < m->layers.n; i++) {
		const struct image_descriptor *d = &m->layers.v[i];
		enum image_media media = image_media(d->media_type);

		if (media == IMAGE_MEDIA_ENCRYPTED_LAYER)
			return err_set(e, ERR_UNSUPPORTED, "layer %s is encrypted", d->digest);
		if (media != IMAGE_MEDIA_LAYER)
			return err_set(e, ERR_UNSUPPORTED,
				       "layer %zu: unsupported media type \"%.100s\"", i,
				       d->media_type ? d->media_type : "");
	}
	return check_descriptors(&m->layers, "layers", e);
}

int image_manifest_read(struct arena *a, const char *text, size_t len, struct image_manifest *ret,
			struct err *e)
{
	struct image_manifest manifest = { 0 };
	int r = json_read(a, text, len, &image_manifest_json, &manifest, e);

	if (r == 0)
		r = check_manifest(&manifest, e);
	if (r < 0)
		return err_wrap(e, "image manifest");
	*ret = manifest;
	return 0;
}

static int check_config(const struct image_config *c, struct err *e)
{
	const struct texts *ids = &c->rootfs.diff_ids;

	if (c->rootfs.type && !text_eq(c->rootfs.type, "layers"))
		return err_set(e, ERR_UNSUPPORTED, "rootfs.type \"%.60s\"", c->rootfs.type);
	if (ids->n > IMAGE_LAYERS_MAX)
		return err_set(e, ERR_INVALID, "%zu layers, more than %d", ids->n,
			       IMAGE_LAYERS_MAX);
	for (size_t i = 0; i < ids->n; i++)
		if (!image_digest_valid(ids->v[i]))
			return err_set(e, ERR_INVALID,
				       "rootfs.diff_ids: \"%.80s\" is not a digest (sha256:HEX)",
				       ids->v[i]);
	return 0;
}

int image_config_read(struct arena *a, const char *text, size_t len, struct image_config *ret,
		      struct err *e)
{
	struct image_config config = { 0 };
	int r = json_read(a, text, len, &image_config_json, &config, e);

	if (r == 0)
		r = check_config(&config, e);
	if (r < 0)
		return err_wrap(e, "image configuration");
	*ret = config;
	return 0;
}

char *image_chain_id(struct arena *a, const char *parent, const char *diff_id)
{
	char digest[SHA256_TEXT];
	const char *both;

	if (!parent)
		return arena_strdup(a, diff_id);
	both = arena_printf(a, "%s %s", parent, diff_id);
	sha256_text(digest, both, strlen(both));
	return arena_strdup(a, digest);
}
