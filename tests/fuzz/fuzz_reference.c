/* SPDX-License-Identifier: BSD-2-Clause */
/* Any text: what is accepted must print to a reference that is accepted and prints the same. */
#include <string.h>

#include "image/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena) a = arena_new();
	const char *text = arena_strndup(a, (const char *)data, len), *printed;
	struct reference ref, again;
	struct err e;

	if (reference_parse(a, text, &ref, &e) < 0)
		return 0;
	reference_normalise(a, &ref);
	printed = reference_print(a, &ref);
	/* What was put in front may make it too long; that is all that may be wrong with it. */
	if (reference_parse(a, printed, &again, &e) < 0) {
		if (strlen(printed) <= REFERENCE_MAX)
			abort();
		return 0;
	}
	if (strcmp(printed, reference_print(a, &again)) != 0)
		abort();
	return 0;
}
