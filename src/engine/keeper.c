/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/path.h"
#include "cgroup/cgroup.h"
#include "kernel/process.h"
#include "monitor/monitor.h"
#include "network/daemon.h"

#define PID_FILE "keeper.pid" /* in the container's run directory */

/* Its first argument; the process is found again by it. */
static const char *pid_path(const struct state *s, struct arena *a, const char *id)
{
	return arena_printf(a, "%s/" CONTAINERS "/%s/" PID_FILE, s->run_path, id);
}

/* Who kills all that a service or a session has left shall not find it there. */
static int move_away(void *arg, struct err *e)
{
	cgroup_rise();
	return 0;
}

static int start(struct arena *a, const char *pid_file, int pidfd, const struct texts *end,
		 struct err *e)
{
	struct texts argv = { 0 };
	char *program;
	int r = path_libexec(a, "keeper", &program, e);

	if (r < 0)
		return r;
	texts_add(a, &argv, program);
	texts_add(a, &argv, pid_file);
	for (size_t i = 0; i < end->n; i++)
		texts_add(a, &argv, end->v[i]);
	return daemon_start(&(struct daemon_start){ .argv = &argv,
						    .env = monitor_environment(a),
						    .fd = pidfd,
						    .prepare = move_away },
			    e);
}

int keeper_start(const struct state *s, const char *id, pid_t monitor, const struct texts *argv,
		 struct err *e)
{
	AUTO(arena) a = arena_new();
	auto_close int pidfd = monitor > 0 ? kernel_pidfd_open(monitor) : -ESRCH;
	int r = pidfd < 0 ? err_from(e, pidfd, "look at the container's monitor") : 0;

	keeper_stop(s, id);
	if (r == 0)
		r = start(a, pid_path(s, a, id), pidfd, argv, e);
	return r < 0 ? err_wrap(e, "watch over the host's interfaces") : 0;
}

void keeper_stop(const struct state *s, const char *id)
{
	auto_close int dir = state_run_dir(s, CONTAINERS, id, false, NULL);
	AUTO(arena) a = NULL;

	/* Most have none. */
	if (dir < 0 || faccessat(dir, PID_FILE, F_OK, 0) < 0)
		return;
	a = arena_new();
	daemon_stop(a, dir, PID_FILE, pid_path(s, a, id));
}
