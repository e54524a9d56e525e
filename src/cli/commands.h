/* SPDX-License-Identifier: BSD-2-Clause */
/* Every command, in its own file of the same name. */
#pragma once

#include "base/option.h"

extern const struct command attach_command, create_command, exec_command, kill_command, ls_command,
	pause_command, ps_command, rename_command, restart_command, rm_command, run_command,
	start_command, stop_command, unpause_command, version_command, wait_command;

/* Run by berth itself, not by people. */
extern const struct command cleanup_internal_command, start_internal_command;
