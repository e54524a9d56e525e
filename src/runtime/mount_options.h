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
	bool flags_given;              /* one of `set` and `clear` was asked for */
	uint64_t propagation;          /* MS_*, or 0 */
	bool propagation_tree;
	bool bind, tree; /* tree: rbind */
	bool copy_up;    /* tmpcopyup */
	bool id_map, id_map_tree;
	struct kernel_mount_option *data; /* for the file system */
	size_t data_len;
};

void mount_options_read(struct arena *a, const struct texts *options, struct mount_options *ret);
/* Names of all that are known, for `features`. */
void mount_options_names(struct arena *a, struct texts *ret);
