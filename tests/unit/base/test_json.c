/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

static const char *const color_name[] = { "", "red", NULL, "blue" };

struct limit {
	const char *type;
	uint64_t soft;
};

struct port {
	const char *key;
	int64_t host;
};

struct thing {
	bool flag;
	int64_t number;
	uint64_t big;
	double ratio;
	const char *text;
	int color;
	struct texts list;
	struct text_map map;
	struct json_uints ids;
	struct limit in_place;
	struct limit *pointer;
	struct {
		struct limit *v;
		size_t n;
	} limits;
	struct {
		struct port *v;
		size_t n;
	} ports;
	const bool *maybe;
	const int64_t *maybe_int;
	const uint64_t *maybe_uint;
	const char *raw;
};

static const struct json_field limit_fields[] = {
	JSON_TEXT(limit, type, "type", JSON_REQUIRED),
	JSON_UINT(limit, soft, "soft", 0),
	{ 0 },
};
static const struct json_type limit_json = JSON_TYPE(limit, limit_fields);

static const struct json_field port_fields[] = {
	JSON_INT(port, host, "host", 0),
	{ 0 },
};
static const struct json_type port_json = JSON_TYPE(port, port_fields);

static const struct json_field thing_fields[] = {
	JSON_BOOL(thing, flag, "flag", 0),
	JSON_INT(thing, number, "number", 0),
	JSON_UINT(thing, big, "big", 0),
	JSON_DOUBLE(thing, ratio, "ratio", 0),
	JSON_TEXT(thing, text, "text", 0),
	JSON_NAME(thing, color, "color", 0, color_name),
	JSON_TEXTS(thing, list, "list", 0),
	JSON_TEXT_MAP(thing, map, "map", 0),
	JSON_UINTS(thing, ids, "ids", 0),
	JSON_OBJECT(thing, in_place, "inPlace", 0, limit_json),
	JSON_OBJECT_PTR(thing, pointer, "pointer", 0, limit_json),
	JSON_ARRAY(thing, limits, "limits", 0, limit_json),
	JSON_MAP(thing, ports, "ports", 0, port_json),
	JSON_BOOL_PTR(thing, maybe, "maybe", 0),
	JSON_INT_PTR(thing, maybe_int, "maybeInt", 0),
	JSON_UINT_PTR(thing, maybe_uint, "maybeUint", 0),
	JSON_RAW(thing, raw, "raw", 0),
	{ 0 },
};
static const struct json_type thing_json = JSON_TYPE(thing, thing_fields);

static int set_up(void **state)
{
	*state = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	arena_free(*state);
	return 0;
}

static struct thing read_thing(void **state, const char *text)
{
	struct thing t = { 0 };
	struct err e = { 0 };

	if (json_read(*state, text, strlen(text), &thing_json, &t, &e) < 0)
		fail_msg("%s: %s", text, e.msg);
	return t;
}

static void assert_refused(void **state, const char *text, const char *words)
{
	struct thing t = { 0 };
	struct err e = { 0 };

	assert_int_equal(json_read(*state, text, strlen(text), &thing_json, &t, &e), -EINVAL);
	assert_int_equal(e.kind, ERR_INVALID);
	assert_string_equal(e.msg, words);
}

static void assert_written(const struct thing *t, const char *text)
{
	auto_buf out = BUF(10000);

	json_write(&out, &thing_json, t, 0);
	assert_string_equal(buf_text(&out), text);
}

static void assert_printed(const char *text, const char *expected)
{
	auto_buf out = BUF(10000);
	struct err e = { 0 };
	json_t *tree;

	if (json_parse(text, strlen(text), &tree, &e) < 0)
		fail_msg("%s: %s", text, e.msg);
	json_print(&out, tree, 0);
	json_decref(tree);
	assert_string_equal(buf_text(&out), expected);
}

static const char whole[] =
	"{\"flag\":true,\"number\":-9223372036854775808,\"big\":18446744073709551615,\"ratio\":0.1,"
	"\"text\":\"a\\nb\",\"color\":\"blue\",\"list\":[\"x\",\"\"],\"map\":{\"b\":\"1\",\"a\":\"2\"},"
	"\"ids\":[0,5],\"inPlace\":{\"type\":\"core\"},\"pointer\":{\"type\":\"cpu\",\"soft\":3},"
	"\"limits\":[{\"type\":\"l\"},{\"type\":\"m\",\"soft\":1}],"
	"\"ports\":{\"80/tcp\":{},\"53/udp\":{\"host\":5353}},\"maybe\":false,\"maybeInt\":-1,"
	"\"maybeUint\":0,\"raw\":{\"deep\":[1,2.5,null]}}";

