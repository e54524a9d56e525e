/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the hierarchies are.  /proc/self/cgroup lists them all and is short, and every distribution
 * mounts them in the same places, so that mountinfo, which grows with each container, is read only
 * when a place is empty.
 */
#pragma once

#include "cgroup/cgroup.h"

#define HOST_ROOT "/sys/fs/cgroup"

/* Fills all but the controllers of a unified hierarchy, which a start does not ask for. */
int host_find(struct arena *a, struct cgroup_host *ret, struct err *e);
/* The pure part: from what /proc/self/cgroup and mountinfo say. `is_there` tells whether a path is
 * a mounted hierarchy. mountinfo may be NULL. */
struct host_facts {
	bool unified;       /* /sys/fs/cgroup itself is v2 */
	const char *cgroup; /* text of /proc/self/cgroup */
	bool (*is_there)(const char *path);
	const char *(*mountinfo)(struct arena *a); /* called at most once */
};
void host_read(struct arena *a, const struct host_facts *f, struct cgroup_host *ret);
/* The hierarchy that has this controller, or NULL; "" is the unified one. */
const struct cgroup_hierarchy *host_hierarchy(const struct cgroup_host *h, const char *controller);
/* Whether `word` is one of the words of `list` between separators. */
bool host_has_word(const char *list, const char *word, char between);
