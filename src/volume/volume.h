/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Named storage that outlives containers: volumes/NAME/ with volume.json (doc/formats/volume.md)
 * and the data in _data.
 */
#pragma once

#include "base/json.h"
#include "state/state.h"

#define VOLUMES "volumes"

struct volume {
	int64_t version;
	const char *name, *driver; /* "local" */
	int64_t created_nsec;
	struct text_map labels, options;
	bool anonymous; /* made for one container, and removed with it when asked */
	bool fresh;     /* nobody used it yet: it gets the image's content on first use */
};
extern const struct json_type volume_json;

/* ERR_CONFLICT if the name is taken; name NULL: 64 random hex digits. */
int volume_create(const struct state *s, struct arena *a, const struct volume *v,
		  const char **ret_name, struct err *e);
/* Are its options ("type", "device", "o") such as can be? Those in "o" that are berth's own are
 * made options of their own: "UID", "GID", "NOCOPY". */
int volume_options_check(struct arena *a, struct volume *v, struct err *e);
/* By name or a unique beginning of one: ERR_NOT_FOUND, ERR_CONFLICT. */
int volume_find(const struct state *s, struct arena *a, const char *name, struct volume **ret,
		struct err *e);
/* Whether its data is not in its directory, but a mount that is made for its users (mount.c). */
bool volume_is_mount(const struct volume *v);
bool volume_is_bind(const struct volume *v); /* of a folder that others may have as well */
bool volume_is_copied_up(const struct volume *v);
/* A new mount of what its options say, detached, as n copies: it is gone with its last descriptor
 * or user. */
int volume_mount(const struct state *s, const struct volume *v, int *ret, size_t n, struct err *e);

/* Its data directory, whatever is mounted for it. */
int volume_open(const struct state *s, const char *name, struct err *e);
char *volume_path(const struct state *s, struct arena *a, const char *name);
/* It has been filled. */
int volume_used(const struct state *s, struct arena *a, const char *name, struct err *e);

struct volumes {
	struct volume **v;
	size_t n;
};
int volume_list(const struct state *s, struct arena *a, struct volumes *ret, struct err *e);
int volume_remove(const struct state *s, const char *name, struct err *e);
