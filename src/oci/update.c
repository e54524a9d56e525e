/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "cgroup/cgroup.h"
#include "oci/record.h"
#include "runtime/runtime.h"

#define RESOURCES_MAX (1U << 20)

struct update_args {
	const char *resources, *cpus, *mems, *l3_cache, *mem_bw;
	int64_t limit, reservation, swap, quota, rt_runtime, idle, pids;
	uint64_t period, shares, rt_period, burst, weight;
	bool limit_given, reservation_given, swap_given, quota_given, rt_runtime_given, idle_given,
		pids_given, period_given, shares_given, rt_period_given, burst_given, weight_given;
};

static const struct option update_options[] = {
	OPTION_TEXT(update_args, resources, "resources", 'r', "FILE",
		    "Read linux.resources as JSON from this file, - is standard input",
		    .completes = "file"),
	OPTION_UINT(update_args, weight, "blkio-weight", 0, "WEIGHT", "Weight of I/O, 10 to 1000",
		    OPTION_GIVEN(update_args, weight_given)),
	OPTION_UINT(update_args, period, "cpu-period", 0, "USEC", "Period of the CPU quota",
		    OPTION_GIVEN(update_args, period_given)),
	OPTION_INT(update_args, quota, "cpu-quota", 0, "USEC", "CPU time in a period, -1: any",
		   OPTION_GIVEN(update_args, quota_given)),
	OPTION_UINT(update_args, burst, "cpu-burst", 0, "USEC",
		    "CPU time that may be saved up from one period to the next",
		    OPTION_GIVEN(update_args, burst_given)),
	OPTION_UINT(update_args, shares, "cpu-share", 0, "SHARES", "CPU time beside others",
		    OPTION_GIVEN(update_args, shares_given)),
	OPTION_UINT(update_args, rt_period, "cpu-rt-period", 0, "USEC",
		    "Period of the realtime quota", OPTION_GIVEN(update_args, rt_period_given)),
	OPTION_INT(update_args, rt_runtime, "cpu-rt-runtime", 0, "USEC",
		   "Realtime CPU time in a period", OPTION_GIVEN(update_args, rt_runtime_given)),
	OPTION_TEXT(update_args, cpus, "cpuset-cpus", 0, "LIST", "CPUs to run on: 0-3,7"),
	OPTION_TEXT(update_args, mems, "cpuset-mems", 0, "LIST", "Memory nodes to use"),
	OPTION_INT(update_args, idle, "cpu-idle", 0, "0|1", "Run only when nobody else does",
		   OPTION_GIVEN(update_args, idle_given)),
	OPTION_SIZE(update_args, limit, "memory", 0, "BYTES", "Memory limit, -1: none",
		    OPTION_GIVEN(update_args, limit_given)),
	OPTION_SIZE(update_args, reservation, "memory-reservation", 0, "BYTES",
		    "Memory that is not taken away", OPTION_GIVEN(update_args, reservation_given)),
	OPTION_SIZE(update_args, swap, "memory-swap", 0, "BYTES",
		    "Memory and swap together, -1: no limit",
		    OPTION_GIVEN(update_args, swap_given)),
	OPTION_INT(update_args, pids, "pids-limit", 0, "N", "Processes, -1: no limit",
		   OPTION_GIVEN(update_args, pids_given)),
	OPTION_TEXT(update_args, l3_cache, "l3-cache-schema", 0, "SCHEMA",
		    "Cache to allocate, by Intel RDT: L3:0=7f0;1=1f"),
	OPTION_TEXT(update_args, mem_bw, "mem-bw-schema", 0, "SCHEMA",
		    "Memory bandwidth, by Intel RDT: MB:0=20;1=70"),
	OPTION_IGNORED("kernel-memory", 0, "BYTES", "No kernel limits it any more: ignored"),
	OPTION_IGNORED("kernel-memory-tcp", 0, "BYTES", "No kernel limits it any more: ignored"),
	{ 0 },
};

static int read_resources(struct arena *a, const char *file, struct oci_linux_resources *ret,
			  struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int r = strcmp(file, "-") == 0
			? file_read_fd(STDIN_FILENO, "-", RESOURCES_MAX, &text, &len, e)
			: file_read_at(AT_FDCWD, file, RESOURCES_MAX, &text, &len, e);

	if (r == 0)
		r = json_read(a, text, len, &oci_linux_resources_json, ret, e);
	return r < 0 ? err_wrap(e, "--resources %s", file) : 0;
}

