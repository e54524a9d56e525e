/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses, and where a redirect may lead: to http and https only, never from https to http unless
 * certificates aren't verified either, and to another origin without what says who we are.
 */
#pragma once

#include "base/buf.h"
#include "base/text.h"

struct url {
	const char *text;
	bool https;
	const char *host; /* as written, without brackets */
	uint16_t port;
};

/* ERR_REMOTE for what isn't a http or https URL, has a user in it, or is longer than 16 KiB. */
int url_parse(struct arena *a, const char *text, struct url *ret, struct err *e);
/* Location as seen from `from`. */
int url_redirect(struct arena *a, const struct url *from, const char *location, bool may_downgrade,
		 struct url *ret, struct err *e);
/* Same scheme, host and port: what was said to one may be said to the other. */
bool url_same_origin(const struct url *one, const struct url *other);
/* localhost, 127.0.0.0/8, ::1. */
bool url_host_is_local(const char *host);
/* Appends s with all but unreserved characters (RFC 3986 section 2.3) escaped. */
void url_escape(struct buf *out, const char *s);
