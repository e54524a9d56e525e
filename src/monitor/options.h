/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How a struct monitor_handover is written into the monitor's arguments and read from them: one
 * table for both ends.  Each is NAME=VALUE; descriptors are numbers; an argument vector is
 * NAME=COUNT, that many arguments, and an empty one, which the reader turns into its NULL.
 */
#pragma once

#include <stddef.h>

#include "monitor/monitor.h"

enum handover_kind {
	HANDOVER_TEXT, /* const char * */
	HANDOVER_INT,
	HANDOVER_INT64,
	HANDOVER_FD,
	HANDOVER_ARGV, /* const char *const * */
};

struct handover_option {
	const char *name;
	enum handover_kind kind;
	size_t offset;
};

#define HANDOVER_OPTION(text, what, member)                         \
	{                                                           \
		.name = (text), .kind = HANDOVER_##what,            \
		.offset = offsetof(struct monitor_handover, member) \
	}

static const struct handover_option handover_options[] = {
	HANDOVER_OPTION("id", TEXT, id),
	HANDOVER_OPTION("name", TEXT, name),
	HANDOVER_OPTION("pid", INT, pid),
	HANDOVER_OPTION("started", INT64, started_nsec),
	HANDOVER_OPTION("log", INT, log),
	HANDOVER_OPTION("log-path", TEXT, log_path),
	HANDOVER_OPTION("log-max-bytes", INT64, log_max_bytes),
	HANDOVER_OPTION("log-files", INT, log_files),
	HANDOVER_OPTION("log-tag", TEXT, log_tag),
	HANDOVER_OPTION("restart", INT, restart),
	HANDOVER_OPTION("restart-max", INT, restart_max),
	HANDOVER_OPTION("restarts", INT, restarts),
	HANDOVER_OPTION("restart-delay-ms", INT, restart_delay_ms),
	HANDOVER_OPTION("temporary", INT, temporary),
	HANDOVER_OPTION("timeout-sec", INT, timeout_sec),
	HANDOVER_OPTION("stop-signal", INT, stop_signal),
	HANDOVER_OPTION("stop-timeout-ms", INT, stop_timeout_ms),
	HANDOVER_OPTION("pidfd", FD, pidfd),
	HANDOVER_OPTION("run-dir", FD, run_dir),
	HANDOVER_OPTION("lib-dir", FD, lib_dir),
	HANDOVER_OPTION("listener", FD, listener),
	HANDOVER_OPTION("client", FD, client),
	HANDOVER_OPTION("terminal", FD, terminal),
	HANDOVER_OPTION("in", FD, in),
	HANDOVER_OPTION("out", FD, out),
	HANDOVER_OPTION("err", FD, err),
	HANDOVER_OPTION("oom", FD, oom),
	HANDOVER_OPTION("oom-above", FD, oom_above),
	HANDOVER_OPTION("firewall", FD, firewall),
	HANDOVER_OPTION("program", TEXT, program),
	HANDOVER_OPTION("restart-argv", ARGV, restart_argv),
	HANDOVER_OPTION("cleanup-argv", ARGV, cleanup_argv),
	HANDOVER_OPTION("mend-argv", ARGV, mend_argv),
	HANDOVER_OPTION("servers", ARGV, servers),
};
