/* SPDX-License-Identifier: BSD-2-Clause */
/* What is expected is what podman 4.3.1's inspect --format prints for the same template. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "cli/template.h"

struct state {
	const char *status, *started;
	bool running;
	int64_t pid;
};

struct config {
	struct texts env, cmd;
	struct text_map labels;
};

struct mount {
	const char *source;
};

struct box {
	const char *id, *name;
	struct state state;
	struct config config;
	struct {
		struct mount *v;
		size_t n;
	} mounts;
	double cpus;
	uint64_t memory;
	struct json_uints ports;
	const char *raw;
};

static const struct json_field state_fields[] = {
	JSON_TEXT(state, status, "Status", JSON_ALWAYS),
	JSON_TEXT(state, started, "StartedAt", JSON_TIME),
	JSON_BOOL(state, running, "Running", JSON_ALWAYS),
	JSON_INT(state, pid, "Pid", JSON_ALWAYS),
	{ 0 },
};
static const struct json_type state_json = JSON_TYPE(state, state_fields);
static const struct json_field config_fields[] = {
	JSON_TEXTS(config, env, "Env", 0),
	JSON_TEXTS(config, cmd, "Cmd", 0),
	JSON_TEXT_MAP(config, labels, "Labels", 0),
	{ 0 },
};
static const struct json_type config_json = JSON_TYPE(config, config_fields);
static const struct json_field mount_fields[] = {
	JSON_TEXT(mount, source, "Source", 0),
	{ 0 },
};
static const struct json_type mount_json = JSON_TYPE(mount, mount_fields);
static const struct json_field box_fields[] = {
	JSON_TEXT(box, id, "Id", 0),
	JSON_TEXT(box, name, "Name", 0),
	JSON_OBJECT(box, state, "State", 0, state_json),
	JSON_OBJECT(box, config, "Config", 0, config_json),
	JSON_ARRAY(box, mounts, "Mounts", 0, mount_json),
	JSON_DOUBLE(box, cpus, "Cpus", 0),
	JSON_UINT(box, memory, "memoryLimit", 0),
	JSON_UINTS(box, ports, "Ports", 0),
	JSON_RAW(box, raw, "Raw", 0),
	{ 0 },
};
static const struct json_type box_json = JSON_TYPE(box, box_fields);

static const char *env[] = { "PATH=/bin", "TERM=xterm", "X=Y", NULL };
static const char *cmd[] = { "/bin/busybox", "sleep", NULL };
static struct text_pair labels[] = { { "foo", "bar" }, { "baz", "qux" } };
static uint64_t ports[] = { 80, 443 };

static const struct box web = {
	.id = "5d4b1fe88698",
	.name = "web",
	.state = { .status = "created", .started = "2026-11-22T14:17:11.15Z" },
	.config = { .env = { .v = env, .n = 3 },
		    .cmd = { .v = cmd, .n = 2 },
		    .labels = { .v = labels, .n = 2 } },
	.cpus = 1.5,
	.memory = 18446744073709551615u,
	.ports = { ports, 2 },
	.raw = "{\"b\":[1,null],\"a\":1e21}",
};

static int run(const char *text, struct buf *out, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct value dot = value_struct(&box_json, &web);
	struct template *t;
	int r = template_parse(a, "inspect", text, &t, e);

	return r < 0 ? r : template_run(t, &dot, out, e);
}

static void assert_made(const char *text, const char *expected)
{
	auto_buf out = BUF(100000);
	struct err e = { 0 };

	if (run(text, &out, &e) < 0)
		fail_msg("%s: %s", text, e.msg);
	assert_string_equal(buf_text(&out), expected);
}

static void assert_refused(const char *text, const char *words)
{
	auto_buf out = BUF(100000);
	struct err e = { 0 };

	assert_int_equal(run(text, &out, &e), -EINVAL);
	assert_string_equal(e.msg, words);
}

/* The words behind: template: inspect:1:COLUMN: executing "inspect" at */
static void assert_fails(const char *text, const char *column_and_rest)
{
	auto_buf words = BUF(1000);
	const char *rest = strchr(column_and_rest, ' ');

	buf_addf(&words, "template: inspect:1:%.*s: executing \"inspect\" at%s",
		 (int)(rest - column_and_rest), column_and_rest, rest);
	assert_refused(text, buf_text(&words));
}

