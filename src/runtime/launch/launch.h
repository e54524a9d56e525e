/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the runtime and the launcher tell each other.  The launcher is executed from a sealed memfd
 * that also holds this, at LAUNCH_AT, followed by the filter's instructions, then by the paths to
 * try, each with its NUL, and by the security label and the file of procfs that takes it.  Its
 * argv[0] is the number of that descriptor; argv[1] and on, and the environment, are the program's.
 * See doc/decisions/launcher.md.
 */
#pragma once

#include <stdint.h>

#define LAUNCH_AT     65536 /* beyond the launcher's own bytes */
#define LAUNCH_MAX    65536
#define LAUNCH_FILTER 4096  /* instructions, the kernel's BPF_MAXINSNS */
#define LAUNCH_PATHS  16384 /* bytes */

struct launch {
	int32_t report; /* the socket to the parent */
	uint32_t no_new_privileges;
	uint32_t filter_len, filter_flags, notifies; /* instructions, SECCOMP_FILTER_FLAG_* */
	uint32_t set_capabilities;
	uint32_t paths_len; /* bytes */
	uint32_t label_len;
	uint32_t clones; /* the program is run by a child, born in the pid namespace joined */
	uint32_t terminal, die_with_parent; /* of that child */
	uint32_t unused;
	uint64_t effective, permitted, inheritable;
};

/* Its words are put together in the parent. */
enum launch_step {
	LAUNCH_READ = 1,
	LAUNCH_CLONE,
	LAUNCH_TERMINAL,
	LAUNCH_PRIVILEGES,
	LAUNCH_SECCOMP,
	LAUNCH_CAPABILITIES,
	LAUNCH_LABEL,
	LAUNCH_EXEC,
	LAUNCH_STEPS
};

/* The kinds of message on the socket between a new process and its parent; see sync.h. */
enum sync_kind {
	SYNC_FAILED = 1,
	SYNC_LAUNCH,
	SYNC_LISTENER,
	SYNC_CONSOLE,
	SYNC_MAPS,
	SYNC_HOOKS,
	SYNC_DEVICES,
	SYNC_NETWORK,
	SYNC_READY,
	SYNC_BORN
};

struct launch_report {
	/* SYNC_LAUNCH, or with a number in `code`: SYNC_LISTENER its descriptor, SYNC_BORN the
	 * child's pid. */
	uint32_t kind;
	uint32_t step;
	int32_t code;
	uint32_t path; /* which of the paths gave it */
};
