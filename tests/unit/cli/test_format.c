/* SPDX-License-Identifier: BSD-2-Clause */
/* What is expected is what podman 4.3.1's ps --format prints for the same format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "cli/format.h"
#include "cli/table.h"

struct ps {
	const char *id, *names, *ports, *status, *created_at;
	struct texts mounts;
	struct text_map labels;
};

static const struct json_field ps_fields[] = {
	JSON_TEXT(ps, id, "ID", 0),
	JSON_TEXT(ps, names, "Names", 0),
	JSON_TEXT(ps, ports, "Ports", 0),
	JSON_TEXT(ps, status, "Status", 0),
	JSON_TEXT(ps, created_at, "CreatedAt", 0),
	JSON_TEXTS(ps, mounts, "Mounts", 0),
	JSON_TEXT_MAP(ps, labels, "Labels", 0),
	{ 0 },
};
static const struct json_type ps_json = JSON_TYPE(ps, ps_fields);
static const char *const headings[] = { "ID", "CONTAINER ID", NULL };
static const struct format format = { .name = "ps", .row = &ps_json, .headings = headings };

static struct text_pair labels[] = { { "foo", "bar" } };
static const struct ps rows[] = {
	{ .id = "5d4b1fe88698",
	  .names = "web",
	  .status = "Created",
	  .created_at = "now",
	  .labels = { .v = labels, .n = 1 } },
	{ .id = "153135ece7a2", .names = "db2", .status = "Created" },
};

static void assert_made(const char *text, const char *expected)
{
	auto_buf out = BUF(10000);
	struct err e = { 0 };

	if (format_rows(&out, &format, text, rows, ARRAY_LEN(rows), &e) < 0)
		fail_msg("%s: %s", text, e.msg);
	assert_string_equal(buf_text(&out), expected);
}

static void each_row_is_a_line(void **state)
{
	assert_made("{{.Names}}", "web\ndb2\n");
	assert_made("{{.Names}}\\t{{.ID}}", "web\t5d4b1fe88698\ndb2\t153135ece7a2\n");
	assert_made("{{.Names}}\\t{{.ID}}\\n", "web\t5d4b1fe88698\ndb2\t153135ece7a2\n");
	assert_made("plain", "plain\nplain\n");
	assert_made("", "\n\n");
	assert_made("table", "table\ntable\n");
	assert_made("\\t\\\\n", "\t\\\n\t\\\n");
	assert_made(" table {{.Names}}", " table web\n table db2\n");
	assert_made("{{- .Names -}} x", "webx\ndb2x\n");
}

static void a_table_has_headings(void **state)
{
	assert_made("table {{.Names}}\\t{{.ID}}", "NAMES       CONTAINER ID\n"
						  "web         5d4b1fe88698\n"
						  "db2         153135ece7a2\n");
	assert_made("table {{.Names}} {{.ID}}", "NAMES       CONTAINER ID\n"
						"web         5d4b1fe88698\n"
						"db2         153135ece7a2\n");
	assert_made("table {{.Names}}\\t{{.Ports}}\\t{{.Status}}",
		    "NAMES       PORTS       STATUS\n"
		    "web                     Created\n"
		    "db2                     Created\n");
	assert_made("table  {{.Names}}", "            NAMES\n            web\n            db2\n");
	assert_made("table {{.CreatedAt}}", "CREATED AT\nnow\n\n");
}

static void headings_go_through_the_template_too(void **state)
{
	assert_made("table {{upper .Names}} x {{.ID}}", "NAMES       x           CONTAINER ID\n"
							"WEB         x           5d4b1fe88698\n"
							"DB2         x           153135ece7a2\n");
	assert_made("table {{.Names}}\\t{{json .ID}}", "NAMES       \"CONTAINER ID\"\n"
						       "web         \"5d4b1fe88698\"\n"
						       "db2         \"153135ece7a2\"\n");
	assert_made("table {{if .Names}}{{.ID}}{{end}}",
		    "CONTAINER ID\n5d4b1fe88698\n153135ece7a2\n");
}

/* podman fails on these, since its headings are mere texts. */
static void headings_of_what_is_no_text_stay_headings(void **state)
{
	assert_made("table {{index .Labels \"foo\"}}", "LABELS\nbar\n\n");
	assert_made("table {{join .Mounts \",\"}}", "MOUNTS\n\n\n");
	assert_made("table {{.Labels.foo}}", "FOO\nbar\n<no value>\n");
	assert_made("table {{range $k, $v := .Labels}}{{$v}}{{end}}", "LABELS\nbar\n\n");
	assert_made("table {{.Label \"foo\"}}", "foo\nbar\n\n");
	assert_made("table {{truncate .ID 3}}", "CONTAINER ID\n5d4\n153\n");
}

static void blanks_within_an_action_end_no_cell(void **state)
{
	assert_made(
		"table {{join (split .Names \"e\") \" }} \"}} {{.ID}}",
		"NAMES       CONTAINER ID\nw }} b      5d4b1fe88698\ndb2         153135ece7a2\n");
}

static void a_template_may_take_all_rows_at_once(void **state)
{
	assert_made("{{range .}}{{.Names}} {{end}}", "web db2 \n");
	assert_made("{{ range . }}{{.Names}} {{end}}", "web db2 \n");
	assert_made("table {{range .}}{{.Names}}\\t{{end}}",
		    "NAMES       \nweb         db2         \n");
}

