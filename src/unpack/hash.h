/* SPDX-License-Identifier: BSD-2-Clause */
/* Digests as OCI writes them, "sha256:…", by OpenSSL. */
#pragma once

#include <stddef.h>

#include "base/scope.h"
#include "unpack/unpack.h"

struct hash;

/* Loads what OpenSSL needs from the file system, so it comes before confinement. */
struct hash *hash_new(enum unpack_hash kind);
void hash_free(struct hash *h);
DEFINE_AUTO(hash);

void hash_add(struct hash *h, const void *bytes, size_t len);
/* Ends it. */
void hash_text(struct hash *h, char ret[UNPACK_DIGEST_MAX]);