static void what_is_written_reads_back(void **state)
{
	struct thing t = read_thing(state, whole);

	assert_true(t.flag);
	assert_true(t.number == INT64_MIN);
	assert_true(t.big == UINT64_MAX);
	assert_int_equal(t.color, 3);
	assert_int_equal(t.list.n, 2);
	assert_null(t.list.v[2]);
	assert_string_equal(text_map_get(&t.map, "a"), "2");
	assert_int_equal(t.ids.v[1], 5);
	assert_string_equal(t.in_place.type, "core");
	assert_int_equal(t.pointer->soft, 3);
	assert_string_equal(t.limits.v[1].type, "m");
	assert_string_equal(t.ports.v[1].key, "53/udp");
	assert_int_equal(t.ports.v[1].host, 5353);
	assert_false(*t.maybe);
	assert_string_equal(t.raw, "{\"deep\":[1,2.5,null]}");
	assert_written(&t, whole);
}

static void absent_and_null_members_keep_their_defaults(void **state)
{
	struct thing t = { .number = 7, .text = "kept" };
	const char text[] = "{\"number\":null,\"unknown\":[{}],\"pointer\":null}";
	struct err e;

	assert_int_equal(json_read(*state, text, strlen(text), &thing_json, &t, &e), 0);
	assert_int_equal(t.number, 7);
	assert_string_equal(t.text, "kept");
	assert_null(t.pointer);
	assert_null(t.maybe);
}

static void a_wrong_type_is_named_by_its_path(void **state)
{
	assert_refused(state, "{\"limits\":[{\"type\":\"a\"},{\"type\":\"b\",\"soft\":\"x\"}]}",
		       "limits[1].soft: expected an integer");
	assert_refused(state, "{\"ports\":{\"80/tcp\":{\"host\":true}}}",
		       "ports.80/tcp.host: expected an integer");
	assert_refused(state, "{\"list\":[\"a\",null]}", "list[1]: expected a string");
	assert_refused(state, "{\"map\":{\"k\":1}}", "map.k: expected a string");
	assert_refused(state, "{\"flag\":1}", "flag: expected true or false");
	assert_refused(state, "{\"list\":{}}", "list: expected an array");
	assert_refused(state, "{\"map\":[]}", "map: expected an object");
	assert_refused(state, "{\"ratio\":\"1\"}", "ratio: expected a number");
	assert_refused(state, "[]", "expected an object");
	assert_refused(state, "{\"pointer\":{\"soft\":1}}", "pointer.type: is missing");
	assert_refused(state, "{\"color\":\"green\"}", "color: unknown value \"green\"");
	assert_refused(state, "{\"ids\":[-1]}", "ids[0]: the integer is out of range");
}

static void numbers_beyond_their_type_are_refused(void **state)
{
	assert_refused(state, "{\n\"number\":9223372036854775808}",
		       "number: the integer is out of range");
	assert_refused(state, "{\n\"big\":18446744073709551616}",
		       "line 2: the number 18446744073709551616 is out of range");
	assert_refused(state, "{\"big\":18446744073709551613}",
		       "line 1: the number 18446744073709551613 is out of range");
	assert_refused(state, "{\"number\":-9223372036854775809}",
		       "line 1: the number -9223372036854775809 is out of range");
	assert_refused(state, "{\"number\":1.5}", "number: expected an integer");
	assert_refused(state, "{\"big\":-1}", "big: the integer is out of range");
	assert_refused(state, "{\"big\":1e30}", "big: the integer is out of range");
}

static void an_integer_may_be_written_as_a_float(void **state)
{
	struct thing t = read_thing(state, "{\"big\":1e3,\"number\":-2.0,\"ratio\":3}");

	assert_int_equal(t.big, 1000);
	assert_int_equal(t.number, -2);
	assert_true(t.ratio == 3);
}

