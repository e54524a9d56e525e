/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings, characters and numbers, as Go writes them. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "cli/template_node.h"

struct source {
	struct arena *a;
	const char *text;
	size_t at;
	struct err *e;
};

static int fail(struct source *s, const char *words)
{
	return err_set(s->e, ERR_INVALID, "%s", words);
}

/* n digits of the base come next; false if they don't. */
static bool digits(struct source *s, size_t n, int base, unsigned long *ret)
{
	const char *allowed = base == 8 ? "01234567" : "0123456789abcdefABCDEF";
	char text[9] = { 0 };

	if (strnlen(s->text + s->at, n) != n)
		return false;
	memcpy(text, s->text + s->at, n);
	if (strspn(text, allowed) != n)
		return false;
	*ret = strtoul(text, NULL, base);
	s->at += n;
	return true;
}

static size_t utf8(char *to, unsigned long code)
{
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	for (size_t i = n; i-- > 1; code >>= 6)
		to[i] = (char)(0x80 | (code & 0x3f));
	to[0] = (char)(n == 1 ? code : (0xf00 >> n & 0xff) | code);
	return n;
}

/* One escape; returns the bytes written, 0 if it is wrong. */
static size_t unescape(struct source *s, char *to)
{
	static const char from[] = "abfnrtv\\'\"", into[] = "\a\b\f\n\r\t\v\\'\"";
	char c = s->text[s->at];
	const char *known = c ? strchr(from, c) : NULL;
	unsigned long code = 0;

	if (known) {
		s->at++;
		*to = into[known - from];
		return 1;
	}
	if (c != 'x' && c != 'u' && c != 'U') {
		/* A NUL would end the text early; no name or label has one. */
		if (!digits(s, 3, 8, &code) || code == 0 || code > 255)
			return 0;
		*to = (char)code;
		return 1;
	}
	s->at++;
	if (!digits(s, c == 'x' ? 2 : c == 'u' ? 4 : 8, 16, &code) || code == 0)
		return 0;
	if (c != 'x')
		return utf8(to, code);
	*to = (char)code;
	return 1;
}

/* Up to the closing quote; what is decoded is never longer than what is written. */
static int quoted(struct source *s, const char *unterminated, char **ret, size_t *ret_len)
{
	char quote = s->text[s->at++];
	char *to = arena_alloc(s->a, strcspn(s->text + s->at, "\n") + 5);
	size_t len = 0;

	for (;;) {
		char c = s->text[s->at];

		if (c == '\0' || c == '\n')
			return fail(s, unterminated);
		s->at++;
		if (c == quote)
			break;
		if (c == '\\') {
			size_t n = unescape(s, to + len);

			if (n == 0)
				return fail(s, "invalid syntax");
			len += n;
		} else {
			to[len++] = c;
		}
	}
	*ret = to;
	*ret_len = len;
	return 1;
}

static int string(struct source *s, struct value *ret)
{
	char *text;
	size_t len;
	int r = quoted(s, "unterminated quoted string", &text, &len);

	if (r > 0)
		*ret = (struct value){ .kind = VALUE_TEXT, .text = text, .len = len };
	return r;
}

static int raw_string(struct source *s, struct value *ret)
{
	size_t len = strcspn(s->text + ++s->at, "`");

	if (s->text[s->at + len] != '`')
		return fail(s, "unterminated raw quoted string");
	*ret = value_text(arena_strndup(s->a, s->text + s->at, len));
	s->at += len + 1;
	return 1;
}

/* The number of the one character between the quotes. */
static int character(struct source *s, struct value *ret)
{
	unsigned char lead;
	size_t len, n;
	long code;
	char *text;
	int r = quoted(s, "unterminated character constant", &text, &len);

	if (r < 0)
		return r;
	lead = (unsigned char)*text;
	n = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (len != n)
		return fail(s, "malformed character constant");
	code = n == 1 ? lead : lead & (0x7f >> n);
	for (size_t i = 1; i < len; i++)
		code = code << 6 | (text[i] & 0x3f);
	*ret = value_int(code);
	return 1;
}

static bool starts_number(const char *s)
{
	if (*s == '+' || *s == '-')
		s++;
	if (*s == '.')
		s++;
	return isdigit((unsigned char)*s);
}

/* A sign stands in front or behind an exponent's e, which in 0x1e is a digit. */
static bool takes_sign(const char *so_far, size_t len)
{
	return len == 0 || ((so_far[len - 1] | 32) == 'e' && !(len > 1 && (so_far[1] | 32) == 'x'));
}

static int number(struct source *s, struct value *ret)
{
	char text[64] = "", *end;
	size_t len = 0;
	double real;

	for (;; s->at++) {
		char c = s->text[s->at];
		bool sign = c == '+' || c == '-';

		if (sign ? !takes_sign(text, len) : !isalnum((unsigned char)c) && !strchr("._", c))
			break;
		if (c == '\0' || len == sizeof(text) - 1)
			break;
		if (c != '_')
			text[len++] = c;
	}
	text[len] = '\0';
	errno = 0;
	*ret = value_int(strtoll(text, &end, 0));
	if (*end == '\0' && errno == 0)
		return 1;
	real = strtod(text, &end);
	if (*end)
		return err_set(s->e, ERR_INVALID, "bad number syntax: \"%s\"", text);
	*ret = (struct value){ .kind = VALUE_REAL, .real = real };
	return 1;
}

int template_literal(struct arena *a, const char *text, size_t *at, struct value *ret,
		     struct err *e)
{
	struct source s = { .a = a, .text = text, .at = *at, .e = e };
	int r = 0;

	if (text[*at] == '"')
		r = string(&s, ret);
	else if (text[*at] == '`')
		r = raw_string(&s, ret);
	else if (text[*at] == '\'')
		r = character(&s, ret);
	else if (starts_number(text + *at))
		r = number(&s, ret);
	*at = s.at;
	return r;
}
