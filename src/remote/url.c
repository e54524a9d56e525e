/* SPDX-License-Identifier: BSD-2-Clause */
#include "remote/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

enum { URL_MAX = 16 << 10 };

static void curl_string_free(char **s)
{
	curl_free(*s);
}
#define auto_curl_string __attribute__((cleanup(curl_string_free))) char *

static void curl_url_free(CURLU **u)
{
	curl_url_cleanup(*u);
}

static int url_read(struct arena *a, CURLU *u, struct url *ret, struct err *e)
{
	auto_curl_string whole = NULL;
	auto_curl_string scheme = NULL;
	auto_curl_string host = NULL;
	auto_curl_string port = NULL;
	auto_curl_string user = NULL;

	if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0))
		return err_set(e, ERR_REMOTE, "%.32s: not http or https", scheme ? scheme : "");
	if (curl_url_get(u, CURLUPART_URL, &whole, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK)
		return err_set(e, ERR_REMOTE, "an address without a host");
	if (strlen(whole) > URL_MAX)
		return err_set(e, ERR_REMOTE, "an address is longer than %d bytes", URL_MAX);
	if (curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_OK)
		return err_set(e, ERR_REMOTE, "an address with a user in it");

	struct url url = { .text = arena_strdup(a, whole), .https = strcmp(scheme, "https") == 0 };
	size_t len = strlen(host);

	url.host = host[0] == '[' && len > 2 ? arena_strndup(a, host + 1, len - 2)
					     : arena_strdup(a, host);
	url.port = strtoul(port, NULL, 10);
	*ret = url;
	return 0;
}

int url_parse(struct arena *a, const char *text, struct url *ret, struct err *e)
{
	__attribute__((cleanup(curl_url_free))) CURLU *u = curl_url();

	if (!u || strlen(text) > URL_MAX || curl_url_set(u, CURLUPART_URL, text, 0) != CURLUE_OK)
		return err_set(e, ERR_REMOTE, "%.200s: not an address", text);
	return url_read(a, u, ret, e);
}

int url_redirect(struct arena *a, const struct url *from, const char *location, bool may_downgrade,
		 struct url *ret, struct err *e)
{
	__attribute__((cleanup(curl_url_free))) CURLU *u = curl_url();
	struct url to = { 0 };

	/* The second is seen from the first. */
	if (!u || strlen(location) > URL_MAX ||
	    curl_url_set(u, CURLUPART_URL, from->text, 0) != CURLUE_OK ||
	    curl_url_set(u, CURLUPART_URL, location, 0) != CURLUE_OK)
		return err_set(e, ERR_REMOTE, "redirect to %.200s: not an address", location);

	int r = url_read(a, u, &to, e);
	if (r < 0)
		return err_wrap(e, "redirect");
	if (from->https && !to.https && !may_downgrade)
		return err_set(e, ERR_REMOTE, "redirect from https to http://%.200s refused",
			       to.host);
	*ret = to;
	return 0;
}

bool url_same_origin(const struct url *one, const struct url *other)
{
	return one->https == other->https && one->port == other->port &&
	       strcasecmp(one->host, other->host) == 0;
}

bool url_host_is_local(const char *host)
{
	struct in_addr four;
	struct in6_addr six;

	if (strcasecmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &four) == 1)
		return (ntohl(four.s_addr) >> 24) == 127;
	return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

void url_escape(struct buf *out, const char *s)
{
	for (; *s; s++) {
		unsigned char c = *s;

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    strchr("-._~", c))
			buf_addc(out, c);
		else
			buf_addf(out, "%%%02X", c);
	}
}