static void digits_in_strings_are_left_alone(void **state)
{
	struct thing t = read_thing(state, "{\"text\":\"\\\"18446744073709551615\","
					   "\"big\":18446744073709551615}");

	assert_string_equal(t.text, "\"18446744073709551615");
	assert_true(t.big == UINT64_MAX);
}

/* What follows are the words of jansson. */
static void assert_not_json(const char *text, const char *start)
{
	struct err e = { 0 };
	json_t *tree = NULL;

	assert_int_equal(json_parse(text, strlen(text), &tree, &e), -EINVAL);
	assert_null(tree);
	if (strncmp(e.msg, start, strlen(start)) != 0)
		fail_msg("%s", e.msg);
}

static void text_that_is_not_json_is_refused_with_its_line(void **state)
{
	assert_not_json("{\n\"text\": oops}", "line 2: not valid JSON: invalid token near 'oops'");
	assert_not_json("{\"flag\":true,\"flag\":false}", "line 1: not valid JSON: duplicate");
	assert_not_json("{\"text\":\"\\u0000\"}", "line 1: not valid JSON: \\u0000 is not allowed");
	assert_not_json("\"\xff\"", "line ");
	assert_not_json("", "line 1: not valid JSON: ");
	assert_not_json("{} x", "line 1: not valid JSON: end of file expected near 'x'");
	assert_not_json("1e999", "line 1: not valid JSON: real number overflow");
	assert_not_json("[\"a\033[31m]", "line 1: not valid JSON: control character 0x1b");
}

static void nesting_is_limited(void **state)
{
	char deep[131];
	json_t *tree;
	struct err e;

	memset(deep, '[', 64);
	memset(deep + 64, ']', 64);
	assert_int_equal(json_parse(deep, 128, &tree, &e), 0);
	json_decref(tree);
	memset(deep, '[', 65);
	memset(deep + 65, ']', 65);
	assert_int_equal(json_parse(deep, 130, &tree, &e), -EINVAL);
	assert_string_equal(e.msg, "line 1: nested deeper than 64");
}

static void the_number_of_values_is_limited(void **state)
{
	auto_buf text = BUF(2000000);
	struct err e;
	json_t *tree;

	buf_addc(&text, '[');
	for (int i = 0; i < 500000; i++)
		buf_adds(&text, "0,");
	buf_adds(&text, "0]");
	assert_int_equal(json_parse(text.data, text.len, &tree, &e), -EINVAL);
	assert_string_equal(e.msg, "line 1: more than 500000 values");
	text.data[1] = text.data[3] = ' ';
	text.data[2] = text.data[4] = ' ';
	assert_int_equal(json_parse(text.data, text.len, &tree, &e), 0);
	json_decref(tree);
}

static void what_is_empty_is_left_out_unless_asked(void **state)
{
	static const struct json_field fields[] = {
		JSON_BOOL(thing, flag, "flag", JSON_ALWAYS),
		JSON_INT(thing, number, "number", 0),
		JSON_TEXT(thing, text, "text", JSON_ALWAYS),
		JSON_TEXTS(thing, list, "list", JSON_AS_NULL),
		JSON_TEXT_MAP(thing, map, "map", JSON_ALWAYS),
		JSON_OBJECT(thing, in_place, "inPlace", JSON_ALWAYS, limit_json),
		JSON_OBJECT_PTR(thing, pointer, "pointer", JSON_ALWAYS, limit_json),
		JSON_RAW(thing, raw, "raw", JSON_ALWAYS),
		{ 0 },
	};
	static const struct json_type type = JSON_TYPE(thing, fields);
	struct thing t = { 0 };
	auto_buf out = BUF(1000);

	assert_written(&t, "{}");
	json_write(&out, &type, &t, 0);
	assert_string_equal(buf_text(&out),
			    "{\"flag\":false,\"text\":\"\",\"list\":null,\"map\":{},"
			    "\"inPlace\":{\"type\":\"\"},\"pointer\":null,\"raw\":null}");
}

static void a_required_member_is_written_also_when_empty(void **state)
{
	struct limit none = { 0 };
	struct thing t = { .pointer = &none };

	assert_written(&t, "{\"pointer\":{\"type\":\"\"}}");
}

