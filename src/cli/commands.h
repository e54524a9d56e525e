/* SPDX-License-Identifier: BSD-2-Clause */
/* Every command, in its own file of the same name. */
#pragma once

#include "base/option.h"

extern const struct command container_exists_command, container_prune_command, cp_command,
	export_command, info_command, top_command, port_command;
extern const struct command container_inspect_command, inspect_command, logs_command, volume_group;
extern const struct command completion_command;
extern const struct command attach_command, check_command, create_command, exec_command,
	kill_command, ls_command, pause_command, ps_command, rename_command, restart_command,
	rm_command, run_command, start_command, stop_command, unpause_command, version_command,
	wait_command;
extern const struct command volume_create_command, volume_export_command, volume_import_command,
	volume_ls_command, volume_mount_command, volume_prune_command, volume_rm_command,
	volume_unmount_command;

/* Networks. */
extern const struct command network_connect_command, network_create_command,
	network_disconnect_command, network_exists_command, network_group, network_inspect_command,
	network_ls_command, network_prune_command, network_reload_command, network_rm_command,
	network_update_command;

/* Images. */
extern const struct command history_command, image_command, image_exists_command,
	image_inspect_command, image_list_command, image_prune_command, image_rm_command,
	images_command, import_command, load_command, login_command, logout_command, pull_command,
	rmi_command, save_command, system_check_command, system_command, system_df_command,
	tag_command, untag_command;

/* Run by berth itself, not by people. */
extern const struct command cleanup_internal_command, complete_internal_command,
	end_internal_command, man_internal_command, mend_internal_command, parse_internal_command,
	start_internal_command;
