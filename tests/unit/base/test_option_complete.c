/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/option.h"

struct globals {
	const char *root;
};

struct args {
	bool all;
	const char *sort, *cidfile, *network, *name;
	int64_t time;
};

static const char *const sorts[] = { "command", "created", "size", NULL };
static const struct option global_options[] = {
	OPTION_TEXT(globals, root, "root", 0, "DIR", "State below DIR", .completes = "folder"),
	{ 0 },
};
static const struct option options[] = {
	OPTION_FLAG(args, all, "all", 'a', "All of them\nand more"),
	OPTION_CHOICE(args, sort, "sort", 0, "FIELD", "Sort by", sorts),
	OPTION_TEXT(args, cidfile, "cidfile", 0, "FILE", "Read the ID"),
	OPTION_TEXT(args, network, "network", 0, "NET", "Join", .completes = "network"),
	OPTION_TEXT(args, name, "name", 0, "NAME", "Name it", .completes = "none"),
	OPTION_INT(args, time, "time", 't', "SECONDS", "Wait", .completes = "none"),
	{ 0 },
};
static const struct option *const global_tables[] = { global_options, NULL };
static const struct option *const tables[] = { options, NULL };
static const struct command stop = { .name = "stop",
				     .summary = "Stop containers",
				     .options = tables,
				     .max_args = -1,
				     .completes = "container" };
static const struct command run = { .name = "run",
				    .summary = "Run a command",
				    .options = tables,
				    .max_args = -1,
				    .completes = "image",
				    .options_end_at_arg = true };
static const struct command info = { .name = "info", .summary = "Information" };
static const struct command *const container_commands[] = { &stop, &run, NULL };
static const struct command container = { .name = "container",
					  .summary = "Manage containers",
					  .commands = container_commands };
static const struct command secret = { .name = "secret", .hidden = true };
static const struct command *const commands[] = { &stop, &run, &info, &container, &secret, NULL };
static const struct command root = { .name = "berth",
				     .options = global_tables,
				     .commands = commands };

static void objects(void *arg, const char *noun, const char *start, struct buf *out)
{
	buf_addf(out, "%s%s-1\tfirst\n%s%s-2\n", start, noun, start, noun);
}

static void assert_offered(const char *line, const char *expected)
{
	AUTO(arena) a = arena_new();
	struct texts words = texts_split(a, line, ' ');
	auto_buf out = BUF(4096);

	option_complete(&out, &root, (int)words.n, words.v, objects, NULL);
	assert_string_equal(buf_text(&out), expected);
}

static void commands_are_offered_with_their_summaries(void **state)
{
	assert_offered("s", "stop\tStop containers\n:none\n");
	assert_offered("container ", "run\tRun a command\nstop\tStop containers\n:none\n");
	assert_offered("--root /x co", "container\tManage containers\n:none\n");
}

static void options_are_offered_with_their_help(void **state)
{
	assert_offered("stop --s", "--sort\tSort by\n:none\n");
	assert_offered("stop x -a", "-a\tAll of them\n:none\n");
	assert_offered("stop --ro", "--root\tState below DIR\n:none\n");
	assert_offered("info --", "--root\tState below DIR\n--help\tPrint help\n:none\n");
}

static void values_are_offered_as_their_option_says(void **state)
{
	assert_offered("stop --sort c", "command\ncreated\n:none\n");
	assert_offered("stop --sort=c", "--sort=command\n--sort=created\n:none\n");
	assert_offered("stop --cidfile x", ":file\n");
	assert_offered("stop --cidfile=x", ":file\n");
	assert_offered("stop --network=n",
		       "--network=nnetwork-1\tfirst\n--network=nnetwork-2\n:none\n");
	assert_offered("stop --root ", ":folder\n");
	assert_offered("stop --name x", ":none\n");
	assert_offered("stop -at ", ":none\n");
	assert_offered("stop --all=t", "--all=true\n:none\n");
}

static void arguments_are_offered_by_noun(void **state)
{
	assert_offered("stop we", "wecontainer-1\tfirst\nwecontainer-2\n:none\n");
	assert_offered("stop -t 5 -t5 --all --time=3 ", "container-1\tfirst\ncontainer-2\n:none\n");
	assert_offered("stop -- -", "-container-1\tfirst\n-container-2\n:none\n");
	assert_offered("run -a ", "image-1\tfirst\nimage-2\n:none\n");
	assert_offered("info ", ":none\n");
}

static void a_command_within_a_command_gets_files(void **state)
{
	assert_offered("run alpine ", ":file\n");
	assert_offered("run alpine cat --", ":file\n");
}

static void nothing_typed_is_no_error(void **state)
{
	auto_buf out = BUF(4096);

	option_complete(&out, &root, 0, NULL, NULL, NULL);
	assert_non_null(strstr(buf_text(&out), "stop\tStop containers\n"));
}

static void an_unknown_shell_is_refused(void **state)
{
	auto_buf out = BUF(4096);
	struct err e;

	assert_int_equal(option_completion(&out, "berth", "tcsh", &e), -EINVAL);
	assert_string_equal(e.msg, "no completion for the shell \"tcsh\"; "
				   "there is for bash, zsh and fish");
}

static void each_shell_can_parse_its_script(void **state)
{
	static const char *const shells[] = { "bash", "zsh", "fish" };

	for (size_t i = 0; i < ARRAY_LEN(shells); i++) {
		auto_buf script = BUF(10000);
		char command[64];
		struct err e;
		FILE *shell;

		assert_int_equal(option_completion(&script, "berth", shells[i], &e), 0);
		assert_null(strstr(buf_text(&script), "PROGRAM"));
		snprintf(command, sizeof(command), "command -v %s >/dev/null", shells[i]);
		if (system(command) != 0)
			continue;
		snprintf(command, sizeof(command), "%s -n", shells[i]);
		shell = popen(command, "w");
		assert_non_null(shell);
		assert_int_equal(fwrite(script.data, 1, script.len, shell), script.len);
		assert_int_equal(pclose(shell), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_offered_with_their_summaries),
		cmocka_unit_test(options_are_offered_with_their_help),
		cmocka_unit_test(values_are_offered_as_their_option_says),
		cmocka_unit_test(arguments_are_offered_by_noun),
		cmocka_unit_test(a_command_within_a_command_gets_files),
		cmocka_unit_test(nothing_typed_is_no_error),
		cmocka_unit_test(an_unknown_shell_is_refused),
		cmocka_unit_test(each_shell_can_parse_its_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
