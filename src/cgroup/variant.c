/* SPDX-License-Identifier: BSD-2-Clause */
#include "cgroup/variant.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/dbus.h"
#include "base/units.h"

#define ITEMS_MAX 64

/* D-Bus's letters of types. */
struct item {
	char type;
	uint64_t bits; /* of b, y, n, q, i, u, x, t, and of d as memory has it */
	const char *text;
};

struct value {
	bool array;
	char type;
	struct item items[ITEMS_MAX];
	size_t n;
};

struct parser {
	struct arena *a;
	const char *at;
};

static const struct {
	const char *word;
	char type;
} type_words[] = {
	{ "boolean", 'b' }, { "byte", 'y' },   { "int16", 'n' },      { "uint16", 'q' },
	{ "int32", 'i' },   { "uint32", 'u' }, { "int64", 'x' },      { "uint64", 't' },
	{ "double", 'd' },  { "string", 's' }, { "objectpath", 'o' },
};

static void skip_blanks(struct parser *p)
{
	p->at += strspn(p->at, " \t");
}

static bool accept(struct parser *p, const char *word)
{
	const char *rest = text_after(p->at, word);

	if (!rest)
		return false;
	p->at = rest;
	skip_blanks(p);
	return true;
}

/* A whole word, not the beginning of one. */
static bool accept_word(struct parser *p, const char *word)
{
	const char *rest = text_after(p->at, word);

	if (!rest || (*rest && strspn(rest, "abcdefghijklmnopqrstuvwxyz0123456789")))
		return false;
	return accept(p, word);
}

/* A type in front, '\0' if there is none. */
static int parse_type(struct parser *p, char *ret_type, bool *ret_array)
{
	*ret_array = false;
	*ret_type = '\0';
	for (size_t i = 0; i < ARRAY_LEN(type_words); i++) {
		if (accept_word(p, type_words[i].word)) {
			*ret_type = type_words[i].type;
			return 0;
		}
	}
	if (!accept(p, "@"))
		return 0;
	*ret_array = accept(p, "a");
	if (!*p->at || !strchr("bynqiuxtdso", *p->at))
		return -EINVAL;
	*ret_type = *p->at++;
	skip_blanks(p);
	return 0;
}

static int parse_text(struct parser *p, const char **ret)
{
	char quote = *p->at++;
	char *text = arena_array(p->a, strlen(p->at) + 1, 1), *to = text;

	for (; *p->at && *p->at != quote; p->at++) {
		if (*p->at == '\\' && p->at[1])
			p->at++;
		*to++ = *p->at;
	}
	if (!*p->at)
		return -EINVAL;
	p->at++;
	*to = '\0';
	*ret = text;
	return 0;
}

/* The least and the greatest of each type of whole numbers; x and t are C's own. */
static bool fits(char type, bool negative, uint64_t bits)
{
	static const struct {
		char type;
		int64_t min;
		uint64_t max;
	} range[] = {
		{ 'y', 0, UINT8_MAX },  { 'n', INT16_MIN, INT16_MAX },
		{ 'q', 0, UINT16_MAX }, { 'i', INT32_MIN, INT32_MAX },
		{ 'u', 0, UINT32_MAX }, { 'x', INT64_MIN, INT64_MAX },
		{ 't', 0, UINT64_MAX },
	};

	for (size_t i = 0; i < ARRAY_LEN(range); i++)
		if (range[i].type == type)
			return negative ? (int64_t)bits >= range[i].min : bits <= range[i].max;
	return false;
}

static int parse_number(struct parser *p, struct item *ret)
{
	char *end;
	bool negative = *p->at == '-';
	size_t len = strcspn(p->at, ",] \t");

	errno = 0;
	if (!ret->type)
		ret->type = memchr(p->at, '.', len) ? 'd' : 'i';
	if (ret->type == 'd') {
		double d = strtod(p->at, &end);

		memcpy(&ret->bits, &d, sizeof(d));
	} else if (negative) {
		ret->bits = (uint64_t)strtoll(p->at, &end, 0);
	} else {
		ret->bits = strtoull(p->at, &end, 0);
	}
	if (end != p->at + len || len == 0 || errno)
		return -EINVAL;
	p->at = end;
	return ret->type == 'd' || fits(ret->type, negative, ret->bits) ? 0 : -ERANGE;
}

