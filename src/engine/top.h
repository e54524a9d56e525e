/* SPDX-License-Identifier: BSD-2-Clause */
/* The processes of a container, as podman-top(1) describes them. */
#pragma once

#include "engine/status.h"

/* The descriptors that top_print() knows: "pid", "comm", … ends with NULL. */
extern const char *const top_descriptors[];
bool top_knows(const char *descriptor);
/* A table's text, cells ending in tabs, the headings first. descriptors empty: podman's default. */
int top_print(const struct state *s, struct arena *a, const struct container *c,
	      const struct texts *descriptors, struct buf *out, struct err *e);
