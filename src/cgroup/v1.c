/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Separate hierarchies, Documentation/admin-guide/cgroup-v1, and hybrid hosts, which have a unified
 * one besides with what v1 left over.  A group is made in all of them: 15 to 30 µs each, and each
 * limit that an update may bring has its place.  Nothing but this and v1_limits.c knows of v1's
 * files.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroup/device.h"
#include "cgroup/v1.h"

#define FROM "linux.resources."

struct group *v1_group(const struct cgroup *c, const char *controller)
{
	for (size_t i = 0; i < c->len; i++)
		if (*c->groups[i].controllers &&
		    host_has_word(c->groups[i].controllers, controller, ','))
			return &c->groups[i];
	return NULL;
}

/* cpuset: a new group has no processors and nodes, and takes no process, until it is given some. */

/* Groups above that others made and left without are filled first. */
static int fill_from_parent(struct arena *a, const char *mount, const char *dir, const char *file,
			    struct err *e)
{
	struct group child = { .dir = dir };
	struct group parent = { .dir = arena_strndup(a, dir, (size_t)(strrchr(dir, '/') - dir)) };
	const char *theirs;
	int r;

	if (*group_read(&child, a, file) || strlen(dir) <= strlen(mount))
		return 0;
	r = fill_from_parent(a, mount, parent.dir, file, e);
	if (r < 0)
		return r;
	theirs = group_read(&parent, a, file);
	r = group_write(&child, file, theirs);
	return r < 0 ? err_from(e, r, "write \"%s\" to %s/%s", theirs, dir, file) : 0;
}

static int v1_made(struct group *g, const char *dir, bool last, struct err *e)
{
	AUTO(arena) a = NULL;
	int r;

	if (!host_has_word(g->controllers, "cpuset", ','))
		return 0;
	a = arena_new();
	r = fill_from_parent(a, g->mount, dir, "cpuset.cpus", e);
	if (r == 0)
		r = fill_from_parent(a, g->mount, dir, "cpuset.mems", e);
	if (r == 0 && !last) {
		/* The kernel then does the same for the groups of containers below. */
		struct group parent = { .dir = dir };

		group_write(&parent, "cgroup.clone_children", "1");
	}
	return r;
}

static int v1_limits(const struct cgroup *c, const struct oci_linux_resources *r,
		     struct limits *ret, struct err *e)
{
	for (const struct v1_part *part = v1_parts; part->v1; part++) {
		bool separate = v1_group(c, part->controller) || !c->unified;
		int failed = (separate ? part->v1 : part->v2)(ret, r, e);

		if (failed < 0)
			return failed;
	}
	return 0;
}

static struct group *v1_group_of(const struct cgroup *c, const struct limit *one)
{
	struct group *g = v1_group(c, one->controller);

	return g ? g : c->unified;
}

/* On hybrid hosts: controllers that v1 left over are switched on when a limit wants them. */
static int v1_prepare(struct cgroup *c, const struct oci_linux_resources *r, struct err *e)
{
	bool left_over =
		r && ((r->hugepage_limits.n > 0 && !v1_group(c, "hugetlb")) ||
		      (r->rdma.n > 0 && !v1_group(c, "rdma")) ||
		      (r->memory && !v1_group(c, "memory")) || (r->cpu && !v1_group(c, "cpu")) ||
		      (r->pids && !v1_group(c, "pids")) || (r->block_io && !v1_group(c, "blkio")));

	return c->unified && left_over ? cgroup_v2.prepare(c, r, e) : 0;
}

/* devices */

static const char *const device_file[] = { "devices.deny", "devices.allow" };

static int write_one(int fd, const struct device_rule *rule, bool allow, struct err *e)
{
	struct device_text t = device_rule_text(rule);
	int r = fd < 0 ? fd : write(fd, t.text, strlen(t.text)) < 0 ? -errno : 0;

	if (r == 0)
		return 0;
	return err_from(e, r, "%s: write \"%s\" (" FROM "devices)", device_file[allow], t.text);
}

