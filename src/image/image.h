/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Images as they are stored: images/ID/ with the raw manifest.json and config.json, byte for byte,
 * and image.json; ID is the 64 hex digits of the configuration's digest.  Names are symlinks
 * names/image/NAME -> ID, "/" written as "%".  Everything returned lives in the arena.
 */
#pragma once

#include "image/layer.h"
#include "image/source.h"
#include "spec/image.h"
#include "state/state.h"

struct image {
	const char *id;         /* 64 hex digits */
	const char *digest;     /* "sha256:…" of the manifest */
	const char *media_type; /* of the manifest */
	struct texts names;     /* "docker.io/library/nginx:latest", sorted: of image_list() and
				   image_names() only */
	struct texts digests;   /* by which it is known: the manifest's, its index's */
	struct image_config config;
	struct texts layers;            /* keys of layers/, the base first */
	uint64_t size;                  /* bytes of its uncompressed layers and its documents */
	int64_t created_nsec;           /* since 1970; 0: not said */
	int64_t stored_nsec;            /* when it was recorded here */
	struct image_descriptors blobs; /* of its manifest */
	struct text_map annotations;    /* of its manifest */
	const char *manifest_text, *config_text;
	size_t manifest_len, config_len;
};

/* Looks an image up by any form people write: an id or a unique beginning of one, sha256:ID, a
 * name with or without domain and tag, name@digest.  ret_name (may be NULL): the stored name that
 * matched, NULL when it was found by id.  ERR_NOT_FOUND "NAME: image not known"; ERR_CONFLICT when
 * an id is ambiguous. */
int image_find(const struct state *s, struct arena *a, const char *name, struct image **ret,
	       const char **ret_name, struct err *e);
/* By the whole id, without looking at names. */
int image_load(const struct state *s, struct arena *a, const char *id, struct image **ret,
	       struct err *e);
/* The same of what image_open_layers() needs alone: id and layers. */
int image_load_layers(const struct state *s, struct arena *a, const char *id, struct image **ret,
		      struct err *e);

/* Fills i->names. */
int image_names(const struct state *s, struct arena *a, struct image *i, struct err *e);

/* Opens its layers, topmost first as kernel_mount_overlay() wants them.  *ret_fds is in the arena,
 * the descriptors are the caller's: image_close_layers(). */
int image_open_layers(const struct state *s, struct arena *a, const struct image *i, int **ret_fds,
		      size_t *ret_len, struct err *e);
void image_close_layers(int *fds, size_t len);

struct images {
	struct image **v;
	size_t n;
};
/* All of them; one that cannot be read is left out, and its error passed to `damaged` (may be
 * NULL). */
int image_list(const struct state *s, struct arena *a, struct images *ret,
	       void (*damaged)(void *arg, const char *id, const struct err *why), void *arg,
	       struct err *e);

/* Gives the image the name; whoever had it loses it. A short name becomes localhost/NAME:latest. */
int image_tag(const struct state *s, struct arena *a, const struct image *i, const char *name,
	      struct err *e);
/* ERR_NOT_FOUND "NAME: tag not known" when it is not one of its names. name NULL: all. */
int image_untag(const struct state *s, struct arena *a, const struct image *i, const char *name,
		struct err *e);

/* Takes away a stored name, whatever it leads to. */
int image_name_forget(const struct state *s, struct arena *a, const char *name, struct err *e);

/* The ids of the containers that use the image; the engine gives it. */
struct image_users {
	int (*find)(void *arg, const char *image_id, struct arena *a, struct texts *ret_containers,
		    struct err *e);
	void *arg;
};
struct image_removed {
	struct texts untagged; /* names */
	const char *deleted;   /* id; NULL: it stays */
	uint64_t bytes;        /* of its layers' files, that are gone with it */
};
/* Removes the image, or only `name` (the stored name that image_find() gave) while it has others.
 * force: all names at once.  In use: ERR_CONFLICT with where = IMAGE_IN_USE. */
enum { IMAGE_IN_USE = 100 };
struct image_remove {
	const char *name; /* NULL: asked for by its id */
	bool force;
	const struct image_users *users; /* NULL: nobody can */
};
int image_remove(const struct state *s, struct arena *a, const struct image *i,
		 const struct image_remove *how, struct image_removed *ret, struct err *e);

/* Pull. */
enum image_step {
	IMAGE_STEP_TRY,      /* shown: the source */
	IMAGE_STEP_MANIFEST, /* index: how many layers there are, total: their bytes */
	IMAGE_STEP_LAYER,    /* layer `index` (digest) begins */
	IMAGE_STEP_EXISTS,   /* it is already here */
	IMAGE_STEP_BYTES,    /* done of total bytes of it were read */
	IMAGE_STEP_DONE,     /* it is whole */
	IMAGE_STEP_CONFIG,   /* the configuration (digest) is here */
	IMAGE_STEP_RECORD,   /* writing it all to disk and recording the image */
	IMAGE_STEP_NOTICE,   /* shown: a line for the user */
};
struct image_progress {
	enum image_step step;
	size_t index;
	const char *digest, *shown;
	uint64_t done, total;
};
enum image_policy { IMAGE_PULL_ALWAYS, IMAGE_PULL_MISSING, IMAGE_PULL_NEWER, IMAGE_PULL_NEVER };
extern const char *const image_policy_name[4]; /* "always" … */

struct image_pull {
	enum image_policy policy;
	struct image_platform platform; /* what is NULL: the host's */
	struct source_access access;
	unsigned parallel; /* layers at once; 0: 6, and not more unpacking than there are CPUs */
	/* Which of the names a short name means; NULL: nobody is there to be asked. */
	int (*choose)(void *arg, const struct texts *names, size_t *ret, struct err *e);
	void *choose_arg;
	void (*progress)(void *arg, const struct image_progress *p); /* may be NULL */
	void *progress_arg;
};
/* name: any reference.  Registries are tried as registries.conf says.  ret_id: 65 bytes. */
int image_pull(const struct state *s, const char *name, const struct image_pull *how,
	       char ret_id[STATE_ID_LEN + 1], struct err *e);
