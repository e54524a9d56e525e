/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/commands.h"

static const struct command *const commands[] = {
	&system_check_command,
	&system_df_command,
	&info_command,
	NULL,
};

const struct command system_command = {
	.name = "system",
	.summary = "Manage berth",
	.commands = commands,
};
