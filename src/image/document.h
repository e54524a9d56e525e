/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Documents that are made here rather than fetched: the manifest of an image that came without one,
 * or that goes out with uncompressed layers.
 */
#pragma once

#include "spec/image.h"

struct document_manifest {
	bool docker; /* v2s2 rather than OCI */
	const char *config;
	size_t config_len;
	const struct texts *diff_ids; /* the base first */
	const uint64_t *sizes;        /* bytes of each uncompressed tar */
};
/* The text of a manifest whose layers are uncompressed. */
const char *document_manifest(struct arena *a, const struct document_manifest *from);
