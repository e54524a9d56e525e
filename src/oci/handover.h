/* SPDX-License-Identifier: BSD-2-Clause */
/* What the runtime passes between its caller and the container: descriptors, and the process ID. */
#pragma once

#include "oci/command.h"
#include "runtime/runtime.h"

/* Our standard streams, so many passed sockets and so many preserved descriptors. Streams and
 * sockets that the caller closed are none; a preserved one that isn't there is ERR_INVALID, but
 * none as well for crun. In the arena. */
int handover_streams(const struct oci_globals *g, int64_t sockets, int64_t preserved,
		     struct runtime_streams *ret, struct err *e);
/* Sends the master to the socket at that path, and closes it; path NULL: it is kept. */
int handover_terminal(int *master, const char *path, struct err *e);
/* Whether the container's terminal is to leave the ends of lines alone, as runc's: not if ours is
 * made raw for it. */
bool handover_plain_lines(const struct oci_globals *g, bool stays);
int handover_pidfd(int pidfd, const char *path, struct err *e);
/* The decimal number, all at once. */
int handover_pid(pid_t pid, const char *path, struct err *e);
/* Called first of all: makes sure that nothing we open becomes a standard stream. */
int handover_begin(struct err *e);