static void headings_can_be_left_out(void **state)
{
	struct format bare = format;
	auto_buf out = BUF(1000);
	struct err e;

	bare.no_heading = true;
	assert_int_equal(format_rows(&out, &bare, "table {{.Names}} {{.ID}}", rows, 2, &e), 0);
	assert_string_equal(buf_text(&out), "web         5d4b1fe88698\ndb2         153135ece7a2\n");
}

static void an_unknown_field_is_an_error_and_prints_nothing(void **state)
{
	auto_buf out = BUF(1000);
	struct err e;

	assert_int_equal(format_rows(&out, &format, "{{.Names}} {{.Bogus}}", rows, 2, &e), -EINVAL);
	assert_string_equal(e.msg, "template: ps:1:13: executing \"ps\" at <.Bogus>: "
				   "can't evaluate field Bogus in type ps");
	assert_int_equal(format_rows(&out, &format, "table {{.Bogus}}", NULL, 0, &e), -EINVAL);
	assert_string_equal(e.msg, "template: ps:1:2: executing \"ps\" at <.Bogus>: "
				   "can't evaluate field Bogus in type ps");
	assert_int_equal(out.len, 0);
}

static void json_is_recognised(void **state)
{
	assert_true(format_is_json("json"));
	assert_true(format_is_json(" json "));
	assert_true(format_is_json("{{json .}}"));
	assert_true(format_is_json("{{ json . }}"));
	assert_false(format_is_json("jsonx"));
	assert_false(format_is_json("{{json .ID}}"));
	assert_false(format_is_json("{{json .}} "
				    "x"));
	assert_false(format_is_json(""));
}

static void one_value_goes_through_a_template(void **state)
{
	struct value v = value_struct(&ps_json, &rows[0]);
	auto_buf out = BUF(1000);
	struct err e;

	assert_int_equal(format_value(&out, "info", "table {{.Names}}\\t{{.ID}}", &v, &e), 0);
	assert_string_equal(buf_text(&out), "web\t5d4b1fe88698\n");
}

static void assert_inspected(const char *format_text, const char *expected)
{
	static const char text[] = "[{\"Id\":\"a\",\"Created\":\"2026-11-22T14:17:11.15+01:00\","
				   "\"Config\":{\"Labels\":{\"b\":\"2026-11-22T14:17:11Z\"}}},"
				   "{\"Id\":\"c\",\"Created\":\"\",\"Config\":{\"Labels\":null}}]";
	auto_buf out = BUF(1000);
	json_t *list;
	struct err e;

	assert_int_equal(json_parse(text, strlen(text), &list, &e), 0);
	if (format_inspected(&out, format_text, list, &e) < 0)
		buf_adds(&out, e.msg);
	json_decref(list);
	assert_string_equal(buf_text(&out), expected);
}

static void what_inspect_found_has_fields_maps_and_times(void **state)
{
	assert_inspected("{{.Id}} {{.Created}}", "a 2026-11-22 14:17:11.15 +0100 +0100\nc \n");
	assert_inspected("{{.Config.Labels}} {{index .Config.Labels \"x\"}}|{{.Config.Labels.x}}",
			 "map[b:2026-11-22T14:17:11Z] |<no value>\nmap[] |<no value>\n");
	assert_inspected("{{.Config}} {{printf \"%s\" .Config}}",
			 "{map[b:2026-11-22T14:17:11Z]} {map[b:2026-11-22T14:17:11Z]}\n"
			 "{map[]} {map[]}\n");
	assert_inspected("{{.ID}} {{json .Created}}",
			 "a \"2026-11-22T14:17:11.15+01:00\"\nc \"\"\n");
	assert_inspected("{{.Config.x}}", "template: inspect:1:9: executing \"inspect\" at "
					  "<.Config.x>: can't evaluate field x in type object");
}

static void assert_table(const char *text, const char *expected)
{
	auto_buf out = BUF(10000);

	table_print(&out, text, strlen(text));
	assert_string_equal(buf_text(&out), expected);
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
	assert_table("a\tb\tc\nlonger than twelve\tb\tc\n",
		     "a                   b           c\nlonger than twelve  b           c\n");
	assert_table("", "");
	assert_table("x", "x");
	assert_table("a\t\n", "a           \n");
	assert_table("gr\xc3\xbc\xc3\x9f\tb\n", "gr\xc3\xbc\xc3\x9f        b\n");
}

/* As Go's tabwriter: a line without the cell ends the column. */
static void a_column_ends_at_a_line_without_it(void **state)
{
	assert_table("longer than twelve\tb\nplain\nshort\tb\n",
		     "longer than twelve  b\nplain\nshort       b\n");
	assert_table(
		"a\tlonger than twelve\tc\nd\te\nf\tg\th\n",
		"a           longer than twelve  c\nd           e\nf           g           h\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_a_line),
		cmocka_unit_test(a_table_has_headings),
		cmocka_unit_test(headings_go_through_the_template_too),
		cmocka_unit_test(headings_of_what_is_no_text_stay_headings),
		cmocka_unit_test(blanks_within_an_action_end_no_cell),
		cmocka_unit_test(a_template_may_take_all_rows_at_once),
		cmocka_unit_test(headings_can_be_left_out),
		cmocka_unit_test(an_unknown_field_is_an_error_and_prints_nothing),
		cmocka_unit_test(json_is_recognised),
		cmocka_unit_test(one_value_goes_through_a_template),
		cmocka_unit_test(what_inspect_found_has_fields_maps_and_times),
		cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
		cmocka_unit_test(a_column_ends_at_a_line_without_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
