/* SPDX-License-Identifier: BSD-2-Clause */
/* One mount of a configuration on its way into the container; private to this module. */
#pragma once

#include "runtime/mount_options.h"
#include "runtime/step.h"

struct mount_step {
	struct step s;
	const char *type, *source, *target; /* the target: absolute and clean */
	struct mount_options options;
	const struct oci_id_maps *uid_maps, *gid_maps; /* NULL: not mapped */
	int fd;                                        /* the detached copy of a bind's source */
	const char *label;                             /* linux.mountLabel */
	bool is_file, has_mode;
};

void mount_print_source(const void *arg, struct buf *out);
/* Opens the step's target, making it if missing, and attaches the mount with the step's flags. */
int mount_attach_new(struct mount_step *m, int mount, struct err *e);
/* "cgroup" and "cgroup2": the container's own groups, whatever the host has. */
int cgroup_mount_plan(struct build *b, const struct oci_mount *m, struct mount_step *s,
		      struct err *e);
/* Copies the content of directory `from` into `to`, with owners, modes and times. */
int mount_copy_up(int from, int to, struct err *e);
