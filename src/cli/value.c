/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/value.h"

#include <ctype.h>
#include <string.h>

struct value value_bool(bool truth)
{
	return (struct value){ .kind = VALUE_BOOL, .truth = truth };
}

struct value value_int(int64_t integer)
{
	return (struct value){ .kind = VALUE_INT, .integer = integer };
}

struct value value_text(const char *text)
{
	if (!text)
		text = "";
	return (struct value){ .kind = VALUE_TEXT, .text = text, .len = strlen(text) };
}

struct value value_struct(const struct json_type *type, const void *object)
{
	return (struct value){ .kind = VALUE_STRUCT, .type = type, .object = object };
}

struct value value_structs(struct arena *a, const struct json_type *type, const void *objects,
			   size_t n)
{
	struct value *items = arena_array(a, n, sizeof(*items));

	for (size_t i = 0; i < n; i++)
		items[i] = value_struct(type, (const char *)objects + i * type->size);
	return (struct value){ .kind = VALUE_LIST, .items = items, .n = n };
}

struct entry {
	const char *key;
	struct value value;
};

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

/* Sorts the entries: Go's maps print and range in the order of their keys. */
static struct value make_map(struct arena *a, enum value_kind kind, struct entry *entries, size_t n)
{
	struct value *items = arena_array(a, n, sizeof(*items));
	const char **keys = arena_array(a, n, sizeof(*keys));

	if (n > 0 && kind == VALUE_MAP)
		qsort(entries, n, sizeof(*entries), by_key);
	for (size_t i = 0; i < n; i++) {
		items[i] = entries[i].value;
		keys[i] = entries[i].key;
	}
	return (struct value){ .kind = kind, .items = items, .keys = keys, .n = n };
}

/* "2026-11-22T14:17:11.15Z" or "…+01:00"; returns the zone in it. */
static const char *rfc3339_zone(const char *s)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd";
	size_t i;

	for (i = 0; form[i]; i++) {
		if (form[i] == 'd' ? !isdigit((unsigned char)s[i]) : s[i] != form[i])
			return NULL;
	}
	if (s[i] == '.')
		i += 1 + strspn(s + i + 1, "0123456789");
	if (strcmp(s + i, "Z") == 0)
		return s + i;
	if ((s[i] != '+' && s[i] != '-') || strlen(s + i) != 6 || s[i + 3] != ':')
		return NULL;
	return s + i;
}

/* A text that prints as Go's Time.String(), "2026-11-22 14:17:11.15 +0000 UTC", if it is a time. */
static struct value time_value(struct arena *a, const char *s)
{
	struct value v = value_text(s);
	const char *zone = rfc3339_zone(v.text);
	int local = zone ? (int)(zone - v.text) - 11 : 0;

	if (zone && *zone == 'Z')
		v.shown = arena_printf(a, "%.10s %.*s +0000 UTC", s, local, s + 11);
	else if (zone)
		v.shown = arena_printf(a, "%.10s %.*s %.3s%s %.3s%s", s, local, s + 11, zone,
				       zone + 4, zone, zone + 4);
	return v;
}

static bool is_named(const char *name, const char *const *names)
{
	for (; *names; names++) {
		if (strcmp(*names, name) == 0)
			return true;
	}
	return false;
}

static struct value tree_object(struct arena *a, const json_t *tree, bool map,
				const char *const *maps)
{
	struct entry *entries = arena_array(a, json_object_size(tree), sizeof(*entries));
	struct value made;
	bool texts = map;
	const char *key;
	json_t *member;
	size_t n = 0;

	json_object_foreach ((json_t *)tree, key, member) {
		bool of_map = !maps || is_named(key, maps);
		struct value *v = &entries[n].value;

		texts &= json_is_string(member);
		entries[n++].key = arena_strdup(a, key);
		/* A map that is null is as empty as Go's nil map. */
		if (json_is_object(member) || (json_is_null(member) && maps && of_map))
			*v = tree_object(a, member, of_map, maps);
		else if (json_is_string(member) && !map)
			*v = time_value(a, arena_strdup(a, json_string_value(member)));
		else
			*v = value_tree(a, member, maps);
		v->null = json_is_null(member);
	}
	made = make_map(a, map ? VALUE_MAP : VALUE_RECORD, entries, n);
	made.texts = texts;
	return made;
}

static struct value tree_array(struct arena *a, const json_t *tree, const char *const *maps)
{
	size_t n = json_array_size(tree);
	struct value *items = arena_array(a, n, sizeof(*items));

	for (size_t i = 0; i < n; i++)
		items[i] = value_tree(a, json_array_get(tree, i), maps);
	return (struct value){ .kind = VALUE_LIST, .items = items, .n = n };
}