static void text_and_fields(void **state)
{
	assert_made("plain", "plain");
	assert_made("", "");
	assert_made("{{.Name}} }} {", "web }} {");
	assert_made("{{.Id}} {{.ID}} {{.MemoryLimit}}",
		    "5d4b1fe88698 5d4b1fe88698 18446744073709551615");
	assert_made("{{.State.Status}} {{.State.Running}} {{.State.Pid}} {{.Cpus}}",
		    "created false 0 1.5");
	assert_made("{{$.Name}} {{.State.StartedAt}}", "web 2026-11-22 14:17:11.15 +0000 UTC");
}

static void composed_values_print_as_in_go(void **state)
{
	assert_made("{{.Config.Env}} {{.Ports}}", "[PATH=/bin TERM=xterm X=Y] [80 443]");
	assert_made("{{.Config.Labels}} {{.Mounts}}", "map[baz:qux foo:bar] []");
	assert_made("{{.State}}", "{created 2026-11-22 14:17:11.15 +0000 UTC false 0}");
	assert_made("{{.Raw}}", "map[a:1e+21 b:[1 <nil>]]");
}

static void a_map_answers_for_any_key_and_a_struct_does_not(void **state)
{
	assert_made("{{.Config.Labels.foo}} {{.Config.Labels.nope}}", "bar <no value>");
	assert_made("{{index .Config.Labels \"nope\"}}|{{index .Config.Labels \"foo\"}}", "|bar");
	assert_fails("{{.Bogus}}", "2 <.Bogus>: can't evaluate field Bogus in type box");
	assert_fails("{{.name}}", "2 <.name>: can't evaluate field name in type box");
	assert_fails("{{.State.Bogus}}",
		     "8 <.State.Bogus>: can't evaluate field Bogus in type state");
	assert_fails("{{.Name.Foo}}", "7 <.Name.Foo>: can't evaluate field Foo in type string");
	assert_fails("{{.Config.Env.Foo}}",
		     "13 <.Config.Env.Foo>: can't evaluate field Foo in type []interface {}");
	assert_fails("{{.Raw.x.y}}", "8 <.Raw.x.y>: nil pointer evaluating interface {}.y");
}

static void an_error_names_its_line_and_column(void **state)
{
	assert_refused("a\nbc {{.Bogus}}", "template: inspect:2:5: executing \"inspect\" at "
					   "<.Bogus>: can't evaluate field Bogus in type box");
	assert_refused("a\n{{", "template: inspect:2: unclosed action");
}

static void a_time_prints_as_in_go_and_stays_itself(void **state)
{
	assert_made("{{.State.StartedAt}} {{printf \"%s\" .State.StartedAt}}",
		    "2026-11-22 14:17:11.15 +0000 UTC 2026-11-22 14:17:11.15 +0000 UTC");
	assert_made("{{json .State.StartedAt}} {{truncate .State.StartedAt 4}}",
		    "\"2026-11-22T14:17:11.15Z\" 2026");
}

static void conditions_choose(void **state)
{
	assert_made("{{if .Name}}a{{else}}b{{end}}", "a");
	assert_made("{{if .State.Running}}a{{else if .Mounts}}b{{else if .Name}}c{{end}}", "c");
	assert_made("{{if 0}}a{{else if 0}}b{{else}}c{{end}}{{if \"\"}}d{{end}}", "c");
	assert_made("{{with .State}}{{.Status}}{{$.Name}}{{end}}{{with .Mounts}}a{{else}}b{{end}}",
		    "createdwebb");
	assert_made("{{if $y := .Name}}{{$y}}{{end}}{{with $z := .Id}}{{$z}}{{end}}",
		    "web5d4b1fe88698");
}

