/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who we are at a registry: containers-auth.json(5), Docker's config.json, and credential helpers
 * (docker-credential-NAME).  Keys are hosts, or hosts with the beginning of a repository; the
 * longest that fits wins.
 */
#pragma once

#include "base/text.h"

struct auth {
	const char *user, *password; /* NULL: none known */
	const char *token;           /* an identity token in place of the password */
	const char *from;            /* the file or helper, for messages */
};

/* Whose it is, and where to look. */
struct auth_query {
	const char *authfile;        /* NULL: REGISTRY_AUTH_FILE, else the usual places */
	const char *host;            /* "docker.io", "localhost:5000" */
	const char *repository;      /* NULL: the host's own */
	const struct texts *helpers; /* to ask when no file knows; may be NULL */
};

/* That nobody knows is no error. A named file must be there: auth_check_file(). */
int auth_find(struct arena *a, const struct auth_query *q, struct auth *ret, struct err *e);

/* Keeps user and password under key ("quay.io", "quay.io/team"), in a helper when the file names
 * one for it.  ret_file: where they went. */
int auth_store(struct arena *a, const char *authfile, const char *key, const char *user,
	       const char *password, const char **ret_file, struct err *e);
/* ERR_NOT_FOUND "not logged into KEY"; ERR_CONFLICT when it is Docker's file alone that knows it.
 */
int auth_remove(struct arena *a, const char *authfile, const char *key, struct err *e);
int auth_remove_all(struct arena *a, const char *authfile, struct err *e);

/* ERR_INVALID "credential file is not accessible: …" when authfile (or REGISTRY_AUTH_FILE) names
 * what isn't there. */
int auth_check_file(const char *authfile, struct err *e);
/* "https://quay.io/v1/" as quay.io; Docker's old names for itself as docker.io. */
const char *auth_key(struct arena *a, const char *registry);
/* What a person gives to login: a host, maybe with the beginning of a repository, without a tag. */
int auth_parse_key(struct arena *a, const char *said, const char **ret, struct err *e);

/* One file's text, for the keys HOST/…: true when it knows. Private to auth*.c and their tests. */
struct auth_found {
	struct auth auth;
	const char *helper; /* to be asked instead */
	const char *server; /* what to ask it for */
};
int auth_read(struct arena *a, const char *name, const char *text, size_t len,
	      const struct auth_query *q, struct auth_found *ret, struct err *e);
