/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/commands.h"

static const struct command *const commands[] = {
	&image_exists_command,
	&history_command,
	&import_command,
	&image_inspect_command,
	&image_list_command,
	&load_command,
	&image_prune_command,
	&pull_command,
	&image_rm_command,
	&save_command,
	&tag_command,
	&untag_command,
	NULL,
};

const struct command image_command = {
	.name = "image",
	.summary = "Manage images",
	.commands = commands,
};
