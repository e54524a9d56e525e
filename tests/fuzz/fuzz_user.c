/* SPDX-License-Identifier: BSD-2-Clause */
/* The first line is whom to look for, the rest is both files. */
#include <string.h>

#include "runtime/user.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena) a = arena_new();
	char *text = arena_strndup(a, (const char *)data, len);
	char *files = strchr(text, '\n');
	struct user_found found;
	struct err e;

	if (!files)
		return 0;
	*files++ = '\0';
	if (user_find_in(files, files, text, a, &found, &e) == 0 &&
	    (found.uid >= UINT32_MAX || found.gid >= UINT32_MAX || !found.home || !found.name))
		abort();
	return 0;
}
