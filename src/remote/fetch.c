/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One thing that the engine asked for.
 *
 *	WAITING -> ASKING -> WRITING -> done
 *	   ^         |  broke: Range from where it stopped
 *	   +-- SLEEPING
 *
 * Bytes go from curl's buffer into the descriptor; what a full pipe doesn't take waits in
 * `pending`, and the connection with it.  So one layer that is slow to unpack stops only itself.
 */
#include "remote/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/units.h"

enum { REFUSALS_MAX = 2, PATH_BYTES_MAX = 8 << 10, DELAY_FIRST_MS = 1000, DELAY_MAX_MS = 60000 };

static void fetch_try(struct fetch *f);

static void fetch_free(struct fetch *f)
{
	exchange_cancel(f->exchange);
	if (f->fd >= 0)
		close(f->fd);
	buf_free(&f->pending);
	arena_free(f->arena);
	*f = (struct fetch){ .session = f->session, .fd = -1 };
}

void fetch_cancel(struct fetch *f)
{
	fetch_free(f);
}

static void fail(struct fetch *f, int step, long status, const struct err *why)
{
	struct remote_event v = {
		.event = REMOTE_ERROR,
		.id = f->asked.id,
		.bytes = f->received,
		.status = status,
		.text = why->msg,
		.kind = why->kind,
		.code = why->code,
		.step = step,
	};
	struct session *s = f->session;

	if (f->fd >= 0)
		close(take_fd(f->fd));
	session_tell(s, &v);
	fetch_free(f);
}

static void finish(struct fetch *f)
{
	struct remote_event v = {
		.event = REMOTE_DONE,
		.id = f->asked.id,
		.bytes = f->received,
		.status = f->last.status,
		.type = f->last.type,
		.digest = f->last.digest,
		.next = f->last.link,
	};

	if (f->fd >= 0)
		close(take_fd(f->fd));
	session_tell(f->session, &v);
	fetch_free(f);
}

static int64_t next_delay_ms(const struct fetch *f, int64_t retry_after_ms)
{
	int64_t delay = f->asked.delay_ms;

	if (delay == 0)
		delay = (int64_t)DELAY_FIRST_MS << (f->attempt < 6 ? f->attempt : 6);

	if (retry_after_ms > delay)
		delay = retry_after_ms;
	return delay < DELAY_MAX_MS ? delay : DELAY_MAX_MS;
}

/* Bytes that can't be taken back can't be asked for anew either. */
static bool may_start_over(struct fetch *f)
{
	struct stat st;

	if (f->asked.resume || f->received == 0)
		return true;
	if (fstat(f->fd, &st) < 0 || !S_ISREG(st.st_mode) || ftruncate(f->fd, 0) < 0 ||
	    lseek(f->fd, 0, SEEK_SET) < 0)
		return false;
	f->received = 0;
	return true;
}

/* Again after a pause, if that may help. */
static void retry(struct fetch *f, int step, long status, int64_t retry_after_ms,
		  const struct err *why)
{
	/* A line that breaks now and then gets through a big layer nevertheless. */
	if (f->received - f->attempt_from >= PROGRESS_MIN)
		f->attempt = 0;
	if (f->attempt >= f->asked.retries || retry_after_ms > RETRY_AFTER_MAX_MS ||
	    !may_start_over(f)) {
		fail(f, step, status, why);
		return;
	}
	f->attempt_from = f->received;

	int64_t delay_ms = next_delay_ms(f, retry_after_ms);
	struct remote_event v = {
		.event = REMOTE_RETRY,
		.id = f->asked.id,
		.bytes = f->received,
		.status = status,
		.text = why->msg,
		.kind = why->kind,
		.code = why->code,
		.step = step,
		.attempt = ++f->attempt,
		.attempts = f->asked.retries,
		.delay_ms = delay_ms,
	};
	session_tell(f->session, &v);
	f->state = FETCH_SLEEPING;
	f->wake_usec = clock_monotonic_usec() + delay_ms * 1000;
	f->refusals = 0;
}

void fetch_wake(struct fetch *f)
{
	fetch_try(f);
}

void fetch_woken(struct fetch *f, bool ready)
{
	const struct server *v = f->server;

	if (ready)
		fetch_try(f);
	else if (v->may_retry)
		retry(f, v->step, 0, -1, &v->failure);
	else
		fail(f, v->step, 0, &v->failure);
}

