/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/identity.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/file.h"

#define MAP_MAX        65536
#define GETENT         "/usr/bin/getent"
#define LINE_MAX_BYTES 65536

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

/* A static libc reads /etc/passwd and no more; getent(1) asks what nsswitch.conf(5) names. */
static const char *ask_getent(struct arena *a, uid_t uid)
{
	char number[16];
	char *const argv[] = { "getent", "passwd", number, NULL };
	auto_free char *line = NULL;
	struct child child;
	int ends[2], status, r;

	snprintf(number, sizeof(number), "%u", uid);
	if (access(GETENT, X_OK) < 0 || pipe2(ends, O_CLOEXEC) < 0)
		return "";
	r = child_spawn(&(struct child_spawn){ .path = GETENT,
					       .argv = argv,
					       .in = -1,
					       .out = ends[1],
					       .err = -1,
					       .die_with_parent = true },
			&child, NULL);
	close(ends[1]);
	if (r == 0) {
		r = file_read_fd(ends[0], GETENT, LINE_MAX_BYTES, &line, NULL, NULL);
		child_wait(&child, &status, NULL);
	}
	close(ends[0]);
	return r == 0 ? arena_strndup(a, line, strcspn(line, ":\n")) : "";
}

const char *identity_name(struct arena *a, uid_t uid)
{
	const struct passwd *p = getpwuid(uid);

	return p ? arena_strdup(a, p->pw_name) : ask_getent(a, uid);
}