static void loops_go_over_lists_and_maps(void **state)
{
	assert_made("{{range $i, $e := .Config.Env}}{{$i}}={{$e}};{{end}}",
		    "0=PATH=/bin;1=TERM=xterm;2=X=Y;");
	assert_made("{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}", "baz=qux;foo=bar;");
	assert_made("{{range $v := .Config.Labels}}{{$v}} {{end}}", "qux bar ");
	assert_made("{{range .Mounts}}x{{else}}none{{end}}", "none");
	assert_made("{{range .Config.Env}}{{if eq . \"X=Y\"}}{{break}}{{end}}{{.}} {{end}}",
		    "PATH=/bin TERM=xterm ");
	assert_made("{{range .Ports}}{{if eq . 80}}{{continue}}{{end}}{{.}}{{end}}", "443");
	assert_fails("{{range 5}}x{{end}}", "8 <5>: range can't iterate over 5");
	assert_fails("{{range .Name}}x{{end}}", "8 <.Name>: range can't iterate over web");
	assert_fails("{{range $i, $c := \"abc\"}}x{{end}}",
		     "18 <\"abc\">: range can't iterate over abc");
}

static void variables_live_in_their_block(void **state)
{
	assert_made("{{$x := 1}}{{$x = 2}}{{$x}}", "2");
	assert_made("{{$x := 1}}{{range .Ports}}{{$x = .}}{{end}}{{$x}}", "443");
	assert_made("{{$x := 1}}{{if true}}{{$x := 5}}{{$x}}{{end}}{{$x}}", "51");
	assert_refused("{{$x}}", "template: inspect:1: undefined variable \"$x\"");
	assert_refused("{{if true}}{{$x := 1}}{{end}}{{$x}}",
		       "template: inspect:1: undefined variable \"$x\"");
	assert_refused("{{$x = 1}}", "template: inspect:1: undefined variable \"$x\"");
}

static void literals_are_as_in_go(void **state)
{
	assert_made("{{'a'}} {{0x10}} {{1e3}} {{1_000}} {{-5}} {{+5}} {{.5}} {{`raw\\n`}} {{true}}",
		    "97 16 1000 1000 -5 5 0.5 raw\\n true");
	assert_made("{{ \"\\u00e9\\n\\x41\\101\\\"\" }} {{'\\u20ac'}}", "\xc3\xa9\nAA\" 8364");
	assert_refused("{{\"unterminated}}", "template: inspect:1: unterminated quoted string");
	assert_refused("{{`x}}", "template: inspect:1: unterminated raw quoted string");
	assert_refused("{{1x}}", "template: inspect:1: bad number syntax: \"1x\"");
	assert_refused("{{\"\\q\"}}", "template: inspect:1: invalid syntax");
	assert_refused("{{'ab'}}", "template: inspect:1: malformed character constant");
	assert_fails("{{nil}}", "2 <nil>: nil is not a command");
}

static void blanks_are_trimmed_where_asked(void **state)
{
	assert_made("a {{- 1 -}} \n b", "a1b");
	assert_made("{{.Name -}} x {{- 1}}", "webx1");
	assert_made("a {{/* c */}} {{- /* d */ -}} b", "a b");
	assert_refused("{{/* x", "template: inspect:1: unclosed comment");
	assert_refused("{{/* x */ 1}}",
		       "template: inspect:1: comment ends before closing delimiter");
}

static void pipelines_pass_their_value_on(void **state)
{
	assert_made("{{.Name | upper | printf \"%s-%s\" \"a\"}}", "a-WEB");
	assert_made("{{(index .Config.Env 0) | len}} {{(.State).Status}}", "9 created");
	assert_made("{{.Config.Env | json | len}}", "32");
	assert_made("{{.State.Running | not}} {{(eq 1 1) | json}}", "true true");
	assert_refused("{{1 | 2}}",
		       "template: inspect:1: non executable command in pipeline stage 2");
	assert_fails("{{.Name .State}}",
		     "2 <.Name>: Name has arguments but cannot be invoked as function");
}

