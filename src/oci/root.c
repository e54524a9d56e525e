/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands and the options in front of them. */
#include "oci/command.h"
#include "oci/oci.h"

static const char *const formats[] = { "text", "json", NULL };
static const char *const levels[] = { "error", "warning", "debug", NULL };
static const char *const managers[] = { "cgroupfs", "systemd", "disabled", NULL };
static const char *const rootless[] = { "auto", "true", "false", NULL };

static const struct option global_options[] = {
	OPTION_TEXT(oci_globals, root, "root", 0, "DIR",
		    "Folder of what is known of containers (/run/berth-oci)",
		    OPTION_GIVEN(oci_globals, root_given), .completes = "file"),
	OPTION_TEXT(oci_globals, log, "log", 0, "FILE", "Log to this file, not to standard error",
		    .completes = "file"),
	OPTION_CHOICE(oci_globals, log_format, "log-format", 0, "FORMAT", "text or json (text)",
		      formats),
	OPTION_CHOICE(oci_globals, log_level, "log-level", 0, "LEVEL",
		      "Log what is at least so bad: error, warning or debug (warning)", levels),
	OPTION_FLAG(oci_globals, debug, "debug", 0, "Log all"),
	OPTION_FLAG(oci_globals, systemd_cgroup, "systemd-cgroup", 0,
		    "Let systemd make control groups"),
	OPTION_CHOICE(oci_globals, cgroup_manager, "cgroup-manager", 0, "MANAGER",
		      "Who makes control groups: cgroupfs, systemd or disabled", managers),
	OPTION_CHOICE(oci_globals, rootless, "rootless", 0, "BOOL",
		      "Go on without control groups that may not be made: true, false or auto "
		      "(auto)",
		      rootless, .bare = "true"),
	OPTION_TEXT(oci_globals, criu, "criu", 0, "PROGRAM", "CRIU's program (criu)",
		    .completes = "file"),
	OPTION_FLAG(oci_globals, version, "version", 'v', "Print the version"),
	OPTION_ALIAS(NULL, 'V', "version"),
	{ 0 },
};

static const struct option *const options[] = { global_options, NULL };

/* clang-format off */
static const struct command *const commands[] = {
	&oci_checkpoint_command,
	&oci_create_command,
	&oci_delete_command,
	&oci_events_command,
	&oci_exec_command,
	&oci_features_command,
	&oci_kill_command,
	&oci_list_command,
	&oci_pause_command,
	&oci_ps_command,
	&oci_restore_command,
	&oci_resume_command,
	&oci_run_command,
	&oci_spec_command,
	&oci_start_command,
	&oci_state_command,
	&oci_update_command,
	&oci_complete_command,
	&oci_completion_command,
	&option_help_command,
	NULL,
};
/* clang-format on */

const struct command oci_root_command = {
	.name = "berth-oci",
	.summary = "Open Container Initiative runtime",
	.options = options,
	.args_size = sizeof(struct oci_globals),
	.commands = commands,
};
