/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing: the same text that Go's encoder makes with SetEscapeHTML(false), so that documents and
 * command output compare byte for byte with what other engines write.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

#define TREE_MAX (64 << 20)

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
static void print_double(struct buf *out, double d)
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

/* The blanks and commas between members; depth counts open brackets. */
struct writer {
	struct buf *out;
	unsigned indent, depth;
	bool first; /* nothing stands after the last opening bracket */
};

static void new_line(struct writer *w)
{
	if (w->indent > 0)
		buf_addf(w->out, "\n%*s", (int)(w->indent * w->depth), "");
}

static void open_bracket(struct writer *w, char bracket)
{
	buf_addc(w->out, bracket);
	w->depth++;
	w->first = true;
}

static void close_bracket(struct writer *w, char bracket)
{
	w->depth--;
	if (!w->first)
		new_line(w);
	buf_addc(w->out, bracket);
	w->first = false;
}

static void next_item(struct writer *w)
{
	if (!w->first)
		buf_addc(w->out, ',');
	w->first = false;
	new_line(w);
}

static void next_key(struct writer *w, const char *key, size_t len)
{
	next_item(w);
	json_quote(w->out, key, len);
	buf_adds(w->out, w->indent > 0 ? ": " : ":");
}

static void write_tree(struct writer *w, const json_t *tree)
{
	const char *key;
	json_t *value;
	size_t i;

	switch (json_typeof(tree)) {
	case JSON_OBJECT:
		open_bracket(w, '{');
		json_object_foreach ((json_t *)tree, key, value) {
			next_key(w, key, strlen(key));
			write_tree(w, value);
		}
		close_bracket(w, '}');
		break;
	case JSON_ARRAY:
		open_bracket(w, '[');
		json_array_foreach (tree, i, value) {
			next_item(w);
			write_tree(w, value);
		}
		close_bracket(w, ']');
		break;
	case JSON_STRING:
		json_quote(w->out, json_string_value(tree), json_string_length(tree));
		break;
	case JSON_INTEGER:
		buf_addf(w->out, "%" JSON_INTEGER_FORMAT, json_integer_value(tree));
		break;
	case JSON_REAL:
		print_double(w->out, json_real_value(tree));
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
	write_tree(&(struct writer){ .out = out, .indent = indent }, tree);
}

static const char *text_of(const void *from)
{
	const char *s = *(const char *const *)from;

	return s ? s : "";
}

/* How an array or map of structs of any type looks. */
struct items {
	const char *v;
	size_t n;
};

static size_t count_of(const struct json_field *f, const void *from)
{
	switch (f->kind) {
	case JSON_KIND_TEXTS:
		return ((const struct texts *)from)->n;
	case JSON_KIND_TEXT_MAP:
		return ((const struct text_map *)from)->n;
	case JSON_KIND_UINTS:
		return ((const struct json_uints *)from)->n;
	default:
		return ((const struct items *)from)->n;
	}
}

static bool is_left_out(const struct json_type *t, const void *obj);

static bool is_empty(const struct json_field *f, const void *from)
{
	switch (f->kind) {
	case JSON_KIND_BOOL:
		return !*(const bool *)from;
	case JSON_KIND_INT:
	case JSON_KIND_UINT:
		return *(const uint64_t *)from == 0;
	case JSON_KIND_DOUBLE:
		return *(const double *)from == 0;
	case JSON_KIND_NAME:
		return *(const int *)from == 0;
	case JSON_KIND_TEXT:
	case JSON_KIND_RAW:
		return *text_of(from) == '\0';
	case JSON_KIND_OBJECT:
		return is_left_out(f->type, from);
	case JSON_KIND_OBJECT_PTR:
	case JSON_KIND_BOOL_PTR:
	case JSON_KIND_INT_PTR:
	case JSON_KIND_UINT_PTR:
		return !*(const void *const *)from;
	default:
		return count_of(f, from) == 0;
	}
}

static bool is_written(const struct json_field *f, const void *from)
{
	return (f->flags & (JSON_ALWAYS | JSON_AS_NULL)) || !is_empty(f, from);
}

/* An object in place that would be {} is as empty as a zero. */
static bool is_left_out(const struct json_type *t, const void *obj)
{
	for (const struct json_field *f = t->fields; f->name; f++) {
		if (is_written(f, (const char *)obj + f->offset))
			return false;
	}
	return true;
}

typedef void write_fn(struct writer *w, const struct json_field *f, const void *from);

static void write_object(struct writer *w, const struct json_type *t, const void *obj);

static void write_bool(struct writer *w, const struct json_field *f, const void *from)
{
	buf_adds(w->out, *(const bool *)from ? "true" : "false");
}

static void write_int(struct writer *w, const struct json_field *f, const void *from)
{
	buf_addf(w->out, "%" PRId64, *(const int64_t *)from);
}

static void write_uint(struct writer *w, const struct json_field *f, const void *from)
{
	buf_addf(w->out, "%" PRIu64, *(const uint64_t *)from);
}

static void write_double(struct writer *w, const struct json_field *f, const void *from)
{
	print_double(w->out, *(const double *)from);
}

static void write_text(struct writer *w, const struct json_field *f, const void *from)
{
	const char *s = text_of(from);

	json_quote(w->out, s, strlen(s));
}

static void write_name(struct writer *w, const struct json_field *f, const void *from)
{
	int i = *(const int *)from;
	const char *s = i >= 0 && (size_t)i < f->names_len ? f->names[i] : NULL;

	json_quote(w->out, s ? s : "", s ? strlen(s) : 0);
}

static void write_texts(struct writer *w, const struct json_field *f, const void *from)
{
	const struct texts *list = from;

	open_bracket(w, '[');
	for (size_t i = 0; i < list->n; i++) {
		next_item(w);
		write_text(w, f, &list->v[i]);
	}
	close_bracket(w, ']');
}

static void write_uints(struct writer *w, const struct json_field *f, const void *from)
{
	const struct json_uints *list = from;

	open_bracket(w, '[');
	for (size_t i = 0; i < list->n; i++) {
		next_item(w);
		write_uint(w, f, &list->v[i]);
	}
	close_bracket(w, ']');
}

static void write_text_map(struct writer *w, const struct json_field *f, const void *from)
{
	const struct text_map *map = from;

	open_bracket(w, '{');
	for (size_t i = 0; i < map->n; i++) {
		next_key(w, map->v[i].key, strlen(map->v[i].key));
		write_text(w, f, &map->v[i].value);
	}
	close_bracket(w, '}');
}

static void write_object_field(struct writer *w, const struct json_field *f, const void *from)
{
	write_object(w, f->type, from);
}

static void write_object_ptr(struct writer *w, const struct json_field *f, const void *from)
{
	write_object(w, f->type, *(const void *const *)from);
}

static void write_array(struct writer *w, const struct json_field *f, const void *from)
{
	const struct items *items = from;

	open_bracket(w, '[');
	for (size_t i = 0; i < items->n; i++) {
		next_item(w);
		write_object(w, f->type, items->v + i * f->type->size);
	}
	close_bracket(w, ']');
}

static void write_map(struct writer *w, const struct json_field *f, const void *from)
{
	const struct items *items = from;

	open_bracket(w, '{');
	for (size_t i = 0; i < items->n; i++) {
		const char *item = items->v + i * f->type->size;
		const char *key = text_of(item);

		next_key(w, key, strlen(key));
		write_object(w, f->type, item);
	}
	close_bracket(w, '}');
}

static void write_bool_ptr(struct writer *w, const struct json_field *f, const void *from)
{
	write_bool(w, f, *(const void *const *)from);
}

static void write_int_ptr(struct writer *w, const struct json_field *f, const void *from)
{
	write_int(w, f, *(const void *const *)from);
}

static void write_uint_ptr(struct writer *w, const struct json_field *f, const void *from)
{
	write_uint(w, f, *(const void *const *)from);
}

/* With an indent the raw text is laid out like what surrounds it. */
static void write_raw(struct writer *w, const struct json_field *f, const void *from)
{
	const char *text = text_of(from);
	json_t *tree;
	struct err e;

	if (w->indent == 0 || json_parse(text, strlen(text), &tree, &e) < 0) {
		buf_adds(w->out, text);
		return;
	}
	write_tree(w, tree);
	json_decref(tree);
}

static write_fn *const writers[] = {
	[JSON_KIND_BOOL] = write_bool,
	[JSON_KIND_INT] = write_int,
	[JSON_KIND_UINT] = write_uint,
	[JSON_KIND_DOUBLE] = write_double,
	[JSON_KIND_TEXT] = write_text,
	[JSON_KIND_NAME] = write_name,
	[JSON_KIND_TEXTS] = write_texts,
	[JSON_KIND_TEXT_MAP] = write_text_map,
	[JSON_KIND_UINTS] = write_uints,
	[JSON_KIND_OBJECT] = write_object_field,
	[JSON_KIND_OBJECT_PTR] = write_object_ptr,
	[JSON_KIND_ARRAY] = write_array,
	[JSON_KIND_MAP] = write_map,
	[JSON_KIND_BOOL_PTR] = write_bool_ptr,
	[JSON_KIND_INT_PTR] = write_int_ptr,
	[JSON_KIND_UINT_PTR] = write_uint_ptr,
	[JSON_KIND_RAW] = write_raw,
};
_Static_assert(ARRAY_LEN(writers) == JSON_KINDS, "every kind is written");

/* What a Go encoder could only write as null: nil pointers, and a RawMessage of nothing. */
static bool is_null(const struct json_field *f, const void *from)
{
	switch (f->kind) {
	case JSON_KIND_OBJECT_PTR:
	case JSON_KIND_BOOL_PTR:
	case JSON_KIND_INT_PTR:
	case JSON_KIND_UINT_PTR:
	case JSON_KIND_RAW:
		return is_empty(f, from);
	case JSON_KIND_TEXT:
	case JSON_KIND_TEXTS:
	case JSON_KIND_TEXT_MAP:
	case JSON_KIND_UINTS:
	case JSON_KIND_ARRAY:
	case JSON_KIND_MAP:
		return (f->flags & JSON_AS_NULL) && is_empty(f, from);
	default:
		return false;
	}
}

static void write_object(struct writer *w, const struct json_type *t, const void *obj)
{
	open_bracket(w, '{');
	for (const struct json_field *f = t->fields; f->name; f++) {
		const char *from = (const char *)obj + f->offset;

		if (!(f->flags & JSON_REQUIRED) && !is_written(f, from))
			continue;
		next_key(w, f->name, strlen(f->name));
		if (is_null(f, from))
			buf_adds(w->out, "null");
		else
			writers[f->kind](w, f, from);
	}
	close_bracket(w, '}');
}

void json_write(struct buf *out, const struct json_type *t, const void *obj, unsigned indent)
{
	write_object(&(struct writer){ .out = out, .indent = indent }, t, obj);
}

void json_write_array(struct buf *out, const struct json_type *t, const void *objects, size_t n,
		      unsigned indent)
{
	const struct items items = { .v = objects, .n = n };

	write_array(&(struct writer){ .out = out, .indent = indent },
		    &(struct json_field){ .type = t }, &items);
}

json_t *json_from(const struct json_type *t, const void *obj)
{
	auto_buf text = BUF(TREE_MAX);
	json_t *tree;
	struct err e;

	json_write(&text, t, obj, 0);
	if (text.failed || json_parse(text.data, text.len, &tree, &e) < 0)
		return NULL;
	return tree;
}