static int parse_item(struct parser *p, char type, struct item *ret)
{
	int r = 0;

	*ret = (struct item){ .type = type };
	if (*p->at == '\'' || *p->at == '"') {
		ret->type = type ? type : 's';
		if (ret->type != 's' && ret->type != 'o')
			return -EINVAL;
		r = parse_text(p, &ret->text);
	} else if ((!type || type == 'b') &&
		   ((ret->bits = accept_word(p, "true")) || accept_word(p, "false"))) {
		ret->type = 'b';
	} else {
		r = parse_number(p, ret);
	}
	skip_blanks(p);
	return r;
}

static int parse_array(struct parser *p, struct value *v)
{
	while (!accept(p, "]")) {
		int r;

		if (v->n == ITEMS_MAX || (v->n > 0 && !accept(p, ",")))
			return -EINVAL;
		r = parse_item(p, v->type, &v->items[v->n]);
		if (r < 0)
			return r;
		v->type = v->items[v->n++].type;
	}
	/* An empty one must say of what it is. */
	return v->type ? 0 : -EINVAL;
}

static int parse(struct parser *p, struct value *v)
{
	int r;

	skip_blanks(p);
	r = parse_type(p, &v->type, &v->array);
	if (r < 0)
		return r;
	if (accept(p, "[")) {
		v->array = true;
		r = parse_array(p, v);
	} else if (v->array) {
		return -EINVAL;
	} else {
		r = parse_item(p, v->type, &v->items[0]);
		v->type = v->items[0].type;
		v->n = 1;
	}
	return r < 0 ? r : *p->at ? -EINVAL : 0;
}

/* writing */

static void write_item(struct buf *b, const struct item *item)
{
	switch (item->type) {
	case 's':
	case 'o':
		dbus_text(b, item->text);
		break;
	case 'y':
		dbus_byte(b, (uint8_t)item->bits);
		break;
	case 'n':
	case 'q':
		dbus_u16(b, (uint16_t)item->bits);
		break;
	case 'b':
	case 'i':
	case 'u':
		dbus_u32(b, (uint32_t)item->bits);
		break;
	default:
		dbus_u64(b, item->bits);
	}
}

static size_t alignment(char type)
{
	return type == 'y'                           ? 1
	       : strchr("nq", type)                  ? 2
	       : strchr("bius", type) || type == 'o' ? 4
						     : 8;
}

static void write_value(struct buf *b, const struct value *v)
{
	const char signature[] = { v->array ? 'a' : v->type, v->array ? v->type : '\0', '\0' };
	struct dbus_array items;

	dbus_signature(b, signature);
	if (v->array)
		items = dbus_array_begin(b, alignment(v->type));
	for (size_t i = 0; i < v->n; i++)
		write_item(b, &v->items[i]);
	if (v->array)
		dbus_array_end(b, items);
}

static int to_microseconds(struct value *v)
{
	struct item *i = &v->items[0];
	double d;

	if (v->array || !strchr("ynqiuxtd", v->type))
		return -EINVAL;
	if (v->type == 'd') {
		memcpy(&d, &i->bits, sizeof(d));
		if (!(d >= 0 && d < (double)(UINT64_MAX / USEC_PER_SEC)))
			return -ERANGE;
		i->bits = (uint64_t)(d * (double)USEC_PER_SEC);
	} else if ((int64_t)i->bits < 0 || i->bits > UINT64_MAX / USEC_PER_SEC) {
		return -ERANGE;
	} else {
		i->bits *= USEC_PER_SEC;
	}
	i->type = v->type = 't';
	return 0;
}

static bool is_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

	return len >= 3 && !name[len];
}

static int add_property(struct arena *a, struct buf *b, const char *name, const char *text)
{
	struct parser p = { a, text };
	struct value *v = ARENA_NEW(a, struct value);
	int r = is_name(name) ? parse(&p, v) : -EINVAL;

	if (r == 0 && text_ends(name, "Sec") && !text_ends(name, "USec")) {
		name = arena_printf(a, "%.*sUSec", (int)(strlen(name) - 3), name);
		r = to_microseconds(v);
	}
	if (r < 0)
		return r;
	dbus_struct(b);
	dbus_text(b, name);
	write_value(b, v);
	return 0;
}

int variant_properties(struct buf *b, const struct text_map *annotations, struct err *e)
{
	AUTO(arena) a = arena_new();

	for (size_t i = 0; annotations && i < annotations->n; i++) {
		const struct text_pair *one = &annotations->v[i];
		const char *name = text_after(one->key, VARIANT_PREFIX);
		int r = name ? add_property(a, b, name, one->value) : 0;

		if (r < 0)
			return err_set(e, ERR_INVALID,
				       "annotations[\"%s\"]: \"%.64s\" is no property of a unit",
				       one->key, one->value);
	}
	return 0;
}
