/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registries.conf (containers-registries.conf(5), version 2): where short names are looked for, and
 * which registries have mirrors, are blocked or not to be trusted.
 */
#pragma once

#include "image/reference.h"

enum registries_mode { REGISTRIES_ENFORCING, REGISTRIES_PERMISSIVE, REGISTRIES_DISABLED };
enum registries_when { REGISTRIES_ALL, REGISTRIES_DIGEST_ONLY, REGISTRIES_TAG_ONLY };

struct registries_mirror {
	const char *location;
	bool insecure;
	enum registries_when when;
};

struct registries_entry {
	const char *prefix;   /* "quay.io/team", "*.example.com" */
	const char *location; /* what the prefix is replaced by; NULL: the same */
	bool insecure, blocked;
	struct registries_mirrors {
		struct registries_mirror *v;
		size_t n;
	} mirrors;
};

struct registries {
	struct texts search; /* unqualified-search-registries; docker.io when no file says any */
	bool search_given;
	const char *search_from; /* the file that gave them */
	enum registries_mode mode;
	struct text_map aliases; /* short name -> "docker.io/library/debian" */
	struct texts helpers;    /* credential-helpers */
	struct registries_entries {
		struct registries_entry *v;
		size_t n;
	} entries;
};

/* Reads the files that hold here: CONTAINERS_REGISTRIES_CONF, else the user's, else
 * /etc/containers/registries.conf; then registries.conf.d; then the aliases that were recorded. */
int registries_read(struct arena *a, struct registries *ret, struct err *e);
/* Adds one file's text. */
int registries_add(struct arena *a, struct registries *to, const char *name, const char *text,
		   size_t len, struct err *e);

/* The entry for a qualified name, or NULL. */
const struct registries_entry *registries_find(const struct registries *c,
					       const struct reference *r);

/* Where to fetch r from, in order: mirrors, then itself.  ERR_DENIED when it is blocked. */
struct registries_place {
	struct reference reference;
	bool insecure, mirror;
};
struct registries_places {
	struct registries_place *v;
	size_t n;
};
int registries_places(struct arena *a, const struct registries *c, const struct reference *r,
		      struct registries_places *ret, struct err *e);

/* The full names that a short name may mean, in order of trial; of a full name itself.  asks: a
 * terminal is there to ask which; *ret_ask is then set when the user is to choose. */
struct registries_names {
	struct reference *v;
	size_t n;
	const char
		*from; /* "Resolved "busybox" as an alias (FILE)": a line for the user, or NULL */
	bool ask;
};
int registries_resolve(struct arena *a, const struct registries *c, const struct reference *r,
		       bool terminal, struct registries_names *ret, struct err *e);
