/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Failures in words.  People and their scripts know those of Go's net/http and of registries'
 * clients, so ours are the same.
 */
#include "remote/session.h"

#include <errno.h>
#include <string.h>

/* The message that a code's error carries by default (OCI distribution specification, error codes;
 * distribution's own ones beside them): the two would say the same. */
static const struct {
	const char *code, *message;
} registry_errors[] = {
	{ "DENIED", "requested access to the resource is denied" },
	{ "MANIFEST_UNKNOWN", "manifest unknown" },
	{ "NAME_UNKNOWN", "repository name not known to registry" },
	{ "NAME_INVALID", "invalid repository name" },
	{ "BLOB_UNKNOWN", "blob unknown to registry" },
	{ "TOOMANYREQUESTS", "too many requests" },
	{ "UNSUPPORTED", "The operation is unsupported." },
	{ "UNAVAILABLE", "service unavailable" },
	{ "UNKNOWN", "unknown error" },
};

static const struct {
	long status;
	const char *text;
} statuses[] = {
	{ 300, "Multiple Choices" },
	{ 301, "Moved Permanently" },
	{ 302, "Found" },
	{ 303, "See Other" },
	{ 304, "Not Modified" },
	{ 307, "Temporary Redirect" },
	{ 308, "Permanent Redirect" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 402, "Payment Required" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 406, "Not Acceptable" },
	{ 408, "Request Timeout" },
	{ 410, "Gone" },
	{ 416, "Requested Range Not Satisfiable" },
	{ 418, "I'm a teapot" },
	{ 429, "Too Many Requests" },
	{ 451, "Unavailable For Legal Reasons" },
	{ 500, "Internal Server Error" },
	{ 501, "Not Implemented" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
};

static const char *status_text(long status)
{
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].text;
	return "";
}

bool failure_status_may_pass(long status)
{
	return status == 408 || status == 429 || (status >= 500 && status != 501 && status != 505);
}

static enum err_kind kind_of_status(long status)
{
	if (status == 401 || status == 403)
		return ERR_DENIED;
	return status == 404 ? ERR_NOT_FOUND : ERR_REMOTE;
}

