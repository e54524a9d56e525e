/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who runs this, as the machine sees it: a user who became root in a user namespace of his own is
 * still that user, whose folders are in his home and whose sockets in his runtime folder.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"

/* The effective user id, in the terms of the namespace outside of this one. */
uid_t identity_uid(void);
bool identity_is_root(void);
/* Whether this process is in the machine's own user namespace. */
bool identity_is_outside(void);
/* A user's name by the machine's accounts, wherever they are kept; "" if there is none. */
const char *identity_name(struct arena *a, uid_t uid);
