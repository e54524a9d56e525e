/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A user other than root works in a user namespace of his own, in which he is root and has his
 * subordinate ids (subuid(5)).  All his commands must be in the same one, because a process may
 * enter a container's namespaces only from the user namespace that owns them.  So the first command
 * starts a small process that holds it, init --hold, named by hold.json in the volatile root; the
 * others join.  It ends with the user's session, or when it is killed: the next command starts
 * another.
 */
#pragma once

#include "state/state.h"

/* Root: nothing to do.  Else: this process is root in the user namespace, with a mount namespace of
 * its own; s->single_id says whether there are subordinate ids.  Errors name the sysctl, file or
 * program that is in the way. */
int rootless_enter(struct state *s, struct arena *a, struct err *e);
