/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes a file system's new data back while more is made, so that the one sync at the end has
 * little left to wait for.  It is a process, as syncfs() waits, that dies with its parent.  Private
 * to this module.
 */
#pragma once

#include <sys/types.h>

/* dir is any directory of the file system. The process, or -errno: nothing is lost without it. */
pid_t flush_start(int dir);
void flush_stop(pid_t pid); /* nothing if it isn't positive */
