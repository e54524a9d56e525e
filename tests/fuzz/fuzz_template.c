/* SPDX-License-Identifier: BSD-2-Clause */
/* Any format, for a row of each kind of field: it must end, within its limits. */
#include <string.h>

#include "cli/format.h"

#define OUTPUT_MAX (1 << 20)

struct part {
	const char *key;
	bool flag;
	int64_t number;
};

struct row {
	const char *id, *names, *at;
	int64_t number;
	uint64_t big;
	double ratio;
	struct texts list;
	struct text_map labels;
	struct json_uints ports;
	struct part part;
	const struct part *none;
	struct {
		struct part *v;
		size_t n;
	} parts, map;
	const char *raw;
};

static const struct json_field part_fields[] = {
	JSON_BOOL(part, flag, "Flag", 0),
	JSON_INT(part, number, "Number", 0),
	{ 0 },
};
static const struct json_type part_json = JSON_TYPE(part, part_fields);

static const struct json_field row_fields[] = {
	JSON_TEXT(row, id, "ID", 0),
	JSON_TEXT(row, names, "N", 0),
	JSON_TEXT(row, at, "At", JSON_TIME),
	JSON_INT(row, number, "I", 0),
	JSON_UINT(row, big, "U", 0),
	JSON_DOUBLE(row, ratio, "D", 0),
	JSON_TEXTS(row, list, "L", 0),
	JSON_TEXT_MAP(row, labels, "Labels", 0),
	JSON_UINTS(row, ports, "P", 0),
	JSON_OBJECT(row, part, "O", 0, part_json),
	JSON_OBJECT_PTR(row, none, "X", 0, part_json),
	JSON_ARRAY(row, parts, "A", 0, part_json),
	JSON_MAP(row, map, "M", 0, part_json),
	JSON_RAW(row, raw, "R", 0),
	{ 0 },
};
static const struct json_type row_json = JSON_TYPE(row, row_fields);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct format format = { .name = "fuzz", .row = &row_json };
	const char *words[] = { "one", "two", NULL };
	struct text_pair pairs[] = { { "foo", "bar" }, { "baz", "qux" } };
	uint64_t ports[] = { 80, UINT64_MAX };
	struct part parts[] = { { "a", true, -1 }, { "b", false, 1 } };
	struct row rows[] = {
		{ .id = "5d4b1fe88698",
		  .names = "w\xff\xc3\xbc",
		  .at = "2026-11-22T14:17:11.15+01:00",
		  .number = INT64_MIN,
		  .big = UINT64_MAX,
		  .ratio = -0.1e-7,
		  .list = { .v = words, .n = 2 },
		  .labels = { .v = pairs, .n = 2 },
		  .ports = { ports, 2 },
		  .parts = { parts, 2 },
		  .map = { parts, 2 },
		  .raw = "{\"a\":[1,null,{\"b\":1e300}]}" },
		{ .id = "" },
	};
	AUTO(arena) a = arena_new();
	auto_buf out = BUF(OUTPUT_MAX);
	const char *text = arena_strndup(a, (const char *)data, len);
	struct err e;

	format_is_json(text);
	format_rows(&out, &format, text, rows, ARRAY_LEN(rows), &e);
	return 0;
}