static int write_rule(const struct group *g, const struct device_rule *rule, bool allow,
		      struct err *e)
{
	auto_close int fd = group_open(g, device_file[allow]);

	return write_one(fd, rule, allow, e);
}

static int write_exceptions(const struct group *g, const struct device_rules *rules, struct err *e)
{
	auto_close int deny = -1, accept = -1;
	int r = 0;

	for (size_t i = 0; r == 0 && i < rules->n; i++) {
		bool allow = rules->v[i].allow;
		int *fd = allow ? &accept : &deny;

		if (*fd < 0)
			*fd = group_open(g, device_file[allow]);
		r = write_one(*fd, &rules->v[i], allow, e);
	}
	return r;
}

static bool read_line(const char *line, struct device_rule *ret)
{
	char type, major[16], minor[16], access[8];

	if (sscanf(line, "%c %15[0-9*]:%15[0-9*] %7s", &type, major, minor, access) != 4)
		return false;
	*ret = (struct device_rule){ .type = type };
	ret->major = *major == '*' ? -1 : atoi(major);
	ret->minor = *minor == '*' ? -1 : atoi(minor);
	ret->access = (strchr(access, 'r') ? DEVICE_READ : 0U) |
		      (strchr(access, 'w') ? DEVICE_WRITE : 0U) |
		      (strchr(access, 'm') ? DEVICE_MKNOD : 0U);
	return true;
}

/* What `rules` gives exactly this device. */
static unsigned access_of(const struct device_rules *rules, const struct device_rule *one)
{
	for (size_t i = 0; i < rules->n; i++)
		if (rules->v[i].type == one->type && rules->v[i].major == one->major &&
		    rules->v[i].minor == one->minor)
			return rules->v[i].access;
	return 0;
}

/* From one list of allowed devices to another, first wider and then narrower, so that what both
 * allow is allowed at every moment. */
static int replace_exceptions(const struct group *g, const struct device_rules *rules,
			      struct err *e)
{
	AUTO(arena) a = arena_new();
	struct texts lines = texts_split(a, group_read(g, a, "devices.list"), '\n');
	int r = write_exceptions(g, rules, e);

	for (size_t i = 0; r == 0 && i < lines.n; i++) {
		struct device_rule old;

		if (!read_line(lines.v[i], &old))
			continue;
		old.access &= ~access_of(rules, &old);
		if (old.access)
			r = write_rule(g, &old, false, e);
	}
	return r;
}

static int v1_devices(struct cgroup *c, const struct oci_device_rules *from, bool updating,
		      struct err *e)
{
	const struct group *g = v1_group(c, "devices");
	struct device_rules rules = { .arena = c->arena }, exceptions = { .arena = c->arena };
	struct device_rule all = { .type = 'a', .major = -1, .minor = -1, .access = DEVICE_ALL };
	bool allow;
	int r;

	if (!g)
		return c->unified ? unified_devices(c->unified, from, e) : 0;
	r = device_rules_read(&rules, from, e);
	if (r == 0)
		r = device_rules_fold(&exceptions, &rules, &allow, e);
	if (r < 0)
		return r;
	if (updating && !allow && strncmp(group_read(g, c->arena, "devices.list"), "a ", 2) != 0)
		return replace_exceptions(g, &exceptions, e);
	r = write_rule(g, &all, allow, e);
	return r < 0 ? r : write_exceptions(g, &exceptions, e);
}

/* freezing */

