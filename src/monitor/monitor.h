/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor is the parent of one container: it writes the log, serves the attach socket, waits
 * for the end, records it, and restarts or cleans up by executing berth again in the same process.
 * This is what the starter, which becomes the monitor, and those who look for its traces need.
 *
 * What others see in the container's run directory, in this order:
 *	ATTACH_SOCKET	made by monitor_listen() before the container is visible as running; it is
 *			never unlinked: a dead one refuses connections, the next start replaces it
 *	MONITOR_EXIT	the exit record, there (by rename) before any client is told of the exit; a
 *			copy goes to the durable directory first, without sync (unless temporary).
 *The starter removes the one in the run directory when it starts the container again So a container
 *whose run directory has an exit record has ended.  One without, whose init is gone (pid and start
 *time), is about to get one if its monitor is alive; otherwise the monitor was killed, and the
 *container with it: then there is no record, and the exit code is unknown.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

#define MONITOR_EXIT "exit.json"
/* A file of this name in the run directory says that a user stopped or killed the container: it is
 * not restarted.  `stop` makes it before it signals; the starter removes it. */
#define MONITOR_STOP_MARK "stop"

/* Without --log-opt max-size a log takes at most 3 times 16 MiB. */
#define MONITOR_LOG_MAX_BYTES (16LL << 20)
#define MONITOR_LOG_FILES     3

enum monitor_log {
	MONITOR_LOG_NONE,
	MONITOR_LOG_K8S_FILE,
	MONITOR_LOG_JSON_FILE,
	MONITOR_LOG_JOURNALD,
	MONITOR_LOG_PASSTHROUGH, /* the container has our stdio itself: nothing is relayed */
	MONITOR_LOGS
};
extern const char *const monitor_log_name[MONITOR_LOGS];

enum monitor_restart {
	MONITOR_RESTART_NO,
	MONITOR_RESTART_ON_FAILURE, /* exit code not 0 */
	MONITOR_RESTART_ALWAYS,
	MONITOR_RESTART_UNLESS_STOPPED, /* differs from always at boot only */
	MONITOR_RESTARTS
};
extern const char *const monitor_restart_name[MONITOR_RESTARTS];

/* Everything the starter knows that the monitor needs.  Descriptors that are not there are -1, so
 * start from MONITOR_HANDOVER. */
struct monitor_handover {
	const char *id, *name;
	pid_t pid; /* the container's init, a child of this process */
	int pidfd;
	int64_t started_nsec; /* since 1970 */

	int run_dir;  /* the container's volatile directory */
	int lib_dir;  /* its durable one */
	int listener; /* from monitor_listen() */
	int client;   /* the monitor's end of a foreground client's socketpair; no output is read
		       * before its HELLO or its end */

	/* Either a terminal's master, or the ends of pipes. in: only with --interactive. */
	int terminal;
	int in, out, err;

	enum monitor_log log;
	const char *log_path;  /* relative to lib_dir, or absolute */
	int64_t log_max_bytes; /* of one file; 0: MONITOR_LOG_MAX_BYTES, negative: unlimited */
	int log_files;         /* kept, with the current one, at least 2; 0: MONITOR_LOG_FILES */
	const char *log_tag;   /* journald's CONTAINER_TAG, or NULL */

	enum monitor_restart restart;
	int restart_max;      /* on-failure: at most this often; 0: no limit */
	int restarts;         /* how often it was restarted already (monitor_exit.restarts) */
	int restart_delay_ms; /* before the next (monitor_exit.next_delay_ms); 0: the first */
	const char *const *restart_argv; /* executed in this process to start it again */
	/* Executed in this process after the last exit, unless an owner client cleans up (see
	 * protocol.h); NULL: nothing to do. */
	const char *const *cleanup_argv;
	const char *program; /* absolute path of berth, for all */
	int firewall;        /* netfilter_watch()'s: it is on networks that need rules; or -1 */
	/* Files with the numbers of processes that serve it from the background; NULL: none. */
	const char *const *servers;
	/* Executed by a child when somebody took berth's rules away, or ended one of those. */
	const char *const *mend_argv;

	int temporary;       /* 1: it is removed when it ends, so that nothing durable is written */
	int timeout_sec;     /* kill it after that; 0: never */
	int stop_signal;     /* when the monitor itself gets SIGTERM; 0: SIGTERM */
	int stop_timeout_ms; /* and then SIGKILL; negative: never */
	/* Kept open for as long as the monitor is: sockets that hold published ports. */
	const int *held;
	size_t held_len;
	/* A cgroup file with an "oom_kill N" line (v2 memory.events, v1 memory.oom_control), or -1.
	 */
	int oom;
	/* Its parent's, for when the first is gone before it can be read (systemd removes an empty
	 * scope at once), or -1. */
	int oom_above;
};
#define MONITOR_HANDOVER                                      \
	((struct monitor_handover){ .pidfd = -1,              \
				    .run_dir = -1,            \
				    .lib_dir = -1,            \
				    .listener = -1,           \
				    .client = -1,             \
				    .terminal = -1,           \
				    .in = -1,                 \
				    .out = -1,                \
				    .err = -1,                \
				    .stop_timeout_ms = 10000, \
				    .oom = -1,                \
				    .oom_above = -1,          \
				    .firewall = -1 })

/* The listening socket run_dir/ATTACH_SOCKET, replacing an older one. */
int monitor_listen(int run_dir, struct err *e);

/* Becomes the monitor: executes libexec's program `monitor`, which keeps this process's PID.  It
 * returns only on failure.  All descriptors but those handed over are closed by the exec that
 * succeeds, so a pipe on which the starter reports failures ends then.  Of the environment the
 * monitor keeps what berth itself looks at.  The caller has called setsid() and done all it wants
 * with its children.
 */
int monitor_exec(const char *monitor, const struct monitor_handover *h, struct err *e);

/* What the monitor keeps of this process's environment, which lives as long as a. */
char *const *monitor_environment(struct arena *a);

/* The exit record. */
struct monitor_exit {
	int64_t pid;
	int64_t exit_code; /* 0 to 255; 128 + signal */
	int64_t signal;
	bool oom_killed, timed_out;
	bool stopped;    /* by a user: MONITOR_STOP_MARK, or SIGTERM to the monitor */
	bool restarting; /* the monitor is about to start it again */
	int64_t restarts;
	int64_t next_delay_ms;                /* for the handover of the next start */
	int64_t dropped_lines;                /* of the log, that could not be written */
	const char *started_at, *finished_at; /* RFC 3339 */
};
/* From a run directory or a durable one: ERR_NOT_FOUND if there is none. */
int monitor_exit_read(int dir, struct arena *a, struct monitor_exit *ret, struct err *e);
