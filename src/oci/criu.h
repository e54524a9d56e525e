/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CRIU, run as a program.  What both ways share: where images and logs are, what of the host's the
 * container's tree refers to (mounts, namespaces joined by path, its standard streams), and how
 * its log is found when it fails.
 */
#pragma once

#include "oci/record.h"

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
	const char *images, *work, *log; /* log: a file in work */
	struct texts argv;
	const char *root; /* mounted on itself where nobody else sees it, or NULL */
	int fds[4];       /* become 3, 4, … */
	size_t fds_len;
};

/* verb: "dump", "pre-dump", "restore". Makes the folders. */
int criu_begin(struct criu *c, const struct oci_globals *g, const struct criu_args *args,
	       const struct oci_config *config, const char *verb, struct err *e);
/* ERR_UNSUPPORTED when there is no such program; ERR_SYSTEM names its log. */
int criu_run(struct criu *c, struct err *e);
/* The standard streams of a process, as its images name them; read back by criu_streams(). */
int criu_note_streams(const struct criu *c, pid_t pid, struct err *e);
/* Ours take the places of those. */
int criu_give_streams(struct criu *c, struct err *e);
