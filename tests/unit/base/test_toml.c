/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/toml.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

/* Each text and the JSON that it means. */
static const struct {
	const char *toml, *json;
} good[] = {
	{ "", "{}" },
	{ "# only a comment", "{}" },
	{ "\xef\xbb\xbf"
	  "a=1",
	  "{\"a\":1}" },
	{ "a = 1\r\nb = 2 # two\r\n", "{\"a\":1,\"b\":2}" },
	{ "a=1_000\nb=+5\nc=-0\nd=0xDEAD_beef\ne=0o755\nf=0b101",
	  "{\"a\":1000,\"b\":5,\"c\":0,\"d\":3735928559,\"e\":493,\"f\":5}" },
	{ "a=9223372036854775807\nb=-9223372036854775808",
	  "{\"a\":9223372036854775807,\"b\":-9223372036854775808}" },
	{ "a=1.5\nb=-2e2\nc=6.626e-1", "{\"a\":1.5,\"b\":-200,\"c\":0.6626}" },
	{ "a=true\nb=false", "{\"a\":true,\"b\":false}" },
	{ "a=\"x\\ty\\u00e9\\U0001F600\\\"\"", "{\"a\":\"x\\ty\xc3\xa9\xf0\x9f\x98\x80\\\"\"}" },
	{ "a='C:\\x'\nb='it \"is\"'", "{\"a\":\"C:\\\\x\",\"b\":\"it \\\"is\\\"\"}" },
	{ "a=\"\"\"\none\ntwo\\\n   three\"\"\"", "{\"a\":\"one\\ntwothree\"}" },
	{ "a=\"\"\"two \"\"quotes\"\"\"\"\"", "{\"a\":\"two \\\"\\\"quotes\\\"\\\"\"}" },
	{ "a='''\n'x' ''y'''", "{\"a\":\"'x' ''y\"}" },
	{ "a=1979-05-27T07:32:00Z\nb=1979-05-27 07:32:00.5\nc=1979-05-27\nd=07:32:00",
	  "{\"a\":\"1979-05-27T07:32:00Z\",\"b\":\"1979-05-27 07:32:00.5\",\"c\":\"1979-05-27\","
	  "\"d\":\"07:32:00\"}" },
	{ "a=[]\nb=[1,2,]\nc=[ # why\n [\"x\"], # and\n\n [true] ]",
	  "{\"a\":[],\"b\":[1,2],\"c\":[[\"x\"],[true]]}" },
	{ "a={}\nb={x=1, y.z=\"w\"}", "{\"a\":{},\"b\":{\"x\":1,\"y\":{\"z\":\"w\"}}}" },
	{ "a.b.c=1\na.b.d=2\na.\"x.y\".z=3",
	  "{\"a\":{\"b\":{\"c\":1,\"d\":2},\"x.y\":{\"z\":3}}}" },
	{ "[a]\nx=1\n[a.b]\ny=2\n[c.d]\n[c]\nz=3",
	  "{\"a\":{\"x\":1,\"b\":{\"y\":2}},\"c\":{\"d\":{},\"z\":3}}" },
	{ "[[r]]\np='a'\n[[r.m]]\nl=1\n[[r.m]]\nl=2\n[[r]]\np='b'\n[r.s]\nt=1",
	  "{\"r\":[{\"p\":\"a\",\"m\":[{\"l\":1},{\"l\":2}]},{\"p\":\"b\",\"s\":{\"t\":1}}]}" },
	{ "[ a . 'b c' ]\n\"\"=1", "{\"a\":{\"b c\":{\"\":1}}}" },
	{ "[fruit]\napple.color=1\n[fruit.apple.taste]\nsweet=true",
	  "{\"fruit\":{\"apple\":{\"color\":1,\"taste\":{\"sweet\":true}}}}" },
};

