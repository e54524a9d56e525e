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
	bool gzip;
	const struct texts *digests; /* of the layers' blobs, the base first: plain, the diffIDs */
	const uint64_t *sizes;       /* bytes of each blob */
};
/* The text of a manifest whose layers are all plain tars, or all compressed. */
const char *document_manifest(struct arena *a, const struct document_manifest *from);
