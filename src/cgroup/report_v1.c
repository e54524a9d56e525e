/* SPDX-License-Identifier: BSD-2-Clause */
/* The counters of separate hierarchies. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup/report.h"
#include "cgroup/v1.h"

#define LINE_WORDS 3 /* "CPU user system" */

/* "cpu user system\n0 123 45\n…" */
static void report_each_cpu(const struct group *g, struct arena *a, struct report_cpu_usage *ret)
{
	struct texts lines = texts_split(a, group_read(g, a, "cpuacct.usage_all"), '\n');

	ret->percpu = report_numbers(a, group_read(g, a, "cpuacct.usage_percpu"));
	ret->percpu_user.v = arena_array(a, lines.n + 1, sizeof(uint64_t));
	ret->percpu_kernel.v = arena_array(a, lines.n + 1, sizeof(uint64_t));
	for (size_t i = 1; i < lines.n; i++) {
		struct json_uints words = report_numbers(a, lines.v[i]);

		if (words.n != LINE_WORDS)
			continue;
		ret->percpu_user.v[ret->percpu_user.n++] = words.v[1];
		ret->percpu_kernel.v[ret->percpu_kernel.n++] = words.v[2];
	}
}

static void report_cpu(const struct cgroup *c, struct arena *a, struct report_cpu *ret)
{
	const struct group *use = v1_group(c, "cpuacct"), *cpu = v1_group(c, "cpu");

	if (use) {
		ret->usage.total = group_number(use, "cpuacct.usage", 0);
		ret->usage.user = group_number(use, "cpuacct.usage_user", 0);
		ret->usage.kernel = group_number(use, "cpuacct.usage_sys", 0);
		report_each_cpu(use, a, &ret->usage);
	}
	if (cpu) {
		const char *stat = group_read(cpu, a, "cpu.stat");

		ret->throttling.periods = group_key(stat, "nr_periods");
		ret->throttling.throttled_periods = group_key(stat, "nr_throttled");
		ret->throttling.throttled_time = group_key(stat, "throttled_time");
	}
}

static void report_cpuset(const struct group *g, struct arena *a, struct report_cpuset *ret)
{
	*ret = (struct report_cpuset){
		.cpus = report_list(a, group_read(g, a, "cpuset.cpus")),
		.mems = report_list(a, group_read(g, a, "cpuset.mems")),
		.cpu_exclusive = group_number(g, "cpuset.cpu_exclusive", 0),
		.mem_exclusive = group_number(g, "cpuset.mem_exclusive", 0),
		.mem_hardwall = group_number(g, "cpuset.mem_hardwall", 0),
		.memory_migrate = group_number(g, "cpuset.memory_migrate", 0),
		.memory_pressure = group_number(g, "cpuset.memory_pressure", 0),
		.memory_spread_page = group_number(g, "cpuset.memory_spread_page", 0),
		.memory_spread_slab = group_number(g, "cpuset.memory_spread_slab", 0),
		.sched_load_balance = group_number(g, "cpuset.sched_load_balance", 0),
		.sched_relax_domain_level =
			atoi(group_read(g, a, "cpuset.sched_relax_domain_level")),
	};
}

static void report_entry(const struct group *g, struct arena *a, const char *kind,
			 struct report_memory_entry *ret)
{
	*ret = (struct report_memory_entry){
		.usage = group_number(g, arena_printf(a, "memory.%susage_in_bytes", kind), 0),
		.max = group_number(g, arena_printf(a, "memory.%smax_usage_in_bytes", kind), 0),
		.limit = group_number(g, arena_printf(a, "memory.%slimit_in_bytes", kind), 0),
		.failcnt = group_number(g, arena_printf(a, "memory.%sfailcnt", kind), 0),
	};
}

static void report_memory(const struct group *g, struct arena *a, struct report_memory *ret)
{
	const char *stat = group_read(g, a, "memory.stat");

	report_entry(g, a, "", &ret->usage);
	report_entry(g, a, "memsw.", &ret->swap);
	report_entry(g, a, "kmem.", &ret->kernel);
	report_entry(g, a, "kmem.tcp.", &ret->kernel_tcp);
	ret->cache = group_key(stat, "total_cache");
	ret->raw = report_raw(a, stat);
}

/* "8:0 Read 4096"; times and sectors have no operation; the last line, "Total", no device. */
static void report_ios(const struct group *g, struct arena *a, const char *file,
		       struct report_ios *ret)
{
	struct texts lines = texts_split(a, group_read(g, a, file), '\n');

	for (size_t i = 0; i < lines.n; i++) {
		struct report_io one = { 0 };
		char op[16] = "";

		if (sscanf(lines.v[i], "%" SCNu64 ":%" SCNu64 " %15[A-Za-z] %" SCNu64, &one.major,
			   &one.minor, op, &one.value) != 4 &&
		    sscanf(lines.v[i], "%" SCNu64 ":%" SCNu64 " %" SCNu64, &one.major, &one.minor,
			   &one.value) != 3)
			continue;
		one.op = arena_strdup(a, op);
		report_add_io(a, ret, &one);
	}
}

/* CFQ's files, or BFQ's of kernels since 5.0, or, where no device has a scheduler, throttling's. */
static void report_blkio(const struct group *g, struct arena *a, struct report_blkio *ret)
{
	static const char *const prefix[] = { "blkio.", "blkio.bfq.", "blkio.throttle." };

	for (size_t i = 0; i < ARRAY_LEN(prefix) && ret->serviced.n == 0; i++) {
		const char *p = prefix[i];
		const struct {
			const char *file;
			struct report_ios *to;
		} files[] = {
			{ "io_service_bytes_recursive", &ret->bytes },
			{ "io_serviced_recursive", &ret->serviced },
			{ "io_queued_recursive", &ret->queued },
			{ "io_service_time_recursive", &ret->service_time },
			{ "io_wait_time_recursive", &ret->wait_time },
			{ "io_merged_recursive", &ret->merged },
			{ "time_recursive", &ret->time },
			{ "sectors_recursive", &ret->sectors },
		};

		*ret = (struct report_blkio){ .psi = ret->psi };
		for (size_t k = 0; k < ARRAY_LEN(files); k++)
			report_ios(g, a, arena_printf(a, "%s%s", p, files[k].file), files[k].to);
	}
}

void v1_report(struct cgroup *c, struct arena *a, struct report *ret)
{
	static const struct report_hugetlb_files huge = { .usage = "usage_in_bytes",
							  .max = "max_usage_in_bytes",
							  .failcnt = "failcnt" };
	const struct group *g;

	/* What was left to the unified hierarchy, and pressure, come from there. */
	if (c->unified)
		v2_report(c, a, ret);
	report_cpu(c, a, &ret->cpu);
	if ((g = v1_group(c, "cpuset")))
		report_cpuset(g, a, &ret->cpuset);
	if ((g = v1_group(c, "memory")))
		report_memory(g, a, &ret->memory);
	if ((g = v1_group(c, "pids"))) {
		uint64_t limit = group_number(g, "pids.max", 0);

		ret->pids.current = group_number(g, "pids.current", 0);
		ret->pids.limit = limit == CGROUP_UNLIMITED ? 0 : limit;
	}
	if ((g = v1_group(c, "blkio")))
		report_blkio(g, a, &ret->blkio);
	if ((g = v1_group(c, "hugetlb")))
		report_hugetlb(g, a, &huge, &ret->hugetlb);
	if ((g = v1_group(c, "rdma")))
		report_rdma(g, a, &ret->rdma);
}
