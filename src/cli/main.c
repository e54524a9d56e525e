/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/path.h"
#include "cli/root.h"

static int open_log(const struct globals *g)
{
	enum log_level most = LOG_WARN;

	if (g->debug && g->log_level_given) {
		cli_failf("Setting --log-level and --debug is not allowed");
		return 1;
	}
	if (g->debug || text_eq(g->log_level, "debug") || text_eq(g->log_level, "trace"))
		most = LOG_DEBUG;
	else if (text_eq(g->log_level, "info"))
		most = LOG_INFO;
	else if (text_eq(g->log_level, "error") || text_eq(g->log_level, "fatal") ||
		 text_eq(g->log_level, "panic"))
		most = LOG_ERROR;
	log_open(STDERR_FILENO, most);
	return 0;
}

static int print_help(const struct option_result *found)
{
	auto_buf out = BUF((size_t)1 << 20);

	option_help(&out, "berth", found->path, found->command);
	return cli_print(&out);
}

/* A group without a command shows its help too, but that is not what was wanted. */
static int no_command(struct arena *a, const struct option_result *found)
{
	const char *path = *found->path ? arena_printf(a, "berth %s", found->path) : "berth";

	print_help(found);
	return cli_failf("missing command '%s COMMAND'", path);
}

static bool asked_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0 ||
		    strcmp(argv[i], "help") == 0)
			return true;
	return false;
}

int main(int argc, char **argv)
{
	AUTO(arena) arena = arena_new();
	struct option_result found = { 0 };
	struct globals g = { 0 };
	char self[PATH_MAX];
	struct err e;
	ssize_t n;

	/* A reader that goes away is a failing write, not the end of half a command. */
	signal(SIGPIPE, SIG_IGN);
	if (option_parse(arena, &root_command, &g, argc, (const char *const *)argv, &found, &e) < 0)
		return cli_fail(&e);
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0)
		return cli_failf("find the program itself: %s", strerror(errno));
	self[n] = '\0';
	g.self = self;
	for (int i = 0; i < argc; i++)
		texts_add(arena, &g.command_line, argv[i]);
	if (g.version) {
		printf("berth version %s\n", BERTH_VERSION);
		return 0;
	}
	if (found.help)
		return asked_for_help(argc, argv) ? print_help(&found) : no_command(arena, &found);
	if (open_log(&g) != 0)
		return 1;
	return found.command->run(&g, found.args, (int)found.positional.n, found.positional.v);
}
