/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program `remote` fetches from registries for the engine: one process a pull, unprivileged
 * and confined, and the only one that links an HTTP client.  This is what the two say to each
 * other; the module's library holds both ends of it and links nothing but base.
 *
 * Descriptor REMOTE_CONTROL of the program is one end of a SOCK_SEQPACKET pair.  A packet is one
 * JSON object of at most REMOTE_PACKET_MAX bytes, with descriptors beside it (SCM_RIGHTS).  The
 * engine's end being closed ends the program.
 *
 * Requests, from the engine:
 *   server  names a registry that later requests fetch from: its host as in a reference, whom to
 *           trust, who we are.  `id` is the engine's number for it.  Descriptors: `authorities` PEM
 *           files of certificates to trust besides the system's, then `clients` times a PEM
 *           certificate and its key, of which the one is shown that the server asks for.  Nothing
 *           is sent to it before the first fetch.
 *   fetch   GETs (or HEADs) `path` below /v2/ of `server`; authenticates for `scope` when asked to.
 *           Or GETs `url`, which need not be a registry's: without looking for one, and without
 *           saying who we are.  Descriptor: where the body goes, a pipe or a file; none for HEAD.
 *           The bytes come in order and each once, however often the connection broke.
 *   cancel  ends that fetch without a further word.
 * Events, from the program; `id` is the fetch's:
 *   retry  it failed (`text`) and is tried again in delay_ms: attempt number `attempt`
 *   done   all bytes are written and the descriptor is closed
 *   error  it failed for good: kind, code and text as of struct err, and where
 * Each fetch ends with exactly one of done, error, or its cancel.
 */
#pragma once

#include "base/json.h"

enum {
	REMOTE_CONTROL = 3,           /* the descriptor */
	REMOTE_PACKET_MAX = 64 << 10, /* bytes */
	REMOTE_FDS_MAX = 32,          /* beside one packet */
	REMOTE_SERVERS_MAX = 16,      /* of one process */
	REMOTE_FETCHES_MAX = 32,      /* at once */
};

enum remote_op { REMOTE_SERVER, REMOTE_FETCH, REMOTE_CANCEL, REMOTE_OPS };

/* Whether plain HTTP may be spoken. */
enum remote_plain {
	REMOTE_PLAIN_NEVER,
	REMOTE_PLAIN_LOCAL, /* when HTTPS isn't spoken there; a certificate that fails is final */
	REMOTE_PLAIN_OK,    /* when HTTPS fails in any way */
	REMOTE_PLAINS
};

struct remote_request {
	int op; /* enum remote_op */
	uint64_t id;

	/* server */
	const char *host;     /* "docker.io", "127.0.0.1:5000", "[::1]:5000" */
	const char *user;     /* NULL: none */
	const char *password; /* with user */
	const char *token; /* an identity token (OAuth2 refresh token) in place of the password */
	int plain;         /* enum remote_plain */
	bool unverified;   /* accepts any certificate */
	uint64_t authorities; /* descriptors that came: certificates to trust */
	uint64_t clients;     /* and pairs of our certificates and keys */

	/* fetch */
	uint64_t server;
	const char *path;    /* "library/nginx/manifests/latest"; "" or none asks only who we are */
	const char *url;     /* instead of a path */
	const char *scope;   /* "repository:library/nginx:pull", or NULL */
	struct texts accept; /* media types */
	bool head;
	bool resume;       /* after a break, go on with Range where it stopped */
	uint64_t size;     /* bytes that it must have; 0: unknown */
	uint64_t max;      /* bytes that it may have */
	uint64_t retries;  /* attempts after the first */
	uint64_t delay_ms; /* before each; 0: 1 s, then twice as long each time */
};

enum remote_event_kind { REMOTE_RETRY, REMOTE_DONE, REMOTE_ERROR, REMOTE_EVENT_KINDS };

/* What was being done when a fetch failed. */
enum remote_step {
	REMOTE_STEP_PING,    /* looking for the registry; the text says so */
	REMOTE_STEP_LOGIN,   /* getting a token, or the registry refused who we are */
	REMOTE_STEP_REQUEST, /* the request itself */
	REMOTE_STEP_BODY,    /* reading what it sent */
	REMOTE_STEPS
};

struct remote_event {
	int event; /* enum remote_event_kind */
	uint64_t id;
	uint64_t bytes;  /* written */
	uint64_t status; /* HTTP's, of the last response; 0: none */

	/* done */
	const char *type;   /* Content-Type, without parameters */
	const char *digest; /* Docker-Content-Digest as sent, or NULL */
	const char *next;   /* path of the next page of a list, or NULL */

	/* retry, error */
	const char *text;
	int kind; /* enum err_kind */
	int64_t code;
	int step; /* enum remote_step */
	uint64_t attempt, attempts, delay_ms;
};

/* One packet with its descriptors, which stay the caller's. */
int remote_send_request(int fd, const struct remote_request *q, const int *fds, size_t fds_len,
			struct err *e);
/* -EAGAIN without words when the socket is full and doesn't block. */
int remote_send_event(int fd, const struct remote_event *v, struct err *e);

/* The next packet: 1, or 0 at the end, or -EAGAIN without words when none is there on a socket
 * that doesn't block.  The caller owns the descriptors that came, close-on-exec, also on failure.
 */
struct remote_fds {
	int v[REMOTE_FDS_MAX];
	size_t n;
};
int remote_receive_request(int fd, struct arena *a, struct remote_request *ret,
			   struct remote_fds *ret_fds, struct err *e);
int remote_receive_event(int fd, struct arena *a, struct remote_event *ret, struct err *e);

/* The text of one packet: what the two receive functions read. */
int remote_read_request(struct arena *a, const char *text, size_t len, struct remote_request *ret,
			struct err *e);
int remote_read_event(struct arena *a, const char *text, size_t len, struct remote_event *ret,
		      struct err *e);
