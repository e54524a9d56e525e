/* SPDX-License-Identifier: BSD-2-Clause */
/* A container's processes as /proc shows them to this process. */
#pragma once

#include "engine/status.h"

struct process {
	int64_t host_pid, host_ppid;
	int64_t pid, ppid, pgid;               /* in the container; 0: outside of it */
	uint64_t real_uid, uid, real_gid, gid; /* as the host counts */
	struct texts groups;                   /* likewise, as numbers */
	uint64_t inheritable, permitted, effective, bounding, ambient;
	int64_t seccomp;                 /* mode: 0 none, 1 strict, 2 filter */
	const char *name, *args, *label; /* label: of the security module, or NULL */
	const char *uid_map, *gid_map;   /* of its user namespace */
	char state;
	int64_t tty; /* device number, 0: none */
	int64_t nice, virtual_kb, resident_kb;
	int64_t cpu_nsec, started_sec; /* since 1970 */
};

struct processes {
	struct process *v;
	size_t n;
};

/* All that are in the container's cgroup and its first process, by their number in the container.
 * Those that end meanwhile are left out. */
int processes_read(struct arena *a, const struct container_status *st, struct processes *ret,
		   struct err *e);
/* A host's ID as the process's user namespace has it; what it lacks is 65534. */
uint64_t process_map_id(const char *map, uint64_t id);
