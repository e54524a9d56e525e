/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of this module share. */
#pragma once

#include "base/file.h"
#include "state/state.h"

#define LAYOUT_NEW   FILE_NEW
#define LAYOUT_TRASH ".trash"
#define LAYOUT_NAMES "names"
/* Digits of an id of ours in a name's symlink: ext4 keeps a text of up to 59 bytes in the inode,
 * and a longer one in a block, which is to be written and, when the name goes, discarded. */
#define LAYOUT_SHORT_LEN 56

/* Writes what follows from the first LAYOUT_SHORT_LEN digits behind them. */
void layout_complete_id(char id[STATE_ID_LEN + 1]);
/* path, or path below the working directory. */
char *layout_absolute(struct arena *a, const char *path);
/* Deletes all that is in a root; the root stays. */
int layout_empty(int root, struct err *e);
/* "KIND/ID" and so on: object and name parts never hold a slash. */
int layout_path(char *ret, size_t size, const char *dir, const char *kind, const char *id,
		struct err *e);
/* Names in dir/name, without those that begin with a dot; a missing directory has none. */
int layout_entries(int dir, const char *name, struct arena *a, struct texts *ret, struct err *e);
/* The directory of what is not there yet, with a flock(): held shared between making something in
 * it and locking or renaming that, so that the sweeper, which takes it exclusively, finds only what
 * is locked and what the dead left. */
int layout_lock_new(const struct state *s, int how);
