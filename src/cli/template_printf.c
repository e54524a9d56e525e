/* SPDX-License-Identifier: BSD-2-Clause */
/* Go's Sprintf on values: verbs, flags, widths, precisions, and its %!verb(type=value) complaints.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "cli/template_node.h"

#define NUMBER_MAX 100000 /* width and precision */

struct verb {
	bool minus, plus, sharp, blank, zero;
	int width, precision; /* -1: none */
	char letter;
};

static size_t characters(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += (s[i] & 0xc0) != 0x80;
	return n;
}

static void add_padded(struct buf *out, const struct verb *v, const char *s, size_t len)
{
	size_t n = characters(s, len),
	       blanks = v->width > 0 && n < (size_t)v->width ? (size_t)v->width - n : 0;
	bool zeros = v->zero && !v->minus;

	if (zeros && len > 0 && blanks > 0 && (*s == '-' || *s == '+')) {
		buf_addc(out, *s++);
		len--;
	}
	for (size_t i = 0; i < blanks && !v->minus; i++)
		buf_addc(out, zeros ? '0' : ' ');
	buf_add(out, s, len);
	for (size_t i = 0; i < blanks && v->minus; i++)
		buf_addc(out, ' ');
}

void template_quote(struct buf *out, const char *s, size_t len)
{
	static const char from[] = "\a\b\f\n\r\t\v\\\"", into[] = "abfnrtv\\\"";

	buf_addc(out, '"');
	for (size_t i = 0; i < len; i++) {
		const char *known = s[i] ? strchr(from, s[i]) : NULL;

		if (known)
			buf_addf(out, "\\%c", into[known - from]);
		else if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			buf_addf(out, "\\x%02x", (unsigned char)s[i]);
		else
			buf_addc(out, s[i]);
	}
	buf_addc(out, '"');
}

static void bad_verb(struct buf *out, const struct verb *v, const struct value *value)
{
	buf_addf(out, "%%!%c(%s=", v->letter, value_type(value));
	value_print(out, value);
	buf_addc(out, ')');
}

static void format_text(struct buf *out, const struct verb *v, const struct value *value)
{
	auto_buf text = BUF(4 * TEMPLATE_VALUE_MAX);
	size_t len = value->len;

	if (v->precision >= 0 && strchr("sq", v->letter)) {
		/* A precision counts characters. */
		for (len = 0; len < value->len; len++) {
			if (characters(value->text, len + 1) > (size_t)v->precision)
				break;
		}
	}
	if (v->letter == 'q' || (v->letter == 'v' && v->sharp)) {
		template_quote(&text, value->text, len);
	} else if (v->letter == 'x' || v->letter == 'X') {
		for (size_t i = 0; i < len; i++)
			buf_addf(&text, v->letter == 'x' ? "%02x" : "%02X",
				 (unsigned char)value->text[i]);
	} else {
		buf_add(&text, value->text, len);
	}
	add_padded(out, v, buf_text(&text), text.len);
}

static void add_binary(struct buf *out, uint64_t n)
{
	int bit = 63;

	while (bit > 0 && !(n >> bit & 1))
		bit--;
	for (; bit >= 0; bit--)
		buf_addc(out, (char)('0' + (n >> bit & 1)));
}

static void format_integer(struct buf *out, const struct verb *v, const struct value *value)
{
	bool negative = value->kind == VALUE_INT && value->integer < 0;
	uint64_t n = negative ? -(uint64_t)value->integer : value->natural;
	auto_buf text = BUF(200);

	if (negative)
		buf_addc(&text, '-');
	else if (v->plus)
		buf_addc(&text, '+');
	else if (v->blank)
		buf_addc(&text, ' ');
	switch (v->letter) {
	case 'b':
		add_binary(&text, n);
		break;
	case 'o':
		buf_addf(&text, "%s%" PRIo64, v->sharp ? "0" : "", n);
		break;
	case 'O':
		buf_addf(&text, "0o%" PRIo64, n);
		break;
	case 'x':
		buf_addf(&text, "%s%" PRIx64, v->sharp ? "0x" : "", n);
		break;
	case 'X':
		buf_addf(&text, "%s%" PRIX64, v->sharp ? "0X" : "", n);
		break;
	case 'c':
		buf_clear(&text);
		buf_addc(&text, (char)(n < 0x80 ? n : '?'));
		break;
	default:
		buf_addf(&text, "%" PRIu64, n);
	}
	add_padded(out, v, buf_text(&text), text.len);
}

