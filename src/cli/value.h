/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What templates work on: values, made from structs by their JSON tables, from jansson trees, or by
 * a template's own functions.  They live in an arena and never change.  Texts, numbers, lists, maps
 * and structs print as Go's fmt prints them with %v.
 */
#pragma once

#include "base/json.h"

enum value_kind {
	VALUE_NONE, /* Go's nil, and what a map hasn't: prints as <nil> */
	VALUE_BOOL,
	VALUE_INT,
	VALUE_UINT,
	VALUE_REAL,
	VALUE_TEXT,
	VALUE_LIST,
	VALUE_MAP,    /* any key may be asked for; in the order of the keys */
	VALUE_RECORD, /* as a map, but a field that it hasn't is an error */
	VALUE_STRUCT, /* the same, by the table of a type */
	VALUE_KINDS
};

struct value {
	enum value_kind kind;
	bool heading; /* a text that stands for a column: its fields are headings too */
	bool null;    /* a map that is JSON's null */
	bool texts;   /* a map whose values are texts: a missing one is "" to index */
	union {
		bool truth;
		int64_t integer;
		uint64_t natural;
		double real;
		struct {
			const char *text; /* a NUL follows */
			size_t len;
			const char *shown; /* what prints instead: a time; NULL: the text */
		};
		struct { /* of lists, maps and records; lists have no keys */
			const struct value *items;
			const char *const *keys;
			size_t n;
			const char *name; /* of a record's type; NULL: "object" */
		};
		struct {
			const struct json_type *type;
			const void *object;
		};
	};
};

struct value value_bool(bool truth);
struct value value_int(int64_t integer);
struct value value_text(const char *text); /* keeps the pointer; NULL is "" */
struct value value_struct(const struct json_type *type, const void *object);
/* n structs, one after the other in memory. */
struct value value_structs(struct arena *a, const struct json_type *type, const void *objects,
			   size_t n);
/* Objects become records, but those that are members of one of these names (NULL behind the last)
 * become maps; without names all become maps.  Texts in records that are times in RFC 3339 print as
 * Go's times do.  Everything is copied. */
struct value value_tree(struct arena *a, const json_t *tree, const char *const *maps);

/* False if there is no such field; a map always has it.  Case counts, except that ID and Id are
 * one and that Go's name for a field, FullName, also finds the JSON names fullName and full_name.
 */
bool value_field(struct arena *a, const struct value *v, const char *name, struct value *ret);
/* "CREATED AT" for CreatedAt: the heading of a column. */
char *value_heading(struct arena *a, const char *field);
/* Go's: false, 0, "", none and what is empty are not true. */
bool value_is_true(const struct value *v);
/* Characters of a text in bytes, items of a list or map; -1 if it has no length. */
int64_t value_len(const struct value *v);
/* "string", "int", "[]interface {}", or the name of the struct. */
const char *value_type(const struct value *v);

void value_print(struct buf *out, const struct value *v);
void value_print_real(struct buf *out, double real);
void value_json(struct buf *out, const struct value *v);
