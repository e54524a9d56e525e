/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is known in a container: the user it runs as gets an entry in its /etc/passwd, and his group
 * one in /etc/group, when the image does not know them; and users of the host that were asked for.
 * The lines are the container's own from then on, as if it had written them.
 */
#pragma once

#include "engine/container.h"
#include "runtime/user.h"

/* --hostuser: before the container's user is looked up. root: its root directory. */
int container_add_host_users(struct arena *a, const struct container *c, int root, struct err *e);
/* u: as found in there. */
int container_add_user(struct arena *a, const struct container *c, int root,
		       const struct user_found *u, struct err *e);
