/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CRIU's own protocol, which `criu swrk FD` speaks: one message of protobuf a packet, over a socket
 * of type SOCK_SEQPACKET.  Numbers of fields are those of CRIU's images/rpc.proto.
 */
#pragma once

#include <sys/types.h>

#include <stdint.h>

#include "base/buf.h"

#define CRIU_MESSAGE_MAX 65536

enum criu_request { CRIU_DUMP = 1, CRIU_RESTORE = 2, CRIU_PRE_DUMP = 4, CRIU_NOTIFY = 6 };

/* Of criu_opts. */
enum criu_option {
	CRIU_IMAGES_DIR_FD = 1,
	CRIU_PID = 2,
	CRIU_LEAVE_RUNNING = 3,
	CRIU_EXT_UNIX_SK = 4,
	CRIU_TCP_ESTABLISHED = 5,
	CRIU_EVASIVE_DEVICES = 6,
	CRIU_SHELL_JOB = 7,
	CRIU_FILE_LOCKS = 8,
	CRIU_LOG_LEVEL = 9,
	CRIU_LOG_FILE = 10,
	CRIU_PAGE_SERVER = 11, /* address 1, port 2 */
	CRIU_NOTIFY_SCRIPTS = 12,
	CRIU_ROOT = 13,
	CRIU_PARENT_IMG = 14,
	CRIU_TRACK_MEM = 15,
	CRIU_AUTO_DEDUP = 16,
	CRIU_WORK_DIR_FD = 17,
	CRIU_LINK_REMAP = 18,
	CRIU_MANAGE_CGROUPS = 24,
	CRIU_CG_ROOT = 25, /* controller 1, of v1; path 2 */
	CRIU_RST_SIBLING = 26,
	CRIU_INHERIT_FD = 27, /* key 1, descriptor 2 */
	CRIU_MANAGE_CGROUPS_MODE = 34,
	CRIU_EXTERNAL = 37,
	CRIU_EMPTY_NS = 38, /* CLONE_NEW… */
	CRIU_JOIN_NS = 39,  /* kind 1, path 2 */
	CRIU_FREEZE_CGROUP = 44,
	CRIU_SKIP_IN_FLIGHT = 46,
	CRIU_LAZY_PAGES = 48,
	CRIU_ORPHAN_PTS_MASTER = 50,
	CRIU_CONFIG_FILE = 51,
	CRIU_TCP_CLOSE = 52,
	CRIU_LSM_PROFILE = 53,
	CRIU_LSM_MOUNT_CONTEXT = 63,
	CRIU_NETWORK_LOCK = 64,
};

/* Fields of a message in the making; a buffer that overflows is told of by criu_ask(). */
void criu_put(struct buf *m, unsigned field, uint64_t value);
void criu_put_text(struct buf *m, unsigned field, const char *text);
/* A message of a text (field 1) and a number (2), or of two texts, of which the first may be NULL.
 */
void criu_put_number_of(struct buf *m, unsigned field, const char *name, uint64_t number);
void criu_put_pair(struct buf *m, unsigned field, const char *name, const char *value);

/* What CRIU says: an answer to the request, or how far it is (request CRIU_NOTIFY). */
struct criu_answer {
	enum criu_request request;
	bool success;
	int code;        /* errno */
	char words[256]; /* of a failure; "" */
	pid_t pid;       /* of what was restored, or is being */
	char stage[64];  /* "setup-namespaces", "orphan-pts-master", … */
	int fd;          /* that came with it, for the caller to close, or -1 */
};

int criu_ask(int socket, enum criu_request request, const struct buf *options, struct err *e);
int criu_hear(int socket, struct criu_answer *ret, struct err *e);
/* After a CRIU_NOTIFY: it is to go on, or to give up. */
int criu_reply(int socket, bool success, struct err *e);
/* Reads a message. ERR_REMOTE if it is none. */
int criu_parse(const char *bytes, size_t len, struct criu_answer *ret, struct err *e);
