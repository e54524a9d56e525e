/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Image references as people write them: [transport:]name[:tag][@digest].  The grammar of names is
 * that of the OCI distribution specification 1.1 and of Docker's reference package; the transports
 * are those of containers-transports(5).
 */
#pragma once

#include "base/text.h"

enum reference_transport {
	REFERENCE_REGISTRY,       /* docker://, and what has no transport */
	REFERENCE_OCI,            /* oci:DIR[:name] */
	REFERENCE_OCI_ARCHIVE,    /* oci-archive:FILE[:name] */
	REFERENCE_DOCKER_ARCHIVE, /* docker-archive:FILE[:name or :@index] */
	REFERENCE_DIR,            /* dir:DIR, skopeo's own layout */
	REFERENCE_STORE,          /* containers-storage:name: what is stored here */
	REFERENCE_TRANSPORTS
};
/* "docker://", "oci:" … */
extern const char *const reference_transport_name[REFERENCE_TRANSPORTS];

struct reference {
	enum reference_transport transport;
	/* Of names. */
	const char *domain;     /* "docker.io", "localhost:5000"; NULL: a short name */
	const char *repository; /* "library/nginx" */
	const char *tag;        /* NULL: not said */
	const char *digest;     /* "sha256:…"; NULL: not said */
	/* Of files and folders. */
	const char *file;     /* "-": standard input */
	const char *selector; /* which image in it; NULL: the only one */
};

#define REFERENCE_MAX 255 /* bytes of a whole name with its tag, as it must fit a file name */

/* With or without a transport.  ERR_INVALID "NAME: invalid reference format…". */
int reference_parse(struct arena *a, const char *s, struct reference *ret, struct err *e);
/* A name alone: "a:b" is never a transport. */
int reference_parse_name(struct arena *a, const char *s, struct reference *ret, struct err *e);

/* docker.io for a missing domain, library/ for its one-part names, the tag latest when there is
 * neither tag nor digest.  Local names (localhost/…) stay so. */
void reference_normalise(struct arena *a, struct reference *r);
/* The same with another domain in front of a short name ("localhost", "quay.io"). */
void reference_qualify(struct arena *a, struct reference *r, const char *domain);

/* As it would be parsed again: "docker.io/library/nginx:latest", "oci-archive:f.tar:x". */
char *reference_print(struct arena *a, const struct reference *r);
/* The name without tag and digest: "docker.io/library/nginx". */
char *reference_print_name(struct arena *a, const struct reference *r);
bool reference_tag_valid(const char *tag);