static int v1_freeze(struct cgroup *c, bool freeze, int timeout_ms, struct err *e)
{
	const struct group *g = v1_group(c, "freezer");
	int64_t deadline = cgroup_deadline(timeout_ms);
	int wait_usec = 0, r;

	if (c->unified)
		return unified_freeze(c->unified, freeze, timeout_ms, e);
	if (!g)
		return err_set(e, ERR_UNSUPPORTED, "this host has no freezer controller");
	for (;;) {
		AUTO(arena) a = arena_new();

		/* Again each time: what forked meanwhile needs it. */
		r = group_write(g, "freezer.state", freeze ? "FROZEN" : "THAWED");
		if (r < 0)
			return err_from(e, r, "%s %s", freeze ? "freeze" : "thaw", g->dir);
		if (!freeze || strcmp(group_read(g, a, "freezer.state"), "FROZEN") == 0)
			return 0;
		if (!cgroup_wait(deadline, &wait_usec))
			break;
	}
	group_write(g, "freezer.state", "THAWED");
	return err_from(e, -EBUSY, "freeze %s", g->dir);
}

static bool v1_is_frozen(struct cgroup *c)
{
	AUTO(arena) a = arena_new();
	const struct group *g = v1_group(c, "freezer");

	if (c->unified && unified_is_frozen(c->unified))
		return true;
	/* FREEZING counts: it was asked for. */
	return g && strncmp(group_read(g, a, "freezer.state"), "FR", 2) == 0;
}

static bool has_pid(const struct group_pids *pids, size_t n, pid_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (pids->v[i] == pid)
			return true;
	return false;
}

/* Processes of its other groups that somebody moved to another freezer come back to its own. */
static void gather(struct cgroup *c, const struct group *freezer)
{
	AUTO(arena) a = arena_new();
	struct group_pids own = { .arena = a }, all = { .arena = a };
	struct err ignored;
	char pid[16];

	if (group_pids(freezer, &own, &ignored) < 0)
		return;
	for (size_t i = 0; i < c->len; i++)
		if (&c->groups[i] != freezer)
			group_pids(&c->groups[i], &all, &ignored);
	for (size_t i = 0; i < all.n; i++) {
		if (has_pid(&own, own.n, all.v[i]) || has_pid(&all, i, all.v[i]))
			continue;
		/* An empty one may have been removed already. */
		mkdir(freezer->dir, 0755);
		snprintf(pid, sizeof(pid), "%d", (int)all.v[i]);
		group_write(freezer, "cgroup.procs", pid);
	}
}

/* What the container froze, itself or in groups of its own, would not die, nor what stands in a
 * frozen group of others. */
static void v1_let_go(struct cgroup *c)
{
	const struct group *g = v1_group(c, "freezer");

	if (!g)
		return;
	group_write_below(g, "freezer.state", "THAWED");
	gather(c, g);
}

static int v1_kill_all(struct cgroup *c)
{
	return c->unified ? unified_kill(c->unified) : -EOPNOTSUPP;
}

/* statistics */

/* v1 says "no limit" with the largest multiple of a page below 2^63. */
static uint64_t limit_of(const struct group *g, const char *file)
{
	uint64_t n = group_number(g, file, CGROUP_UNLIMITED);

	return n > (uint64_t)INT64_MAX - (1 << 20) ? CGROUP_UNLIMITED : n;
}

/* Lines "8:0 Read 4096"; the last, "Total", has no device. */
static uint64_t sum_operation(const char *text, const char *operation)
{
	AUTO(arena) a = arena_new();
	struct texts lines = texts_split(a, text, '\n');
	uint64_t sum = 0;

	for (size_t i = 0; i < lines.n; i++) {
		struct texts words = texts_split(a, lines.v[i], ' ');

		if (words.n == 3 && strcmp(words.v[1], operation) == 0)
			sum += strtoull(words.v[2], NULL, 10);
	}
	return sum;
}

