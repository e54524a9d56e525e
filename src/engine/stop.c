/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/units.h"
#include "cgroup/cgroup.h"
#include "engine/attach.h"
#include "engine/signals.h"
#include "engine/wiring.h"
#include "kernel/process.h"
#include "monitor/monitor.h"

#define LOOK_AGAIN_MS 20
/* A killed process of the container may take this long to be gone (core dumps, slow unmounts). */
#define KILL_WAIT_MS    30000
#define RESTART_WAIT_MS 5000

static int not_running(const struct container *c, const struct container_status *st,
		       const char *verb, struct err *e)
{
	return err_set(e, ERR_CONFLICT,
		       "can only %s running containers. %s is in state %s: container state "
		       "improper",
		       verb, c->id, container_state_name[st->state]);
}

static int send(const struct container_status *st, int number, struct err *e)
{
	auto_close int pidfd = container_pidfd(st, e);
	int r;

	if (pidfd < 0)
		return pidfd;
	r = kernel_pidfd_send_signal(pidfd, number);
	return r < 0 ? err_from(e, r, "send signal %d", number) : 0;
}

static int mark(const struct state *s, const struct container *c, const char *name, struct err *e)
{
	auto_close int run = state_run_dir(s, CONTAINERS, c->id, false, e);

	return run < 0 ? run
		       : file_replace_at(run, name, "", 0,
					 &(struct file_write){ .fill_root = s->run }, e);
}

static void unmark(const struct state *s, const struct container *c, const char *name)
{
	auto_close int run = state_run_dir(s, CONTAINERS, c->id, false, NULL);

	if (run >= 0)
		unlinkat(run, name, 0);
}

int container_kill(const struct state *s, struct arena *a, const struct container *c, int signal,
		   struct err *e)
{
	struct container_status st;
	int r = container_status(s, a, c, &st, e);

	if (r < 0)
		return r;
	if (!container_is_alive(&st))
		return not_running(c, &st, "kill", e);
	/* Killed by a user is stopped by a user: it is not started again. */
	if (signal == SIGKILL || signal == container_stop_signal(c)) {
		r = mark(s, c, MONITOR_STOP_MARK, e);
		if (r < 0)
			return r;
	}
	r = send(&st, signal, e);
	return r == -ENOENT || r == -ESRCH ? not_running(c, &st, "kill", e) : r;
}

int container_signal(const struct state *s, struct arena *a, const struct container *c, int signal,
		     struct err *e)
{
	struct container_status st;
	int r = container_status(s, a, c, &st, e);

	return r < 0 ? r : send(&st, signal, e);
}

/* Waits for the end of its first process and then of its monitor's work. 1: the time is up. */
static int await_end(const struct state *s, struct arena *a, const struct container *c,
		     int64_t timeout_ms, struct err *e)
{
	int64_t end = timeout_ms < 0 ? 0 : clock_monotonic_usec() + timeout_ms * 1000;

	for (;;) {
		struct container_status st;
		auto_close int pidfd = -1;
		int64_t left = -1;
		int r = container_status(s, a, c, &st, e);

		if (r < 0)
			return r == -ENOENT ? 0 : r; /* --rm */
		if (!container_is_alive(&st))
			return 0;
		if (timeout_ms >= 0) {
			left = (end - clock_monotonic_usec()) / 1000;
			if (left <= 0)
				return 1;
		}
		pidfd = container_pidfd(&st, NULL);
		if (pidfd >= 0) {
			struct pollfd p = { .fd = pidfd, .events = POLLIN };

			poll(&p, 1, left < 0 || left > 10000 ? 10000 : (int)left);
			continue;
		}
		/* It has ended; its monitor is about to write that down. */
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_AGAIN_MS * 1000000L / 10 }, NULL);
	}
}

/* Between two runs there is nothing to signal but the monitor, which has seen the mark then; or it
 * is starting the container, which then has to be there before it can be stopped. */
static int end_restarts(const struct state *s, struct arena *a, const struct container *c,
			struct container_status *st, struct err *e)
{
	int64_t end = clock_monotonic_usec() + RESTART_WAIT_MS * 1000;
	int r = 0;

