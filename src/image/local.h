/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sources that are a package of files: OCI layouts (image-layout.md of the OCI image
 * specification), what `docker save` writes, and skopeo's `dir:`.  Private to this module.
 */
#pragma once

#include "image/package.h"

/* selector: the image's name in it, "@N" the Nth from 0, or NULL when it has just one.  The
 * package stays the caller's unless it is given away with local_own(). */
int local_open_oci(struct arena *a, struct package *p, const char *selector, struct source **ret,
		   struct err *e);
int local_open_docker(struct arena *a, struct package *p, const char *selector, struct source **ret,
		      struct err *e);
int local_open_dir(struct arena *a, struct package *p, const char *selector, struct source **ret,
		   struct err *e);
void local_own(struct source *s, struct package *p);

/* What a package is, by the files it has. */
enum local_format { LOCAL_UNKNOWN, LOCAL_OCI, LOCAL_DOCKER, LOCAL_DIR, LOCAL_FORMATS };
enum local_format local_format(struct package *p);
int local_open(struct arena *a, struct package *p, enum local_format format, const char *selector,
	       struct source **ret, struct err *e);
/* How many images there are in it. */
int local_count(struct arena *a, struct package *p, enum local_format format, size_t *ret,
		struct err *e);

int local_count_oci(struct arena *a, struct package *p, size_t *ret, struct err *e);

/* A source over files: what the three have in common. */
struct local_source {
	struct source source;
	struct package *package;
	bool owns_package;
	struct arena *arena;
	const char *manifest; /* the top document */
	size_t manifest_len;
	const char *media_type;
	/* The file of a blob, or NULL. */
	const char *(*file_of)(struct local_source *l, const struct image_descriptor *d);
	/* docker-archive: the files of its layers in order, and of its configuration. */
	struct texts layers, diff_ids;
	const char *config;
	const char *config_digest;
};
struct local_source *local_new(struct arena *a, struct package *p);
