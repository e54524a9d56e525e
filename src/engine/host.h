/* SPDX-License-Identifier: BSD-2-Clause */
/* What `info` says of this host and of the store: podman's members. */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "state/state.h"

/* {host, store, plugins, registries}; json_decref() it. */
int host_info(const struct state *s, struct arena *a, const char *cgroup_manager, json_t **ret,
	      struct err *e);
/* A table's text of what the kernel was built with, cells ending in tabs, for `check`.
 * *ret_complete: nothing is missing without which no container starts. */
int host_check(struct arena *a, struct buf *out, bool *ret_complete, struct err *e);
