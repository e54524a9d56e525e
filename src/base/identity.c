/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/identity.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

#define MAP_MAX 65536

bool identity_is_outside(void)
{
	struct stat st;

	/* The first user namespace has a number of its own in every kernel (PROC_USER_INIT_INO). */
	return stat("/proc/self/ns/user", &st) < 0 || st.st_ino == 0xEFFFFFFDU;
}

uid_t identity_uid(void)
{
	auto_free char *map = NULL;
	unsigned inside, outside, count;
	uid_t uid = geteuid();
	int n;

	if (identity_is_outside() ||
	    file_read_at(AT_FDCWD, "/proc/self/uid_map", MAP_MAX, &map, NULL, NULL) < 0)
		return uid;
	for (const char *p = map; sscanf(p, "%u %u %u%n", &inside, &outside, &count, &n) == 3;
	     p += n)
		if (uid >= inside && uid - inside < count)
			return outside + (uid - inside);
	return uid;
}

bool identity_is_root(void)
{
	return identity_uid() == 0;
}