static void an_indent_lays_out_as_go_does(void **state)
{
	struct thing t = { .text = "x", .raw = "{\"a\":[1,{}],\"b\":[]}" };
	auto_buf out = BUF(1000);

	json_write(&out, &thing_json, &t, 4);
	assert_string_equal(buf_text(&out), "{\n    \"text\": \"x\",\n    \"raw\": {\n"
					    "        \"a\": [\n            1,\n            {}\n"
					    "        ],\n        \"b\": []\n    }\n}");
}

static void structs_are_written_as_an_array(void **state)
{
	const struct limit limits[] = { { "a", 1 }, { "b", 0 } };
	auto_buf out = BUF(1000);

	json_write_array(&out, &limit_json, limits, 2, 0);
	json_write_array(&out, &limit_json, NULL, 0, 2);
	assert_string_equal(buf_text(&out), "[{\"type\":\"a\",\"soft\":1},{\"type\":\"b\"}][]");
}

static void assert_quoted(const char *s, const char *expected)
{
	auto_buf out = BUF(1000);

	json_quote(&out, s, strlen(s));
	assert_string_equal(buf_text(&out), expected);
}

static void strings_are_quoted_as_go_does(void **state)
{
	assert_quoted("<a href=\"x\">&\\", "\"<a href=\\\"x\\\">&\\\\\"");
	assert_quoted("\n\r\t\x01\x1f\x7f", "\"\\n\\r\\t\\u0001\\u001f\x7f\"");
	assert_quoted("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xb3",
		      "\"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xb3\"");
	assert_quoted("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa", "\"\\u2028\\u2029\xe2\x80\xaa\"");
}

static void bytes_that_are_not_utf8_are_replaced(void **state)
{
	assert_quoted("a\xff"
		      "b",
		      "\"a\\ufffdb\"");
	assert_quoted("\xc0\xaf", "\"\\ufffd\\ufffd\"");            /* overlong */
	assert_quoted("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""); /* surrogate */
	assert_quoted("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
	assert_quoted("\xe2\x82", "\"\\ufffd\\ufffd\""); /* cut short */
}

static void numbers_are_printed_as_go_does(void **state)
{
	assert_printed("[0.1,1.0,-2.50,1e18,1e21,1.5e300,0.000001,0.0000001]",
		       "[0.1,1,-2.5,1000000000000000000,1e+21,1.5e+300,0.000001,1e-7]");
	assert_printed("[18446744073709551615,-1,5e-324,123456.789]",
		       "[18446744073709551615,-1,5e-324,123456.789]");
}

static void printed_numbers_can_be_read_again(void **state)
{
	assert_printed("[1e20,-1e19,9.3e18,-0.0]", "[1e+20,-1e+19,9300000000000000000,-0.0]");
	assert_printed("[1e+20,-1e+19,9300000000000000000,-0.0]",
		       "[1e+20,-1e+19,9300000000000000000,-0.0]");
}

static void a_struct_becomes_a_tree_and_back(void **state)
{
	struct thing t = read_thing(state, whole), again = { 0 };
	json_t *tree = json_from(&thing_json, &t);
	struct err e;

	assert_non_null(tree);
	assert_true(json_is_true(json_object_get(tree, "flag")));
	assert_int_equal(json_into(*state, tree, &thing_json, &again, &e), 0);
	json_decref(tree);
	assert_written(&again, whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(absent_and_null_members_keep_their_defaults),
		cmocka_unit_test(a_wrong_type_is_named_by_its_path),
		cmocka_unit_test(numbers_beyond_their_type_are_refused),
		cmocka_unit_test(an_integer_may_be_written_as_a_float),
		cmocka_unit_test(digits_in_strings_are_left_alone),
		cmocka_unit_test(text_that_is_not_json_is_refused_with_its_line),
		cmocka_unit_test(nesting_is_limited),
		cmocka_unit_test(the_number_of_values_is_limited),
		cmocka_unit_test(what_is_empty_is_left_out_unless_asked),
		cmocka_unit_test(a_required_member_is_written_also_when_empty),
		cmocka_unit_test(an_indent_lays_out_as_go_does),
		cmocka_unit_test(structs_are_written_as_an_array),
		cmocka_unit_test(strings_are_quoted_as_go_does),
		cmocka_unit_test(bytes_that_are_not_utf8_are_replaced),
		cmocka_unit_test(numbers_are_printed_as_go_does),
		cmocka_unit_test(printed_numbers_can_be_read_again),
		cmocka_unit_test(a_struct_becomes_a_tree_and_back),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
