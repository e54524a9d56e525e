/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/status.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/units.h"
#include "kernel/process.h"
#include "monitor/monitor.h"

const char *const container_state_name[CONTAINER_STATES] = {
	[CONTAINER_CREATED] = "created", [CONTAINER_RUNNING] = "running",
	[CONTAINER_PAUSED] = "paused",   [CONTAINER_STOPPING] = "stopping",
	[CONTAINER_EXITED] = "exited",
};

#define RUN_STATE_MAX 65536

static const struct json_field fields[] = {
	JSON_INT(run_state, pid, "pid", JSON_REQUIRED),
	JSON_UINT(run_state, start_time, "startTime", JSON_REQUIRED),
	JSON_INT(run_state, monitor_pid, "monitorPid", JSON_REQUIRED),
	JSON_UINT(run_state, monitor_start_time, "monitorStartTime", JSON_REQUIRED),
	JSON_INT(run_state, started_nsec, "started", JSON_REQUIRED),
	JSON_TEXT(run_state, cgroup, "cgroup", 0),
	JSON_TEXT(run_state, cgroup_manager, "cgroupManager", 0),
	JSON_INT(run_state, restarts, "restarts", 0),
	JSON_INT(run_state, restart_delay_ms, "restartDelay", 0),
	{ 0 },
};
static const struct json_type run_state_json = JSON_TYPE(run_state, fields);

int run_state_save(const struct state *s, int run_dir, const struct run_state *r, struct err *e)
{
	return json_replace_at(run_dir, RUN_STATE_FILE, RUN_STATE_MAX, &run_state_json, r,
			       &(struct file_write){ .fill_root = s->run }, e);
}

static int run_state_load(int run_dir, struct arena *a, struct run_state *ret, struct err *e)
{
	return json_read_at(a, run_dir, RUN_STATE_FILE, RUN_STATE_MAX, &run_state_json, ret, e);
}

static bool is_process(int64_t pid, uint64_t start_time)
{
	return pid <= INT32_MAX && kernel_is_alive((pid_t)pid, start_time);
}

static bool has_file(int dir, const char *name)
{
	return file_is_there(dir, name);
}

static void take_exit(struct container_status *st, const struct monitor_exit *x)
{
	st->state = CONTAINER_EXITED;
	st->exit_code = x->exit_code;
	st->oom_killed = x->oom_killed;
	st->was_started = true;
	if (x->started_at)
		time_parse(x->started_at, 0, &st->started_nsec, NULL);
	if (x->finished_at)
		time_parse(x->finished_at, 0, &st->finished_nsec, NULL);
}

static void take_run_exit(struct container_status *st, const struct monitor_exit *x)
{
	take_exit(st, x);
	st->restarting =
		x->restarting && is_process(st->run.monitor_pid, st->run.monitor_start_time);
	if (st->restarting)
		st->state = CONTAINER_STOPPING;
}

/* No process and no record: the machine went down, or the monitor was killed and the container with
 * it. 137 is what the kernel did to it. */
static void take_lost(struct container_status *st)
{
	st->state = CONTAINER_EXITED;
	st->exit_code = 137;
	st->lost = true;
	st->was_started = true;
}

/* What the durable directory knows when this boot knows nothing. */
static int from_lib(const struct state *s, struct arena *a, const struct container *c,
		    struct container_status *st, struct err *e)
{
	auto_close int dir = state_dir(s, CONTAINERS, c->id, e);
	auto_free char *started = NULL;
	struct monitor_exit x = { 0 };

	if (dir < 0)
		return dir;
	if (monitor_exit_read(dir, a, &x, NULL) == 0) {
		take_exit(st, &x);
		return 0;
	}
	if (file_read_at(dir, STARTED_FILE, 64, &started, NULL, NULL) < 0)
		return 0; /* created */
	take_lost(st);
	time_parse(started, 0, &st->started_nsec, NULL);
	return 0;
}

int container_status(const struct state *s, struct arena *a, const struct container *c,
		     struct container_status *ret, struct err *e)
{
	auto_close int run = state_run_dir(s, CONTAINERS, c->id, false, NULL);
	struct container_status st = { .state = CONTAINER_CREATED };
	struct monitor_exit x = { 0 };
	int r;

	if (run < 0 || run_state_load(run, a, &st.run, NULL) < 0) {
		st.run = (struct run_state){ 0 };
		r = from_lib(s, a, c, &st, e);
		if (r == 0)
			*ret = st;
		return r;
	}
	st.has_run = st.was_started = true;
	st.started_nsec = st.run.started_nsec;
	/* Alive first: a record that appears after this look belongs to an end after it. */
	if (is_process(st.run.pid, st.run.start_time))
		st.state = has_file(run, RUN_PAUSED_MARK)     ? CONTAINER_PAUSED
			   : has_file(run, MONITOR_STOP_MARK) ? CONTAINER_STOPPING
							      : CONTAINER_RUNNING;
	else if (monitor_exit_read(run, a, &x, NULL) == 0)
		take_run_exit(&st, &x);
	else if (is_process(st.run.monitor_pid, st.run.monitor_start_time))
		st.state = CONTAINER_STOPPING; /* the record is being written */
	else
		take_lost(&st);
	*ret = st;
	return 0;
}

int container_monitor_pidfd(const struct container_status *st)
{
	auto_close int fd =
		st->run.monitor_pid ? kernel_pidfd_open((pid_t)st->run.monitor_pid) : -1;

	if (fd < 0 || !is_process(st->run.monitor_pid, st->run.monitor_start_time))
		return -ESRCH;
	return take_fd(fd);
}

int container_pidfd(const struct container_status *st, struct err *e)
{
	auto_close int fd = -1;

	if (!container_is_alive(st))
		return err_set(e, ERR_NOT_FOUND, "the container is not running");
	fd = kernel_pidfd_open((pid_t)st->run.pid);
	if (fd < 0 || !is_process(st->run.pid, st->run.start_time))
		return err_set(e, ERR_NOT_FOUND, "the container is not running");
	return take_fd(fd);
}
