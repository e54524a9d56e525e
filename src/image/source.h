/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where images come from: one table of functions, with a registry, an OCI layout, an archive or a
 * folder behind it.  A source gives documents and blobs as they are; whoever asks verifies digest
 * and size, so a source need not.
 *
 * Several blobs may be open at once; each is a descriptor to read until its end, fed by a process
 * of its own where it isn't a plain file.  source_blob_end() tells whether the feeder got to the
 * end, and why not.
 */
#pragma once

#include "image/reference.h"
#include "spec/image.h"
#include "state/state.h"

/* How to speak to registries; all zero is the default. */
struct source_access {
	const char *authfile;        /* NULL: the usual places */
	const char *user, *password; /* --creds; NULL: from the authfile */
	const char *cert_dir;        /* NULL: certs.d */
	enum { SOURCE_TLS_DEFAULT, SOURCE_TLS_VERIFY, SOURCE_TLS_SKIP } tls;
	int retries;              /* 0: 3; negative: none */
	int64_t retry_delay_nsec; /* 0: growing from one second */
	/* Lines for the user ("Failed, retrying in 1s ... (1/3). Error: …"); may be NULL. */
	void (*notice)(void *arg, const char *line);
	void *notice_arg;
};

struct source;

/* An open blob. */
struct source_blob {
	int fd;        /* to read from its current offset to its end; owned */
	bool seekable; /* a plain file, without a process behind it */
	void *feeder;  /* the implementation's */
	struct source *source;
};

struct source_ops {
	/* The raw manifest or index that `digest` names, or (NULL) the one that the source was
	 * opened for.  More than IMAGE_MANIFEST_MAX bytes is ERR_INVALID, none such
	 * ERR_NOT_FOUND.  media_type: from the transport, else from the document. */
	int (*manifest)(struct source *s, struct arena *a, const char *digest, struct buf *ret,
			const char **ret_media_type, struct err *e);
	int (*blob)(struct source *s, const struct image_descriptor *d, struct source_blob *ret,
		    struct err *e);
	/* Closes b->fd if it is still open, ends the feeder; its own error, if it had one: EPIPE
	 * when the reader went away first. */
	int (*blob_end)(struct source_blob *b, struct err *e);
	/* May be NULL: a descriptor that is readable when the feeders have something to say, such
	 * as a retry, and reading that without waiting. */
	int (*fd)(const struct source *s);
	void (*hear)(struct source *s);
	void (*close)(struct source *s);
};

/* Implementations have it as their first member. */
struct source {
	const struct source_ops *ops;
	const char *shown;  /* for messages: "docker://localhost:5000/busybox:latest" */
	struct texts names; /* names that the image brings along (archives); may be empty */
	bool by_diff_id;    /* layers are named by their diffIDs: the blobs have no digests */
};

/* Opens what r says: registry_source_open() of image/registry.h, or one of files.  A registry's r
 * is fully qualified.  s (may be NULL): the store, where archives go that cannot be read in place.
 */
int source_open(const struct state *s, struct arena *a, const struct reference *r,
		const struct source_access *access, struct source **ret, struct err *e);
void source_free(struct source *s);
DEFINE_AUTO(source);

int source_manifest(struct source *s, struct arena *a, const char *digest, struct buf *ret,
		    const char **ret_media_type, struct err *e);
int source_blob(struct source *s, const struct image_descriptor *d, struct source_blob *ret,
		struct err *e);
int source_blob_end(struct source_blob *b, struct err *e);
/* To poll for POLLIN while blobs are open, then source_hear(); -1: nothing ever comes. */
int source_fd(const struct source *s);
void source_hear(struct source *s);
/* A whole small blob, its size and digest verified. */
int source_read(struct source *s, const struct image_descriptor *d, size_t max, struct buf *ret,
		struct err *e);