static struct value real_or_uint(double real)
{
	/* json_parse() keeps integers beyond int64_t so. */
	if (real >= 0x1p63 && real <= 0x1p64)
		return (struct value){ .kind = VALUE_UINT,
				       .natural = real < 0x1p64 ? (uint64_t)real : UINT64_MAX };
	return (struct value){ .kind = VALUE_REAL, .real = real };
}

struct value value_tree(struct arena *a, const json_t *tree, const char *const *maps)
{
	switch (json_typeof(tree)) {
	case JSON_OBJECT:
		return tree_object(a, tree, !maps, maps);
	case JSON_ARRAY:
		return tree_array(a, tree, maps);
	case JSON_STRING:
		return value_text(arena_strdup(a, json_string_value(tree)));
	case JSON_INTEGER:
		return value_int(json_integer_value(tree));
	case JSON_REAL:
		return real_or_uint(json_real_value(tree));
	case JSON_TRUE:
	case JSON_FALSE:
		return value_bool(json_is_true(tree));
	case JSON_NULL:
		break;
	}
	return (struct value){ 0 };
}

static struct value texts_value(struct arena *a, const struct texts *list)
{
	struct value *items = arena_array(a, list->n, sizeof(*items));

	for (size_t i = 0; i < list->n; i++)
		items[i] = value_text(list->v[i]);
	return (struct value){ .kind = VALUE_LIST, .items = items, .n = list->n };
}

static struct value uints_value(struct arena *a, const struct json_uints *list)
{
	struct value *items = arena_array(a, list->n, sizeof(*items));

	for (size_t i = 0; i < list->n; i++)
		items[i] = (struct value){ .kind = VALUE_UINT, .natural = list->v[i] };
	return (struct value){ .kind = VALUE_LIST, .items = items, .n = list->n };
}

static struct value text_map_value(struct arena *a, const struct text_map *map)
{
	struct entry *entries = arena_array(a, map->n, sizeof(*entries));
	struct value v;

	for (size_t i = 0; i < map->n; i++)
		entries[i] = (struct entry){ map->v[i].key, value_text(map->v[i].value) };
	v = make_map(a, VALUE_MAP, entries, map->n);
	v.texts = true;
	return v;
}

/* How an array or map of structs of any type looks. */
struct items {
	const char *v;
	size_t n;
};

static struct value map_value(struct arena *a, const struct json_type *type,
			      const struct items *items)
{
	struct entry *entries = arena_array(a, items->n, sizeof(*entries));

	for (size_t i = 0; i < items->n; i++) {
		const char *item = items->v + i * type->size;

		entries[i].key = *(const char *const *)(const void *)item;
		entries[i].value = value_struct(type, item);
	}
	return make_map(a, VALUE_MAP, entries, items->n);
}

static struct value raw_value(struct arena *a, const char *text)
{
	struct value v = { 0 };
	json_t *tree;
	struct err e;

	if (text && json_parse(text, strlen(text), &tree, &e) == 0) {
		v = value_tree(a, tree, NULL);
		json_decref(tree);
	}
	return v;
}

static struct value name_value(const struct json_field *f, int i)
{
	return value_text(i >= 0 && (size_t)i < f->names_len ? f->names[i] : NULL);
}

/* A pointer that may be NULL becomes what it points to, or none. */
static struct value pointed(struct arena *a, const struct json_field *f, const void *to);

static struct value member(struct arena *a, const struct json_field *f, const void *at)
{
	switch (f->kind) {
	case JSON_KIND_BOOL:
		return value_bool(*(const bool *)at);
	case JSON_KIND_INT:
		return value_int(*(const int64_t *)at);
	case JSON_KIND_UINT:
		return (struct value){ .kind = VALUE_UINT, .natural = *(const uint64_t *)at };
	case JSON_KIND_DOUBLE:
		return (struct value){ .kind = VALUE_REAL, .real = *(const double *)at };
	case JSON_KIND_TEXT:
		if (f->flags & JSON_TIME)
			return time_value(a, *(const char *const *)at);
		return value_text(*(const char *const *)at);
	case JSON_KIND_NAME:
		return name_value(f, *(const int *)at);
	case JSON_KIND_TEXTS:
		return texts_value(a, at);
	case JSON_KIND_UINTS:
		return uints_value(a, at);
	case JSON_KIND_TEXT_MAP:
		return text_map_value(a, at);
	case JSON_KIND_OBJECT:
		return value_struct(f->type, at);
	case JSON_KIND_ARRAY:
		return value_structs(a, f->type, ((const struct items *)at)->v,
				     ((const struct items *)at)->n);
	case JSON_KIND_MAP:
		return map_value(a, f->type, at);
	case JSON_KIND_RAW:
		return raw_value(a, *(const char *const *)at);
	default:
		return pointed(a, f, *(const void *const *)at);
	}
}

