/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The unified hierarchy, Documentation/admin-guide/cgroup-v2.rst.  A controller reaches a group
 * when every group above lists it in cgroup.subtree_control; a group that has processes of its own
 * may not list any ("no internal processes"), but for the root.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "base/units.h"
#include "cgroup/device.h"
#include "cgroup/manager.h"

/* What statistics and the usual limits need; others are switched on when a limit asks. */
static const char *const always_wanted[] = { "cpu", "memory", "pids", "io", "cpuset" };

static struct texts wanted_controllers(struct cgroup *c, const struct oci_linux_resources *r)
{
	struct texts list = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(always_wanted); i++)
		texts_add(c->arena, &list, always_wanted[i]);
	if (!r)
		return list;
	if (r->hugepage_limits.n > 0)
		texts_add(c->arena, &list, "hugetlb");
	if (r->rdma.n > 0)
		texts_add(c->arena, &list, "rdma");
	for (size_t i = 0; i < r->unified.n; i++) {
		const char *name = arena_strndup(c->arena, r->unified.v[i].key,
						 strcspn(r->unified.v[i].key, "."));

		if (strcmp(name, "cgroup") != 0 && !texts_has(&list, name))
			texts_add(c->arena, &list, name);
	}
	return list;
}

/* Failures are not told here: a limit that needs the controller fails, and says so. */
static void enable_in(struct cgroup *c, const char *dir, const struct texts *wanted)
{
	struct group g = { .dir = dir };
	const char *available = group_read(&g, c->arena, "cgroup.controllers");
	const char *enabled = group_read(&g, c->arena, "cgroup.subtree_control");

	/* One by one: a refused controller would take the others with it. */
	for (size_t i = 0; i < wanted->n; i++)
		if (!host_has_word(enabled, wanted->v[i], ' ') &&
		    host_has_word(available, wanted->v[i], ' '))
			group_write(&g, "cgroup.subtree_control",
				    arena_printf(c->arena, "+%s", wanted->v[i]));
}

static bool all_enabled(struct cgroup *c, const char *dir, const struct texts *wanted)
{
	struct group g = { .dir = dir };
	const char *enabled = group_read(&g, c->arena, "cgroup.subtree_control");

	for (size_t i = 0; i < wanted->n; i++)
		if (!host_has_word(enabled, wanted->v[i], ' '))
			return false;
	return true;
}

/* From the mount down to the parent. Parents that are missing are made on the way, as a group that
 * does not exist can list nothing. */
static int enable_controllers(struct cgroup *c, const struct oci_linux_resources *r, struct err *e)
{
	const struct group *g = c->unified;
	struct texts wanted = wanted_controllers(c, r);
	char *dir = arena_strdup(c->arena, g->dir);
	char *parent_end = strrchr(dir, '/');

	*parent_end = '\0';
	if (all_enabled(c, dir, &wanted))
		return 0;
	for (char *at = dir + strlen(g->mount);; at += 1 + strcspn(at + 1, "/")) {
		char was = *at;

		*at = '\0';
		if (at > dir + strlen(g->mount) && mkdir(dir, 0755) < 0 && errno != EEXIST)
			return err_sys(e, "make cgroup %s", dir);
		enable_in(c, dir, &wanted);
		*at = was;
		if (at == parent_end)
			return 0;
	}
}

static int v2_limits(const struct cgroup *c, const struct oci_linux_resources *r,
		     struct limits *ret, struct err *e)
{
	return limits_v2(ret, r, e);
}

static struct group *v2_group_of(const struct cgroup *c, const struct limit *one)
{
	return c->unified;
}

int unified_devices(const struct group *g, const struct oci_device_rules *rules, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct device_rules all = { .arena = a };
	struct device_program program;
	auto_close int dir = -1;
	int r = device_rules_read(&all, rules, e);

	if (r < 0)
		return r;
	dir = open(g->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "cgroup %s", g->dir);
	program = device_rules_compile(a, &all);
	return device_program_attach(dir, &program, e);
}

static int v2_devices(struct cgroup *c, const struct oci_device_rules *rules, bool updating,
		      struct err *e)
{
	return unified_devices(c->unified, rules, e);
}

/* freezing */

static bool events_say_frozen(int fd)
{
	char text[256];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return group_key(text, "frozen") == 1;
}

