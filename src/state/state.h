/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Objects on disk: a directory each, KIND/ID, under two roots.  The durable one holds what was
 * asked for, the volatile one (tmpfs) what is so since this boot; it is emptied when the boot id is
 * not the one it was made under.  An object is absent or complete: it is filled as .new/KIND-ID and
 * renamed to KIND/ID; a file of it changes by replacement (file_replace_at() with the root as
 * fill_root); it is removed by one rename into .trash,
 * whose content anyone may delete.  Names are symlinks names/KIND/NAME -> ID made with symlinkat(),
 * whose EEXIST is the uniqueness check.  Locks are flock()s on the object's directory, held by
 * whoever changes it; readers take none; the kernel drops the locks of the dead.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"

#define STATE_ID_LEN 64

struct state {
	int lib, run; /* directories: /var/lib/berth, /run/berth */
	const char *lib_path, *run_path;
	bool rootless;  /* not the root of the machine: another user, or in a user namespace */
	bool single_id; /* rootless, and only one user's id is there: others can't own files */
};

struct state_open {
	const char *root, *runroot; /* NULL: the defaults of this user */
};
/* Makes the roots (0700) if they are missing. */
int state_open(struct arena *a, const struct state_open *how, struct state *ret, struct err *e);
void state_close(struct state *s);
/* How many user ids this process's user namespace has; 1 for a plain user. */
uint64_t state_ids_mapped(void);

/* 64 hex digits, 56 of them from getrandom(), the first 12 not all decimal (they serve as a host
 * name); the last 8 follow from the others. */
void state_new_id(char ret[STATE_ID_LEN + 1]);

/* Makes an empty directory to fill and returns it, locked as state_lock() does; state_commit()
 * renames it into place and it stays locked until it is closed. What a dead process began is
 * thrown away; ERR_CONFLICT (-EEXIST) when a living one is making the very same object. */
int state_begin(const struct state *s, const char *kind, const char *id, struct err *e);
/* durable: the directory is synced before and its parent after; what the files hold is the
 * caller's to sync. ERR_CONFLICT if the object exists. */
int state_commit(const struct state *s, const char *kind, const char *id, int dir, bool durable,
		 struct err *e);
/* Gives what was begun another id: its content decides what it is called. */
int state_rename_new(const struct state *s, const char *kind, const char *id, const char *new_id,
		     struct err *e);
void state_abandon(const struct state *s, const char *kind, const char *id);

/* The object's directory (O_RDONLY); ERR_NOT_FOUND. */
int state_dir(const struct state *s, const char *kind, const char *id, struct err *e);
/* The same in the volatile root; made if asked. */
int state_run_dir(const struct state *s, const char *kind, const char *id, bool make,
		  struct err *e);
/* Its durable directory, locked exclusively, waiting; close to unlock. ERR_NOT_FOUND if it is not
 * there, or not any more. */
int state_lock(const struct state *s, const char *kind, const char *id, struct err *e);
bool state_exists(const struct state *s, const char *kind, const char *id);
/* What is gone for everyone and yet to be deleted: names in the roots' .trash, "" for none. */
struct state_trash {
	char lib[256], run[256];
};
/* The renames alone. */
int state_discard(const struct state *s, const char *kind, const char *id, struct state_trash *ret,
		  struct err *e);
/* The deletion; what of it cannot be done now is for the next sweep. */
void state_delete(const struct state *s, const struct state_trash *t);
/* Removes both roots' parts: one rename each, then the deletion. Absent is no error. */
int state_remove(const struct state *s, const char *kind, const char *id, struct err *e);
/* The volatile part alone. */
int state_remove_run(const struct state *s, const char *kind, const char *id, struct err *e);
/* Ids of a kind, sorted; complete objects only. */
int state_list(const struct state *s, const char *kind, struct arena *a, struct texts *ret,
	       struct err *e);
/* The same of what the volatile root has. */
int state_list_run(const struct state *s, const char *kind, struct arena *a, struct texts *ret,
		   struct err *e);

/* Names. ERR_CONFLICT when taken: *ret_owner (may be NULL) is then the owner's id. A name whose
 * owner is neither there nor in the making is free. */
int state_name_take(const struct state *s, const char *kind, const char *name, const char *id,
		    struct arena *a, const char **ret_owner, struct err *e);
/* The id, or NULL when there is none such. */
const char *state_name_find(const struct state *s, const char *kind, const char *name,
			    struct arena *a);
/* Points a name to an id, atomically, whether it exists or not. */
int state_name_set(const struct state *s, const char *kind, const char *name, const char *id,
		   struct err *e);
void state_name_drop(const struct state *s, const char *kind, const char *name);
/* All names of a kind and their ids, sorted by name. */
int state_name_list(const struct state *s, const char *kind, struct arena *a, struct text_map *ret,
		    struct err *e);

/* The store-wide lock: shared while an object that refers to others is being made, exclusive while
 * what nobody refers to is collected. Close the descriptor to release it. */
int state_lock_store(const struct state *s, bool exclusive, struct err *e);
/* Deletes what nobody holds locked in .trash and in .new. Cheap when there is nothing. */
void state_sweep(const struct state *s);
