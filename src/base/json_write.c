/* SPDX-License-Identifier: BSD-2-Clause */
/* Structs by their tables; json_print.c lays out what is written. */
#include <inttypes.h>
#include <string.h>

#include "base/json_writer.h"

#define TREE_MAX (64 << 20)

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
	writer_real(w, *(const double *)from);
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

	writer_open(w, '[');
	for (size_t i = 0; i < list->n; i++) {
		writer_item(w);
		write_text(w, f, &list->v[i]);
	}
	writer_close(w, ']');
}

static void write_uints(struct writer *w, const struct json_field *f, const void *from)
{
	const struct json_uints *list = from;

	writer_open(w, '[');
	for (size_t i = 0; i < list->n; i++) {
		writer_item(w);
		write_uint(w, f, &list->v[i]);
	}
	writer_close(w, ']');
}

static void write_text_map(struct writer *w, const struct json_field *f, const void *from)
{
	const struct text_map *map = from;

	writer_open(w, '{');
	for (size_t i = 0; i < map->n; i++) {
		writer_key(w, map->v[i].key, strlen(map->v[i].key));
		write_text(w, f, &map->v[i].value);
	}
	writer_close(w, '}');
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

	writer_open(w, '[');
	for (size_t i = 0; i < items->n; i++) {
		writer_item(w);
		write_object(w, f->type, items->v + i * f->type->size);
	}
	writer_close(w, ']');
}

static void write_map(struct writer *w, const struct json_field *f, const void *from)
{
	const struct items *items = from;

	writer_open(w, '{');
	for (size_t i = 0; i < items->n; i++) {
		const char *item = items->v + i * f->type->size;
		const char *key = text_of(item);

		writer_key(w, key, strlen(key));
		write_object(w, f->type, item);
	}
	writer_close(w, '}');
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
	writer_tree(w, tree);
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
	writer_open(w, '{');
	for (const struct json_field *f = t->fields; f->name; f++) {
		const char *from = (const char *)obj + f->offset;

		if (!(f->flags & JSON_REQUIRED) && !is_written(f, from))
			continue;
		writer_key(w, f->name, strlen(f->name));
		if (is_null(f, from))
			buf_adds(w->out, "null");
		else
			writers[f->kind](w, f, from);
	}
	writer_close(w, '}');
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
