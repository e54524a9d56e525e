/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/feature.h"

#include <stdlib.h>
#include <string.h>

#include "base/scope.h"

const char *const kernel_feature_name[] = {
	[KERNEL_OPENAT2] = "openat2",         [KERNEL_CLONE3] = "clone3",
	[KERNEL_CLOSE_RANGE] = "close_range", [KERNEL_MOUNT_SETATTR] = "mount_setattr",
	[KERNEL_OVERLAY_PLUS] = "lowerdir+",  [KERNEL_OVERLAY_FD] = "lowerdir+fd",
};
_Static_assert(ARRAY_LEN(kernel_feature_name) == KERNEL_FEATURES, "every feature has a name");

/* Bit f: known to be missing.  The top bit: the environment was read. */
#define READ (1U << 31)
static unsigned lacking;

static unsigned lacking_from(const char *list)
{
	unsigned found = 0;

	if (strcmp(list, "all") == 0)
		return READ - 1;
	while (*list) {
		size_t len = strcspn(list, ",");

		for (unsigned f = 0; f < KERNEL_FEATURES; f++)
			if (strlen(kernel_feature_name[f]) == len &&
			    memcmp(kernel_feature_name[f], list, len) == 0)
				found |= 1U << f;
		list += len + (list[len] == ',');
	}
	return found;
}

bool kernel_has(enum kernel_feature f)
{
	if (!(lacking & READ)) {
		const char *list = getenv("BERTH_LACK");

		lacking = READ | (list ? lacking_from(list) : 0);
	}
	return !(lacking & 1U << f);
}

void kernel_lacks(enum kernel_feature f)
{
	kernel_has(f);
	lacking |= 1U << f;
}

void kernel_forget(void)
{
	lacking = 0;
}