	while (r == 0 && container_is_alive(st) && clock_monotonic_usec() < end) {
		auto_close int init = container_pidfd(st, NULL);
		auto_close int monitor = st->restarting ? container_monitor_pidfd(st) : -1;

		if (init >= 0)
			return 0;
		if (monitor >= 0)
			kernel_pidfd_send_signal(monitor, SIGTERM);
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_AGAIN_MS * 1000000L / 10 }, NULL);
		r = container_status(s, a, c, st, e);
	}
	return r == -ENOENT ? 0 : r;
}

static int stop(const struct state *s, struct arena *a, const struct container *c,
		const struct container_stop *how, struct err *e)
{
	int number = container_stop_signal(c), r;
	struct container_status st;

	r = container_status(s, a, c, &st, e);
	if (r < 0)
		return r;
	if (!container_is_alive(&st)) {
		/* Between two restarts: the mark keeps it down. */
		if (st.has_run)
			mark(s, c, MONITOR_STOP_MARK, NULL);
		return await_end(s, a, c, KILL_WAIT_MS, e) < 0 ? -EIO : 0;
	}
	r = mark(s, c, MONITOR_STOP_MARK, e);
	if (r == 0)
		r = end_restarts(s, a, c, &st, e);
	if (r < 0)
		return r;
	if (st.state == CONTAINER_PAUSED) {
		r = container_unpause(s, a, c, e);
		if (r < 0)
			return r;
	}
	if (how->timeout_sec != 0) {
		r = send(&st, number, e);
		if (r < 0 && r != -ENOENT && r != -ESRCH)
			return r;
		r = await_end(s, a, c, how->timeout_sec < 0 ? -1 : how->timeout_sec * 1000, e);
		if (r <= 0)
			return r;
		if (how->resorting)
			how->resorting(how->arg, c, number, how->timeout_sec);
	}
	r = send(&st, SIGKILL, e);
	if (r < 0 && r != -ENOENT && r != -ESRCH)
		return r;
	r = await_end(s, a, c, KILL_WAIT_MS, e);
	return r > 0 ? err_set(e, ERR_SYSTEM, "container %s does not end although it was killed",
			       c->name)
		     : r;
}

int container_stop(const struct state *s, struct arena *a, const struct container *c,
		   const struct container_stop *how, struct err *e)
{
	int r = stop(s, a, c, how, e);

	/* Its monitor does so, too; but whoever stopped it wants its devices and addresses now. */
	if (r == 0 && c->networks.n) {
		r = container_cleanup(s, a, c, e);
		/* It was removed meanwhile. */
		r = r == -ENOENT ? 0 : r;
	}
	return r;
}

static int change_frozen(const struct state *s, const struct container *c,
			 const struct container_status *st, bool freeze, struct err *e)
{
	AUTO(cgroup) group = NULL;
	int r;

	if (text_empty(st->run.cgroup))
		return err_set(e, ERR_UNSUPPORTED,
			       "container %s has no cgroup, which pausing needs", c->name);
	r = cgroup_open(st->run.cgroup_manager, st->run.cgroup, &group, e);
	if (r < 0)
		return r;
	if (!freeze) {
		r = cgroup_thaw(group, e);
		if (r == 0)
			unmark(s, c, RUN_PAUSED_MARK);
		return r;
	}
	r = mark(s, c, RUN_PAUSED_MARK, e);
	if (r == 0)
		r = cgroup_freeze(group, 10000, e);
	if (r < 0)
		unmark(s, c, RUN_PAUSED_MARK);
	return r;
}

int container_pause(const struct state *s, struct arena *a, const struct container *c,
		    struct err *e)
{
	auto_close int lock = state_lock(s, CONTAINERS, c->id, e);
	struct container_status st;
	int r = lock < 0 ? lock : container_status(s, a, c, &st, e);

	if (r < 0)
		return r;
	if (st.state == CONTAINER_PAUSED)
		return err_set(e, ERR_CONFLICT,
			       "\"%s\" is already paused: container state improper", c->id);
	if (st.state != CONTAINER_RUNNING)
		return err_set(e, ERR_CONFLICT,
			       "\"%s\" is not running, can't pause: container state improper",
			       container_state_name[st.state]);
	return change_frozen(s, c, &st, true, e);
}

int container_unpause(const struct state *s, struct arena *a, const struct container *c,
		      struct err *e)
{
	auto_close int lock = state_lock(s, CONTAINERS, c->id, e);
	struct container_status st;
	int r = lock < 0 ? lock : container_status(s, a, c, &st, e);

