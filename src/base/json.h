/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON documents as C structs: one table per struct drives reading, checking and writing, over
 * jansson.  Strings, arrays and nested structs live in the arena.  Unknown members are ignored, as
 * the OCI specifications demand; a member of the wrong type is ERR_INVALID and named by its path
 * ("linux.resources.memory.limit: expected an integer").  Numbers outside their C type, nesting
 * deeper than 64, more than 500000 values, duplicate keys and NULs in strings are refused; null is
 * as good as absent.
 *
 * Writing follows Go's encoding/json without HTML escapes, members in the order of the table.  What
 * is empty, zero, false or NULL is left out unless the field is JSON_REQUIRED or says JSON_ALWAYS
 * or JSON_AS_NULL; an object in place counts as empty when all its members are.
 *
 *	static const struct json_field rlimit_fields[] = {
 *		JSON_TEXT(rlimit, type, "type", JSON_REQUIRED),
 *		JSON_UINT(rlimit, soft, "soft", 0),
 *		{ 0 },
 *	};
 *	const struct json_type rlimit_json = JSON_TYPE(rlimit, rlimit_fields);
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/text.h"

enum json_kind {
	JSON_KIND_END,
	JSON_KIND_BOOL,       /* bool */
	JSON_KIND_INT,        /* int64_t */
	JSON_KIND_UINT,       /* uint64_t; also read from a float without fraction */
	JSON_KIND_DOUBLE,     /* double */
	JSON_KIND_TEXT,       /* const char * */
	JSON_KIND_NAME,       /* int, an index of `names`; an unknown name is ERR_INVALID */
	JSON_KIND_TEXTS,      /* struct texts */
	JSON_KIND_TEXT_MAP,   /* struct text_map */
	JSON_KIND_UINTS,      /* struct json_uints */
	JSON_KIND_OBJECT,     /* struct of `type`, in place */
	JSON_KIND_OBJECT_PTR, /* pointer to it; NULL when absent or null */
	JSON_KIND_ARRAY,      /* struct { T *v; size_t n; }, T of `type` */
	JSON_KIND_MAP,        /* the same, T's first member is `const char *key` */
	JSON_KIND_BOOL_PTR,   /* const bool *, NULL when absent or null; likewise: */
	JSON_KIND_INT_PTR,
	JSON_KIND_UINT_PTR,
	JSON_KIND_RAW, /* const char *: the value's own JSON text, compact */
	JSON_KINDS
};

enum {
	JSON_REQUIRED = 1, /* reading: absent is ERR_INVALID */
	JSON_ALWAYS = 2,   /* writing: also when empty, zero, false */
	JSON_AS_NULL = 4,  /* writing: as JSON_ALWAYS, but empty arrays, maps and texts as null */
	JSON_TIME = 8,     /* a text in RFC 3339, which templates show as Go shows its times */
};

struct json_uints {
	uint64_t *v;
	size_t n;
};

struct json_type;
struct json_field {
	const char *name;
	enum json_kind kind;
	unsigned flags;
	size_t offset;
	const struct json_type *type;
	const char *const *names;
	size_t names_len;
};

struct json_type {
	const char *name;
	size_t size;
	const struct json_field *fields; /* the last has no name */
};

#define JSON_FIELD(tag, member, key, what, fl, ...)                     \
	{                                                               \
		.name = (key), .kind = JSON_KIND_##what, .flags = (fl), \
		.offset = offsetof(struct tag, member), __VA_ARGS__     \
	}
#define JSON_BOOL(tag, member, key, flags)     JSON_FIELD(tag, member, key, BOOL, flags, )
#define JSON_INT(tag, member, key, flags)      JSON_FIELD(tag, member, key, INT, flags, )
#define JSON_UINT(tag, member, key, flags)     JSON_FIELD(tag, member, key, UINT, flags, )
#define JSON_DOUBLE(tag, member, key, flags)   JSON_FIELD(tag, member, key, DOUBLE, flags, )
#define JSON_TEXT(tag, member, key, flags)     JSON_FIELD(tag, member, key, TEXT, flags, )
#define JSON_TEXTS(tag, member, key, flags)    JSON_FIELD(tag, member, key, TEXTS, flags, )
#define JSON_TEXT_MAP(tag, member, key, flags) JSON_FIELD(tag, member, key, TEXT_MAP, flags, )
#define JSON_UINTS(tag, member, key, flags)    JSON_FIELD(tag, member, key, UINTS, flags, )
#define JSON_RAW(tag, member, key, flags)      JSON_FIELD(tag, member, key, RAW, flags, )
#define JSON_BOOL_PTR(tag, member, key, flags) JSON_FIELD(tag, member, key, BOOL_PTR, flags, )
#define JSON_INT_PTR(tag, member, key, flags)  JSON_FIELD(tag, member, key, INT_PTR, flags, )
#define JSON_UINT_PTR(tag, member, key, flags) JSON_FIELD(tag, member, key, UINT_PTR, flags, )
#define JSON_NAME(tag, member, key, flags, table) \
	JSON_FIELD(tag, member, key, NAME, flags, .names = (table), .names_len = ARRAY_LEN(table))
#define JSON_OBJECT(tag, member, key, flags, t) \
	JSON_FIELD(tag, member, key, OBJECT, flags, .type = &(t))
#define JSON_OBJECT_PTR(tag, member, key, flags, t) \
	JSON_FIELD(tag, member, key, OBJECT_PTR, flags, .type = &(t))
#define JSON_ARRAY(tag, member, key, flags, t) \
	JSON_FIELD(tag, member, key, ARRAY, flags, .type = &(t))
#define JSON_MAP(tag, member, key, flags, t) JSON_FIELD(tag, member, key, MAP, flags, .type = &(t))
#define JSON_TYPE(tag, table)                                               \
	{                                                                   \
		.name = #tag, .size = sizeof(struct tag), .fields = (table) \
	}

/* Reads one object. obj may hold defaults; members that are absent are left alone. */
int json_read(struct arena *a, const char *text, size_t len, const struct json_type *t, void *obj,
	      struct err *e);
/* Appends the object; indent 0 is compact, else blanks per level. */
void json_write(struct buf *out, const struct json_type *t, const void *obj, unsigned indent);

/* The same for n of them, one after the other in memory, as an array. */
void json_write_array(struct buf *out, const struct json_type *t, const void *objects, size_t n,
		      unsigned indent);

/* A whole file of one object, as file_read_at() and file_replace_at() have it; written compact,
 * with a newline behind. More than max bytes is ERR_INVALID either way. */
int json_read_at(struct arena *a, int dir, const char *name, size_t max, const struct json_type *t,
		 void *obj, struct err *e);
struct file_write;
int json_replace_at(int dir, const char *name, size_t max, const struct json_type *t,
		    const void *obj, const struct file_write *how, struct err *e);

/* Text to a jansson tree under the same limits; json_decref() it. */
int json_parse(const char *text, size_t len, json_t **ret, struct err *e);
/* A struct as a jansson tree (NULL if a RAW member holds no JSON), and the reverse. */
json_t *json_from(const struct json_type *t, const void *obj);
int json_into(struct arena *a, const json_t *from, const struct json_type *t, void *obj,
	      struct err *e);
/* Appends a tree, strings quoted as Go's encoder does without HTML escapes. */
void json_print(struct buf *out, const json_t *tree, unsigned indent);
/* Appends one quoted string; bytes that aren't UTF-8 become U+FFFD. */
void json_quote(struct buf *out, const char *s, size_t len);
