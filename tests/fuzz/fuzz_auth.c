/* SPDX-License-Identifier: BSD-2-Clause */
/* Any auth.json. */
#include <stdint.h>

#include "image/auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena) a = arena_new();
	struct auth_query q = { .host = "a.test", .repository = "b/c" };
	struct auth_found found = { 0 };
	struct err e = { 0 };

	if (auth_read(a, "fuzz", (const char *)data, len, &q, &found, &e) < 0)
		return 0;
	/* Either it is known here, or somewhere else, or nowhere. */
	if (found.auth.user && (!found.auth.password || found.helper))
		abort();
	return 0;
}