int unified_freeze(const struct group *g, bool freeze, int timeout_ms, struct err *e)
{
	int64_t deadline = cgroup_deadline(timeout_ms);
	auto_close int events = -1;
	AUTO(arena) a = arena_new();
	int r = group_write(g, "cgroup.freeze", freeze ? "1" : "0");

	if (r < 0)
		return err_from(e, r, "%s %s", freeze ? "freeze" : "thaw", g->dir);
	if (!freeze)
		return 0;
	events = open(arena_printf(a, "%s/cgroup.events", g->dir), O_RDONLY | O_CLOEXEC);
	if (events < 0)
		return err_sys(e, "%s/cgroup.events", g->dir);
	while (!events_say_frozen(events)) {
		struct pollfd p = { .fd = events, .events = POLLPRI };
		int64_t left = deadline - clock_monotonic_usec();

		if (left <= 0) {
			group_write(g, "cgroup.freeze", "0");
			return err_from(e, -EBUSY, "freeze %s", g->dir);
		}
		/* A change between the read and the poll still wakes the poll; the limit is for
		 * kernels that would disagree. */
		poll(&p, 1, left > 20000 ? 20 : (int)(left / 1000) + 1);
	}
	return 0;
}

bool unified_is_frozen(const struct group *g)
{
	return group_number(g, "cgroup.freeze", 0) == 1;
}

static int v2_freeze(struct cgroup *c, bool freeze, int timeout_ms, struct err *e)
{
	return unified_freeze(c->unified, freeze, timeout_ms, e);
}

static bool v2_is_frozen(struct cgroup *c)
{
	return unified_is_frozen(c->unified);
}

/* cgroup.kill: Linux 5.14. */
int unified_kill(const struct group *g)
{
	int r = group_write(g, "cgroup.kill", "1");

	return r == -ENOENT ? -EOPNOTSUPP : r;
}

static int v2_kill_all(struct cgroup *c)
{
	return unified_kill(c->unified);
}

/* statistics */

static const struct group *v2_oom_file(const struct cgroup *c, const char **ret_file)
{
	*ret_file = "memory.events";
	return c->unified;
}

static int v2_stats(struct cgroup *c, struct cgroup_stats *ret, struct err *e)
{
	const struct group *g = c->unified;
	AUTO(arena) a = arena_new();
	const char *cpu = group_read(g, a, "cpu.stat");
	const char *memory = group_read(g, a, "memory.stat");
	const char *events = group_read(g, a, "memory.events");
	const char *io = group_read(g, a, "io.stat");
	struct cgroup_stats s = { 0 };

	s.cpu.usage_usec = group_key(cpu, "usage_usec");
	s.cpu.user_usec = group_key(cpu, "user_usec");
	s.cpu.system_usec = group_key(cpu, "system_usec");
	s.cpu.periods = group_key(cpu, "nr_periods");
	s.cpu.throttled_periods = group_key(cpu, "nr_throttled");
	s.cpu.throttled_usec = group_key(cpu, "throttled_usec");
	s.memory.usage = group_number(g, "memory.current", 0);
	s.memory.peak = group_number(g, "memory.peak", 0);
	s.memory.limit = group_number(g, "memory.max", CGROUP_UNLIMITED);
	s.memory.cache = group_key(memory, "inactive_file");
	s.memory.kernel = group_key(memory, "kernel");
	s.memory.swap = group_number(g, "memory.swap.current", 0);
	s.memory.swap_limit = group_number(g, "memory.swap.max", CGROUP_UNLIMITED);
	s.memory.limit_hits = group_key(events, "max");
	s.memory.oom_kills = group_key(events, "oom_kill");
	s.pids.current = group_number(g, "pids.current", 0);
	s.pids.limit = group_number(g, "pids.max", CGROUP_UNLIMITED);
	s.io.read_bytes = group_sum(io, "rbytes");
	s.io.written_bytes = group_sum(io, "wbytes");
	s.io.reads = group_sum(io, "rios");
	s.io.writes = group_sum(io, "wios");
	*ret = s;
	return 0;
}

const struct cgroup_manager cgroup_v2 = {
	.name = "cgroupfs",
	.prepare = enable_controllers,
	.limits = v2_limits,
	.group_of = v2_group_of,
	.devices = v2_devices,
	.freeze = v2_freeze,
	.is_frozen = v2_is_frozen,
	.kill_all = v2_kill_all,
	.stats = v2_stats,
	.report = v2_report,
	.oom_file = v2_oom_file,
};
