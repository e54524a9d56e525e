/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * WWW-Authenticate: which ways of saying who we are a server takes.  RFC 9110 section 11.6.1; the
 * Bearer scheme as registries use it, distribution.github.io/distribution/spec/auth/token.
 */
#pragma once

#include "base/text.h"

enum challenge_scheme { CHALLENGE_BASIC, CHALLENGE_BEARER, CHALLENGE_OTHER };

struct challenge {
	enum challenge_scheme scheme;
	const char *realm, *service, *scope, *error; /* NULL: not said */
};

struct challenges {
	struct challenge *v;
	size_t n;
};

/* Adds the challenges of one header's value.  What doesn't follow the grammar ends the list there:
 * the ones before it count. */
void challenge_parse(struct arena *a, const char *value, struct challenges *to);
/* The first that we can answer: Bearer needs a realm. NULL if none. */
const struct challenge *challenge_pick(const struct challenges *c);
