/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes: what is accepted must print to JSON that is accepted again and prints the same, as a
 * tree and through a table that has a field of each kind.
 */
#include <string.h>

#include "base/json.h"

#define PRINT_MAX (64 << 20)

static const char *const side_name[] = { "", "left", "right" };

struct part {
	const char *key;
	bool flag;
	int64_t number;
	uint64_t big;
	double ratio;
	const char *text;
	int side;
	struct texts list;
	struct text_map map;
	struct json_uints ids;
	const bool *maybe;
	const int64_t *maybe_int;
	const uint64_t *maybe_uint;
	const char *raw;
};

struct parts {
	struct part *v;
	size_t n;
};

struct whole {
	struct part in_place, *pointer;
	struct parts list, map;
};

static const struct json_field part_fields[] = {
	JSON_BOOL(part, flag, "b", 0),
	JSON_INT(part, number, "i", 0),
	JSON_UINT(part, big, "u", 0),
	JSON_DOUBLE(part, ratio, "d", 0),
	JSON_TEXT(part, text, "t", JSON_REQUIRED),
	JSON_NAME(part, side, "n", 0, side_name),
	JSON_TEXTS(part, list, "l", 0),
	JSON_TEXT_MAP(part, map, "m", JSON_AS_NULL),
	JSON_UINTS(part, ids, "I", 0),
	JSON_BOOL_PTR(part, maybe, "B", 0),
	JSON_INT_PTR(part, maybe_int, "pi", 0),
	JSON_UINT_PTR(part, maybe_uint, "pu", 0),
	JSON_RAW(part, raw, "r", 0),
	{ 0 },
};
static const struct json_type part_json = JSON_TYPE(part, part_fields);

static const struct json_field whole_fields[] = {
	JSON_OBJECT(whole, in_place, "o", 0, part_json),
	JSON_OBJECT_PTR(whole, pointer, "p", 0, part_json),
	JSON_ARRAY(whole, list, "a", 0, part_json),
	JSON_MAP(whole, map, "M", 0, part_json),
	{ 0 },
};
static const struct json_type whole_json = JSON_TYPE(whole, whole_fields);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void try_tree(const char *text, size_t len)
{
	auto_buf once = BUF(PRINT_MAX), twice = BUF(PRINT_MAX);
	json_t *tree, *again;
	struct err e;

	if (json_parse(text, len, &tree, &e) < 0)
		return;
	json_print(&once, tree, 0);
	json_decref(tree);
	if (json_parse(buf_text(&once), once.len, &again, &e) < 0)
		abort();
	json_print(&twice, again, 0);
	json_decref(again);
	if (strcmp(buf_text(&once), buf_text(&twice)) != 0)
		abort();
}

static void try_table(const char *text, size_t len)
{
	auto_buf once = BUF(PRINT_MAX), twice = BUF(PRINT_MAX);
	AUTO(arena) a = arena_new();
	struct whole w = { 0 }, again = { 0 };
	struct err e;

	if (json_read(a, text, len, &whole_json, &w, &e) < 0)
		return;
	json_write(&once, &whole_json, &w, 0);
	if (json_read(a, buf_text(&once), once.len, &whole_json, &again, &e) < 0)
		abort();
	json_write(&twice, &whole_json, &again, 0);
	if (strcmp(buf_text(&once), buf_text(&twice)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	try_tree((const char *)data, len);
	try_table((const char *)data, len);
	return 0;
}
