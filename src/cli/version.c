/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/utsname.h>

#include "cli/cli.h"
#include "cli/commands.h"

static int run(void *globals, void *args, int argc, const char **argv)
{
	auto_buf out = BUF(4096);

	buf_addf(&out, "Client:       Berth Engine\n");
	buf_addf(&out, "Version:      %s\n", BERTH_VERSION);
	return cli_print(&out);
}

const struct command version_command = {
	.name = "version",
	.summary = "Display the berth version information",
	.run = run,
};
