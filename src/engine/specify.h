/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From what was asked (struct container) and the facts of this host to the OCI runtime
 * configuration.  Pure: it looks at nothing but its arguments, so its tests are documents in and
 * documents out.
 */
#pragma once

#include "cgroup/cgroup.h"
#include "engine/container.h"

/* The facts, found out by start.c. */
struct specify_facts {
	const char *run_path;     /* of the container: hosts, hostname, resolv.conf, containerenv */
	const char *volumes_path; /* "/var/lib/berth/volumes" */
	const char *init_program; /* for --init */
	enum cgroup_version cgroup_version;
	bool rootless, single_id;         /* as struct state has them */
	uint64_t nofile_hard, nproc_hard; /* this process's limits */
	bool may_raise_limits;            /* CAP_SYS_RESOURCE */
	uint64_t capabilities;            /* all that can be given: the bounding set here */

	/* Who the process is, from the image's own files. */
	uint64_t uid, gid;
	struct json_uints groups;
	const char *home;

	/* /proc/PID/ns/… or a path, for each namespace that is joined; NULL: not joined. */
	const char *joined[OCI_NS_TYPES];
	const char *shm_path; /* /dev/shm of the container whose IPC namespace is joined */
	/* Beside c->mounts.v, may be NULL: where parts of volumes, and overlays, are. */
	const char *const *mount_paths;
	/* --device, or with --privileged all of the host's. */
	struct oci_devices devices;
	/* The user's seccomp profile; NULL: the default one, or none. */
	const struct oci_seccomp *seccomp;
	bool has_timezone; /* run_path/localtime is there to be mounted */
};

/* *ret lives in the arena and borrows from c and f. */
int container_specify(struct arena *a, const struct container *c, const struct specify_facts *f,
		      struct oci_config **ret, struct err *e);
/* The capabilities c's processes may have (the bounding set). */
int container_capabilities(const struct container *c, const struct specify_facts *f, uint64_t *ret,
			   struct err *e);
