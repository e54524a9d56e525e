/* SPDX-License-Identifier: BSD-2-Clause */
/* Being a container until it ends: run, start -a. */
#pragma once

#include "cli/cli.h"
#include "engine/container.h"

struct foreground {
	struct session *session;
	const struct container *container;
	bool sig_proxy, in, out, err;
	bool owner; /* this process cleans up after the end */
	const char *detach_keys;
	int *lock;      /* the container's if it is held already: closed by the start; or NULL */
	int *netfilter; /* container_start()'s; or NULL */
};
/* Starts the container and relays. *ret_code: its exit code, 0 when detached. */
int foreground_start(const struct foreground *f, int *ret_code, struct err *e);
/* The same with a container that runs already; socket: from attach_connect(), closed here. */
int foreground_attach(const struct foreground *f, int socket, int *ret_code, struct err *e);
/* The exit status of a start that failed with e: 126, 127 or 125. */
int foreground_code(const struct err *e);
