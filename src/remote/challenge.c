/* SPDX-License-Identifier: BSD-2-Clause */
#include "remote/challenge.h"

#include <string.h>
#include <strings.h>

enum { CHALLENGES_MAX = 16 };

struct scan {
	struct arena *a;
	const char *at;
};

static bool is_token_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static void skip_blanks(struct scan *s)
{
	while (*s->at == ' ' || *s->at == '\t')
		s->at++;
}

/* Between the elements of a list there may be empty ones. */
static void skip_commas(struct scan *s)
{
	while (*s->at == ' ' || *s->at == '\t' || *s->at == ',')
		s->at++;
}

static const char *read_token(struct scan *s)
{
	const char *from = s->at;

	while (is_token_char(*s->at))
		s->at++;
	return s->at > from ? arena_strndup(s->a, from, s->at - from) : NULL;
}

/* token68 credentials ("Negotiate abc=") are of no scheme that we know; their characters beyond
 * those of a token are skipped. */
static void skip_token68(struct scan *s)
{
	while (is_token_char(*s->at) || *s->at == '/' || *s->at == '=')
		s->at++;
}

static const char *read_quoted(struct scan *s)
{
	char *out = arena_alloc(s->a, strlen(s->at) + 1), *to = out;

	for (s->at++; *s->at && *s->at != '"'; s->at++) {
		if (*s->at == '\\' && s->at[1])
			s->at++;
		*to++ = *s->at;
	}
	if (*s->at != '"')
		return NULL;
	s->at++;
	return out;
}

static void set_parameter(struct challenge *c, const char *name, const char *value)
{
	if (strcasecmp(name, "realm") == 0)
		c->realm = value;
	else if (strcasecmp(name, "service") == 0)
		c->service = value;
	else if (strcasecmp(name, "scope") == 0)
		c->scope = value;
	else if (strcasecmp(name, "error") == 0)
		c->error = value;
}

/* Whether "name = value" begins here, rather than the next challenge's scheme. */
static bool at_parameter(const struct scan *s)
{
	const char *p = s->at;

	while (is_token_char(*p))
		p++;
	if (p == s->at)
		return false;
	while (*p == ' ' || *p == '\t')
		p++;
	return *p == '=';
}

/* False when the grammar is broken. */
static bool read_parameters(struct scan *s, struct challenge *c)
{
	for (skip_commas(s); at_parameter(s); skip_commas(s)) {
		const char *name = read_token(s), *value;

		skip_blanks(s);
		s->at++; /* '=' */
		skip_blanks(s);
		value = *s->at == '"' ? read_quoted(s) : read_token(s);
		if (!value)
			return false;
		set_parameter(c, name, value);
		skip_blanks(s);
		if (*s->at && *s->at != ',')
			return false;
	}
	return true;
}

static enum challenge_scheme scheme_of(const char *name)
{
	if (strcasecmp(name, "basic") == 0)
		return CHALLENGE_BASIC;
	return strcasecmp(name, "bearer") == 0 ? CHALLENGE_BEARER : CHALLENGE_OTHER;
}

void challenge_parse(struct arena *a, const char *value, struct challenges *to)
{
	struct scan s = { .a = a, .at = value };

	if (!to->v)
		to->v = arena_array(a, CHALLENGES_MAX, sizeof(*to->v));
	for (skip_commas(&s); *s.at && to->n < CHALLENGES_MAX; skip_commas(&s)) {
		const char *scheme = read_token(&s);
		struct challenge c = { 0 };

		if (!scheme)
			return;
		c.scheme = scheme_of(scheme);
		skip_blanks(&s);
		if (c.scheme == CHALLENGE_OTHER && !at_parameter(&s) && *s.at != ',')
			skip_token68(&s);
		if (!read_parameters(&s, &c))
			return;
		to->v[to->n++] = c;
	}
}

const struct challenge *challenge_pick(const struct challenges *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct challenge *one = &c->v[i];

		if (one->scheme == CHALLENGE_BASIC ||
		    (one->scheme == CHALLENGE_BEARER && !text_empty(one->realm)))
			return one;
	}
	return NULL;
}