static void memory_stats(const struct group *g, struct cgroup_stats *s)
{
	AUTO(arena) a = arena_new();
	uint64_t both, swap_limit;

	if (!g)
		return;
	s->memory.usage = group_number(g, "memory.usage_in_bytes", 0);
	s->memory.peak = group_number(g, "memory.max_usage_in_bytes", 0);
	s->memory.limit = limit_of(g, "memory.limit_in_bytes");
	s->memory.cache = group_key(group_read(g, a, "memory.stat"), "total_inactive_file");
	s->memory.kernel = group_number(g, "memory.kmem.usage_in_bytes", 0);
	both = group_number(g, "memory.memsw.usage_in_bytes", s->memory.usage);
	s->memory.swap = both > s->memory.usage ? both - s->memory.usage : 0;
	swap_limit = limit_of(g, "memory.memsw.limit_in_bytes");
	if (swap_limit != CGROUP_UNLIMITED && s->memory.limit != CGROUP_UNLIMITED)
		s->memory.swap_limit = swap_limit - s->memory.limit;
	s->memory.limit_hits = group_number(g, "memory.failcnt", 0);
	s->memory.oom_kills = group_key(group_read(g, a, "memory.oom_control"), "oom_kill");
}

static void cpu_stats(const struct cgroup *c, struct cgroup_stats *s)
{
	AUTO(arena) a = arena_new();
	const struct group *use = v1_group(c, "cpuacct"), *cpu = v1_group(c, "cpu");

	if (use) {
		s->cpu.usage_usec = group_number(use, "cpuacct.usage", 0) / 1000;
		s->cpu.user_usec = group_number(use, "cpuacct.usage_user", 0) / 1000;
		s->cpu.system_usec = group_number(use, "cpuacct.usage_sys", 0) / 1000;
	}
	if (cpu) {
		const char *text = group_read(cpu, a, "cpu.stat");

		s->cpu.periods = group_key(text, "nr_periods");
		s->cpu.throttled_periods = group_key(text, "nr_throttled");
		s->cpu.throttled_usec = group_key(text, "throttled_time") / 1000;
	}
}

static void io_stats(const struct group *g, struct cgroup_stats *s)
{
	AUTO(arena) a = arena_new();
	const char *bytes, *operations;

	if (!g)
		return;
	bytes = group_read(g, a, "blkio.throttle.io_service_bytes_recursive");
	operations = group_read(g, a, "blkio.throttle.io_serviced_recursive");
	s->io.read_bytes = sum_operation(bytes, "Read");
	s->io.written_bytes = sum_operation(bytes, "Write");
	s->io.reads = sum_operation(operations, "Read");
	s->io.writes = sum_operation(operations, "Write");
}

static int v1_stats(struct cgroup *c, struct cgroup_stats *ret, struct err *e)
{
	const struct group *pids = v1_group(c, "pids");
	struct cgroup_stats s = { .memory = { .limit = CGROUP_UNLIMITED,
					      .swap_limit = CGROUP_UNLIMITED },
				  .pids = { .limit = CGROUP_UNLIMITED } };

	/* What has been left to the unified hierarchy comes from there. */
	if (c->unified)
		cgroup_v2.stats(c, &s, e);
	cpu_stats(c, &s);
	memory_stats(v1_group(c, "memory"), &s);
	io_stats(v1_group(c, "blkio"), &s);
	if (pids) {
		s.pids.current = group_number(pids, "pids.current", 0);
		s.pids.limit = group_number(pids, "pids.max", CGROUP_UNLIMITED);
	}
	*ret = s;
	return 0;
}

static const struct group *v1_oom_file(const struct cgroup *c, const char **ret_file)
{
	const struct group *g = v1_group(c, "memory");

	if (!g)
		return c->unified ? cgroup_v2.oom_file(c, ret_file) : NULL;
	*ret_file = "memory.oom_control";
	return g;
}

const struct cgroup_manager cgroup_v1 = {
	.name = "cgroupfs",
	.made = v1_made,
	.prepare = v1_prepare,
	.limits = v1_limits,
	.group_of = v1_group_of,
	.devices = v1_devices,
	.freeze = v1_freeze,
	.is_frozen = v1_is_frozen,
	.kill_all = v1_kill_all,
	.let_go = v1_let_go,
	.stats = v1_stats,
	.report = v1_report,
	.oom_file = v1_oom_file,
};