static void wrong_templates_are_refused_in_the_words_of_go(void **state)
{
	assert_refused("{{foo .}}", "template: inspect:1: function \"foo\" not defined");
	assert_refused("{{end}}", "template: inspect:1: unexpected {{end}}");
	assert_refused("{{else}}", "template: inspect:1: unexpected {{else}}");
	assert_refused("{{if .Name}}", "template: inspect:1: unexpected EOF");
	assert_refused("{{if}}x{{end}}", "template: inspect:1: missing value for if");
	assert_refused("{{}}", "template: inspect:1: missing value for command");
	assert_refused("{{ . }", "template: inspect:1: unexpected \"}\" in operand");
	assert_refused("{{.Name,}}", "template: inspect:1: unexpected \",\" in operand");
	assert_refused("{{(1}}", "template: inspect:1: unclosed left paren");
	assert_refused("{{if 1}}{{else}}{{else}}{{end}}",
		       "template: inspect:1: expected end; found {{else}}");
	assert_refused("{{break}}", "template: inspect:1: {{break}} outside {{range}}");
	assert_refused("{{template \"x\"}}", "template: inspect:1: {{template}} is not supported");
	assert_refused("{{;}}",
		       "template: inspect:1: unexpected bad character U+003B ';' in command");
}

static void texts_have_their_functions(void **state)
{
	assert_made("{{lower \"ABC\"}} {{upper .Name}} {{title \"ab cd\"}}", "abc WEB Ab Cd");
	assert_made("{{join .Config.Env \",\"}} {{split \"a,b\" \",\"}} {{split \"abc\" \"\"}}",
		    "PATH=/bin,TERM=xterm,X=Y [a b] [a b c]");
	assert_made(
		"{{pad \"x\" 1 2}}|{{pad \"\" 1 2}}|{{truncate \"abcdef\" 3}}|{{truncate \"a\" 3}}",
		" x  ||abc|a");
	assert_made("{{len .Config.Env}} {{len .Config.Labels}} {{len .Name}}", "3 2 3");
	assert_made("{{slice .Name 1}} {{slice .Config.Env 0 1}} {{slice .Name 1 2}}",
		    "eb [PATH=/bin] e");
	assert_made("{{print 1 2 \"a\" \"b\" 3}}|{{println \"a\" 1}}", "1 2ab3|a 1\n");
	assert_fails("{{upper}}", "2 <upper>: wrong number of args for upper: want 1 got 0");
	assert_fails("{{upper 1}}", "2 <upper 1>: wrong type for value; expected string; got int");
	assert_fails("{{len 5}}", "2 <len 5>: error calling len: len of type int");
	assert_fails("{{slice \"abc\" 5}}",
		     "2 <slice \"abc\" 5>: error calling slice: index out of range: 5");
	assert_fails("{{index .Config.Cmd 5}}",
		     "2 <index .Config.Cmd 5>: error calling index: index out of range: 5");
	assert_fails("{{index 1 2}}",
		     "2 <index 1 2>: error calling index: can't index item of type int");
}

static void json_is_written_compact(void **state)
{
	assert_made("{{json .Config.Env}} {{json .Config.Labels}}",
		    "[\"PATH=/bin\",\"TERM=xterm\",\"X=Y\"] {\"baz\":\"qux\",\"foo\":\"bar\"}");
	assert_made("{{json .State}} {{json .Name}} {{json nil}}",
		    "{\"Status\":\"created\",\"StartedAt\":\"2026-11-22T14:17:11.15Z\","
		    "\"Running\":false,\"Pid\":0} \"web\" null");
}

static void values_compare(void **state)
{
	assert_made(
		"{{lt 1 2}} {{le 2 2}} {{gt \"b\" \"a\"}} {{ge 1.5 2.5}} {{eq 1 2 1}} {{ne 1 2}}",
		"true true true false true true");
	assert_made("{{gt .MemoryLimit 1}} {{lt -1 .MemoryLimit}} {{eq .MemoryLimit 1}}",
		    "true true false");
	assert_made("{{not true}} {{and 1 0}} {{or 0 \"x\"}} {{and 1 2 3}}", "false 0 x 3");
	assert_made("{{if or .Name .Bogus}}x{{end}}", "x");
	assert_fails("{{eq \"a\" 1}}",
		     "2 <eq \"a\" 1>: error calling eq: incompatible types for comparison");
	assert_fails("{{eq .State 1}}",
		     "2 <eq .State 1>: error calling eq: incompatible types for comparison");
	assert_fails("{{lt true false}}",
		     "2 <lt true false>: error calling lt: invalid type for comparison");
}

