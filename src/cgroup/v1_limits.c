/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits in v1's files: the specification's own language, so that hardly anything is converted. */
#include <inttypes.h>

#include "cgroup/v1.h"

#define FROM "linux.resources."

static const char *signed_text(struct limits *l, int64_t n)
{
	return arena_printf(l->arena, "%" PRId64, n);
}

static const char *unsigned_text(struct limits *l, uint64_t n)
{
	return arena_printf(l->arena, "%" PRIu64, n);
}

static void add_signed(struct limits *l, const char *controller, const char *file,
		       const int64_t *value, const char *from)
{
	if (value && *value)
		limits_add(l, &(struct limit){ .controller = controller,
					       .file = file,
					       .value = signed_text(l, *value),
					       .from = from });
}

static void add_unsigned(struct limits *l, const char *controller, const char *file,
			 const uint64_t *value, const char *from)
{
	if (value && *value)
		limits_add(l, &(struct limit){ .controller = controller,
					       .file = file,
					       .value = unsigned_text(l, *value),
					       .from = from });
}

static void flag_last(struct limits *l, size_t before, unsigned flags)
{
	if (l->n > before)
		l->v[l->n - 1].flags |= flags;
}

static int v1_memory(struct limits *l, const struct oci_linux_resources *r, struct err *e)
{
	static const int64_t unlimited = -1;
	const struct oci_memory *m = r->memory;
	const int64_t *swap;
	bool limited;
	size_t at = l->n;

	if (!m)
		return 0;
	limited = m->limit && *m->limit;
	swap = m->swap;
	/* Memory without a limit cannot have one with swap. */
	if (limited && *m->limit == -1 && !(swap && *swap))
		swap = &unlimited;
	if (limited && *m->limit > 0 && swap && *swap > 0 && *swap < *m->limit)
		return err_set(e, ERR_INVALID,
			       FROM "memory.swap (memory and swap together, %" PRId64
				    ") is less than memory.limit (%" PRId64 ")",
			       *swap, *m->limit);
	add_signed(l, "memory", "memory.limit_in_bytes", m->limit, FROM "memory.limit");
	if (limited && m->check_before_update && *m->check_before_update) {
		l->v[l->n - 1].other_file = "memory.usage_in_bytes";
		flag_last(l, at, LIMIT_CHECK_USAGE);
	}
	if (limited && swap && *swap)
		flag_last(l, at, LIMIT_PAIR);
	at = l->n;
	add_signed(l, "memory", "memory.memsw.limit_in_bytes", swap, FROM "memory.swap");
	flag_last(l, at, swap && *swap == -1 ? LIMIT_IF_THERE : LIMIT_IF_SWAP);
	if (swap && *swap > 0 && m->check_before_update && *m->check_before_update) {
		l->v[l->n - 1].other_file = "memory.memsw.usage_in_bytes";
		flag_last(l, at, LIMIT_CHECK_USAGE);
	}
	at = l->n;
	add_signed(l, "memory", "memory.kmem.limit_in_bytes", m->kernel, FROM "memory.kernel");
	flag_last(l, at, LIMIT_OBSOLETE);
	at = l->n;
	add_signed(l, "memory", "memory.kmem.tcp.limit_in_bytes", m->kernel_tcp,
		   FROM "memory.kernelTCP");
	flag_last(l, at, LIMIT_OBSOLETE);
	add_signed(l, "memory", "memory.soft_limit_in_bytes", m->reservation,
		   FROM "memory.reservation");
	if (m->swappiness)
		limits_add(l, &(struct limit){ .controller = "memory",
					       .file = "memory.swappiness",
					       .value = unsigned_text(l, *m->swappiness),
					       .from = FROM "memory.swappiness" });
	if (m->disable_oom_killer)
		limits_add(l, &(struct limit){ .controller = "memory",
					       .file = "memory.oom_control",
					       .value = *m->disable_oom_killer ? "1" : "0",
					       .from = FROM "memory.disableOOMKiller" });
	/* Always so since 5.11. */
	if (m->use_hierarchy && !*m->use_hierarchy)
		limits_add(l, &(struct limit){ .controller = "memory",
					       .file = "memory.use_hierarchy",
					       .value = "0",
					       .from = FROM "memory.useHierarchy" });
	return 0;
}

static int v1_cpu(struct limits *l, const struct oci_linux_resources *r, struct err *e)
{
	const struct oci_cpu *c = r->cpu;
	size_t at = l->n;

	if (!c)
		return 0;
	if (c->idle)
		limits_add(l, &(struct limit){ .controller = "cpu",
					       .file = "cpu.idle",
					       .value = signed_text(l, *c->idle),
					       .from = FROM "cpu.idle",
					       .flags = c->shares && *c->shares ? LIMIT_PAIR : 0 });
	add_unsigned(l, "cpu", "cpu.shares", c->shares, FROM "cpu.shares");
	at = l->n;
	add_unsigned(l, "cpu", "cpu.cfs_period_us", c->period, FROM "cpu.period");
	if (c->quota && *c->quota)
		flag_last(l, at, LIMIT_PAIR);
	at = l->n;
	add_signed(l, "cpu", "cpu.cfs_quota_us", c->quota, FROM "cpu.quota");
	if (c->burst)
		flag_last(l, at, LIMIT_PAIR);
	if (c->burst)
		limits_add(l, &(struct limit){ .controller = "cpu",
					       .file = "cpu.cfs_burst_us",
					       .value = unsigned_text(l, *c->burst),
					       .from = FROM "cpu.burst" });
	at = l->n;
	add_unsigned(l, "cpu", "cpu.rt_period_us", c->realtime_period, FROM "cpu.realtimePeriod");
	if (c->realtime_runtime && *c->realtime_runtime)
		flag_last(l, at, LIMIT_PAIR);
	add_signed(l, "cpu", "cpu.rt_runtime_us", c->realtime_runtime, FROM "cpu.realtimeRuntime");
	return 0;
}

