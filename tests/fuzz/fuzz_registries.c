/* SPDX-License-Identifier: BSD-2-Clause */
/* Any registries.conf: a name looked up in it leads to a full name or to an error. */
#include <stdint.h>

#include "image/registries.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena) a = arena_new();
	struct registries c = { 0 };
	struct registries_places places;
	struct registries_names names;
	struct reference r;
	struct err e = { 0 };

	if (registries_add(a, &c, "fuzz", (const char *)data, len, &e) < 0)
		return 0;
	if (reference_parse(a, "a", &r, &e) < 0 ||
	    registries_resolve(a, &c, &r, true, &names, &e) < 0)
		return 0;
	for (size_t i = 0; i < names.n; i++) {
		if (!names.v[i].domain || !names.v[i].tag)
			abort();
		if (registries_places(a, &c, &names.v[i], &places, &e) < 0)
			continue;
		for (size_t j = 0; j < places.n; j++)
			if (!places.v[j].reference.domain)
				abort();
	}
	return 0;
}
