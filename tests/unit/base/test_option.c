/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/option.h"

struct globals {
	const char *root;
	bool debug;
	const char *level;
};

struct stop_args {
	uint64_t time;
	bool all, ignore, time_given;
	struct texts filters, cidfiles;
	const char *sort, *pull;
	int64_t last, memory, interval;
	double cpus;
};

struct run_args {
	const char *hostname, *name;
	bool tty, interactive;
	struct texts env;
};

static void stop_init(void *args)
{
	((struct stop_args *)args)->time = 10;
}

static const char *const sorts[] = { "command", "created", NULL };

static const struct option global_options[] = {
	OPTION_TEXT(globals, root, "root", 0, "DIR", "the root"),
	OPTION_FLAG(globals, debug, "debug", 'D', "log more"),
	OPTION_TEXT(globals, level, "log-level", 0, "LEVEL", "the level"),
	{ 0 },
};
static const struct option stop_options[] = {
	OPTION_UINT(stop_args, time, "time", 't', "SECONDS", "wait",
		    OPTION_GIVEN(stop_args, time_given)),
	OPTION_ALIAS("timeout", 0, "time"),
	OPTION_FLAG(stop_args, all, "all", 'a', "all"),
	OPTION_FLAG(stop_args, ignore, "ignore", 'i', "ignore"),
	OPTION_COMMAS(stop_args, filters, "filter", 'f', "FILTER", "filter"),
	OPTION_LIST(stop_args, cidfiles, "cidfile", 0, "FILE", "files"),
	OPTION_CHOICE(stop_args, sort, "sort", 0, "FIELD", "sort", sorts),
	OPTION_INT(stop_args, last, "last", 'n', "N", "last"),
	OPTION_SIZE(stop_args, memory, "memory", 'm', "BYTES", "memory"),
	OPTION_DOUBLE(stop_args, cpus, "cpus", 0, "N", "cpus"),
	OPTION_DURATION(stop_args, interval, "interval", 0, "DURATION", "interval"),
	OPTION_TEXT(stop_args, pull, "pull", 0, "POLICY", "pull", .bare = "always"),
	{ 0 },
};
static const struct option more_options[] = {
	OPTION_IGNORED("compat", 0, "X", "no effect"),
	OPTION_IGNORED_FLAG("trust", 0, "no effect"),
	{ 0 },
};
static const struct option run_options[] = {
	OPTION_TEXT(run_args, hostname, "hostname", 'h', "NAME", "host name"),
	OPTION_TEXT(run_args, name, "name", 0, "NAME", "name"),
	OPTION_FLAG(run_args, tty, "tty", 't', "tty"),
	OPTION_FLAG(run_args, interactive, "interactive", 'i', "stdin"),
	OPTION_LIST(run_args, env, "env", 'e', "ENV", "environment"),
	{ 0 },
};

static const struct option *const global_tables[] = { global_options, NULL };
static const struct option *const stop_tables[] = { stop_options, more_options, NULL };
static const struct option *const run_tables[] = { run_options, NULL };
static const char *const list_aliases[] = { "ls", NULL };

static const struct command stop = { .name = "stop",
				     .summary = "Stop one or more containers",
				     .options = stop_tables,
				     .args_size = sizeof(struct stop_args),
				     .init = stop_init,
				     .max_args = -1 };
static const struct command run = { .name = "run",
				    .options = run_tables,
				    .args_size = sizeof(struct run_args),
				    .min_args = 1,
				    .max_args = -1,
				    .options_end_at_arg = true };
static const struct command list = { .name = "list", .aliases = list_aliases };
static const struct command rename_it = { .name = "rename", .min_args = 2, .max_args = 2 };
static const struct command port = { .name = "port", .min_args = 1, .max_args = 2 };
static const struct command history = { .name = "history", .max_args = 1 };
static const struct command secret = { .name = "secretive", .hidden = true };
static const struct command *const container_commands[] = { &stop, &list, NULL };
static const struct command container = { .name = "container", .commands = container_commands };
static const struct command *const root_commands[] = {
	&stop, &run, &rename_it, &port, &history, &container, &secret, &option_help_command, NULL
};
static const struct command root = { .name = "berth",
				     .options = global_tables,
				     .commands = root_commands };

