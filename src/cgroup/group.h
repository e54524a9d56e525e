/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The group in one hierarchy: a directory below a mount point, and what every version does with it
 * in the same way.
 */
#pragma once

#include <sys/types.h>

#include "cgroup/cgroup.h"
#include "cgroup/limit.h"

struct group {
	const char *controllers; /* as struct cgroup_hierarchy */
	const char *mount;       /* "/sys/fs/cgroup/memory" */
	const char *dir;         /* "/sys/fs/cgroup/memory/berth/ID" */
	const char *join;        /* the file that takes a "0" */
	bool made;               /* by this process, so that it may undo it */
};

/* Called for each directory made on the way, outermost first; last: it is the group itself. */
typedef int group_made(struct group *g, const char *dir, bool last, struct err *e);
/* mkdir with parents. An empty one that exists is replaced if possible; one with processes is
 * ERR_CONFLICT. */
int group_make(struct group *g, group_made *made, struct err *e);

/* One write. -ENOENT: no such file; other failures of opening or writing as they are. */
int group_write(const struct group *g, const char *file, const char *text);
/* The same in it and in all below, whether it works or not. */
void group_write_below(const struct group *g, const char *file, const char *text);
/* For several writes into one file: close it. -errno. */
int group_open(const struct group *g, const char *file);
/* A small file, its last line end off; "" when it cannot be read. */
const char *group_read(const struct group *g, struct arena *a, const char *file);
/* A number; `otherwise` when there is none. "max" is CGROUP_UNLIMITED. */
uint64_t group_number(const struct group *g, const char *file, uint64_t otherwise);
/* The number behind "key " at the start of a line of text. */
uint64_t group_key(const char *text, const char *key);
/* Sums "key=N" over all lines, as io.stat has them. */
uint64_t group_sum(const char *text, const char *key);

int group_apply(const struct group *g, const struct limit *one, struct err *e);

struct group_pids {
	struct arena *arena;
	pid_t *v;
	size_t n, room;
};
/* Appends the processes of it and of all below. */
int group_pids(const struct group *g, struct group_pids *pids, struct err *e);
/* Removes it with all below; -EBUSY while something is in it, 0 if it is not there. */
int group_remove(const struct group *g);
