/* SPDX-License-Identifier: BSD-2-Clause */
/* Removing what containers may be using: networks, volumes. */
#pragma once

#include "cli/cli.h"
#include "engine/container.h"

struct unused {
	/* The ids of those that have it. */
	struct texts (*users)(struct session *s, const struct containers *all, const void *what);
	/* No container can be made with it meanwhile. */
	int (*remove)(struct session *s, const void *what, struct err *e);
	const void *what;
};
/* 0: removed; 1, with who, when containers have it. */
int unused_remove(struct session *s, const struct unused *u, struct texts *ret_users,
		  struct err *e);
/* The same, but first removes those that have it. timeout_sec: until they are killed; -1: what each
 * says itself. 1: there are always new ones. */
int unused_remove_forced(struct session *s, const struct unused *u, int64_t timeout_sec,
			 struct texts *ret_users, struct err *e);