struct parsed {
	struct globals globals;
	struct option_result result;
	struct err e;
	int r;
};

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

/* The words are split at blanks; "''" is an empty one. */
static struct parsed parse(void **state, const char *line)
{
	struct texts words = texts_split(*state, line, ' ');
	struct parsed p = { 0 };

	for (size_t i = 0; i < words.n; i++) {
		if (strcmp(words.v[i], "''") == 0)
			words.v[i] = "";
	}
	p.r = option_parse(*state, &root, &p.globals, (int)words.n, words.v, &p.result, &p.e);
	return p;
}

static struct stop_args *parse_stop(void **state, const char *line)
{
	struct parsed p = parse(state, line);

	if (p.r < 0)
		fail_msg("%s: %s", line, p.e.msg);
	assert_ptr_equal(p.result.command, &stop);
	return p.result.args;
}

static void assert_refused(void **state, const char *line, const char *words)
{
	struct parsed p = parse(state, line);

	assert_int_equal(p.r, -EINVAL);
	assert_string_equal(p.e.msg, words);
}

static void values_follow_in_each_way(void **state)
{
	assert_int_equal(parse_stop(state, "berth stop --time 5")->time, 5);
	assert_int_equal(parse_stop(state, "berth stop --time=6 x")->time, 6);
	assert_int_equal(parse_stop(state, "berth stop -t 7")->time, 7);
	assert_int_equal(parse_stop(state, "berth stop -t8")->time, 8);
	assert_int_equal(parse_stop(state, "berth stop -t=9")->time, 9);
	assert_int_equal(parse_stop(state, "berth stop -ait11")->time, 11);
	assert_int_equal(parse_stop(state, "berth stop --timeout 12")->time, 12);
	assert_int_equal(parse_stop(state, "berth stop --time 1 --time 2")->time, 2);
}

static void defaults_stay_and_are_told_from_what_was_given(void **state)
{
	assert_int_equal(parse_stop(state, "berth stop")->time, 10);
	assert_false(parse_stop(state, "berth stop")->time_given);
	assert_true(parse_stop(state, "berth stop -t 10")->time_given);
	assert_true(parse_stop(state, "berth stop --timeout 10")->time_given);
}

static void flags_may_be_switched_off(void **state)
{
	assert_true(parse_stop(state, "berth stop --all")->all);
	assert_true(parse_stop(state, "berth stop --all=T")->all);
	assert_false(parse_stop(state, "berth stop -a --all=false")->all);
	assert_false(parse_stop(state, "berth stop -ia=0")->all);
	assert_true(parse_stop(state, "berth stop -ia=0")->ignore);
}

static void each_kind_of_value_is_read(void **state)
{
	assert_int_equal(parse_stop(state, "berth stop -n -1")->last, -1);
	assert_int_equal(parse_stop(state, "berth stop -n 0x10")->last, 16);
	assert_int_equal(parse_stop(state, "berth stop -m 64k")->memory, 65536);
	assert_int_equal(parse_stop(state, "berth stop -m -1")->memory, -1);
	assert_true(parse_stop(state, "berth stop --cpus 1.5")->cpus == 1.5);
	assert_int_equal(parse_stop(state, "berth stop --interval 1m")->interval, 60000000000);
	assert_string_equal(parse_stop(state, "berth stop --sort created")->sort, "created");
	assert_string_equal(parse_stop(state, "berth stop --pull x")->pull, "always");
	assert_string_equal(parse_stop(state, "berth stop --pull=never")->pull, "never");
	parse_stop(state, "berth stop --compat x --trust --trust=false");
}

static void lists_repeat_and_split_at_commas_where_they_should(void **state)
{
	struct stop_args *args = parse_stop(
		state, "berth stop --cidfile a,b --cidfile c -f a=b,c -f '' -f \"x,y\",\"q\"\"\"");

	assert_int_equal(args->cidfiles.n, 2);
	assert_string_equal(args->cidfiles.v[0], "a,b");
	assert_int_equal(args->filters.n, 4);
	assert_string_equal(args->filters.v[1], "c");
	assert_string_equal(args->filters.v[2], "x,y");
	assert_string_equal(args->filters.v[3], "q\"");
	args = parse_stop(state, "berth stop -f a,,b,");
	assert_int_equal(args->filters.n, 4);
	assert_string_equal(args->filters.v[3], "");
}