static struct value pointed(struct arena *a, const struct json_field *f, const void *to)
{
	static const enum json_kind kinds[JSON_KINDS] = {
		[JSON_KIND_OBJECT_PTR] = JSON_KIND_OBJECT,
		[JSON_KIND_BOOL_PTR] = JSON_KIND_BOOL,
		[JSON_KIND_INT_PTR] = JSON_KIND_INT,
		[JSON_KIND_UINT_PTR] = JSON_KIND_UINT,
	};
	struct json_field target = *f;

	target.kind = kinds[f->kind];
	if (!to || target.kind == JSON_KIND_END)
		return (struct value){ 0 };
	return member(a, &target, to);
}

/* Go's name of a field against the one that its JSON has. */
static bool stands_for(const char *asked, const char *json)
{
	if (strcmp(asked, "ID") == 0 || strcmp(asked, "Id") == 0)
		return strcasecmp(json, "id") == 0;
	if (!isupper((unsigned char)*asked) || !islower((unsigned char)*json))
		return false;
	/* What is NetworkInterface there is network_interface here. */
	for (; *json; json++)
		if (*json != '_' &&
		    tolower((unsigned char)*asked++) != tolower((unsigned char)*json))
			return false;
	return !*asked;
}

static bool struct_field(struct arena *a, const struct value *v, const char *name,
			 struct value *ret)
{
	const struct json_field *f = v->type->fields, *found = NULL;

	for (; f->name && !found; f++) {
		if (strcmp(f->name, name) == 0)
			found = f;
	}
	for (f = v->type->fields; f->name && !found; f++) {
		if (stands_for(name, f->name))
			found = f;
	}
	if (found)
		*ret = member(a, found, (const char *)v->object + found->offset);
	return found;
}

static bool keyed_field(const struct value *v, const char *name, struct value *ret)
{
	for (size_t i = 0; i < v->n; i++) {
		if (strcmp(v->keys[i], name) == 0) {
			*ret = v->items[i];
			return true;
		}
	}
	for (size_t i = 0; i < v->n && v->kind == VALUE_RECORD; i++) {
		if (stands_for(name, v->keys[i])) {
			*ret = v->items[i];
			return true;
		}
	}
	return false;
}

bool value_field(struct arena *a, const struct value *v, const char *name, struct value *ret)
{
	switch (v->kind) {
	case VALUE_STRUCT:
		return struct_field(a, v, name, ret);
	case VALUE_RECORD:
		return keyed_field(v, name, ret);
	case VALUE_MAP:
		if (!keyed_field(v, name, ret))
			*ret = (struct value){ 0 };
		return true;
	default:
		if (!v->heading)
			return false;
		*ret = value_text(value_heading(a, name));
		ret->heading = true;
		return true;
	}
}

static int class_of(char c)
{
	return isupper((unsigned char)c) ? 1 : isdigit((unsigned char)c) ? 2 : 0;
}

char *value_heading(struct arena *a, const char *field)
{
	char *heading = arena_alloc(a, 2 * strlen(field) + 1), *to = heading;

	for (const char *c = field; *c; c++) {
		int now = class_of(*c), before = c > field ? class_of(c[-1]) : now;
		bool last_of_run =
			c > field && now == 1 && before == 1 && c[1] && class_of(c[1]) == 0;

		/* A word begins where the kind of character changes, but a capital stays with the
		 * small letters behind it. */
		if ((now != before && !(now == 0 && before == 1)) || last_of_run)
			*to++ = ' ';
		*to++ = (char)toupper((unsigned char)*c);
	}
	return heading;
}

bool value_is_true(const struct value *v)
{
	switch (v->kind) {
	case VALUE_NONE:
		return false;
	case VALUE_BOOL:
		return v->truth;
	case VALUE_INT:
	case VALUE_UINT:
		return v->natural != 0;
	case VALUE_REAL:
		return v->real != 0;
	case VALUE_TEXT:
		return v->len > 0;
	case VALUE_LIST:
	case VALUE_MAP:
		return v->n > 0;
	default:
		return true;
	}
}

int64_t value_len(const struct value *v)
{
	if (v->kind == VALUE_TEXT)
		return (int64_t)v->len;
	if (v->kind == VALUE_LIST || v->kind == VALUE_MAP)
		return (int64_t)v->n;
	return -1;
}

const char *value_type(const struct value *v)
{
	static const char *const names[] = {
		[VALUE_NONE] = "nil",
		[VALUE_BOOL] = "bool",
		[VALUE_INT] = "int",
		[VALUE_UINT] = "uint64",
		[VALUE_REAL] = "float64",
		[VALUE_TEXT] = "string",
		[VALUE_LIST] = "[]interface {}",
		[VALUE_MAP] = "map[string]interface {}",
		[VALUE_RECORD] = "object",
		[VALUE_STRUCT] = "struct",
	};
	_Static_assert(ARRAY_LEN(names) == VALUE_KINDS, "every kind has a name");

	if (v->kind == VALUE_RECORD && v->name)
		return v->name;
	return v->kind == VALUE_STRUCT ? v->type->name : names[v->kind];
}
