/* SPDX-License-Identifier: BSD-2-Clause */
/* What every command of berth-oci uses. A command is a file, its table stands here. */
#pragma once

#include <sys/types.h>

#include "base/option.h"

struct oci_globals {
	const char *root, *log, *log_format, *log_level, *rootless, *cgroup_manager, *criu;
	bool debug, systemd_cgroup, version, root_given;
	struct arena *arena;
	const char *program; /* the name it was called by: "berth-oci", "runc" */
	bool as_crun;        /* called crun: its words where they differ */
	bool is_rootless;    /* cgroups that may not be made are none */
};

enum { OCI_FAILED = 1, OCI_EXEC_FAILED = 255 };

/* Tells, on standard error and in the log, and returns the status. */
int oci_fail(const struct oci_globals *g, const struct err *e);
/* Writes to standard output: the exit status. */
int oci_print(const struct oci_globals *g, const struct buf *out);
/* Of the driver that the globals choose; NULL: the default. */
const char *oci_cgroup_manager(const struct oci_globals *g);

extern const struct command oci_create_command, oci_run_command, oci_start_command,
	oci_state_command, oci_kill_command, oci_delete_command, oci_exec_command, oci_list_command,
	oci_ps_command, oci_pause_command, oci_resume_command, oci_update_command,
	oci_events_command, oci_features_command, oci_spec_command, oci_complete_command,
	oci_completion_command, oci_checkpoint_command, oci_restore_command;
