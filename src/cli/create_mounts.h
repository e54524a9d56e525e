/* SPDX-License-Identifier: BSD-2-Clause */
/* What -v and --mount share. */
#pragma once

#include "cli/create_args.h"

struct mount_list {
	struct arena *arena;
	struct container_mounts *mounts;
	size_t room;
};

/* Checks it as a whole. ERR_INVALID also when its place is taken. */
int mount_list_add(struct mount_list *l, const struct container_mount *m, struct err *e);
/* --mount's text. */
int mount_list_parse(struct mount_list *l, const char *text, struct err *e);

bool mount_is_propagation(const char *option);
/* The flags that a bind and a volume may have. */
bool mount_is_flag(const char *option);
/* What podman adds to binds and volumes that don't say otherwise. */
void mount_add_defaults(struct arena *a, struct container_mount *m);
/* That a bind's source is there. */
int mount_check_source(const char *source, struct err *e);
/* idmap, with the text behind its "=". */
int mount_set_id_map(struct arena *a, const char *text, struct container_mount *m, struct err *e);
