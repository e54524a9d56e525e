/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as each document of an image; a manifest that is accepted keeps its limits. */
#include "spec/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena) a = arena_new();
	const struct image_platform host = image_platform_host();
	const char *text = (const char *)data, *type;
	struct image_manifest manifest;
	struct image_config config;
	struct image_index index;
	struct err e;

	image_media_type_of(a, text, len, &type, &e);
	if (image_index_read(a, text, len, &index, &e) == 0)
		image_index_choose(&index, &host);
	if (image_manifest_read(a, text, len, &manifest, &e) == 0 &&
	    manifest.layers.n > IMAGE_LAYERS_MAX)
		abort();
	image_config_read(a, text, len, &config, &e);
	return 0;
}
