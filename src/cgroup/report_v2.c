/* SPDX-License-Identifier: BSD-2-Clause */
/* The unified hierarchy's counters, in v1's terms where a report has only those. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cgroup/manager.h"
#include "cgroup/report.h"

static void report_cpu(const struct group *g, struct arena *a, struct report_cpu *ret)
{
	const char *stat = group_read(g, a, "cpu.stat");

	ret->usage.total = group_key(stat, "usage_usec") * 1000;
	ret->usage.user = group_key(stat, "user_usec") * 1000;
	ret->usage.kernel = group_key(stat, "system_usec") * 1000;
	ret->throttling.periods = group_key(stat, "nr_periods");
	ret->throttling.throttled_periods = group_key(stat, "nr_throttled");
	ret->throttling.throttled_time = group_key(stat, "throttled_usec") * 1000;
	ret->psi = report_pressure(g, a, "cpu.pressure");
}

static void report_memory(const struct group *g, struct arena *a, struct report_memory *ret)
{
	const char *stat = group_read(g, a, "memory.stat");
	struct report_memory_entry *m = &ret->usage, *s = &ret->swap;

	m->usage = group_number(g, "memory.current", 0);
	m->limit = group_number(g, "memory.max", 0);
	m->max = group_number(g, "memory.peak", 0);
	m->failcnt = group_key(group_read(g, a, "memory.events"), "max");
	s->usage = group_number(g, "memory.swap.current", 0) + m->usage;
	s->limit = group_number(g, "memory.swap.max", 0);
	if (s->limit && s->limit != CGROUP_UNLIMITED && m->limit != CGROUP_UNLIMITED)
		s->limit += m->limit;
	s->max = group_number(g, "memory.swap.peak", 0);
	s->failcnt = group_key(group_read(g, a, "memory.swap.events"), "fail");
	ret->kernel.usage = group_key(stat, "kernel");
	ret->kernel_tcp.usage = group_key(stat, "sock");
	ret->cache = group_key(stat, "file");
	ret->raw = report_raw(a, stat);
	ret->psi = report_pressure(g, a, "memory.pressure");
}

/* "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6" */
static void report_io(const struct group *g, struct arena *a, struct report_blkio *ret)
{
	static const struct {
		const char *key, *op;
		bool bytes;
	} column[] = {
		{ "rbytes", "Read", true },    { "wbytes", "Write", true },
		{ "dbytes", "Discard", true }, { "rios", "Read", false },
		{ "wios", "Write", false },    { "dios", "Discard", false },
	};
	struct texts lines = texts_split(a, group_read(g, a, "io.stat"), '\n');

	for (size_t i = 0; i < lines.n; i++) {
		struct report_io one;

		if (sscanf(lines.v[i], "%" SCNu64 ":%" SCNu64, &one.major, &one.minor) != 2)
			continue;
		for (size_t k = 0; k < ARRAY_LEN(column); k++) {
			if (!strstr(lines.v[i], column[k].key))
				continue;
			one.op = column[k].op;
			one.value = group_sum(lines.v[i], column[k].key);
			report_add_io(a, column[k].bytes ? &ret->bytes : &ret->serviced, &one);
		}
	}
	ret->psi = report_pressure(g, a, "io.pressure");
}

void v2_report(struct cgroup *c, struct arena *a, struct report *ret)
{
	static const struct report_hugetlb_files huge = { .usage = "current", .events = "events" };
	const struct group *g = c->unified;
	uint64_t pids = group_number(g, "pids.max", 0);

	report_cpu(g, a, &ret->cpu);
	ret->cpuset.cpus = report_list(a, group_read(g, a, "cpuset.cpus.effective"));
	ret->cpuset.mems = report_list(a, group_read(g, a, "cpuset.mems.effective"));
	report_memory(g, a, &ret->memory);
	ret->pids.current = group_number(g, "pids.current", 0);
	ret->pids.limit = pids == CGROUP_UNLIMITED ? 0 : pids;
	report_io(g, a, &ret->blkio);
	report_hugetlb(g, a, &huge, &ret->hugetlb);
	report_rdma(g, a, &ret->rdma);
}
