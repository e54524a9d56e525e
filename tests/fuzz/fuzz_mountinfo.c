/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as what /proc says of cgroups and mounts: /proc/self/cgroup up to an empty line, then
 * mountinfo; and as a schemata file of resctrl.
 */
#include <string.h>

#include "cgroup/host.h"
#include "runtime/rdt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *mounts;

static bool nothing_is_there(const char *path)
{
	return false;
}

static const char *mountinfo(struct arena *a)
{
	return arena_strdup(a, mounts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena) a = arena_new();
	char *text = arena_strndup(a, (const char *)data, len), *second = strstr(text, "\n\n");
	struct host_facts f = { .cgroup = text,
				.is_there = nothing_is_there,
				.mountinfo = mountinfo };
	struct cgroup_host host;
	char at[64];

	if (second)
		*second = '\0';
	mounts = second ? second + 2 : "";
	host_read(a, &f, &host);
	for (size_t i = 0; i < host.hierarchies_len; i++)
		if (!host.hierarchies[i].mount || !host.hierarchies[i].own)
			__builtin_trap();
	f.unified = true;
	host_read(a, &f, &host);
	if (rdt_find(mounts, at, sizeof(at)) && !*at)
		__builtin_trap();
	rdt_matches(text, mounts);
	return 0;
}
