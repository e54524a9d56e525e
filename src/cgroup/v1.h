/* SPDX-License-Identifier: BSD-2-Clause */
/* What v1.c and v1_limits.c share. */
#pragma once

#include "cgroup/manager.h"

/* A controller's limits where it has a hierarchy of its own, and where v1 left it to v2. */
struct v1_part {
	const char *controller;
	limit_fn *v1, *v2;
};
extern const struct v1_part v1_parts[]; /* the last has no functions */

/* The group of a controller that has a hierarchy of its own, or NULL. */
struct group *v1_group(const struct cgroup *c, const char *controller);
void v1_report(struct cgroup *c, struct arena *a, struct report *ret);
