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
	const char *from;            /* the file, or the helper's name: for messages */
};

/* What is known of host/repository (repository may be NULL).  authfile NULL: REGISTRY_AUTH_FILE,
 * then the usual places; not to be there is no error.  A named one must be there: ERR_INVALID
 * "credential file is not accessible: …". */
int auth_find(struct arena *a, const char *authfile, const char *host, const char *repository,
	      struct auth *ret, struct err *e);

/* Keeps user and password under key ("quay.io", "quay.io/team"), in a helper when the file names
 * one.  ret_file (may be NULL): where they went. */
int auth_store(struct arena *a, const char *authfile, const char *key, const char *user,
	       const char *password, const char **ret_file, struct err *e);
/* ERR_NOT_FOUND "not logged into KEY". */
int auth_remove(struct arena *a, const char *authfile, const char *key, struct err *e);
int auth_remove_all(struct arena *a, const char *authfile, struct err *e);

/* ERR_INVALID when --authfile names what isn't there. */
int auth_check_file(const char *authfile, struct err *e);
/* "https://quay.io/" as quay.io, docker.io's old names as docker.io. */
const char *auth_key(struct arena *a, const char *registry);
