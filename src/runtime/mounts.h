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
	const char *userns; /* of which the mapping is, if there is no other: a file of procfs */
	int map;            /* that namespace, open, or -1 */
	const char *inside; /* the source's place in the root, if it is there */
	int fd;             /* the detached copy of a bind's source */
	const char *label, *label_key; /* linux.mountLabel; "context" */
	const char *data;              /* all options as one text, where one is long */
	char *link;                    /* with copy-symlink: PATH_MAX bytes for the source's text */
	int sealed;                    /* what becomes read-only when all is in place, or -1 */
	bool is_file, is_link, has_mode, in_user, seal;
};

int mount_bind_plan(struct build *b, const struct oci_mount *m, size_t number, struct mount_step *s,
		    struct err *e);
/* What a plan shows: "tmpfs /dev nosuid,mode=755", and a bind's source in front. */
const char *mount_words(struct build *b, const struct oci_mount *m, const struct mount_step *s);
/* The object to mount on, O_PATH, made if missing; *ret_made: it was. */
int mount_open_target(const struct mount_step *m, bool *ret_made, struct err *e);
/* Attaches with the step's flags. */
int mount_attach(struct mount_step *m, int mount, int target, struct err *e);
int mount_wrap(const struct mount_step *m, struct err *e);

/* Opens the step's target, making it if missing, and attaches the mount with the step's flags. */
int mount_attach_new(struct mount_step *m, int mount, struct err *e);
/* "cgroup" and "cgroup2": the container's own groups, whatever the host has. */
int cgroup_mount_plan(struct build *b, const struct oci_mount *m, struct mount_step *s,
		      struct err *e);
/* Copies the content of directory `from` into `to`, with owners, modes and times. */
int mount_copy_up(int from, int to, struct err *e);
