/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sd_notify(3) through a container: the program gets a socket in a folder of the container's
 * record, and whoever starts it waits there for READY=1, which goes on to $NOTIFY_SOCKET.
 */
#pragma once

#include "oci/record.h"

/* At a creation, if the caller was given a socket: the folder, the mount and the variable. */
int notify_prepare(const struct record_at *at, const char *root, struct oci_config *c,
		   struct err *e);
/* Before the start: the socket, or -1 when the container was prepared for none. */
int notify_listen(const struct record_at *at, int *ret, struct err *e);
/* Passes on until the program is ready, or has ended. */
void notify_relay(int socket, int pidfd, pid_t pid);
/* The same by a child of this process, which goes on. */
void notify_relay_aside(int socket, int pidfd, pid_t pid);
