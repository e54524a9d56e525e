/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/path.h"
#include "cli/root.h"
#include "oci/oci.h"

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

int main(int argc, char **argv)
{
	AUTO(arena) arena = arena_new();
	struct option_result found = { 0 };
	struct globals g = { 0 };
	char self[PATH_MAX];
	struct err e;
	ssize_t n;
	int r;

	if (oci_is_called(argv[0]))
		return oci_main(argc, argv);
	/* A reader that goes away is a failing write, not the end of half a command. */
	signal(SIGPIPE, SIG_IGN);
	r = option_parse(arena, &root_command, &g, argc, (const char *const *)argv, &found, &e);
	if (g.version) {
		printf("berth version %s\n", BERTH_VERSION);
		return 0;
	}
	if (found.help && print_help(&found) != 0)
		return EXIT_ENGINE;
	if (r < 0)
		return cli_fail(&e);
	if (found.help)
		return 0;
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0)
		return cli_failf("find the program itself: %s", strerror(errno));
	self[n] = '\0';
	g.self = self;
	for (int i = 0; i < argc; i++)
		texts_add(arena, &g.command_line, argv[i]);
	if (open_log(&g) != 0)
		return 1;
	return found.command->run(&g, found.args, (int)found.positional.n, found.positional.v);
}
