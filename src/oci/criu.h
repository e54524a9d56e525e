/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CRIU, run as a program that we talk to.  What both ways share: where images and logs are, what of
 * the host's the container's tree refers to (mounts, namespaces joined by path, its standard
 * streams), and how its log is found when it fails.
 */
#pragma once

#include "cgroup/cgroup.h"
#include "oci/criu_rpc.h"
#include "oci/record.h"

#define CRIU_FDS_MAX 8
/* Names in the folder `masks`, and of directories that hide another in the images. */
#define CRIU_MASK_FILE      "file"
#define CRIU_MASK_DIRECTORY "directory"

struct criu_args {
	const char *image_path, *work_path, *manage_cgroups, *network_lock;
	bool tcp_established, ext_unix_sk, shell_job, file_locks, lazy_pages, auto_dedup;
	struct texts empty_ns;
};
/* The options that checkpoint and restore share. */
extern const struct option criu_options[];

struct criu {
	const struct oci_globals *g;
	const struct oci_config *config;
	enum criu_request request;
	const char *images, *work, *log; /* log: a file in work */
	int images_dir, work_dir;
	struct buf options;    /* what it is asked for */
	const char *masks;     /* where those are mounted then */
	const char *root;      /* mounted on itself where nobody else sees it, or NULL */
	struct cgroup *cgroup; /* which it is to be in, or NULL */
	int fds[CRIU_FDS_MAX]; /* what it inherits, ours to close but for the standard streams */
	size_t fds_len;
	/* Hears how far it is; a failure makes it give up. Takes a->fd if it wants it. */
	int (*stage)(void *arg, struct criu_answer *a, struct err *e);
	void *arg;
	pid_t pid; /* of what was restored: a child of this process */
};

/* Its path, or NULL: there is none. */
const char *criu_program(const struct oci_globals *g);
/* Makes the folders. However it ends, criu_end(). */
int criu_begin(struct criu *c, const struct oci_globals *g, const struct criu_args *args,
	       const struct oci_config *config, enum criu_request request, struct err *e);
/* ERR_UNSUPPORTED when there is no such program; ERR_SYSTEM names its log. */
int criu_run(struct criu *c, struct err *e);
void criu_end(struct criu *c);

/* It will have this descriptor, by this name. */
int criu_inherit(struct criu *c, const char *name, int fd, struct err *e);
/* A mount point, or what the images call it, and what that is called, or is. */
void criu_external(struct criu *c, const char *name, const char *value);
/* What hides things: told of, or where it is now. */
void criu_note_masks(struct criu *c, pid_t pid);
void criu_give_masks(struct criu *c);
/* The standard streams of a process, as its images name them; read back by criu_give_streams(). */
int criu_note_streams(struct criu *c, pid_t pid, struct err *e);
/* Ours take the places of those. */
int criu_give_streams(struct criu *c, struct err *e);
/* The namespaces that the container has by path: told of, or joined again. */
int criu_note_namespaces(struct criu *c, struct err *e);
int criu_join_namespaces(struct criu *c, struct err *e);
