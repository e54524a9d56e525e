/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A container's own user namespace (user_namespaces(7)): whom its IDs are outside.  The layers of
 * its root are shown through idmapped mounts (mount_setattr(2)), so that nothing is copied or
 * changed.
 */
#pragma once

#include "engine/container.h"

#define USERNS_OWNER "containers" /* whose lines of /etc/subuid and /etc/subgid are given out */

/* Whether an ID inside is anybody outside; without a map all are. */
bool userns_has(const struct oci_id_maps *maps, uint64_t id);
/* The ID outside; the same one without a map, UINT64_MAX for one that isn't mapped. */
uint64_t userns_outside(const struct oci_id_maps *maps, uint64_t id);
/* Gives a file to the container's root. */
int userns_own(const struct container *c, int fd, struct err *e);
/* From here to userns_end() this process makes files as the container's root, with all its
 * capabilities: in its file systems root out here is nobody who could own one. */
int userns_begin(const struct container *c, struct err *e);
void userns_end(void);
/* What `work` does it does as root of the user namespace, in a child: IDs are what they are in
 * there. */
int userns_run(int userns, int (*work)(void *arg, struct err *e), void *arg, struct err *e);
/* A detached copy of the mount that the directory is on, from there, with its IDs mapped as in the
 * user namespace. ERR_UNSUPPORTED if the kernel or the file system can't. */
int userns_map_dir(int dir, int userns, struct err *e);
/* All IDs of that user in /etc/subuid and of that group in /etc/subgid, from 0 on inside. */
int userns_of_names(struct arena *a, const char *uid_name, const char *gid_name,
		    struct container *c, struct err *e);
/* The maps of a user namespace that others made; path is of nsfs. */
int userns_of_path(struct arena *a, const char *path, struct container *c, struct err *e);
/* `size` IDs from USERNS_OWNER's that no container has, into c->uid_maps and c->gid_maps. The
 * store must be locked exclusively until the container is there. */
int userns_choose(const struct state *s, struct arena *a, uint64_t size, struct container *c,
		  struct err *e);
