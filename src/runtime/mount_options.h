/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The options of a mount in a configuration (config.md, "Linux mount options"), told apart: what
 * the mount itself gets, what its file system gets, what the runtime does.
 */
#pragma once

#include "kernel/mount.h"
#include "spec/runtime.h"

struct mount_options {
	uint64_t set, clear;           /* MOUNT_ATTR_*, of the mount */
	uint64_t tree_set, tree_clear; /* of the mount and all below */
	uint64_t asked_clear;          /* of `clear`, what was asked for by name */
	uint64_t propagation;          /* MS_*, or 0 */
	bool propagation_tree;
	bool bind, tree; /* tree: rbind */
	bool copy_up;    /* tmpcopyup */
	bool id_map, id_map_tree;
	const char *id_map_text; /* of idmap=TEXT, or NULL */
	bool remount;
	bool copy_link;                          /* a source that is a symlink is made again */
	bool source_no_follow, target_no_follow; /* symlinks are mounted, and mounted on */
	bool soft_version;                       /* iversion, if the file system knows it */
	struct kernel_mount_option *data;        /* for the file system */
	size_t data_len;
};

void mount_options_read(struct arena *a, const struct texts *options, struct mount_options *ret);
/* "uids=C-H-N#C-H-N;gids=…", crun's way to say an ID mapping; a mapping that begins with "@" is
 * relative to the container's own. */
int mount_options_id_maps(struct arena *a, const char *text, const struct oci_linux *os,
			  struct oci_id_maps *ret_uids, struct oci_id_maps *ret_gids,
			  struct err *e);
/* Names of all that are known, for `features`. */
void mount_options_names(struct arena *a, struct texts *ret);
