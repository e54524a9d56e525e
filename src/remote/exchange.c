/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One request, one response.  Redirects are the caller's to follow, so that it decides what goes
 * along; nothing of curl's own files, cookies or passwords is used.
 */
#include "remote/session.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/units.h"

/* Retry-After: seconds, or a date. */
static int64_t retry_after(const char *value)
{
	int64_t seconds;
	time_t when;
	struct err e;

	if (text_to_int(value, 0, 86400, &seconds, "Retry-After", &e) == 0)
		return seconds * 1000;
	when = curl_getdate(value, NULL);
	if (when < 0)
		return -1;
	seconds = when - clock_usec() / USEC_PER_SEC;
	return seconds > 0 ? seconds * 1000 : 0;
}

static const char *without_parameters(struct arena *a, const char *value)
{
	size_t len = strcspn(value, "; \t");

	return arena_strndup(a, value, len);
}

static void keep_header(struct exchange *x, const char *name, const char *value)
{
	struct response *p = &x->response;
	struct err e;

	if (strcasecmp(name, "location") == 0)
		p->location = value;
	else if (strcasecmp(name, "content-type") == 0)
		p->type = without_parameters(x->arena, value);
	else if (strcasecmp(name, "docker-content-digest") == 0)
		p->digest = value;
	else if (strcasecmp(name, "link") == 0)
		p->link = value;
	else if (strcasecmp(name, "content-range") == 0)
		p->range = value;
	else if (strcasecmp(name, "retry-after") == 0)
		p->retry_after_ms = retry_after(value);
	else if (strcasecmp(name, "www-authenticate") == 0)
		challenge_parse(x->arena, value, &p->challenges);
	else if (strcasecmp(name, "content-length") == 0 &&
		 text_to_int(value, 0, INT64_MAX, &p->length, "Content-Length", &e) < 0)
		p->length = -1;
}

/* curl gives one line at a time, with its end. */
static size_t on_header(char *line, size_t one, size_t len, void *arg)
{
	struct exchange *x = arg;
	const char *colon = memchr(line, ':', len);

	x->response.header_bytes += len;
	if (x->response.header_bytes > HEADERS_MAX) {
		return 0;
	}
	if (len > 5 && memcmp(line, "HTTP/", 5) == 0) {
		/* A 1xx response may have gone before. */
		x->response = (struct response){ .length = -1,
						 .retry_after_ms = -1,
						 .header_bytes = x->response.header_bytes };
		return len;
	}
	if (!colon || memchr(line, '\0', len))
		return len;

	const char *name = arena_strndup(x->arena, line, colon - line);
	const char *from = colon + 1, *to = line + len;

	while (from < to && (*from == ' ' || *from == '\t'))
		from++;
	while (to > from && (unsigned char)to[-1] <= ' ')
		to--;
	keep_header(x, name, arena_strndup(x->arena, from, to - from));
	return len;
}

static size_t on_body(char *data, size_t one, size_t len, void *arg)
{
	struct exchange *x = arg;
	long status = 0;
	int r;

	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &status);
	x->response.status = status;
	if (!x->request.body || (status != 200 && status != 206)) {
		/* A longer explanation than that isn't one. */
		buf_add(&x->document, data, len);
		return len;
	}

	r = x->request.body(x->request.arg, x, data, len);
	if (r < 0) {
		x->body_error = r;
		return 0;
	}
	x->paused = r == 0;
	return r == 0 ? CURL_WRITEFUNC_PAUSE : len;
}

void exchange_resume(struct exchange *x)
{
	if (!x->paused)
		return;
	x->paused = false;
	curl_easy_pause(x->easy, CURLPAUSE_CONT);
}

/* Lower-case http_proxy is curl's own; Go's programs, and so people's settings, take both. */
static void set_proxy(struct exchange *x)
{
	const char *proxy = NULL;

	if (url_host_is_local(x->request.url.host)) {
		curl_easy_setopt(x->easy, CURLOPT_PROXY, "");
		return;
	}
	if (!x->request.url.https)
		proxy = getenv("http_proxy") ?: getenv("HTTP_PROXY");
	if (proxy && *proxy)
		curl_easy_setopt(x->easy, CURLOPT_PROXY, proxy);
	curl_easy_setopt(x->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

static void set_headers(struct exchange *x)
{
	const struct exchange_request *q = &x->request;
	struct curl_slist *list = NULL;

	if (q->authorization)
		list = curl_slist_append(list, arena_printf(x->arena, "Authorization: %s",
							    q->authorization));
	for (size_t i = 0; i < q->headers.n; i++)
		list = curl_slist_append(list, q->headers.v[i]);
	x->headers = list;
	curl_easy_setopt(x->easy, CURLOPT_HTTPHEADER, list);
}

static void set_options(struct exchange *x)
{
	const struct exchange_request *q = &x->request;
	CURL *easy = x->easy;

	curl_easy_setopt(easy, CURLOPT_URL, q->url.text);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, x);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->curl_text);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "berth/" BERTH_VERSION);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)STALL_TIMEOUT_S);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	/* A stream of HTTP/2 that waits for its reader keeps up to 32 MiB in memory; a connection
	 * of its own leaves them with the sender. */
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, q->body ? 256L << 10 : 16L << 10);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
	if (q->head)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	if (q->form)
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, q->form);
	set_proxy(x);
	set_headers(x);
	if (!server_is_at(q->server, &q->url) && x->session->servers_len > 1)
		/* Another registry may trust others than this one does. */
		curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	if (q->url.https)
		trust_apply(x);
}

