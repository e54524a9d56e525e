/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/units.h"
#include "cgroup/cgroup.h"
#include "oci/record.h"

#define EVENT_MAX (4U << 20)

struct events_args {
	int64_t interval;
	bool stats;
};

static void defaults(void *args)
{
	((struct events_args *)args)->interval = 5000000000LL;
}

static const struct option events_options[] = {
	OPTION_DURATION(events_args, interval, "interval", 0, "DURATION",
			"Time between two statistics (5s)"),
	OPTION_FLAG(events_args, stats, "stats", 0, "Print the statistics once"),
	{ 0 },
};

static void begin(struct buf *out, const char *type, const char *id)
{
	buf_addf(out, "{\"type\":\"%s\",\"id\":", type);
	json_quote(out, id, strlen(id));
}

static int print_stats(const struct record_at *at, struct cgroup *c, struct err *e)
{
	auto_buf out = BUF(EVENT_MAX);
	int r;

	begin(&out, "stats", at->r.id);
	buf_adds(&out, ",\"data\":");
	r = cgroup_report(c, (pid_t)at->r.pid, &out, e);
	if (r < 0)
		return r;
	buf_adds(&out, "}\n");
	r = buf_check(&out, "the statistics", e);
	if (r == 0 && write(STDOUT_FILENO, out.data, out.len) < 0)
		r = err_sys(e, "write to standard output");
	return r;
}

static int print_oom(const struct record_at *at, struct err *e)
{
	auto_buf out = BUF(EVENT_MAX);

	begin(&out, "oom", at->r.id);
	buf_adds(&out, "}\n");
	return write(STDOUT_FILENO, out.data, out.len) < 0 ? err_sys(e, "write to standard output")
							   : 0;
}

/* Until nothing is in the group any more. */
static int follow(const struct record_at *at, struct cgroup *c, int64_t interval_nsec,
		  struct err *e)
{
	AUTO(cgroup_watch) watch = NULL;
	int64_t next = clock_monotonic_usec() + interval_nsec / 1000;
	bool ended = false;
	unsigned ooms = 0;
	int r = cgroup_watch_open(c, &watch, e);

	while (r == 0 && !ended) {
		struct pollfd p = { .fd = cgroup_watch_fd(watch), .events = POLLIN };
		int64_t left = (next - clock_monotonic_usec()) / 1000;
		int n = poll(&p, 1, left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left);

		if (n < 0 && errno != EINTR)
			return err_sys(e, "poll");
		if (n > 0)
			cgroup_watch_read(watch, &ooms, &ended);
		for (; ooms > 0 && r == 0; ooms--)
			r = print_oom(at, e);
		if (r < 0 || ended || clock_monotonic_usec() < next)
			continue;
		next += interval_nsec / 1000;
		if (!record_is_alive(at))
			return 0;
		r = print_stats(at, c, e);
	}
	return r;
}

static int events(struct oci_globals *g, const struct events_args *a, const char *id, struct err *e)
{
	AUTO(cgroup) c = NULL;
	struct record_at at;
	int r;

	if (a->interval <= 0)
		return err_set(e, ERR_INVALID, "duration interval must be greater than 0");
	r = record_open(g, id, &at, e);
	if (r < 0)
		return r;
	if (!record_is_alive(&at))
		r = err_set(e, ERR_CONFLICT, "container with id %s is not running", id);
	else if (text_empty(at.r.cgroup))
		r = err_set(e, ERR_UNSUPPORTED, "container %s has no cgroup that counts", id);
	if (r == 0)
		r = cgroup_open(at.r.cgroup_manager, at.r.cgroup, &c, e);
	if (r == 0)
		r = a->stats ? print_stats(&at, c, e) : follow(&at, c, a->interval, e);
	record_close(&at);
	return r;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct err e;

	return events(globals, args, argv[0], &e) < 0 ? oci_fail(globals, &e) : 0;
}

static const struct option *const options[] = { events_options, NULL };

const struct command oci_events_command = {
	.name = "events",
	.summary = "Print events and statistics of a container",
	.description = "Prints a line of JSON whenever the container runs out of memory, and its "
		       "statistics from time to time, until it ends",
	.usage = "ID",
	.examples = "web\n--stats web\n--interval 1s web\n",
	.options = options,
	.args_size = sizeof(struct events_args),
	.min_args = 1,
	.max_args = 1,
	.init = defaults,
	.completes = "container",
	.run = run,
};
