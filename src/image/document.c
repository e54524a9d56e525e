/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/document.h"

#include "base/sha256.h"

static const char *const layer_type[2][2] = {
	{ IMAGE_TYPE_OCI_LAYER, IMAGE_TYPE_OCI_LAYER "+gzip" },
	{ IMAGE_TYPE_DOCKER_LAYER, IMAGE_TYPE_DOCKER_LAYER ".gzip" },
};

const char *document_manifest(struct arena *a, const struct document_manifest *from)
{
	auto_buf text = BUF(IMAGE_MANIFEST_MAX);
	struct image_manifest m = {
		.schema_version = 2,
		.media_type = from->docker ? IMAGE_TYPE_DOCKER_MANIFEST : IMAGE_TYPE_OCI_MANIFEST,
	};
	char digest[SHA256_TEXT];

	sha256_text(digest, from->config, from->config_len);
	m.config = (struct image_descriptor){
		.media_type = from->docker ? IMAGE_TYPE_DOCKER_CONFIG : IMAGE_TYPE_OCI_CONFIG,
		.digest = digest,
		.size = from->config_len,
	};
	m.layers.n = from->digests->n;
	m.layers.v = arena_array(a, m.layers.n, sizeof(*m.layers.v));
	for (size_t i = 0; i < m.layers.n; i++)
		m.layers.v[i] = (struct image_descriptor){
			.media_type = layer_type[from->docker][from->gzip],
			.digest = from->digests->v[i],
			.size = from->sizes[i],
		};
	json_write(&text, &image_manifest_json, &m, 0);
	return arena_strndup(a, buf_text(&text), text.len);
}
