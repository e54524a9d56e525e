/* SPDX-License-Identifier: BSD-2-Clause */
/* Any value of WWW-Authenticate. */
#include <stdint.h>

#include "remote/challenge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena) a = arena_new();
	struct challenges c = { 0 };
	const struct challenge *picked;

	challenge_parse(a, arena_strndup(a, (const char *)data, len), &c);
	picked = challenge_pick(&c);
	if (picked && picked->scheme == CHALLENGE_BEARER && text_empty(picked->realm))
		abort();
	return 0;
}