/* Engines send zeros for what they don't mean to change. */
static void drop_zeros(const struct oci_linux_resources *r)
{
	if (r->memory) {
		const int64_t **const m[] = { &r->memory->limit, &r->memory->reservation,
					      &r->memory->swap, &r->memory->kernel,
					      &r->memory->kernel_tcp };

		for (size_t i = 0; i < ARRAY_LEN(m); i++)
			if (*m[i] && **m[i] == 0)
				*m[i] = NULL;
	}
	if (r->cpu) {
		const uint64_t **const u[] = { &r->cpu->shares, &r->cpu->period,
					       &r->cpu->realtime_period };
		const int64_t **const s[] = { &r->cpu->quota, &r->cpu->realtime_runtime };

		for (size_t i = 0; i < ARRAY_LEN(u); i++)
			if (*u[i] && **u[i] == 0)
				*u[i] = NULL;
		for (size_t i = 0; i < ARRAY_LEN(s); i++)
			if (*s[i] && **s[i] == 0)
				*s[i] = NULL;
	}
	if (r->pids && r->pids->limit && *r->pids->limit == 0)
		r->pids->limit = NULL;
	if (r->block_io && r->block_io->weight && *r->block_io->weight == 0)
		r->block_io->weight = NULL;
}

#define TAKE(part, member, from) \
	if (a->from##_given)     \
	(part)->member = &a->from

static void take_options(struct arena *arena, const struct update_args *a,
			 struct oci_linux_resources *r)
{
	struct oci_memory *memory = ARENA_NEW(arena, struct oci_memory);
	struct oci_cpu *cpu = ARENA_NEW(arena, struct oci_cpu);
	struct oci_pids *pids = ARENA_NEW(arena, struct oci_pids);
	struct oci_block_io *block = ARENA_NEW(arena, struct oci_block_io);

	TAKE(memory, limit, limit);
	TAKE(memory, reservation, reservation);
	TAKE(memory, swap, swap);
	TAKE(cpu, quota, quota);
	TAKE(cpu, period, period);
	TAKE(cpu, burst, burst);
	TAKE(cpu, shares, shares);
	TAKE(cpu, realtime_period, rt_period);
	TAKE(cpu, realtime_runtime, rt_runtime);
	TAKE(cpu, idle, idle);
	TAKE(pids, limit, pids);
	TAKE(block, weight, weight);
	cpu->cpus = a->cpus;
	cpu->mems = a->mems;
	*r = (struct oci_linux_resources){
		.memory = memory, .cpu = cpu, .pids = pids, .block_io = block
	};
}

/* A group that is made now is noted before, so that delete finds it whatever happens. */
static int update_rdt(struct record_at *at, const struct update_args *a, struct cgroup *c,
		      struct err *e)
{
	struct oci_config config;
	struct runtime_rdt_update how = {
		.config = &config, .id = at->r.id, .l3_cache = a->l3_cache, .mem_bw = a->mem_bw
	};
	pid_t first = (pid_t)at->r.pid, *pids = &first;
	int r = record_config(at, &config, e);

	how.pids_len = 1;
	if (r == 0 && c)
		r = cgroup_pids(c, at->arena, &pids, &how.pids_len, e);
	how.pids = pids;
	if (r == 0 && !(config.linux_part && config.linux_part->intel_rdt) && !at->r.rdt) {
		at->r.rdt = true;
		r = record_write(at, e);
	}
	return r < 0 ? r : runtime_update_rdt(&how, e);
}

static int change(struct record_at *at, const struct update_args *a,
		  const struct oci_linux_resources *resources, struct err *e)
{
	AUTO(cgroup) c = NULL;
	bool rdt = a->l3_cache || a->mem_bw;
	int r = 0;

	if (!record_is_alive(at))
		return err_set(e, ERR_CONFLICT, "container not running");
	if (!text_empty(at->r.cgroup))
		r = cgroup_open(at->r.cgroup_manager, at->r.cgroup, &c, e);
	else if (!rdt)
		r = err_set(e, ERR_UNSUPPORTED, "container %s has no cgroup to be limited by",
			    at->r.id);
	if (r == 0 && rdt)
		r = update_rdt(at, a, c, e);
	if (r == 0 && c)
		r = cgroup_update(c, resources, e);
	return r;
}

static int update(struct oci_globals *g, const struct update_args *a, const char *id, struct err *e)
{
	struct oci_linux_resources resources = { 0 };
	struct record_at at;
	int r = record_open_locked(g, id, &at, e);

	if (r < 0)
		return r;
	if (a->resources)
		r = read_resources(g->arena, a->resources, &resources, e);
	else
		take_options(g->arena, a, &resources);
	if (r == 0) {
		drop_zeros(&resources);
		r = change(&at, a, &resources, e);
	}
	record_close(&at);
	return r;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct err e;

	return update(globals, args, argv[0], &e) < 0 ? oci_fail(globals, &e) : 0;
}

static const struct option *const options[] = { update_options, NULL };

const struct command oci_update_command = {
	.name = "update",
	.summary = "Change the limits of a container",
	.description = "Changes what is named of a container's limits, and keeps the rest",
	.usage = "ID",
	.examples = "--memory 512M --pids-limit 100 web\n--resources limits.json web\n",
	.options = options,
	.args_size = sizeof(struct update_args),
	.min_args = 1,
	.max_args = 1,
	.completes = "container",
	.run = run,
};
