/* SPDX-License-Identifier: BSD-2-Clause */
#include "unpack/hash.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "base/text.h"

struct hash {
	EVP_MD_CTX *context;
	const char *name;
};

static const struct {
	const char *prefix, *openssl;
} hashes[] = {
	[UNPACK_SHA256] = { "sha256:", "SHA256" },
	[UNPACK_SHA512] = { "sha512:", "SHA512" },
};
_Static_assert(ARRAY_LEN(hashes) == UNPACK_HASHES, "every hash has a name");

static void no_hash(void)
{
	fputs("unpack: OpenSSL has no SHA-2\n", stderr);
	abort();
}

struct hash *hash_new(enum unpack_hash kind)
{
	struct hash *h = calloc(1, sizeof(*h));
	EVP_MD *md;

	/* The machine's openssl.cnf has no say in what a digest is, and takes time to read. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	md = EVP_MD_fetch(NULL, hashes[kind].openssl, NULL);
	if (!h || !md)
		no_hash();
	h->name = hashes[kind].prefix;
	h->context = EVP_MD_CTX_new();
	if (!h->context || !EVP_DigestInit_ex(h->context, md, NULL))
		no_hash();
	EVP_MD_free(md);
	return h;
}

void hash_free(struct hash *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->context);
	free(h);
}

void hash_add(struct hash *h, const void *bytes, size_t len)
{
	if (!EVP_DigestUpdate(h->context, bytes, len))
		no_hash();
}

void hash_text(struct hash *h, char ret[UNPACK_DIGEST_MAX])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1];
	unsigned len = 0;

	if (!EVP_DigestFinal_ex(h->context, bytes, &len))
		no_hash();
	text_hex(hex, bytes, len);
	snprintf(ret, UNPACK_DIGEST_MAX, "%s%s", h->name, hex);
}
