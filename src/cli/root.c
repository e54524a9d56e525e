/* SPDX-License-Identifier: BSD-2-Clause */
/* The tree of commands and the options in front of them. */
#include "cli/root.h"

#include "cli/commands.h"

static const char *const log_levels[] = { "trace", "debug", "info",  "warn", "warning",
					  "error", "fatal", "panic", NULL };
static const char *const managers[] = { "cgroupfs", "systemd", "disabled", NULL };

static const struct option global_options[] = {
	OPTION_TEXT(globals, root, "root", 0, "DIR", "Directory of images, containers and volumes",
		    .completes = "file"),
	OPTION_TEXT(globals, runroot, "runroot", 0, "DIR", "Directory of what runs, on a tmpfs",
		    .completes = "file"),
	OPTION_CHOICE(globals, cgroup_manager, "cgroup-manager", 0, "MANAGER",
		      "Who makes control groups: cgroupfs, systemd or disabled", managers),
	OPTION_CHOICE(globals, log_level, "log-level", 0, "LEVEL",
		      "Log messages at and above this level (warn)", log_levels,
		      OPTION_GIVEN(globals, log_level_given)),
	OPTION_FLAG(globals, debug, "debug", 'D', "The same as --log-level=debug"),
	OPTION_FLAG(globals, version, "version", 'v', "Print the version"),
	{ 0 },
};

static const struct option *const options[] = { global_options, NULL };

/* clang-format off */
static const struct command *const container_commands[] = {
	&attach_command,
	&container_exists_command,
	&container_inspect_command,
	&container_prune_command,
	&cp_command,
	&create_command,
	&exec_command,
	&export_command,
	&kill_command,
	&logs_command,
	&ls_command,
	&pause_command,
	&port_command,
	&ps_command,
	&rename_command,
	&restart_command,
	&rm_command,
	&run_command,
	&start_command,
	&stop_command,
	&top_command,
	&unpause_command,
	&wait_command,
	NULL,
};
/* clang-format on */

static const struct command container_group = {
	.name = "container",
	.summary = "Manage containers",
	.description = "Manage containers",
	.commands = container_commands,
};

/* clang-format off */
static const struct command *const commands[] = {
	&attach_command,
	&check_command,
	&completion_command,
	&container_group,
	&cp_command,
	&create_command,
	&exec_command,
	&export_command,
	&history_command,
	&image_command,
	&images_command,
	&import_command,
	&info_command,
	&inspect_command,
	&kill_command,
	&load_command,
	&login_command,
	&logout_command,
	&logs_command,
	&network_group,
	&pause_command,
	&port_command,
	&ps_command,
	&pull_command,
	&rename_command,
	&restart_command,
	&rm_command,
	&rmi_command,
	&run_command,
	&save_command,
	&start_command,
	&stop_command,
	&system_command,
	&tag_command,
	&top_command,
	&unpause_command,
	&untag_command,
	&version_command,
	&volume_group,
	&wait_command,
	&cleanup_internal_command,
	&mend_internal_command,
	&complete_internal_command,
	&end_internal_command,
	&man_internal_command,
	&parse_internal_command,
	&start_internal_command,
	&option_help_command,
	NULL,
};
/* clang-format on */

const struct command root_command = {
	.name = "berth",
	.summary = "Manage containers and images",
	.options = options,
	.args_size = sizeof(struct globals),
	.commands = commands,
};
