/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the program keeps while it runs.
 *
 * An *exchange* is one HTTP request and its response.  A *server* is a registry; it is looked for
 * once ("ping"), which tells its scheme and how to log in, and keeps the tokens that it gave.  A
 * *fetch* is what the engine asked for: it waits for its server and for a token, then makes
 * exchanges until all bytes are there, through redirects, broken connections and pauses.
 *
 * One loop (main.c) drives all of it: curl's multi interface, the control socket, the pipes that
 * were full, and the times at which something is tried again.
 */
#pragma once

#include <curl/curl.h>
#include <openssl/ssl.h>

#include "remote/challenge.h"
#include "remote/remote.h"
#include "remote/url.h"

enum {
	HEADERS_MAX = 64 << 10,   /* bytes of a response's headers */
	DOCUMENT_MAX = 256 << 10, /* bytes of tokens and of what explains an error */
	REDIRECTS_MAX = 10,
	CONNECT_TIMEOUT_MS = 30000,
	STALL_TIMEOUT_S = 60,   /* without a byte */
	PROGRESS_MIN = 1 << 20, /* bytes after which a broken connection isn't counted */
	RETRY_AFTER_MAX_MS = 60000,
	TOKENS_MAX = 64,
	BODY_PIECE_MAX = 512 << 10,
};

struct session;

/* exchange.c */

/* The headers that matter. */
struct response {
	long status;
	const char *location, *type, *digest, *link, *range;
	int64_t length, retry_after_ms; /* -1: not said */
	struct challenges challenges;
	size_t header_bytes;
};

struct exchange;
/* Takes a piece of the body: true, or false when there is no room; -errno ends the exchange. */
typedef int exchange_body(void *arg, struct exchange *x, const char *data, size_t len);
/* r: 0 when a response came, whole; else -errno, and e says why. The exchange is gone after it. */
typedef void exchange_done(void *arg, struct exchange *x, int r, const struct err *e);

struct exchange_request {
	struct server *server; /* whom it trusts */
	struct url url;
	const char *authorization; /* value of the header, or NULL */
	struct texts headers;      /* "Name: value" */
	const char *form;          /* POST this, or NULL */
	bool head;
	exchange_body *body; /* NULL, or a status other than 200 and 206: kept in `document` */
	exchange_done *done;
	void *arg;
};

struct exchange {
	struct session *session;
	struct arena *arena;
	struct exchange_request request;
	struct response response;
	struct buf document;
	CURL *easy;
	struct curl_slist *headers;
	char curl_text[CURL_ERROR_SIZE];
	bool paused;
	int body_error; /* what body() returned */
	/* What became of the certificate: tls.c. */
	int verify_error; /* X509_V_… */
	X509 *leaf;
	unsigned hops;
	bool may_retry;    /* after a failure: another attempt may go better */
	bool no_tls_there; /* it listens, and maybe not for TLS */
};

int exchange_start(struct session *s, const struct exchange_request *q, struct exchange **ret,
		   struct err *e);
/* Without calling done. */
void exchange_cancel(struct exchange *x);
/* There may be room again. */
void exchange_resume(struct exchange *x);
/* curl says that it ended. */
void exchange_ended(struct exchange *x, CURLcode code);

/* failure.c: words */

/* What curl's code means, as Go's net/http puts it: "dial tcp 127.0.0.1:5000: connect: …". */
int failure_of_curl(struct exchange *x, CURLcode code, struct err *e);
/* The error that a response other than success is. */
int failure_of_response(struct exchange *x, struct err *e);
bool failure_status_may_pass(long status);

/* tls.c */

struct trust;
/* fds: authorities, then certificate and key. They are read and stay the caller's. */
int trust_new(const struct remote_request *q, const int *fds, struct trust **ret, struct err *e);
void trust_free(struct trust *t);
/* Makes curl verify as this server wants. */
void trust_apply(struct exchange *x);
/* Appends "tls: failed to verify certificate: x509: …". */
void trust_explain(const struct exchange *x, struct buf *out);

/* server.c */

struct token {
	const char *scope; /* "" for none */
	const char *header;
	int64_t expires_usec; /* monotonic */
};

enum server_state { SERVER_NEW, SERVER_BUSY, SERVER_READY };

struct server {
	struct session *session;
	struct arena *arena;
	uint64_t id;
	struct remote_request asked;
	struct trust *trust;
	enum server_state state; /* busy: looking for it, or getting a token */
	struct exchange *exchange;
	bool https;
	bool answered; /* it was found, `https` holds */
	struct challenges challenges;
	const char *wanted; /* the scope that a token is being got for */
	struct token *tokens;
	size_t tokens_len;
	struct err failure; /* of the last attempt */
	int step;           /* that failed */
	bool may_retry;
};

int server_new(struct session *s, const struct remote_request *q, struct remote_fds *fds,
	       struct err *e);
void server_free(struct server *v);
/* Makes it ready to be asked for scope: 1 now, 0 when fetch_woken() will tell, or -errno. */
int server_prepare(struct server *v, const char *scope, struct err *e);
/* The value of Authorization, or NULL: once it is ready. */
const char *server_authorization(const struct server *v, struct arena *a, const char *scope);
/* The token was refused, or a way to log in was not known before: true if it is worth while to
 * prepare again. *scope may become what the server asks for. */
bool server_refused(struct server *v, const struct response *p, const char **scope);
/* Whether the address is the server's own, not where it sent us. */
bool server_is_at(const struct server *v, const struct url *u);
/* "https://host:port/v2/" + path */
int server_url(const struct server *v, struct arena *a, const char *path, struct url *ret,
	       struct err *e);

/* fetch.c */

enum fetch_state {
	FETCH_FREE,
	FETCH_WAITING,  /* for its server */
	FETCH_ASKING,   /* an exchange runs */
	FETCH_WRITING,  /* all came, some isn't written yet */
	FETCH_SLEEPING, /* until wake_usec */
};

struct fetch {
	struct session *session;
	struct arena *arena;
	enum fetch_state state;
	struct remote_request asked;
	struct server *server;
	struct exchange *exchange;
	int fd;
	const char *scope;
	unsigned refusals, attempt;
	bool begun;            /* the body of the running exchange */
	uint64_t received;     /* bytes, in order and each once */
	uint64_t skip;         /* of what comes: it was there already */
	uint64_t attempt_from; /* received when it last broke */
	struct buf pending;    /* came and isn't written yet, from pending_at on */
	size_t pending_at;
	int64_t wake_usec;
	struct response last;
};

int fetch_new(struct session *s, const struct remote_request *q, struct remote_fds *fds,
	      struct err *e);
/* Its server is ready, or failed. */
void fetch_woken(struct fetch *f, bool ready);
void fetch_cancel(struct fetch *f);
/* The pipe may have room; the time has come. */
void fetch_flush(struct fetch *f);
void fetch_wake(struct fetch *f);

/* main.c */

struct session {
	CURLM *multi;
	int control;
	struct server *servers[REMOTE_SERVERS_MAX];
	size_t servers_len;
	struct fetch fetches[REMOTE_FETCHES_MAX];
	bool over;
};

struct server *session_server(struct session *s, uint64_t id);
void session_tell(struct session *s, const struct remote_event *v);
/* All fetches that wait for this server. */
void session_wake(struct session *s, const struct server *v, bool ready);