static void a_document_means_its_json(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		auto_buf out = BUF(4096);
		struct err e = { 0 };
		json_t *tree;

		if (toml_parse("t", good[i].toml, strlen(good[i].toml), &tree, &e) < 0)
			fail_msg("%s: %s", good[i].toml, e.msg);
		json_print(&out, tree, 0);
		json_decref(tree);
		assert_string_equal(buf_text(&out), good[i].json);
	}
}

static const struct {
	const char *toml, *error;
} bad[] = {
	{ "a", "t:1: = is missing behind a" },
	{ "a=", "t:1: a value is missing" },
	{ "\n\na = nope", "t:3: nope is not a value" },
	{ "a=1 b=2", "t:1: more than one thing on a line" },
	{ "a=1\na=2", "t:2: a is defined twice" },
	{ "[a]\n[a]", "t:2: a is defined twice" },
	{ "a=1\n[a.b]", "t:2: a is not a table" },
	{ "a={x=1}\n[a.y]", "t:2: a is not a table" },
	{ "a={x=1}\na.y=2", "t:2: a is defined already" },
	{ "a=[1]\n[[a]]", "t:2: a is defined twice" },
	{ "[[a]]\n[a]", "t:2: a is defined twice" },
	{ "[a.b]\n[a]\nb.c=1", "t:3: b is defined already" },
	{ "[fruit]\napple.color=1\n[fruit.apple]", "t:3: apple is defined twice" },
	{ "[a", "t:1: a table's name ends with ]" },
	{ "[[a]", "t:1: a table's name ends with ]]" },
	{ "a=\"x", "t:1: a string without an end" },
	{ "a=\"x\ny\"", "t:1: a string without an end" },
	{ "a=\"\"\"x", "t:1: a string without an end" },
	{ "a=\"\\q\"", "t:1: \\q is not an escape" },
	{ "a=\"\\ud800\"", "t:1: \\uD800 is not a character" },
	{ "a=\"\\u0000\"", "t:1: \\u0000 is not a character" },
	{ "a=\"\xff\"", "t:1: a string that isn't UTF-8" },
	{ "a=01", "t:1: 01 is not a value" },
	{ "a=1__0", "t:1: 1__0 is not a value" },
	{ "a=1.", "t:1: 1. is not a value" },
	{ "a=.5", "t:1: .5 is not a value" },
	{ "a=0x", "t:1: 0x is not a value" },
	{ "a=9223372036854775808", "t:1: 9223372036854775808 is not a value" },
	{ "a=1e999", "t:1: 1e999 is not a value" },
	{ "a=inf", "t:1: inf is not a value" },
	{ "a=[1", "t:1: an array without an end" },
	{ "a=[1\n2]", "t:2: an array without an end" },
	{ "a={x=1,}", "t:1: a key is missing" },
	{ "a={x=1\n}", "t:1: an inline table without an end" },
	{ "#\x01", "t:1: a control character in a comment" },
	{ "=1", "t:1: a key is missing" },
};

static void what_is_wrong_is_named_with_its_line(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = { 0 };
		json_t *tree;

		if (toml_parse("t", bad[i].toml, strlen(bad[i].toml), &tree, &e) != -EINVAL)
			fail_msg("%s was accepted", bad[i].toml);
		assert_string_equal(e.msg, bad[i].error);
	}
}

static void nesting_and_size_are_bounded(void **state)
{
	auto_buf deep = BUF(1 << 20), large = BUF(2 << 20);
	struct err e = { 0 };
	json_t *tree;

	buf_adds(&deep, "a=");
	for (int i = 0; i < 100000; i++)
		buf_addc(&deep, '[');
	assert_int_equal(toml_parse("t", deep.data, deep.len, &tree, &e), -EINVAL);
	assert_string_equal(e.msg, "t:1: nested deeper than 32");
	while (large.len <= TOML_MAX)
		buf_addc(&large, '\n');
	assert_int_equal(toml_parse("t", large.data, large.len, &tree, &e), -EINVAL);
	assert_string_equal(e.msg, "t is larger than 1048576 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_means_its_json),
		cmocka_unit_test(what_is_wrong_is_named_with_its_line),
		cmocka_unit_test(nesting_and_size_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
