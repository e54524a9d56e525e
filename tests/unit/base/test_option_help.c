/* SPDX-License-Identifier: BSD-2-Clause */
/* The expected texts are what podman 4.3.1 prints for such commands, with the name changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/option.h"

struct stop_args {
	bool all, ignore, latest;
	struct texts cidfiles, filters;
	uint64_t time;
	const char *pull;
};

static const struct option stop_options[] = {
	OPTION_UINT(stop_args, time, "time", 't', "uint",
		    "Seconds to wait for stop before killing the container (default 10)"),
	OPTION_FLAG(stop_args, all, "all", 'a', "Stop all running containers"),
	OPTION_LIST(stop_args, cidfiles, "cidfile", 0, "stringArray",
		    "Read the container ID from the file"),
	OPTION_COMMAS(stop_args, filters, "filter", 'f', "strings",
		      "Filter output based on conditions given"),
	OPTION_FLAG(stop_args, ignore, "ignore", 'i',
		    "Ignore errors when a specified container is missing"),
	OPTION_FLAG(stop_args, latest, "latest", 'l',
		    "Act on the latest container podman is aware of\n"
		    "Not supported with the \"--remote\" flag"),
	OPTION_ALIAS("timeout", 0, "time"),
	OPTION_TEXT(stop_args, pull, "secret", 0, "x", "not shown", .flags = OPTION_HIDDEN),
	{ 0 },
};
static const struct option pull_options[] = {
	OPTION_TEXT(stop_args, pull, "pull", 0, "POLICY", "Pull policy", .bare = "always"),
	OPTION_TEXT(stop_args, pull, NULL, 'x', NULL, "Letter only"),
	{ 0 },
};
static const struct option *const stop_tables[] = { stop_options, NULL };
static const struct option *const pull_tables[] = { pull_options, NULL };
static const struct command stop = {
	.name = "stop",
	.summary = "Stop one or more containers",
	.description = "Stops one or more running containers.  The container name or ID can be "
		       "used.\n\nA timeout to forcibly stop the container can also be set but "
		       "defaults to 10 seconds otherwise.",
	.usage = "CONTAINER [CONTAINER...]",
	.examples = "ctrID\n--latest\n--time 2 mywebserver 6e534f14da9d\n",
	.options = stop_tables,
};
static const char *const list_aliases[] = { "ls", NULL };
static const struct command list = {
	.name = "list", .aliases = list_aliases, .summary = "List containers", .usage = "X"
};
static const struct command hidden = { .name = "gone", .summary = "x", .hidden = true };
static const struct command *const commands[] = { &stop, &hidden, &list, NULL };
static const struct command group = { .name = "container",
				      .summary = "Manage containers",
				      .commands = commands };
static const struct command pull = {
	.name = "berth", .summary = "Run containers", .options = pull_tables, .commands = commands
};

static void assert_help(const char *path, const struct command *c, const char *expected)
{
	auto_buf out = BUF(10000);

	option_help(&out, "berth", path, c);
	assert_string_equal(buf_text(&out), expected);
}

static void a_command_explains_itself_as_podman_does(void **state)
{
	assert_help("stop", &stop, "Stop one or more containers\n\
\n\
Description:\n\
  Stops one or more running containers.  The container name or ID can be used.\n\
\n\
  A timeout to forcibly stop the container can also be set but defaults to 10 seconds otherwise.\n\
\n\
Usage:\n\
  berth stop [options] CONTAINER [CONTAINER...]\n\
\n\
Examples:\n\
  berth stop ctrID\n\
  berth stop --latest\n\
  berth stop --time 2 mywebserver 6e534f14da9d\n\
\n\
Options:\n\
  -a, --all                   Stop all running containers\n\
      --cidfile stringArray   Read the container ID from the file\n\
  -f, --filter strings        Filter output based on conditions given\n\
  -i, --ignore                Ignore errors when a specified container is missing\n\
  -l, --latest                Act on the latest container podman is aware of\n\
                              Not supported with the \"--remote\" flag\n\
  -t, --time uint             Seconds to wait for stop before killing the container (default 10)\n\
\n");
}

static void a_group_lists_its_commands_by_name(void **state)
{
	assert_help("container", &group, "Manage containers\n\
\n\
Description:\n\
  Manage containers\n\
\n\
Usage:\n\
  berth container [command]\n\
\n\
Available Commands:\n\
  list        List containers\n\
  stop        Stop one or more containers\n\
\n");
}

static void aliases_are_named_and_no_options_leave_no_trace(void **state)
{
	assert_help("container list", &list, "List containers\n\
\n\
Description:\n\
  List containers\n\
\n\
Usage:\n\
  berth container list X\n\
\n\
Aliases:\n\
  list, ls\n\
\n");
}

static void the_root_shows_commands_and_global_options(void **state)
{
	assert_help("", &pull, "Run containers\n\
\n\
Usage:\n\
  berth [options] [command]\n\
\n\
Available Commands:\n\
  list        List containers\n\
  stop        Stop one or more containers\n\
\n\
Options:\n\
      --pull POLICY[=always]   Pull policy\n\
  -x                           Letter only\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_explains_itself_as_podman_does),
		cmocka_unit_test(a_group_lists_its_commands_by_name),
		cmocka_unit_test(aliases_are_named_and_no_options_leave_no_trace),
		cmocka_unit_test(the_root_shows_commands_and_global_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
