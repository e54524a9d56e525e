/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Visits to another network namespace: a socket opened there stays there, and so does what is read
 * and written of /proc/sys/net, whose content is that of the namespace of who opens it.  The
 * process must have one thread.
 */
#pragma once

#include "base/err.h"

/* Enters netns; *ret_own leads back. netns -1: stays where it is. */
int kernel_netns_enter(int netns, int *ret_own, struct err *e);
/* Goes back, and closes own. There is no going on in the wrong namespace: ends the process if it
 * fails, which it only can if own is no namespace. */
void kernel_netns_back(int own);
