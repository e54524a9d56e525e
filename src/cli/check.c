/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/host.h"

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/table.h"

#define OUTPUT_MAX ((size_t)1 << 20)

static int run(void *globals, void *args, int argc, const char **argv)
{
	AUTO(arena) a = arena_new();
	auto_buf text = BUF(OUTPUT_MAX), out = BUF(OUTPUT_MAX);
	bool complete;
	struct err e;

	if (host_check(a, &text, &complete, &e) < 0)
		return cli_fail(&e);
	table_print(&out, buf_text(&text), text.len);
	if (cli_print(&out) != 0)
		return EXIT_ENGINE;
	return complete ? 0 : 1;
}

const struct command check_command = {
	.name = "check",
	.summary = "Check what this kernel can",
	.description = "Lists the options of the kernel that containers use, and for each that is "
		       "missing what does not work without it. The exit status is 1 if one is "
		       "missing without which no container starts.",
	.run = run,
};
