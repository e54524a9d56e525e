/* SPDX-License-Identifier: BSD-2-Clause */
/* Making layers, for who makes images.  Private to this module. */
#pragma once

#include "image/layer.h"

/* One that is being filled. */
struct layer_new {
	char key[STATE_ID_LEN + 1];
	int dir;    /* its directory, locked */
	int tree;   /* to unpack into */
	int recipe; /* to write the recipe to */
};

/* ERR_CONFLICT: another process is making it. */
int layer_begin(const struct state *s, const char *key, struct layer_new *ret, struct err *e);
/* Renames it into place as l->key, which may be another than it was begun under.  Returns a
 * descriptor that holds it as layer_hold() does; if another process was faster, that one's. */
int layer_commit(const struct state *s, struct layer_new *n, const struct layer *l, struct err *e);
void layer_abandon(const struct state *s, struct layer_new *n);

/* Keeps it from being collected until the descriptor is closed.  ERR_NOT_FOUND when it isn't there
 * or is just going. */
int layer_hold(const struct state *s, const char *key, struct err *e);
int layer_read(const struct state *s, struct arena *a, const char *key, struct layer *ret,
	       struct err *e);
int layer_open_recipe(const struct state *s, const char *key, struct err *e);
/* Whether it was written during this boot: if not, an image must refer to it. */
bool layer_is_of_this_boot(const struct layer *l);