/* Writes what is pending: 1 when nothing is left, 0 when the pipe is full, or -errno. */
static int write_pending(struct fetch *f)
{
	while (f->pending_at < f->pending.len) {
		ssize_t n = write(f->fd, f->pending.data + f->pending_at,
				  f->pending.len - f->pending_at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		f->pending_at += n;
	}
	buf_clear(&f->pending);
	f->pending_at = 0;
	return 1;
}

static int write_piece(struct fetch *f, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(f->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return buf_add(&f->pending, data, len);
		if (n < 0)
			return -errno;
		data += n;
		len -= n;
	}
	return 0;
}

/* Where the first byte of a response belongs: at once, or after what is there already. */
static int begin_body(struct fetch *f, const struct exchange *x)
{
	unsigned long long from;

	f->begun = true;
	f->skip = 0;
	if (x->response.status == 200) {
		f->skip = f->received;
		return 0;
	}
	if (!x->response.range || sscanf(x->response.range, "bytes %llu-", &from) != 1 ||
	    from != f->received)
		return -EPROTO;
	return 0;
}

static int on_body(void *arg, struct exchange *x, const char *data, size_t len)
{
	struct fetch *f = arg;
	int r = f->begun ? 0 : begin_body(f, x);

	if (r < 0)
		return r;
	r = write_pending(f);
	if (r <= 0)
		return r;
	if (f->skip >= len) {
		f->skip -= len;
		return 1;
	}
	data += f->skip;
	len -= f->skip;
	f->skip = 0;
	if (f->received + len > f->asked.max)
		return -EMSGSIZE;
	r = write_piece(f, data, len);
	if (r < 0)
		return r;
	f->received += len;
	return 1;
}

/* The next page of a list: <…/v2/PATH>; rel="next", on the same server. */
static const char *next_page(struct fetch *f, const struct exchange *x)
{
	const char *link = x->response.link;
	const char *end = link && *link == '<' ? strchr(link, '>') : NULL;
	struct url to;
	struct err e;

	if (!end || !strstr(end, "next"))
		return NULL;
	if (url_redirect(f->arena, &x->request.url,
			 arena_strndup(f->arena, link + 1, end - link - 1), true, &to, &e) < 0 ||
	    !url_same_origin(&x->request.url, &to))
		return NULL;

	const char *path = strstr(to.text, "/v2/");
	return path ? path + strlen("/v2/") : NULL;
}

static void keep_response(struct fetch *f, const struct exchange *x)
{
	f->last = (struct response){
		.status = x->response.status,
		.type = arena_strdup(f->arena, x->response.type),
		.digest = arena_strdup(f->arena, x->response.digest),
		.link = next_page(f, x),
	};
}

static void complete(struct fetch *f, struct exchange *x)
{
	struct err e = { 0 };

	if (!f->asked.head && (f->received < f->asked.size || f->skip > 0)) {
		err_set(&e, ERR_REMOTE, "Get \"%.200s\": unexpected EOF after %llu of %llu bytes",
			x->request.url.text, (unsigned long long)f->received,
			(unsigned long long)f->asked.size);
		retry(f, REMOTE_STEP_BODY, x->response.status, -1, &e);
		return;
	}
	keep_response(f, x);
	f->state = FETCH_WRITING;
	fetch_flush(f);
}

static void refused(struct fetch *f, struct exchange *x)
{
	struct err e = { 0 };

	if (f->refusals++ < REFUSALS_MAX && server_refused(f->server, &x->response, &f->scope)) {
		fetch_try(f);
		return;
	}
	failure_of_response(x, &e);
	fail(f, REMOTE_STEP_LOGIN, x->response.status, &e);
}

/* The body's taker, we, said no. */
static bool failed_here(struct fetch *f, const struct exchange *x)
{
	struct err e = { 0 };

	switch (x->body_error) {
	case 0:
		return false;
	case -EPROTO:
		err_set(&e, ERR_REMOTE,
			"Get \"%.200s\": the server sent another range than asked for",
			x->request.url.text);
		break;
	case -EMSGSIZE:
		err_set(&e, ERR_INVALID, "Get \"%.200s\": the answer is larger than %llu bytes",
			x->request.url.text, (unsigned long long)f->asked.max);
		break;
	default:
		err_from(&e, x->body_error, "write what was fetched");
	}
	fail(f, REMOTE_STEP_BODY, x->response.status, &e);
	return true;
}

static void on_done(void *arg, struct exchange *x, int r, const struct err *why)
{
	struct fetch *f = arg;
	long status = x->response.status;
	struct err e = *why;

	f->exchange = NULL;
	if (r < 0) {
		if (failed_here(f, x))
			return;
		int step = f->begun ? REMOTE_STEP_BODY : REMOTE_STEP_REQUEST;
		if (x->may_retry)
			retry(f, step, status, -1, &e);
		else
			fail(f, step, status, &e);
		return;
	}
	if (status == 200 || (status == 206 && f->received > 0)) {
		complete(f, x);
	} else if (status == 401 && !f->asked.url) {
		refused(f, x);
	} else {
		failure_of_response(x, &e);
		if (x->may_retry)
			retry(f, REMOTE_STEP_REQUEST, status, x->response.retry_after_ms, &e);
		else
			fail(f, REMOTE_STEP_REQUEST, status, &e);
	}
}

static void fetch_ask(struct fetch *f)
{
	AUTO(arena) a = arena_new();
	struct exchange_request q = {
		.server = f->server,
		.authorization = f->asked.url ? NULL : server_authorization(f->server, a, f->scope),
		.head = f->asked.head,
		.body = f->asked.head ? NULL : on_body,
		.done = on_done,
		.arg = f,
	};
	struct err e = { 0 };

	for (size_t i = 0; i < f->asked.accept.n; i++)
		texts_addf(a, &q.headers, "Accept: %s", f->asked.accept.v[i]);
	if (f->received > 0)
		texts_addf(a, &q.headers, "Range: bytes=%llu-", (unsigned long long)f->received);
	f->begun = false;
	f->state = FETCH_ASKING;
	if ((f->asked.url ? url_parse(a, f->asked.url, &q.url, &e)
			  : server_url(f->server, a, f->asked.path, &q.url, &e)) < 0 ||
	    exchange_start(f->session, &q, &f->exchange, &e) < 0)
		fail(f, REMOTE_STEP_REQUEST, 0, &e);
}

static void fetch_try(struct fetch *f)
{
	struct err e = { 0 };
	int r;

	f->state = FETCH_WAITING;
	r = f->asked.url ? 1 : server_prepare(f->server, f->scope, &e);
	if (r < 0)
		fail(f, REMOTE_STEP_LOGIN, 0, &e);
	else if (r == 1)
		fetch_ask(f);
}

void fetch_flush(struct fetch *f)
{
	struct err e = { 0 };
	int r = write_pending(f);

	if (r < 0) {
		err_from(&e, r, "write what was fetched");
		fail(f, REMOTE_STEP_BODY, 0, &e);
	} else if (r == 1 && f->state == FETCH_WRITING) {
		finish(f);
	} else if (r == 1 && f->exchange) {
		exchange_resume(f->exchange);
	}
}

/* What goes into a request line or a header as it is. */
static bool is_clean(const char *s)
{
	for (; s && *s; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return false;
	return true;
}

static int check_request(const struct session *s, const struct remote_request *q,
			 const struct remote_fds *fds, struct err *e)
{
	if (fds->n != (q->head ? 0 : 1))
		return err_set(e, ERR_INVALID, "a fetch came with %zu descriptors", fds->n);
	if (q->path && (strlen(q->path) > PATH_BYTES_MAX || !is_clean(q->path)))
		return err_set(e, ERR_INVALID, "%.200s: not a path", q->path);
	if (q->url && !is_clean(q->url))
		return err_set(e, ERR_INVALID, "%.200s: not an address", q->url);
	for (size_t i = 0; i < q->accept.n; i++)
		if (strpbrk(q->accept.v[i], "\r\n"))
			return err_set(e, ERR_INVALID, "a media type with a line break in it");
	return 0;
}

static void keep_request(struct fetch *f, const struct remote_request *q)
{
	f->asked = *q;
	f->asked.path = arena_strdup(f->arena, q->path ? q->path : "");
	f->asked.url = arena_strdup(f->arena, q->url);
	f->asked.accept = (struct texts){ 0 };
	for (size_t i = 0; i < q->accept.n; i++)
		texts_add(f->arena, &f->asked.accept, arena_strdup(f->arena, q->accept.v[i]));
	if (q->size > 0 && q->max == 0)
		f->asked.max = q->size;
	f->scope = arena_strdup(f->arena, q->scope);
}

int fetch_new(struct session *s, const struct remote_request *q, struct remote_fds *fds,
	      struct err *e)
{
	struct fetch *f = NULL;
	struct server *v = session_server(s, q->server);
	int r = check_request(s, q, fds, e);

	if (r < 0)
		return r;
	if (!v)
		return err_set(e, ERR_INVALID, "no registry %llu", (unsigned long long)q->server);
	for (size_t i = 0; i < REMOTE_FETCHES_MAX && !f; i++)
		if (s->fetches[i].state == FETCH_FREE)
			f = &s->fetches[i];
	if (!f)
		return err_set(e, ERR_INVALID, "more than %d fetches at once", REMOTE_FETCHES_MAX);

	*f = (struct fetch){ .session = s,
			     .arena = arena_new(),
			     .server = v,
			     .fd = -1,
			     .pending = BUF(BODY_PIECE_MAX) };
	keep_request(f, q);
	if (fds->n == 1) {
		f->fd = take_fd(fds->v[0]);
		fcntl(f->fd, F_SETFL, fcntl(f->fd, F_GETFL) | O_NONBLOCK);
	}
	fetch_try(f);
	return 0;
}