static void commands_are_found_in_groups_and_by_alias(void **state)
{
	struct parsed p = parse(state, "berth container ls");

	assert_int_equal(p.r, 0);
	assert_ptr_equal(p.result.command, &list);
	assert_string_equal(p.result.path, "container list");
	p = parse(state, "berth --debug container --root /r stop -a");
	assert_int_equal(p.r, 0);
	assert_string_equal(p.result.path, "container stop");
	assert_string_equal(p.globals.root, "/r");
	assert_true(p.globals.debug);
}

static void globals_may_follow_the_command(void **state)
{
	struct parsed p = parse(state, "berth stop x --log-level=debug -D");

	assert_int_equal(p.r, 0);
	assert_string_equal(p.globals.level, "debug");
	assert_true(p.globals.debug);
	assert_int_equal(p.result.positional.n, 1);
}

static void the_first_argument_of_run_ends_its_options(void **state)
{
	struct parsed p = parse(state, "berth run -it -h box image -t --name x -- y");
	struct run_args *args = p.result.args;

	assert_int_equal(p.r, 0);
	assert_true(args->tty);
	assert_string_equal(args->hostname, "box");
	assert_null(args->name);
	assert_int_equal(p.result.positional.n, 6);
	assert_string_equal(p.result.positional.v[4], "--");
	assert_null(p.result.positional.v[6]);
}

static void two_dashes_end_the_options(void **state)
{
	struct parsed p = parse(state, "berth stop a -- -b --all -");

	assert_int_equal(p.r, 0);
	assert_int_equal(p.result.positional.n, 4);
	assert_string_equal(p.result.positional.v[1], "-b");
	assert_false(((struct stop_args *)p.result.args)->all);
}

static void help_is_known_everywhere(void **state)
{
	struct parsed p = parse(state, "berth stop --help");

	assert_int_equal(p.r, 0);
	assert_true(p.result.help);
	assert_true(parse(state, "berth -h").result.help);
	assert_true(parse(state, "berth rename -h").result.help);
	assert_int_equal(parse(state, "berth rename -h").r, 0);
	assert_false(parse(state, "berth run -h name image").result.help);
	assert_false(parse(state, "berth stop --help --bogus").result.help);
	p = parse(state, "berth help container stop");
	assert_int_equal(p.r, 0);
	assert_true(p.result.help);
	assert_ptr_equal(p.result.command, &stop);
}

static void wrong_flags_are_refused_in_the_words_of_podman(void **state)
{
	assert_refused(state, "berth stop --bogus",
		       "unknown flag: --bogus\nSee 'berth stop --help'");
	assert_refused(state, "berth --bogus=1", "unknown flag: --bogus\nSee 'berth --help'");
	assert_refused(state, "berth container stop -aZx",
		       "unknown shorthand flag: 'Z' in -Zx\nSee 'berth container stop --help'");
	assert_refused(state, "berth stop --time",
		       "flag needs an argument: --time\nSee 'berth stop --help'");
	assert_refused(state, "berth stop -at",
		       "flag needs an argument: 't' in -t\nSee 'berth stop --help'");
	assert_refused(state, "berth stop ---", "bad flag syntax: ---\nSee 'berth stop --help'");
	assert_refused(state, "berth stop --=x", "bad flag syntax: --=x\nSee 'berth stop --help'");
}

static void assert_invalid(void **state, const char *flags, const char *words)
{
	char *line = arena_printf(*state, "berth stop %s", flags);

	assert_refused(state, line,
		       arena_printf(*state, "invalid argument %s\nSee 'berth stop --help'", words));
}

