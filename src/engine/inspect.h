/* SPDX-License-Identifier: BSD-2-Clause */
/* The document of `inspect`: podman's members, names and order (cli.md 18 of the field). */
#pragma once

#include <jansson.h>

#include "engine/status.h"

/* A tree for json_decref(). */
int container_inspect(const struct state *s, struct arena *a, const struct container *c,
		      bool with_size, json_t **ret, struct err *e);
/* The bytes of its writable layer, and of its image. */
int container_size(const struct state *s, struct arena *a, const struct container *c,
		   int64_t *ret_rw, int64_t *ret_root, struct err *e);
/* The environment its first process gets, without HOME and HOSTNAME. */
struct texts container_env(struct arena *a, const struct container *c);
