/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads tables and keys; values are read by toml_value.c.  A table says by marks how it came to be,
 * as the specification forbids to define one twice, and to add to what was complete.
 */
#include "base/toml.h"

#include <stdint.h>
#include <string.h>

#include "base/toml_scan.h"

/* Marks, by the address of a jansson value: an open hash table that doubles. */

struct toml_mark {
	const json_t *of;
	unsigned flags;
};

static struct toml_mark *mark_slot(struct toml_mark *v, size_t room, const json_t *of)
{
	size_t i = ((uintptr_t)of >> 4) * 0x9e3779b97f4a7c15ULL >> 20;

	for (i &= room - 1; v[i].of && v[i].of != of; i = (i + 1) & (room - 1))
		;
	return &v[i];
}

static unsigned marks_of(const struct toml *t, const json_t *of)
{
	return t->marks_room ? mark_slot(t->marks, t->marks_room, of)->flags : 0;
}

void toml_mark(struct toml *t, const json_t *of, unsigned flags)
{
	if (t->marks_len * 2 >= t->marks_room) {
		size_t room = t->marks_room ? t->marks_room * 2 : 64;
		struct toml_mark *v = arena_array(t->arena, room, sizeof(*v));

		for (size_t i = 0; i < t->marks_room; i++)
			if (t->marks[i].of)
				*mark_slot(v, room, t->marks[i].of) = t->marks[i];
		t->marks = v;
		t->marks_room = room;
	}

	struct toml_mark *m = mark_slot(t->marks, t->marks_room, of);
	if (!m->of)
		t->marks_len++;
	m->of = of;
	m->flags |= flags;
}

static int end_of_line(struct toml *t, struct err *e)
{
	int r;

	toml_blanks(t);
	r = toml_comment(t, e);
	if (r < 0)
		return r;
	if (t->p < t->end && !toml_newline(t))
		return toml_error(t, e, "more than one thing on a line");
	return 0;
}

static int add_child(struct toml *t, json_t *table, const char *key, json_t *value, struct err *e)
{
	if (json_object_set_new(table, key, value) < 0)
		return toml_error(t, e, "a key that isn't UTF-8");
	return 0;
}

/* The table that `part` of a header leads to, made if it isn't there. */
static int header_step(struct toml *t, json_t **at, const char *part, struct err *e)
{
	json_t *child = json_object_get(*at, part);

	if (!child) {
		child = json_object();
		int r = add_child(t, *at, part, child, e);
		if (r < 0)
			return r;
	}
	if (json_is_array(child) && marks_of(t, child) & TOML_TABLES)
		child = json_array_get(child, json_array_size(child) - 1);
	if (!json_is_object(child) || marks_of(t, child) & TOML_CLOSED)
		return toml_error(t, e, "%s is not a table", part);
	*at = child;
	return 0;
}

static int define_table(struct toml *t, json_t *parent, const char *name, struct err *e)
{
	json_t *table = json_object_get(parent, name);

	if (!table) {
		table = json_object();
		int r = add_child(t, parent, name, table, e);
		if (r < 0)
			return r;
	} else if (!json_is_object(table) || marks_of(t, table)) {
		return toml_error(t, e, "%s is defined twice", name);
	}
	toml_mark(t, table, TOML_DEFINED);
	t->table = table;
	return 0;
}

static int add_table(struct toml *t, json_t *parent, const char *name, struct err *e)
{
	json_t *array = json_object_get(parent, name);
	json_t *table = json_object();

	if (!array) {
		array = json_array();
		int r = add_child(t, parent, name, array, e);
		if (r < 0) {
			json_decref(table);
			return r;
		}
		toml_mark(t, array, TOML_TABLES);
	} else if (!json_is_array(array) || !(marks_of(t, array) & TOML_TABLES)) {
		json_decref(table);
		return toml_error(t, e, "%s is defined twice", name);
	}
	json_array_append_new(array, table);
	toml_mark(t, table, TOML_DEFINED);
	t->table = table;
	return 0;
}

/* [a.b.c] or [[a.b.c]] */
static int read_header(struct toml *t, struct err *e)
{
	bool many = t->end - t->p > 1 && t->p[1] == '[';
	struct texts key = { 0 };
	json_t *at = t->root;
	int r;

	t->p += many ? 2 : 1;
	r = toml_key(t, &key, e);
	if (r < 0)
		return r;
	for (int i = 0; i < (many ? 2 : 1); i++)
		if (t->p == t->end || *t->p++ != ']')
			return toml_error(t, e, "a table's name ends with %s", many ? "]]" : "]");
	for (size_t i = 0; i + 1 < key.n; i++) {
		r = header_step(t, &at, key.v[i], e);
		if (r < 0)
			return r;
	}
	return many ? add_table(t, at, key.v[key.n - 1], e)
		    : define_table(t, at, key.v[key.n - 1], e);
}

/* The table that `part` of a dotted key leads to. */
static int dotted_step(struct toml *t, json_t **at, const char *part, struct err *e)
{
	json_t *child = json_object_get(*at, part);

	if (!child) {
		child = json_object();
		int r = add_child(t, *at, part, child, e);
		if (r < 0)
			return r;
		toml_mark(t, child, TOML_DOTTED);
	}
	if (!json_is_object(child) || marks_of(t, child) & (TOML_CLOSED | TOML_DEFINED))
		return toml_error(t, e, "%s is defined already", part);
	*at = child;
	return 0;
}

int toml_pair(struct toml *t, json_t *table, struct err *e)
{
	struct texts key = { 0 };
	json_t *value;
	int r = toml_key(t, &key, e);

	if (r < 0)
		return r;
	if (t->p == t->end || *t->p != '=')
		return toml_error(t, e, "= is missing behind %s", key.v[key.n - 1]);
	t->p++;
	toml_blanks(t);
	for (size_t i = 0; i + 1 < key.n; i++) {
		r = dotted_step(t, &table, key.v[i], e);
		if (r < 0)
			return r;
	}
	if (json_object_get(table, key.v[key.n - 1]))
		return toml_error(t, e, "%s is defined twice", key.v[key.n - 1]);
	r = toml_value(t, &value, e);
	if (r < 0)
		return r;
	return add_child(t, table, key.v[key.n - 1], value, e);
}

static int read_document(struct toml *t, struct err *e)
{
	int r = 0;

	if (t->end - t->p >= 3 && memcmp(t->p, "\xef\xbb\xbf", 3) == 0)
		t->p += 3;
	while (r == 0) {
		toml_blanks(t);
		if (t->p == t->end)
			return 0;
		if (*t->p == '[')
			r = read_header(t, e);
		else if (*t->p != '#' && *t->p != '\n' && *t->p != '\r')
			r = toml_pair(t, t->table, e);
		if (r == 0)
			r = end_of_line(t, e);
	}
	return r;
}

int toml_parse(const char *name, const char *text, size_t len, json_t **ret, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct toml t = { .arena = a, .name = name, .p = text, .end = text + len, .line = 1 };
	int r;

	if (len > TOML_MAX)
		return err_set(e, ERR_INVALID, "%s is larger than %d bytes", name, TOML_MAX);
	t.root = t.table = json_object();
	r = read_document(&t, e);
	if (r < 0) {
		json_decref(t.root);
		return r;
	}
	*ret = t.root;
	return 0;
}
