/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known of a container between two commands: ROOT/ID/ with state.json, config.json (as it
 * was when the container was created), `start` (the socket at which it waits) and `lock`.  A
 * container is there when it has a state.json; a directory without one is what a killed command
 * left, and is taken over or removed.
 *
 * The lock is one of fcntl(2) and not flock(2), because its owner is a process: the container's
 * first process is born with its creator's descriptors, and must not keep its lock.
 */
#pragma once

#include "oci/command.h"
#include "spec/runtime.h"

struct record {
	const char *oci_version, *id, *bundle, *rootfs;
	const char *created; /* RFC 3339 */
	uint64_t owner;      /* user id */
	int64_t pid;         /* 0: being created */
	uint64_t start_time; /* of it */
	const char *cgroup, *cgroup_manager;
	bool shared_pids; /* no pid namespace of its own: its end doesn't end the others */
	bool systemd;     /* cgroups by systemd were asked for */
	bool rdt;         /* update gave it a group of resctrl */
	struct text_map annotations;
};

extern const struct json_type record_json; /* state.json */

enum record_status {
	RECORD_CREATING,
	RECORD_CREATED,
	RECORD_RUNNING,
	RECORD_PAUSED,
	RECORD_STOPPED,
	RECORD_STATUSES
};
extern const char *const record_status_name[RECORD_STATUSES];

/* A container's directory, open. */
struct record_at {
	struct arena *arena;
	int root, dir, lock; /* -1: not locked */
	struct record r;
	const struct oci_config *config; /* as stored, if who made it is still here; else NULL */
};

int record_check_id(const char *id, struct err *e);
/* Takes the id, locked: ERR_CONFLICT if there is such a container. config is stored. */
int record_new(const struct oci_globals *g, const struct record *r, const char *config, size_t len,
	       struct record_at *ret, struct err *e);
/* Replaces state.json. */
int record_write(struct record_at *at, struct err *e);
/* ERR_NOT_FOUND "container does not exist". */
int record_open(const struct oci_globals *g, const char *id, struct record_at *ret, struct err *e);
/* Opens and locks: who changes a container holds the lock. */
int record_open_locked(const struct oci_globals *g, const char *id, struct record_at *ret,
		       struct err *e);
/* For a while, as others may want to change it. Locked again, it may be gone: ERR_NOT_FOUND. */
void record_unlock(struct record_at *at);
int record_lock(struct record_at *at, struct err *e);
void record_close(struct record_at *at);
/* All ids, sorted. */
int record_list(const struct oci_globals *g, struct texts *ret, struct err *e);
/* Those that an extended regular expression (regex(7)) finds something in. */
int record_list_matching(const struct oci_globals *g, const char *pattern, struct texts *ret,
			 struct err *e);
/* Removes what a killed command left of a container that is not there. */
void record_sweep(const struct oci_globals *g, const char *id);
/* Removes the directory: the container is no more. */
int record_remove(struct record_at *at, struct err *e);

enum record_status record_status(const struct record_at *at);
bool record_is_alive(const struct record_at *at);
/* Of its first process: ERR_CONFLICT "container not running". */
int record_pidfd(const struct record_at *at, struct err *e);
/* Returns 0 when the process has ended, -ETIMEDOUT. */
int record_wait_end(const struct record_at *at, int timeout_ms);
int record_config(const struct record_at *at, struct oci_config *ret, struct err *e);

/* The socket at which a created container waits. */
int record_listen(const struct record_at *at, struct err *e);
/* Connects, and from then on the container is not a created one any more. */
int record_connect(const struct record_at *at, struct err *e);
