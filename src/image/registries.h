/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registries.conf (containers-registries.conf(5), version 2): where short names are looked for, and
 * which registries have mirrors, are blocked or are not to be trusted.  Everything lives in the
 * arena.
 */
#pragma once

#include "image/reference.h"

enum registries_mode {
	REGISTRIES_MODE_NOT_SAID,
	REGISTRIES_ENFORCING,  /* several registries to search: the user must choose */
	REGISTRIES_PERMISSIVE, /* the user chooses if there is one; else all are tried */
	REGISTRIES_DISABLED,   /* all are tried; there are no aliases */
};
enum registries_when {
	REGISTRIES_WHEN_NOT_SAID,
	REGISTRIES_ALL,
	REGISTRIES_DIGEST_ONLY,
	REGISTRIES_TAG_ONLY
};

struct registries_mirror {
	const char *location;
	bool insecure;
	int when; /* enum registries_when */
};
struct registries_mirrors {
	struct registries_mirror *v;
	size_t n;
};

struct registries_entry {
	const char *prefix;   /* "quay.io/team", "*.example.com" */
	const char *location; /* what replaces it; NULL: nothing does */
	bool insecure, blocked, mirror_by_digest_only;
	struct registries_mirrors mirrors;
};
struct registries_entries {
	struct registries_entry *v;
	size_t n;
};

struct registries {
	struct texts search;     /* unqualified-search-registries; docker.io if no file says any */
	const char *search_from; /* the file that gave them, NULL: none did */
	int mode;                /* enum registries_mode */
	struct text_map aliases; /* short name -> "docker.io/library/debian" */
	struct text_map aliases_from; /* -> the file that says so */
	struct texts helpers;         /* credential-helpers */
	struct registries_entries entries;
};

/* Reads the files that hold here: CONTAINERS_REGISTRIES_CONF, else the user's registries.conf, else
 * /etc/containers/registries.conf; the registries.conf.d beside them; then the aliases that were
 * recorded when somebody chose. */
int registries_read(struct arena *a, struct registries *ret, struct err *e);
/* The file of those aliases; NULL: there is no place for one. */
const char *registries_recorded(struct arena *a);
/* Adds an alias to it, or changes it: from now on the short name means that name. */
int registries_record(struct arena *a, const char *path, const char *alias, const char *name,
		      struct err *e);
/* Adds one file's text: what it says wins. */
int registries_add(struct arena *a, struct registries *to, const char *name, const char *text,
		   size_t len, struct err *e);

/* The entry for a qualified name, or NULL: the longest prefix. */
const struct registries_entry *registries_find(const struct registries *c, struct arena *a,
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

/* The full names that r may mean, in the order of trial; of a full name itself.  terminal: somebody
 * is there to be asked; ret->ask then says that they are to choose. */
struct registries_names {
	struct reference *v;
	size_t n;
	const char *from; /* a line for the user about where they come from, or NULL */
	bool ask;
};
int registries_resolve(struct arena *a, const struct registries *c, const struct reference *r,
		       bool terminal, struct registries_names *ret, struct err *e);
