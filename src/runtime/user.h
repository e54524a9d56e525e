/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who "--user NAME[:GROUP]" or an image's User is: looked up in the container's own /etc/passwd and
 * /etc/group, never in the host's.  Both files come from the image and are read bounded.
 */
#pragma once

#include <stdint.h>

#include "base/text.h"
#include "spec/runtime.h"

#define USER_FILE_MAX (4U << 20)

struct user_found {
	uint64_t uid, gid;
	struct json_uints groups; /* supplementary ones, of a user that passwd knows */
	const char *home;         /* "/" when passwd does not know the uid */
	const char *name;         /* "" likewise */
};

/* spec: "", "user", "uid", "user:group", "uid:gid"…; "" is uid 0. A name that is not there is
 * ERR_NOT_FOUND, "unable to find user NAME: no matching entries in passwd file". root: the
 * container's root directory. An explicit group leaves the supplementary ones out. */
int user_find(int root, const char *spec, struct arena *a, struct user_found *ret, struct err *e);
/* The gid of a group's name or number (--group-add). */
int user_group_find(int root, const char *group, uint64_t *ret_gid, struct err *e);
/* The same on the files' texts; NULL is an empty file. */
int user_find_in(const char *passwd, const char *group, const char *spec, struct arena *a,
		 struct user_found *ret, struct err *e);
