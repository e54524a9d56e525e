/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a container is now.  Nothing is stored as "running": the run directory has state.json, which
 * the starter writes before the monitor takes over, and the monitor's exit record.  A container
 * runs if the process that state.json names is still that process (pid and start time) and no exit
 * record is there; so nothing can linger as running after a crash or a reboot.
 */
#pragma once

#include "engine/container.h"

enum container_state {
	CONTAINER_CREATED,
	CONTAINER_RUNNING,
	CONTAINER_PAUSED,
	CONTAINER_STOPPING, /* asked to stop, or its monitor is about to restart it */
	CONTAINER_EXITED,
	CONTAINER_STATES
};
extern const char *const container_state_name[CONTAINER_STATES];

/* state.json of the run directory: of the last start in this boot. */
#define RUN_STATE_FILE "state.json"
struct run_state {
	int64_t pid, monitor_pid;
	uint64_t start_time, monitor_start_time; /* clock ticks since boot, as /proc/PID/stat */
	int64_t started_nsec;
	const char *cgroup, *cgroup_manager; /* for cgroup_open() */
	int64_t restarts, restart_delay_ms;
};

/* In the run directory: the container is frozen. */
#define RUN_PAUSED_MARK "paused"
/* In the durable directory: when the last start was, so that a container whose machine lost power
 * is known to have run. */
#define STARTED_FILE "started"

struct container_status {
	enum container_state state;
	bool was_started, has_run; /* ever; run is filled */
	bool restarting;           /* its monitor waits before it starts it again */
	bool oom_killed, lost;     /* lost: it ended unseen (power cut, monitor killed) */
	int64_t exit_code;         /* when exited */
	int64_t started_nsec, finished_nsec;
	struct run_state run;
};

int container_status(const struct state *s, struct arena *a, const struct container *c,
		     struct container_status *ret, struct err *e);
static inline bool container_is_alive(const struct container_status *st)
{
	return st->state == CONTAINER_RUNNING || st->state == CONTAINER_PAUSED ||
	       st->state == CONTAINER_STOPPING;
}
/* Its init, for sure: the process is checked after it is open. ERR_NOT_FOUND if it has ended. */
int container_pidfd(const struct container_status *st, struct err *e);

/* Its monitor, as surely; -ESRCH. */
int container_monitor_pidfd(const struct container_status *st);

int run_state_save(const struct state *s, int run_dir, const struct run_state *r, struct err *e);