static int exchange_begin(struct exchange *x, struct err *e)
{
	x->easy = curl_easy_init();
	if (!x->easy)
		return err_set(e, ERR_SYSTEM, "no memory for a request");
	x->response = (struct response){ .length = -1, .retry_after_ms = -1 };
	set_options(x);
	curl_multi_add_handle(x->session->multi, x->easy);
	return 0;
}

static void exchange_end(struct exchange *x)
{
	if (x->easy) {
		curl_multi_remove_handle(x->session->multi, x->easy);
		curl_easy_cleanup(x->easy);
		x->easy = NULL;
	}
	curl_slist_free_all(x->headers);
	x->headers = NULL;
	X509_free(x->leaf);
	x->leaf = NULL;
	x->verify_error = X509_V_OK;
	buf_clear(&x->document);
}

static void exchange_free(struct exchange *x)
{
	exchange_end(x);
	buf_free(&x->document);
	arena_free(x->arena);
	free(x);
}

void exchange_cancel(struct exchange *x)
{
	if (x)
		exchange_free(x);
}

/* The strings of the request must outlive the caller's. */
static void keep_request(struct exchange *x, const struct exchange_request *q)
{
	struct arena *a = x->arena;

	x->request = *q;
	x->request.url.text = arena_strdup(a, q->url.text);
	x->request.url.host = arena_strdup(a, q->url.host);
	x->request.authorization = arena_strdup(a, q->authorization);
	x->request.form = arena_strdup(a, q->form);
	x->request.headers = (struct texts){ 0 };
	for (size_t i = 0; i < q->headers.n; i++)
		texts_add(a, &x->request.headers, arena_strdup(a, q->headers.v[i]));
}

int exchange_start(struct session *s, const struct exchange_request *q, struct exchange **ret,
		   struct err *e)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (!x)
		return err_set(e, ERR_SYSTEM, "no memory for a request");
	x->session = s;
	x->arena = arena_new();
	x->document = BUF(DOCUMENT_MAX);
	keep_request(x, q);

	int r = exchange_begin(x, e);
	if (r < 0) {
		exchange_free(x);
		return r;
	}
	*ret = x;
	return 0;
}

static bool is_redirect(const struct exchange *x)
{
	long status = x->response.status;

	return !x->request.form && !text_empty(x->response.location) &&
	       ((status >= 301 && status <= 303) || status == 307 || status == 308);
}

/* What says who we are stays behind when another is asked, and doesn't come back. */
static int follow(struct exchange *x, struct err *e)
{
	struct url to;
	int r;

	if (++x->hops > REDIRECTS_MAX)
		return err_set(e, ERR_REMOTE, "Get \"%.200s\": stopped after %d redirects",
			       x->request.url.text, REDIRECTS_MAX);
	r = url_redirect(x->arena, &x->request.url, x->response.location,
			 x->request.server->asked.unverified, &to, e);
	if (r < 0)
		return r;
	if (!url_same_origin(&x->request.url, &to))
		x->request.authorization = NULL;
	x->request.url = to;
	exchange_end(x);
	return exchange_begin(x, e);
}

void exchange_ended(struct exchange *x, CURLcode code)
{
	struct err e = { 0 };
	int r = 0;

	curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &x->response.status);
	x->no_tls_there = code == CURLE_SSL_CONNECT_ERROR || code == CURLE_GOT_NOTHING ||
			  code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR;
	if (x->response.header_bytes > HEADERS_MAX)
		r = err_set(&e, ERR_REMOTE, "the headers of the response are larger than %d bytes",
			    HEADERS_MAX);
	else if (code != CURLE_OK)
		r = failure_of_curl(x, code, &e);
	else if (is_redirect(x)) {
		r = follow(x, &e);
		if (r == 0)
			return;
	}
	x->request.done(x->request.arg, x, r, &e);
	exchange_free(x);
}
