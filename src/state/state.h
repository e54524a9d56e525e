/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects on disk: a directory each, named by its kind and id, under two roots.  The durable one
 * holds what was asked for, the volatile one (tmpfs) what is so since this boot.  An object is
 * absent or complete: it is filled as KIND/.new-ID and renamed to KIND/ID; a file of it changes by
 * replacement; it is removed by one rename into .trash, whose content anyone may delete.  Names are
 * symlinks names/SPACE/NAME -> ID made with symlinkat(), whose EEXIST is the uniqueness check.
 * Locks are flock()s on the object's directory, held by whoever changes it; readers take none; the
 * kernel drops the locks of the dead.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"

#define STATE_ID_LEN 64

struct state {
	int lib, run; /* directories: /var/lib/berth, /run/berth */
	const char *lib_path, *run_path;
	bool rootless;
};

struct state_open {
	const char *root, *runroot; /* NULL: the defaults of this user */
};
/* Makes the roots (0700) if they are missing. */
int state_open(struct arena *a, const struct state_open *how, struct state *ret, struct err *e);
void state_close(struct state *s);

struct state_file {
	const char *name;
	const void *data;
	size_t len;
};

/* 64 hex digits from getrandom(). */
void state_new_id(char ret[STATE_ID_LEN + 1]);

/* A directory KIND/.new-ID to fill, locked; state_commit() renames it into place. */
int state_begin(const struct state *s, const char *kind, const char *id, int *ret_dir,
		struct err *e);
/* durable: syncfs before the rename and the directory after it. */
int state_commit(const struct state *s, const char *kind, const char *id, int dir, bool durable,
		 struct err *e);
void state_abandon(const struct state *s, const char *kind, const char *id);

/* The object's directory (O_RDONLY); ERR_NOT_FOUND. */
int state_dir(const struct state *s, const char *kind, const char *id, struct err *e);
/* The same in the volatile root, made if absent. */
int state_run_dir(const struct state *s, const char *kind, const char *id, bool make,
		  struct err *e);
/* Its directory locked exclusively, waiting; close to unlock. ERR_NOT_FOUND if it vanished. */
int state_lock(const struct state *s, const char *kind, const char *id, struct err *e);
/* Removes both roots' parts: one rename, then the deletion. Names of it go first. */
int state_remove(const struct state *s, const char *kind, const char *id, struct err *e);
/* Ids of a kind, sorted by name; complete objects only. */
int state_list(const struct state *s, const char *kind, struct arena *a, struct texts *ret,
	       struct err *e);

/* Names. ERR_CONFLICT when taken: *ret_owner (may be NULL) is then the owner's id. */
int state_name_take(const struct state *s, const char *space, const char *name, const char *id,
		    struct arena *a, const char **ret_owner, struct err *e);
/* The id, or NULL when there is none such. */
const char *state_name_find(const struct state *s, const char *space, const char *name,
			    struct arena *a);
/* Moves a name to another id, atomically, whether it exists or not. */
int state_name_set(const struct state *s, const char *space, const char *name, const char *id,
		   struct err *e);
void state_name_drop(const struct state *s, const char *space, const char *name);
int state_name_list(const struct state *s, const char *space, struct arena *a,
		    struct text_map *ret, struct err *e);

/* The store-wide lock: shared while an object that refers to others is being made, exclusive while
 * what nobody refers to is collected. Close the descriptor to release it. */
int state_lock_store(const struct state *s, bool exclusive, struct err *e);
/* Deletes .trash and the .new-* that nobody holds locked. Cheap when there are none. */
void state_sweep(const struct state *s);