static void add_throttles(struct limits *l, const struct oci_throttle_devices *devices,
			  const char *file, const char *from)
{
	for (size_t i = 0; i < devices->n; i++) {
		const struct oci_throttle_device *d = &devices->v[i];

		limits_add(l, &(struct limit){
				      .controller = "blkio",
				      .file = file,
				      .value = arena_printf(l->arena,
							    "%" PRId64 ":%" PRId64 " %" PRIu64,
							    d->major, d->minor, d->rate),
				      .from = from,
			      });
	}
}

static void add_weight(struct limits *l, const char *prefix, const uint64_t *weight,
		       const char *file, const char *bfq, const char *from)
{
	const char *value;

	if (!weight || !*weight)
		return;
	value = arena_printf(l->arena, "%s%" PRIu64, prefix, *weight);
	limits_add(l, &(struct limit){ .controller = "blkio",
				       .file = file,
				       .value = value,
				       .from = from,
				       .other_file = bfq,
				       .other_value = bfq ? value : NULL });
}

static int v1_blkio(struct limits *l, const struct oci_linux_resources *r, struct err *e)
{
	const struct oci_block_io *b = r->block_io;

	if (!b)
		return 0;
	/* CFQ's names; kernels since 5.0 have BFQ's. */
	add_weight(l, "", b->weight, "blkio.weight", "blkio.bfq.weight", FROM "blockIO.weight");
	add_weight(l, "", b->leaf_weight, "blkio.leaf_weight", NULL, FROM "blockIO.leafWeight");
	for (size_t i = 0; i < b->weight_devices.n; i++) {
		const struct oci_weight_device *d = &b->weight_devices.v[i];
		const char *prefix =
			arena_printf(l->arena, "%" PRId64 ":%" PRId64 " ", d->major, d->minor);

		add_weight(l, prefix, d->weight, "blkio.weight_device", "blkio.bfq.weight_device",
			   FROM "blockIO.weightDevice");
		add_weight(l, prefix, d->leaf_weight, "blkio.leaf_weight_device", NULL,
			   FROM "blockIO.weightDevice[].leafWeight");
	}
	add_throttles(l, &b->read_bps, "blkio.throttle.read_bps_device",
		      FROM "blockIO.throttleReadBpsDevice");
	add_throttles(l, &b->write_bps, "blkio.throttle.write_bps_device",
		      FROM "blockIO.throttleWriteBpsDevice");
	add_throttles(l, &b->read_iops, "blkio.throttle.read_iops_device",
		      FROM "blockIO.throttleReadIOPSDevice");
	add_throttles(l, &b->write_iops, "blkio.throttle.write_iops_device",
		      FROM "blockIO.throttleWriteIOPSDevice");
	return 0;
}

static int v1_hugetlb(struct limits *l, const struct oci_linux_resources *r, struct err *e)
{
	return limits_hugetlb(l, r, "limit_in_bytes", e);
}

static int v1_network(struct limits *l, const struct oci_linux_resources *r, struct err *e)
{
	if (!r->network)
		return 0;
	add_unsigned(l, "net_cls", "net_cls.classid", r->network->class_id, FROM "network.classID");
	for (size_t i = 0; i < r->network->priorities.n; i++)
		limits_add(l, &(struct limit){
				      .controller = "net_prio",
				      .file = "net_prio.ifpriomap",
				      .value = arena_printf(l->arena, "%s %" PRIu64,
							    r->network->priorities.v[i].name,
							    r->network->priorities.v[i].priority),
				      .from = FROM "network.priorities",
			      });
	return 0;
}

static int v1_unified(struct limits *l, const struct oci_linux_resources *r, struct err *e)
{
	if (r->unified.n == 0)
		return 0;
	return err_set(e, ERR_INVALID,
		       "invalid configuration: " FROM
		       "unified needs cgroup v2, and this host has v1");
}

/* A controller is in one place: in a hierarchy of its own, or left to the unified one. */
const struct v1_part v1_parts[] = {
	{ "cpu", v1_cpu, limits_v2_cpu },
	{ "cpuset", limits_v2_cpuset, limits_v2_cpuset }, /* the files have the same names */
	{ "memory", v1_memory, limits_v2_memory },
	{ "blkio", v1_blkio, limits_v2_io },
	{ "pids", limits_pids, limits_pids },
	{ "rdma", limits_rdma, limits_rdma },
	{ "hugetlb", v1_hugetlb, limits_v2_hugetlb },
	{ "net_cls", v1_network, v1_network },
	{ "", v1_unified, v1_unified },
	{ 0 },
};