	if (r < 0)
		return r;
	if (st.state != CONTAINER_PAUSED)
		return err_set(e, ERR_CONFLICT,
			       "\"%s\" is not paused, can't unpause: container state improper",
			       c->id);
	return change_frozen(s, c, &st, false, e);
}

int container_wait(const struct state *s, struct arena *a, const struct container *c, int *ret_code,
		   struct err *e)
{
	bool start_awaited = false;

	for (;;) {
		auto_close int run = state_run_dir(s, CONTAINERS, c->id, false, NULL);
		struct attach_result end = { 0 };
		struct container_status st;
		int r = container_status(s, a, c, &st, e);

		if (r < 0)
			return r;
		if (st.state == CONTAINER_CREATED && !start_awaited) {
			/* It may be about to be: whoever does that holds its lock. */
			auto_close int lock = state_lock(s, CONTAINERS, c->id, NULL);

			start_awaited = true;
			continue;
		}
		if (!container_is_alive(&st)) {
			*ret_code = (int)st.exit_code;
			return 0;
		}
		/* The monitor tells it even if the container is removed right afterwards. */
		r = run < 0 ? -ENOENT : attach_wait(run, -1, &end, NULL);
		if (r == 0 && end.end == ATTACH_ENDED && !end.restarting) {
			*ret_code = end.exit_code;
			return 0;
		}
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_AGAIN_MS * 1000000L }, NULL);
	}
}

/* A start that was killed before it could say so may have left one; systemd tidies its own. */
static const char *unrecorded_cgroup(const struct state *s, struct arena *a,
				     const struct container *c, const struct container_status *st)
{
	auto_close int run = st->has_run || s->rootless || c->cgroups_disabled
				     ? -1
				     : state_run_dir(s, CONTAINERS, c->id, false, NULL);

	return run < 0 ? NULL : cgroup_path_of(a, c->cgroup_parent, c->id);
}

static int remove_cgroup(const struct state *s, struct arena *a, const struct container *c,
			 const struct container_status *st, struct err *e)
{
	const char *unrecorded = unrecorded_cgroup(s, a, c, st);
	AUTO(cgroup) group = NULL;
	int r;

	if (!unrecorded && text_empty(st->run.cgroup))
		return 0;
	r = cgroup_open(unrecorded ? "cgroupfs" : st->run.cgroup_manager,
			unrecorded ? unrecorded : st->run.cgroup, &group, e);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : cgroup_remove(group, 5000, e);
}

int container_cleanup_ended(const struct state *s, struct arena *a, const struct container *c,
			    const struct container_status *st, struct err *e)
{
	int r = remove_cgroup(s, a, c, st, e);
	int left = wiring_leave(s, c, (pid_t)st->run.pid, r < 0 ? NULL : e);

	return r < 0 ? r : left;
}

int container_cleanup(const struct state *s, struct arena *a, const struct container *c,
		      struct err *e)
{
	/* Nobody may start it meanwhile: what it gets then would be taken back. */
	auto_close int lock = state_lock(s, CONTAINERS, c->id, e);
	struct container_status st;
	int r = lock < 0 ? lock : container_status(s, a, c, &st, e);

	return r < 0 || container_is_alive(&st) ? r : container_cleanup_ended(s, a, c, &st, e);
}

int container_end_lost(const struct state *s, struct arena *a, const struct container *c,
		       struct err *e)
{
	auto_close int lock = state_lock(s, CONTAINERS, c->id, e);
	auto_close int monitor = -1;
	struct container_status st;
	int r = lock < 0 ? lock : container_status(s, a, c, &st, e);

	if (r < 0 || !container_is_alive(&st))
		return r;
	monitor = container_monitor_pidfd(&st);
	if (monitor >= 0)
		return 1;
	r = send(&st, SIGKILL, e);
	if (r < 0 && r != -ENOENT && r != -ESRCH)
		return r;
	if (st.state == CONTAINER_PAUSED)
		change_frozen(s, c, &st, false, NULL);
	r = await_end(s, a, c, KILL_WAIT_MS, e);
	return r > 0 ? err_set(e, ERR_SYSTEM, "container %s does not end although it was killed",
			       c->name)
		     : r;
}
