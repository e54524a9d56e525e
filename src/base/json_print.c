/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing: the same text that Go's encoder makes with SetEscapeHTML(false), so that documents and
 * command output compare byte for byte with what other engines write.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json_writer.h"

/* Bytes of the well-formed UTF-8 character (RFC 3629) at s, or 0. */
static size_t utf8_len(const unsigned char *s, size_t len)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		n = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		n = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		n = 4;
	else
		return 0;
	/* The second byte excludes overlong forms, surrogates and what is above U+10FFFF. */
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (len < n || s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	return n;
}

static void quote_special(struct buf *out, unsigned char c)
{
	switch (c) {
	case '"':
	case '\\':
		buf_addc(out, '\\');
		buf_addc(out, (char)c);
		break;
	case '\n':
		buf_adds(out, "\\n");
		break;
	case '\r':
		buf_adds(out, "\\r");
		break;
	case '\t':
		buf_adds(out, "\\t");
		break;
	default:
		buf_addf(out, "\\u%04x", c);
	}
}

/* The line separators U+2028 and U+2029, which JavaScript does not allow in strings. */
static bool is_line_separator(const unsigned char *s, size_t n)
{
	return n == 3 && s[0] == 0xe2 && s[1] == 0x80 && (s[2] & 0xfe) == 0xa8;
}

void json_quote(struct buf *out, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t at = 0, plain = 0;

	buf_addc(out, '"');
	while (at < len) {
		size_t n = utf8_len(s + at, len - at);
		bool special = s[at] < ' ' || s[at] == '"' || s[at] == '\\';

		if (n > 0 && !special && !is_line_separator(s + at, n)) {
			at += n;
			continue;
		}
		buf_add(out, text + plain, at - plain);
		if (special)
			quote_special(out, s[at]);
		else if (n == 0)
			buf_adds(out, "\\ufffd");
		else
			buf_addf(out, "\\u202%c", s[at + 2] == 0xa8 ? '8' : '9');
		at += n > 0 ? n : 1;
		plain = at;
	}
	buf_add(out, text + plain, at - plain);
	buf_addc(out, '"');
}

/* digits times 10^(exponent + 1 - number of digits), without an exponent. */
static void print_positional(struct buf *out, const char *digits, int exponent)
{
	int len = (int)strlen(digits);

	if (exponent < 0) {
		buf_addf(out, "0.%.*s%s", -exponent - 1, "00000000", digits);
		return;
	}
	for (int i = 0; i < len || i <= exponent; i++) {
		if (i == exponent + 1)
			buf_addc(out, '.');
		buf_addc(out, i < len ? digits[i] : '0');
	}
}

/*
 * The shortest decimal that reads back as d, laid out as Go's encoding/json does, except for what
 * json_parse() would then refuse as an integer that is too big: exponents begin earlier here.
 */
static void print_real(struct buf *out, double d)
{
	char text[40], digits[20];
	int precision, exponent, n = 0;

	if (!isfinite(d)) {
		buf_adds(out, "null");
		return;
	}
	if (d >= 0x1p63 && d <= 0x1p64) { /* see json_parse() */
		buf_addf(out, "%" PRIu64, d < 0x1p64 ? (uint64_t)d : UINT64_MAX);
		return;
	}
	for (precision = 0; precision < 17; precision++) {
		snprintf(text, sizeof(text), "%.*e", precision, fabs(d));
		if (strtod(text, NULL) == fabs(d))
			break;
	}
	/* What stands between the first and second digit depends on the locale. */
	for (const char *c = text; *c && *c != 'e'; c++) {
		if (*c >= '0' && *c <= '9')
			digits[n++] = *c;
	}
	digits[n] = '\0';
	exponent = atoi(strchr(text, 'e') + 1);
	if (signbit(d))
		buf_addc(out, '-');
	if (d == 0)
		buf_adds(out, signbit(d) ? "0.0" : "0");
	else if (exponent >= -6 && fabs(d) < 0x1p63)
		print_positional(out, digits, exponent);
	else
		buf_addf(out, "%c%s%se%+d", digits[0], n > 1 ? "." : "", digits + 1, exponent);
}

void writer_real(struct writer *w, double real)
{
	print_real(w->out, real);
}

static void new_line(struct writer *w)
{
	if (w->indent > 0)
		buf_addf(w->out, "\n%*s", (int)(w->indent * w->depth), "");
}

void writer_open(struct writer *w, char bracket)
{
	buf_addc(w->out, bracket);
	w->depth++;
	w->first = true;
}

void writer_close(struct writer *w, char bracket)
{
	w->depth--;
	if (!w->first)
		new_line(w);
	buf_addc(w->out, bracket);
	w->first = false;
}

void writer_item(struct writer *w)
{
	if (!w->first)
		buf_addc(w->out, ',');
	w->first = false;
	new_line(w);
}

void writer_key(struct writer *w, const char *key, size_t len)
{
	writer_item(w);
	json_quote(w->out, key, len);
	buf_adds(w->out, w->indent > 0 ? ": " : ":");
}

void writer_tree(struct writer *w, const json_t *tree)
{
	const char *key;
	json_t *value;
	size_t i;

	switch (json_typeof(tree)) {
	case JSON_OBJECT:
		writer_open(w, '{');
		json_object_foreach ((json_t *)tree, key, value) {
			writer_key(w, key, strlen(key));
			writer_tree(w, value);
		}
		writer_close(w, '}');
		break;
	case JSON_ARRAY:
		writer_open(w, '[');
		json_array_foreach (tree, i, value) {
			writer_item(w);
			writer_tree(w, value);
		}
		writer_close(w, ']');
		break;
	case JSON_STRING:
		json_quote(w->out, json_string_value(tree), json_string_length(tree));
		break;
	case JSON_INTEGER:
		buf_addf(w->out, "%" JSON_INTEGER_FORMAT, json_integer_value(tree));
		break;
	case JSON_REAL:
		writer_real(w, json_real_value(tree));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		buf_adds(w->out, json_is_true(tree) ? "true" : "false");
		break;
	case JSON_NULL:
		buf_adds(w->out, "null");
		break;
	}
}

void json_print(struct buf *out, const json_t *tree, unsigned indent)
{
	writer_tree(&(struct writer){ .out = out, .indent = indent }, tree);
}
