/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/toml.h"
#include "base/toml_scan.h"

int toml_error(const struct toml *t, struct err *e, const char *fmt, ...)
{
	auto_buf words = BUF(400);
	va_list args;

	va_start(args, fmt);
	buf_vaddf(&words, fmt, args);
	va_end(args);
	return err_set(e, ERR_INVALID, "%s:%u: %s", t->name, t->line, buf_text(&words));
}

void toml_blanks(struct toml *t)
{
	while (t->p < t->end && (*t->p == ' ' || *t->p == '\t'))
		t->p++;
}

bool toml_newline(struct toml *t)
{
	if (t->end - t->p > 1 && t->p[0] == '\r' && t->p[1] == '\n')
		t->p++;
	if (t->p == t->end || *t->p != '\n')
		return false;
	t->p++;
	t->line++;
	return true;
}

static bool is_control(char c)
{
	return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

/* Most of a configuration file is comments, and it is read by each command. */
int toml_comment(struct toml *t, struct err *e)
{
	const char *end, *p;

	if (t->p == t->end || *t->p != '#')
		return 0;
	end = memchr(t->p, '\n', (size_t)(t->end - t->p));
	if (!end)
		end = t->end;
	else if (end[-1] == '\r')
		end--; /* for toml_newline() */
	for (p = t->p; p < end && ((unsigned char)*p > ' ' ? *p != 0x7f : !is_control(*p)); p++)
		;
	t->p = p;
	return p < end ? toml_error(t, e, "a control character in a comment") : 0;
}

static bool starts(const struct toml *t, const char *with)
{
	size_t len = strlen(with);

	return (size_t)(t->end - t->p) >= len && memcmp(t->p, with, len) == 0;
}

static int add_utf8(struct toml *t, struct buf *out, uint32_t c, struct err *e)
{
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return toml_error(t, e, "\\u%04X is not a character", c);
	if (c < 0x80)
		return buf_addc(out, c);
	if (c >= 0x10000) {
		buf_addc(out, 0xf0 | c >> 18);
		buf_addc(out, 0x80 | (c >> 12 & 0x3f));
	} else if (c >= 0x800) {
		buf_addc(out, 0xe0 | c >> 12);
	} else {
		buf_addc(out, 0xc0 | c >> 6);
	}
	if (c >= 0x800)
		buf_addc(out, 0x80 | (c >> 6 & 0x3f));
	return buf_addc(out, 0x80 | (c & 0x3f));
}

static int read_code(struct toml *t, int digits, struct buf *out, struct err *e)
{
	uint32_t c = 0;

	for (int i = 0; i < digits; i++, t->p++) {
		if (t->p == t->end || !isxdigit((unsigned char)*t->p))
			return toml_error(t, e, "\\u wants %d hexadecimal digits", digits);
		c = c << 4 |
		    (isdigit((unsigned char)*t->p) ? *t->p - '0' : (*t->p | 0x20) - 'a' + 10);
	}
	return add_utf8(t, out, c, e);
}

/* Behind the backslash. */
static int read_escape(struct toml *t, struct buf *out, struct err *e)
{
	static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
	const char *at;
	char c;

	if (t->p == t->end)
		return toml_error(t, e, "a string without an end");
	c = *t->p++;
	if (c == 'u' || c == 'U')
		return read_code(t, c == 'u' ? 4 : 8, out, e);
	at = strchr(from, c);
	if (!c || !at)
		return toml_error(t, e, "\\%c is not an escape", is_control(c) ? '?' : c);
	return buf_addc(out, to[at - from]);
}

/* "…" or '…' */
static int read_line_string(struct toml *t, struct buf *out, struct err *e)
{
	char quote = *t->p++;

	while (t->p < t->end && *t->p != quote) {
		char c = *t->p++;
		int r = 0;

		if (is_control(c))
			return toml_error(t, e, "a string without an end");
		if (c == '\\' && quote == '"')
			r = read_escape(t, out, e);
		else
			buf_addc(out, c);
		if (r < 0)
			return r;
	}
	if (t->p == t->end)
		return toml_error(t, e, "a string without an end");
	t->p++;
	return 0;
}

/* A backslash at the end of a line: it and all blank space behind it count for nothing. */
static bool skip_line_end(struct toml *t)
{
	struct toml at = *t;

	toml_blanks(&at);
	if (!toml_newline(&at))
		return false;
	do
		toml_blanks(&at);
	while (toml_newline(&at));
	t->p = at.p;
	t->line = at.line;
	return true;
}

/* How many quotes stand here; five at most matter: two of the string's own, and the end. */
static int count_quotes(const struct toml *t, char quote)
{
	int n = 0;

	while (n < 6 && t->p + n < t->end && t->p[n] == quote)
		n++;
	return n;
}

static int read_lines_string(struct toml *t, struct buf *out, struct err *e)
{
	char quote = *t->p;

	t->p += 3;
	toml_newline(t);
	while (t->p < t->end) {
		int quotes = count_quotes(t, quote), r = 0;

		if (quotes >= 6)
			return toml_error(t, e, "too many quotes");
		t->p += quotes;
		for (int i = 0; i < (quotes >= 3 ? quotes - 3 : quotes); i++)
			buf_addc(out, quote);
		if (quotes >= 3)
			return 0;
		if (quotes > 0)
			continue;
		if (toml_newline(t)) {
			buf_addc(out, '\n');
			continue;
		}
		char c = *t->p++;
		if (is_control(c))
			return toml_error(t, e, "a control character in a string");
		if (c != '\\' || quote == '\'')
			buf_addc(out, c);
		else if (!skip_line_end(t))
			r = read_escape(t, out, e);
		if (r < 0)
			return r;
	}
	return toml_error(t, e, "a string without an end");
}

static int read_string(struct toml *t, json_t **ret, struct err *e)
{
	auto_buf out = BUF(TOML_MAX);
	bool lines = starts(t, "\"\"\"") || starts(t, "'''");
	int r = lines ? read_lines_string(t, &out, e) : read_line_string(t, &out, e);

	if (r < 0)
		return r;
	*ret = json_stringn(buf_text(&out), out.len);
	return *ret ? 0 : toml_error(t, e, "a string that isn't UTF-8");
}

static bool is_bare(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static int read_key_part(struct toml *t, struct texts *ret, struct err *e)
{
	auto_buf out = BUF(TOML_MAX);
	const char *from = t->p;

	if (t->p < t->end && (*t->p == '"' || *t->p == '\'')) {
		int r = read_line_string(t, &out, e);

		if (r < 0)
			return r;
		texts_add(t->arena, ret, arena_strndup(t->arena, buf_text(&out), out.len));
		return 0;
	}
	while (t->p < t->end && is_bare(*t->p))
		t->p++;
	if (t->p == from)
		return toml_error(t, e, "a key is missing");
	texts_add(t->arena, ret, arena_strndup(t->arena, from, t->p - from));
	return 0;
}

int toml_key(struct toml *t, struct texts *ret, struct err *e)
{
	for (;;) {
		int r;

		toml_blanks(t);
		r = read_key_part(t, ret, e);
		if (r < 0)
			return r;
		toml_blanks(t);
		if (t->p == t->end || *t->p != '.')
			return 0;
		if (ret->n == TOML_KEY_PARTS)
			return toml_error(t, e, "a key of more than %d parts", TOML_KEY_PARTS);
		t->p++;
	}
}

/* Digits with single underscores between them. */
static bool clean_digits(const char *from, const char *set, struct buf *out)
{
	bool digit = false;

	for (; *from; from++) {
		if (*from == '_') {
			if (!digit || !from[1] || !strchr(set, from[1]))
				return false;
			digit = false;
		} else if (strchr(set, *from)) {
			buf_addc(out, *from);
			digit = true;
		} else {
			return false;
		}
	}
	return digit;
}

static json_t *read_based(const char *word)
{
	static const struct {
		char letter;
		int base;
		const char *digits;
	} bases[] = {
		{ 'x', 16, "0123456789abcdefABCDEF" },
		{ 'o', 8, "01234567" },
		{ 'b', 2, "01" },
	};
	auto_buf digits = BUF(128);

	for (size_t i = 0; i < ARRAY_LEN(bases); i++) {
		if (word[1] != bases[i].letter)
			continue;
		if (!clean_digits(word + 2, bases[i].digits, &digits) || digits.failed)
			return NULL;
		errno = 0;
		long long n = strtoll(digits.data, NULL, bases[i].base);
		return errno ? NULL : json_integer(n);
	}
	return NULL;
}

/* A sign, then no leading zero. */
static bool whole_part_is_clean(const char *word)
{
	if (*word == '+' || *word == '-')
		word++;
	return isdigit((unsigned char)word[0]) &&
	       !(word[0] == '0' && (isdigit((unsigned char)word[1]) || word[1] == '_'));
}

static json_t *read_integer(const char *word)
{
	auto_buf digits = BUF(128);
	bool negative = *word == '-';

	if (!whole_part_is_clean(word))
		return NULL;
	if (negative)
		buf_addc(&digits, '-');
	if (!clean_digits(word + (negative || *word == '+'), "0123456789", &digits) ||
	    digits.failed)
		return NULL;
	errno = 0;
	long long n = strtoll(digits.data, NULL, 10);
	return errno ? NULL : json_integer(n);
}

/* Each dot and underscore has digits on both sides. */
static bool float_is_clean(const char *word)
{
	for (const char *p = word; *p; p++)
		if ((*p == '.' || *p == '_') &&
		    (p == word || !isdigit((unsigned char)p[-1]) || !isdigit((unsigned char)p[1])))
			return false;
	return strspn(word, "0123456789+-._eE") == strlen(word) && whole_part_is_clean(word);
}

static json_t *read_float(const char *word)
{
	auto_buf clean = BUF(256);
	char *end;

	if (!float_is_clean(word))
		return NULL;
	for (; *word; word++)
		if (*word != '_')
			buf_addc(&clean, *word);
	if (clean.failed)
		return NULL;
	double d = strtod(clean.data, &end);
	return *end || !isfinite(d) ? NULL : json_real(d);
}

/* 1979-05-27, 07:32:00, both: kept as written. */
static bool is_date(const char *word)
{
	return isdigit((unsigned char)word[0]) && strlen(word) >= 8 &&
	       strspn(word, "0123456789-:.TtZz+ ") == strlen(word) &&
	       ((word[4] == '-' && word[7] == '-') || (word[2] == ':' && word[5] == ':'));
}

static json_t *read_word(const char *word)
{
	if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
		return json_boolean(word[0] == 't');
	if (is_date(word))
		return json_string(word);
	if (word[0] == '0' && isalpha((unsigned char)word[1]) && (word[1] | 0x20) != 'e')
		return read_based(word);
	return strpbrk(word, ".eE") ? read_float(word) : read_integer(word);
}

static int read_bare_value(struct toml *t, json_t **ret, struct err *e)
{
	const char *from = t->p;

	while (t->p < t->end && (is_bare(*t->p) || strchr("+.:", *t->p)) && *t->p)
		t->p++;
	/* A blank may stand between date and time. */
	if (t->p - from == 10 && from[4] == '-' && t->end - t->p > 2 && *t->p == ' ' &&
	    isdigit((unsigned char)t->p[1]))
		for (t->p++; t->p < t->end &&
			     (isalnum((unsigned char)*t->p) || strchr("+-.:", *t->p)) && *t->p;)
			t->p++;

	const char *word = arena_strndup(t->arena, from, t->p - from);
	if (!*word)
		return toml_error(t, e, "a value is missing");
	*ret = read_word(word);
	return *ret ? 0 : toml_error(t, e, "%.64s is not a value", word);
}

/* Blanks, comments and line ends within an array. */
static int skip_space(struct toml *t, struct err *e)
{
	do {
		int r;

		toml_blanks(t);
		r = toml_comment(t, e);
		if (r < 0)
			return r;
	} while (toml_newline(t));
	return 0;
}

static int read_elements(struct toml *t, json_t *array, struct err *e)
{
	for (t->p++;;) {
		json_t *value;
		int r = skip_space(t, e);

		if (r < 0)
			return r;
		if (t->p < t->end && *t->p == ']')
			break;
		r = toml_value(t, &value, e);
		if (r < 0)
			return r;
		json_array_append_new(array, value);
		r = skip_space(t, e);
		if (r < 0)
			return r;
		if (t->p < t->end && *t->p == ']')
			break;
		if (t->p == t->end || *t->p++ != ',')
			return toml_error(t, e, "an array without an end");
	}
	t->p++;
	return 0;
}

static int read_pairs(struct toml *t, json_t *table, struct err *e)
{
	t->p++;
	toml_blanks(t);
	if (t->p < t->end && *t->p == '}') {
		t->p++;
		return 0;
	}
	for (;;) {
		int r = toml_pair(t, table, e);

		if (r < 0)
			return r;
		toml_blanks(t);
		if (t->p == t->end || (*t->p != ',' && *t->p != '}'))
			return toml_error(t, e, "an inline table without an end");
		if (*t->p++ == '}')
			return 0;
	}
}

static int read_nested(struct toml *t, json_t **ret, struct err *e)
{
	bool array = *t->p == '[';
	json_t *value;
	int r;

	if (t->depth == TOML_DEPTH)
		return toml_error(t, e, "nested deeper than %d", TOML_DEPTH);
	t->depth++;
	value = array ? json_array() : json_object();
	r = array ? read_elements(t, value, e) : read_pairs(t, value, e);
	t->depth--;
	if (r < 0) {
		json_decref(value);
		return r;
	}
	toml_mark(t, value, TOML_CLOSED);
	*ret = value;
	return 0;
}

int toml_value(struct toml *t, json_t **ret, struct err *e)
{
	if (t->p == t->end)
		return toml_error(t, e, "a value is missing");
	if (*t->p == '"' || *t->p == '\'')
		return read_string(t, ret, e);
	if (*t->p == '[' || *t->p == '{')
		return read_nested(t, ret, e);
	return read_bare_value(t, ret, e);
}