static void wrong_values_are_refused_in_the_words_of_podman(void **state)
{
	assert_invalid(state, "--time=x",
		       "\"x\" for \"-t, --time\" flag: strconv.ParseUint: "
		       "parsing \"x\": invalid syntax");
	assert_invalid(state, "--timeout -1",
		       "\"-1\" for \"-t, --time\" flag: strconv.ParseUint: "
		       "parsing \"-1\": invalid syntax");
	assert_invalid(state, "-n 99999999999999999999",
		       "\"99999999999999999999\" for \"-n, --last\" flag: strconv.ParseInt: "
		       "parsing \"99999999999999999999\": value out of range");
	assert_invalid(state, "--all=maybe",
		       "\"maybe\" for \"-a, --all\" flag: strconv.ParseBool: "
		       "parsing \"maybe\": invalid syntax");
	assert_invalid(state, "--cpus ''",
		       "\"\" for \"--cpus\" flag: strconv.ParseFloat: "
		       "parsing \"\": invalid syntax");
	assert_invalid(state, "--sort=bogus",
		       "\"bogus\" for \"--sort\" flag: \"bogus\" is not a "
		       "valid value.  Choose from: \"command, created\"");
	assert_invalid(state, "-f a\"b",
		       "\"a\\\"b\" for \"-f, --filter\" flag: bare \" in "
		       "non-quoted-field");
	assert_invalid(state, "-f \"a",
		       "\"\\\"a\" for \"-f, --filter\" flag: extraneous or missing "
		       "\" in quoted-field");
	assert_invalid(state, "--interval 5",
		       "\"5\" for \"--interval\" flag: time: missing unit in "
		       "duration \"5\"");
	assert_invalid(state, "-m much",
		       "\"much\" for \"-m, --memory\" flag: invalid size: 'much'");
}

static void numbers_of_arguments_are_checked(void **state)
{
	assert_refused(state, "berth container ls x", "`berth container list` takes no arguments");
	assert_refused(state, "berth rename a", "accepts 2 arg(s), received 1");
	assert_refused(state, "berth run", "requires at least 1 arg(s), only received 0");
	assert_refused(state, "berth history a b", "accepts at most 1 arg(s), received 2");
	assert_refused(state, "berth port", "accepts between 1 and 2 arg(s), received 0");
}

static void an_unknown_command_gets_suggestions(void **state)
{
	assert_refused(
		state, "berth bogus",
		"unrecognized command `berth bogus`\nTry 'berth --help' for more information");
	assert_refused(state, "berth sotp",
		       "unrecognized command `berth sotp`\n\nDid you mean this?\n\tstop\n\n"
		       "Try 'berth --help' for more information");
	assert_refused(state, "berth container st",
		       "unrecognized command `berth container st`\n\nDid you mean this?\n"
		       "\tstop\n\nTry 'berth container --help' for more information");
	assert_refused(
		state, "berth help bogus",
		"unrecognized command `berth bogus`\nTry 'berth --help' for more information");
}

static void a_group_wants_a_command(void **state)
{
	struct parsed p = parse(state, "berth container");

	assert_int_equal(p.r, -EINVAL);
	assert_string_equal(p.e.msg, "missing command 'berth container COMMAND'");
	assert_true(p.result.help);
	assert_ptr_equal(p.result.command, &container);
	assert_refused(state, "berth", "missing command 'berth COMMAND'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_follow_in_each_way),
		cmocka_unit_test(defaults_stay_and_are_told_from_what_was_given),
		cmocka_unit_test(flags_may_be_switched_off),
		cmocka_unit_test(each_kind_of_value_is_read),
		cmocka_unit_test(lists_repeat_and_split_at_commas_where_they_should),
		cmocka_unit_test(commands_are_found_in_groups_and_by_alias),
		cmocka_unit_test(globals_may_follow_the_command),
		cmocka_unit_test(the_first_argument_of_run_ends_its_options),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(help_is_known_everywhere),
		cmocka_unit_test(wrong_flags_are_refused_in_the_words_of_podman),
		cmocka_unit_test(wrong_values_are_refused_in_the_words_of_podman),
		cmocka_unit_test(numbers_of_arguments_are_checked),
		cmocka_unit_test(an_unknown_command_gets_suggestions),
		cmocka_unit_test(a_group_wants_a_command),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