/* Bytes from outside go to a terminal: what would steer it is left out. */
static char *printable(struct arena *a, const char *s, size_t len)
{
	char *out = arena_strndup(a, s, len);

	for (char *p = out; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	return out;
}

/* "manifest unknown", or "manifest unknown: what it says beyond that". */
static const char *words_of_registry(struct arena *a, const char *code, const char *message)
{
	for (size_t i = 0; i < ARRAY_LEN(registry_errors); i++)
		if (strcmp(code, registry_errors[i].code) == 0 &&
		    (!*message || strcmp(message, registry_errors[i].message) == 0))
			return registry_errors[i].message;

	char *words = printable(a, code, strnlen(code, 64));

	for (char *p = words; *p; p++)
		*p = *p == '_' ? ' ' : *p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p;
	return arena_printf(a, "%s: %s", words, printable(a, message, strnlen(message, 256)));
}

static const char *text_member(const json_t *o, const char *name)
{
	return json_string_value(json_object_get(o, name)) ?: "";
}

/* {"errors": [{"code": …, "message": …}]}: the first counts. */
static const char *words_of_document(struct exchange *x)
{
	const struct buf *d = &x->document;
	const char *words = NULL;
	json_t *tree;
	struct err e;

	if (d->len == 0 || json_parse(d->data, d->len, &tree, &e) < 0)
		return NULL;

	const json_t *first = json_array_get(json_object_get(tree, "errors"), 0);
	if (first)
		words = words_of_registry(x->arena, text_member(first, "code"),
					  text_member(first, "message"));
	else if (*text_member(tree, "details"))
		words = printable(x->arena, text_member(tree, "details"),
				  strnlen(text_member(tree, "details"), 256));
	json_decref(tree);
	return words;
}

int failure_of_response(struct exchange *x, struct err *e)
{
	long status = x->response.status;
	const char *words;

	x->may_retry = failure_status_may_pass(status);
	if (status < 400 || status >= 500)
		return err_set(e, kind_of_status(status), "received unexpected HTTP status: %ld %s",
			       status, status_text(status));

	words = words_of_document(x);
	if (status == 429)
		return err_set(e, ERR_REMOTE, "too many requests to registry: 429%s%s",
			       words ? ": " : " Too Many Requests", words ? words : "");
	if (words)
		return err_set(e, kind_of_status(status), "%s", words);
	if (status == 401)
		return err_set(e, ERR_DENIED, "unauthorized: authentication required");

	const struct buf *d = &x->document;
	return err_set(e, kind_of_status(status), "StatusCode: %ld, \"%s%s\"", status,
		       d->len ? printable(x->arena, d->data, d->len < 50 ? d->len : 50) : "",
		       d->len > 50 ? "..." : "");
}

/* "127.0.0.1:5000", "[::1]:5000", or the name if no address was tried. */
static const char *peer_of(struct exchange *x)
{
	const struct url *u = &x->request.url;
	char *ip = NULL;
	long port = 0;

	curl_easy_getinfo(x->easy, CURLINFO_PRIMARY_IP, &ip);
	curl_easy_getinfo(x->easy, CURLINFO_PRIMARY_PORT, &port);
	if (text_empty(ip)) {
		ip = (char *)u->host;
		port = u->port;
	}
	return arena_printf(x->arena, strchr(ip, ':') ? "[%s]:%ld" : "%s:%ld", ip, port);
}

/* strerror() begins with a capital, Go's words don't. */
static const char *words_of_errno(struct exchange *x, const char *otherwise)
{
	long code = 0;

	curl_easy_getinfo(x->easy, CURLINFO_OS_ERRNO, &code);
	if (code == 0 || code == EINPROGRESS)
		return otherwise;

	char *words = arena_strdup(x->arena, strerror(code));

	if (words[0] >= 'A' && words[0] <= 'Z')
		words[0] += 'a' - 'A';
	return words;
}

/* OpenSSL's words for an answer in plain HTTP differ from version to version. */
static bool speaks_plain_http(const struct exchange *x)
{
	return strstr(x->curl_text, "wrong version number") ||
	       strstr(x->curl_text, "packet length too long") ||
	       strstr(x->curl_text, "http request") || strstr(x->curl_text, "unknown protocol");
}

static void explain_tls(struct exchange *x, struct buf *out)
{
	if (speaks_plain_http(x)) {
		buf_adds(out, "http: server gave HTTP response to HTTPS client");
		return;
	}
	buf_addf(out, "tls: %s", x->curl_text[0] ? x->curl_text : "handshake failure");
}

static void explain_body(const struct exchange *x, struct buf *out)
{
	if (x->body_error == -EMSGSIZE)
		buf_adds(out, "more bytes than expected");
	else
		buf_adds(out, strerror(-x->body_error));
}

static void explain(struct exchange *x, CURLcode code, struct buf *out)
{
	const char *host = x->request.url.host;

	x->may_retry = true;
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		x->may_retry = false;
		buf_addf(out, "dial tcp: lookup %s: no such host", host);
		break;
	case CURLE_COULDNT_RESOLVE_PROXY:
		x->may_retry = false;
		buf_adds(out, "proxyconnect tcp: dial tcp: lookup of the proxy: no such host");
		break;
	case CURLE_COULDNT_CONNECT:
		buf_addf(out, "dial tcp %s: connect: %s", peer_of(x),
			 words_of_errno(x, "connection refused"));
		break;
	case CURLE_OPERATION_TIMEDOUT:
		if (x->response.header_bytes > 0)
			buf_addf(out, "read tcp %s: no data for %d s: i/o timeout", peer_of(x),
				 STALL_TIMEOUT_S);
		else
			buf_addf(out, "dial tcp %s: i/o timeout", peer_of(x));
		break;
	case CURLE_PEER_FAILED_VERIFICATION:
		x->may_retry = false;
		trust_explain(x, out);
		break;
	case CURLE_SSL_CONNECT_ERROR:
		explain_tls(x, out);
		break;
	case CURLE_GOT_NOTHING:
		buf_adds(out, "EOF");
		break;
	case CURLE_PARTIAL_FILE:
		buf_adds(out, "unexpected EOF");
		break;
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		buf_addf(out, "read tcp %s: %s", peer_of(x),
			 words_of_errno(x, "connection reset by peer"));
		break;
	case CURLE_WRITE_ERROR:
		x->may_retry = false;
		explain_body(x, out);
		break;
	default:
		buf_addf(out, "%s", x->curl_text[0] ? x->curl_text : curl_easy_strerror(code));
	}
}

int failure_of_curl(struct exchange *x, CURLcode code, struct err *e)
{
	auto_buf words = BUF(2048);
	const char *url = x->request.url.text;
	const char *query = strchr(url, '?');

	explain(x, code, &words);
	/* What follows the question mark may be a signature that is as good as a password. */
	return err_set(e, ERR_REMOTE, "%s \"%.*s\": %s",
		       x->request.head   ? "Head"
		       : x->request.form ? "Post"
					 : "Get",
		       (int)(query ? query - url : (ptrdiff_t)strlen(url)), url,
		       printable(x->arena, buf_text(&words), words.len));
}