static void printf_is_as_in_go(void **state)
{
	assert_made("{{printf \"%v|%q|%5s|%-5s|%x|%d|%t|%%|%T\" .Name .Name \"ab\" \"ab\" \"ab\" 5 "
		    "true 1}}",
		    "web|\"web\"|   ab|ab   |6162|5|true|%|int");
	assert_made("{{printf \"%.2f %d\" 1.5 \"x\"}}", "1.50 %!d(string=x)");
	assert_made("{{printf \"%s\" .Config.Labels}} {{printf \"%d\"}} {{printf \"a\" 1}}",
		    "map[baz:qux foo:bar] %!d(MISSING) a%!(EXTRA int=1)");
	assert_made("{{printf \"%05d|%+d|%x|%X|%o|%b|%c\" -42 7 255 255 8 5 65}}",
		    "-0042|+7|ff|FF|10|101|A");
	assert_made("{{printf \"%*d|%.2s|%8.3f|%q\" 4 7 \"abc\" 1.5 .Config.Cmd}}",
		    "   7|ab|   1.500|[\"/bin/busybox\" \"sleep\"]");
	assert_made("{{printf \"%\"}} {{printf \"%e %g\" 1000.0 0.00001}}",
		    "%!(NOVERB) 1.000000e+03 1e-05");
}

static void a_label_is_found_by_name(void **state)
{
	assert_made("{{with .Config}}{{.Label \"foo\"}}|{{.Label \"nope\"}}{{end}}", "bar|");
}

static void nothing_goes_on_for_ever(void **state)
{
	auto_buf text = BUF(10000), small = BUF(10);
	struct err e;

	for (int i = 0; i < 100; i++)
		buf_adds(&text, "{{if 1}}");
	assert_refused(buf_text(&text), "template: inspect:1: nested deeper than 64");
	buf_clear(&text);
	for (int i = 0; i < 30; i++)
		buf_adds(&text, "{{range $.Config.Env}}");
	for (int i = 0; i < 30; i++)
		buf_adds(&text, "{{end}}");
	assert_refused(buf_text(&text), "template: inspect: it does not come to an end");
	assert_int_equal(run("0123456789abcdef", &small, &e), -EINVAL);
	assert_string_equal(e.msg, "the output is larger than 10 bytes");
	assert_made("{{with printf \"%100000s\" \"\"}}{{len .}}{{end}}", "100000");
	buf_clear(&text);
	buf_adds(&text, "{{$x := printf \"%100000v\" 0.5}}");
	for (int i = 0; i < 4; i++)
		buf_adds(&text, "{{$x = print $x $x}}");
	assert_refused(buf_text(&text),
		       "template: inspect:1:98: executing \"inspect\" at <print $x $x>: "
		       "a text of the template is larger than 1048576 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_fields),
		cmocka_unit_test(composed_values_print_as_in_go),
		cmocka_unit_test(a_map_answers_for_any_key_and_a_struct_does_not),
		cmocka_unit_test(an_error_names_its_line_and_column),
		cmocka_unit_test(a_time_prints_as_in_go_and_stays_itself),
		cmocka_unit_test(conditions_choose),
		cmocka_unit_test(loops_go_over_lists_and_maps),
		cmocka_unit_test(variables_live_in_their_block),
		cmocka_unit_test(literals_are_as_in_go),
		cmocka_unit_test(blanks_are_trimmed_where_asked),
		cmocka_unit_test(pipelines_pass_their_value_on),
		cmocka_unit_test(wrong_templates_are_refused_in_the_words_of_go),
		cmocka_unit_test(texts_have_their_functions),
		cmocka_unit_test(json_is_written_compact),
		cmocka_unit_test(values_compare),
		cmocka_unit_test(printf_is_as_in_go),
		cmocka_unit_test(a_label_is_found_by_name),
		cmocka_unit_test(nothing_goes_on_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