static void format_real(struct buf *out, const struct verb *v, const struct value *value)
{
	auto_buf text = BUF(1000);
	int precision = v->precision > 300 ? 300 : v->precision;

	if (v->plus && value->real >= 0)
		buf_addc(&text, '+');
	if (v->letter == 'v' || (strchr("gG", v->letter) && precision < 0)) {
		value_print_real(&text, value->real);
	} else {
		char form[] = { '%', '.', '*', v->letter, '\0' };

		/* The verb is one of e E f F g G, which mean the same to C. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		buf_addf(&text, form, precision < 0 ? 6 : precision, value->real);
#pragma GCC diagnostic pop
	}
	add_padded(out, v, buf_text(&text), text.len);
}

static void format_value(struct buf *out, const struct verb *v, const struct value *value);

/* Lists and maps hand the verb to what they hold. */
static void format_items(struct buf *out, const struct verb *v, const struct value *value)
{
	bool record = value->kind == VALUE_RECORD;

	buf_adds(out, value->kind == VALUE_LIST ? "[" : record ? "{" : "map[");
	for (size_t i = 0; i < value->n && !out->failed; i++) {
		if (i > 0)
			buf_addc(out, ' ');
		if (value->kind == VALUE_MAP) {
			struct value key = value_text(value->keys[i]);

			format_value(out, v, &key);
			buf_addc(out, ':');
		}
		format_value(out, v, &value->items[i]);
	}
	buf_addc(out, record ? '}' : ']');
}

static void format_value(struct buf *out, const struct verb *v, const struct value *value)
{
	static const char *const verbs[] = {
		[VALUE_BOOL] = "tv",      [VALUE_INT] = "bcdoOxXv", [VALUE_UINT] = "bcdoOxXv",
		[VALUE_REAL] = "eEfFgGv", [VALUE_TEXT] = "sqxXv",
	};
	struct value text;

	if (v->letter == 'T') {
		text = value_text(value_type(value));
		add_padded(out, v, text.text, text.len);
		return;
	}
	if (value->kind >= VALUE_LIST && value->kind != VALUE_STRUCT) {
		format_items(out, v, value);
		return;
	}
	if (value->kind == VALUE_STRUCT || (value->kind == VALUE_NONE && v->letter == 'v')) {
		value_print(out, value);
		return;
	}
	if (value->kind == VALUE_NONE) {
		buf_addf(out, "%%!%c(<nil>)", v->letter);
		return;
	}
	if (!strchr(verbs[value->kind], v->letter)) {
		bad_verb(out, v, value);
		return;
	}
	if (value->kind == VALUE_TEXT) {
		text = value_text(value->shown);
		format_text(out, v, value->shown ? &text : value);
	} else if (value->kind == VALUE_REAL) {
		format_real(out, v, value);
	} else if (value->kind == VALUE_BOOL) {
		text = value_text(value->truth ? "true" : "false");
		add_padded(out, v, text.text, text.len);
	} else {
		format_integer(out, v, value);
	}
}

struct arguments {
	const struct value *v;
	size_t n, at;
};

/* Digits, or a star that takes the next argument; -1 if there is no number. */
static int take_number(const char **s, struct arguments *args)
{
	int64_t n = -1;

	if (**s == '*') {
		++*s;
		if (args->at < args->n && args->v[args->at].kind == VALUE_INT)
			n = args->v[args->at].integer;
		args->at++;
	}
	for (; isdigit((unsigned char)**s); ++*s)
		n = n > NUMBER_MAX ? n : (n < 0 ? 0 : n) * 10 + (**s - '0');
	return n < 0 ? -1 : n > NUMBER_MAX ? NUMBER_MAX : (int)n;
}

static const char *parse_verb(const char *s, struct verb *v, struct arguments *args)
{
	*v = (struct verb){ .precision = -1 };
	for (; *s && strchr("-+# 0", *s); s++) {
		v->minus |= *s == '-';
		v->plus |= *s == '+';
		v->sharp |= *s == '#';
		v->blank |= *s == ' ';
		v->zero |= *s == '0';
	}
	v->width = take_number(&s, args);
	if (*s == '.') {
		s++;
		v->precision = take_number(&s, args);
		if (v->precision < 0)
			v->precision = 0;
	}
	v->letter = *s;
	return *s ? s + 1 : s;
}

static void add_extra(struct buf *out, const struct arguments *args)
{
	if (args->at >= args->n)
		return;
	buf_adds(out, "%!(EXTRA ");
	for (size_t i = args->at; i < args->n; i++) {
		buf_addf(out, "%s%s=", i > args->at ? ", " : "", value_type(&args->v[i]));
		value_print(out, &args->v[i]);
	}
	buf_addc(out, ')');
}

void template_printf(struct buf *out, const struct value *args, size_t n)
{
	struct arguments left = { .v = args + 1, .n = n - 1 };
	const char *s = args[0].text;

	while (*s && !out->failed) {
		size_t plain = strcspn(s, "%");
		struct verb v;

		buf_add(out, s, plain);
		s += plain;
		if (!*s)
			break;
		s = parse_verb(s + 1, &v, &left);
		if (v.letter == '%')
			buf_addc(out, '%');
		else if (!v.letter)
			buf_adds(out, "%!(NOVERB)");
		else if (left.at >= left.n)
			buf_addf(out, "%%!%c(MISSING)", v.letter);
		else
			format_value(out, &v, &left.v[left.at++]);
	}
	add_extra(out, &left);
}
