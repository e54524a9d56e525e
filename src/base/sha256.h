/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SHA-256 (FIPS 180-4) of documents: what names an image or a chain of layers.  Blobs are hashed by
 * the programs that read them, with OpenSSL's faster code.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32
/* "sha256:", 64 hex digits and a NUL. */
#define SHA256_TEXT (7 + 64 + 1)

struct sha256 {
	uint32_t state[8];
	uint64_t len;
	uint8_t block[64];
};

void sha256_begin(struct sha256 *h);
void sha256_add(struct sha256 *h, const void *data, size_t len);
void sha256_end(struct sha256 *h, uint8_t ret[SHA256_BYTES]);
/* All at once, as "sha256:…". */
void sha256_text(char ret[SHA256_TEXT], const void *data, size_t len);
