/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The documents of the OCI image specification 1.1 (image-index, manifest, config) and of Docker's
 * image format v2 schema 2, which have the same members under other media types.  Everything lives
 * in the arena it was read into.
 */
#pragma once

#include "base/json.h"

/* The maxima of what is read from outside, in bytes. */
#define IMAGE_MANIFEST_MAX (4u << 20) /* as registries allow */
#define IMAGE_CONFIG_MAX   (8u << 20)
#define IMAGE_LAYERS_MAX   500 /* overlay's own limit of lower directories */

struct image_platform {
	const char *os, *architecture, *variant, *os_version; /* NULL: not said */
	struct texts os_features;
};

enum image_media {
	IMAGE_MEDIA_UNKNOWN,
	IMAGE_MEDIA_INDEX,    /* OCI index, Docker manifest list */
	IMAGE_MEDIA_MANIFEST, /* OCI manifest, Docker v2s2 */
	IMAGE_MEDIA_SCHEMA1,  /* Docker v2s1, signed or not */
	IMAGE_MEDIA_CONFIG,
	IMAGE_MEDIA_LAYER, /* tar, gzip, zstd: its magic bytes decide which */
	IMAGE_MEDIA_ENCRYPTED_LAYER,
	IMAGE_MEDIA_KINDS
};
/* Parameters ("; charset=utf-8") are ignored; NULL is unknown. */
enum image_media image_media(const char *media_type);

#define IMAGE_TYPE_OCI_INDEX       "application/vnd.oci.image.index.v1+json"
#define IMAGE_TYPE_OCI_MANIFEST    "application/vnd.oci.image.manifest.v1+json"
#define IMAGE_TYPE_OCI_CONFIG      "application/vnd.oci.image.config.v1+json"
#define IMAGE_TYPE_OCI_LAYER       "application/vnd.oci.image.layer.v1.tar"
#define IMAGE_TYPE_DOCKER_LIST     "application/vnd.docker.distribution.manifest.list.v2+json"
#define IMAGE_TYPE_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define IMAGE_TYPE_DOCKER_CONFIG   "application/vnd.docker.container.image.v1+json"
#define IMAGE_TYPE_DOCKER_LAYER    "application/vnd.docker.image.rootfs.diff.tar"

struct image_descriptor {
	const char *media_type, *digest; /* "sha256:" and 64 hex digits */
	uint64_t size;                   /* bytes */
	struct image_platform *platform; /* NULL: not said */
	struct text_map annotations;
	const char *artifact_type;
};
struct image_descriptors {
	struct image_descriptor *v;
	size_t n;
};

struct image_index {
	int64_t schema_version;
	const char *media_type;
	struct image_descriptors manifests;
	struct text_map annotations;
};

struct image_manifest {
	int64_t schema_version;
	const char *media_type, *artifact_type;
	struct image_descriptor config;
	struct image_descriptors layers; /* the base first */
	struct text_map annotations;
};

/* The members of a JSON object that serves as a set: ExposedPorts, Volumes. */
struct image_key {
	const char *key;
};
struct image_set {
	struct image_key *v;
	size_t n;
};

/* Docker's addition; times in nanoseconds. */
struct image_healthcheck {
	struct texts test; /* ["NONE"], ["CMD", …] or ["CMD-SHELL", text] */
	int64_t interval, timeout, start_period, start_interval, retries;
};

/* What a container of the image starts with: "config" of the configuration. */
struct image_process {
	const char *user, *working_dir, *stop_signal;
	struct texts env, entrypoint, cmd, on_build, shell;
	struct image_set exposed_ports, volumes; /* "80/tcp"; "/data" */
	struct text_map labels;
	struct image_healthcheck *healthcheck; /* NULL: none given */
	const int64_t *stop_timeout;           /* seconds; NULL: not said */
};

struct image_history {
	const char *created, *author, *created_by, *comment;
	bool empty_layer;
};

struct image_rootfs {
	const char *type;      /* "layers" */
	struct texts diff_ids; /* the base first */
};

struct image_config {
	const char *created; /* RFC 3339, or NULL */
	const char *author, *comment, *architecture, *os, *variant, *os_version, *docker_version;
	struct image_process config;
	struct image_rootfs rootfs;
	struct {
		struct image_history *v;
		size_t n;
	} history;
};

extern const struct json_type image_platform_json, image_descriptor_json, image_index_json,
	image_manifest_json, image_process_json, image_healthcheck_json, image_history_json,
	image_config_json;

/* Read and check: digests well formed, sizes not negative, a supported schema version, no more
 * than IMAGE_LAYERS_MAX layers.  An unsupported media type is ERR_UNSUPPORTED. */
int image_index_read(struct arena *a, const char *text, size_t len, struct image_index *ret,
		     struct err *e);
int image_manifest_read(struct arena *a, const char *text, size_t len, struct image_manifest *ret,
			struct err *e);
int image_config_read(struct arena *a, const char *text, size_t len, struct image_config *ret,
		      struct err *e);

/* The document's own mediaType, else what its members look like. */
int image_media_type_of(struct arena *a, const char *text, size_t len, const char **ret,
			struct err *e);

/* "linux/arm/v7"; what is missing stays NULL. */
int image_platform_parse(struct arena *a, const char *s, struct image_platform *ret, struct err *e);
/* This machine's, in Go's words: "linux", "amd64", "arm64" with "v8", "arm" with "v7" … */
struct image_platform image_platform_host(void);
char *image_platform_print(struct arena *a, const struct image_platform *p);
/* Of the entries that run on `want`, the one that fits best; NULL when none does.  An arm machine
 * takes older variants too. */
const struct image_descriptor *image_index_choose(const struct image_index *i,
						  const struct image_platform *want);
/* Whether an image made for `has` runs on `want`. */
bool image_platform_fits(const struct image_platform *has, const struct image_platform *want);

/* "sha256:" and 64 lower-case hex digits. */
bool image_digest_valid(const char *digest);
/* ChainID of the layers up to and with diff_id: sha256("PARENT DIFF"); parent NULL: diff_id itself.
 * All of them with "sha256:" in front. */
char *image_chain_id(struct arena *a, const char *parent, const char *diff_id);
