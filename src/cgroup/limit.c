/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The specification speaks v1's language; this is its translation to v2 (cgroup-v2.rst), where it
 * has one.  Numbers that mean "unset" in the documents of Docker and podman (0 for sizes, weights,
 * quota and period) are left out.
 */
#include "cgroup/limit.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"

#define FROM "linux.resources."

void limits_add(struct limits *l, const struct limit *one)
{
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 16;
		struct limit *v = arena_array(l->arena, room, sizeof(*v));

		if (l->n)
			memcpy(v, l->v, l->n * sizeof(*v));
		l->v = v;
		l->room = room;
	}
	l->v[l->n++] = *one;
}

void limits_print(const struct limits *l, struct buf *out)
{
	for (size_t i = 0; i < l->n; i++)
		buf_addf(out, "%s %s\n", l->v[i].file, l->v[i].value);
}

static const char *number(struct limits *l, uint64_t n)
{
	return arena_printf(l->arena, "%" PRIu64, n);
}

/* v2 writes "max" where the specification says -1. */
static const char *or_max(struct limits *l, int64_t n)
{
	return n < 0 ? "max" : number(l, (uint64_t)n);
}

static bool is_set(const int64_t *n)
{
	return n && *n != 0;
}

static bool is_set_u(const uint64_t *n)
{
	return n && *n != 0;
}

static int only_on_v1(struct err *e, const char *what)
{
	return err_set(e, ERR_UNSUPPORTED, FROM "%s: cgroup v2 has no such limit", what);
}

/* memory */

static int swap_v2(struct limits *l, const struct oci_memory *m, struct err *e)
{
	struct limit swap = { .controller = "memory",
			      .file = "memory.swap.max",
			      .from = FROM "memory.swap" };

	if (!is_set(m->swap)) {
		/* Without a limit of memory, one of the sum of both means nothing. */
		if (is_set(m->limit) && *m->limit < 0) {
			swap.value = "max";
			swap.flags = LIMIT_IF_THERE;
			limits_add(l, &swap);
		}
		return 0;
	}
	if (*m->swap < 0) {
		swap.value = "max";
		/* Where swap is not counted it is not limited. */
		swap.flags = LIMIT_IF_THERE;
	} else if (!is_set(m->limit) || *m->limit < 0) {
		return err_set(e, ERR_INVALID,
			       FROM
			       "memory.swap is memory and swap together, and needs memory.limit");
	} else if (*m->swap < *m->limit) {
		return err_set(e, ERR_INVALID,
			       FROM "memory.swap (memory and swap together, %" PRId64
				    ") is less than memory.limit (%" PRId64 ")",
			       *m->swap, *m->limit);
	} else {
		swap.value = number(l, (uint64_t)(*m->swap - *m->limit));
		swap.flags = LIMIT_IF_SWAP;
		if (m->check_before_update && *m->check_before_update) {
			swap.flags |= LIMIT_CHECK_USAGE;
			swap.other_file = "memory.swap.current";
		}
	}
	limits_add(l, &swap);
	return 0;
}

int limits_v2_memory(struct limits *l, const struct oci_linux_resources *r, struct err *e)
{
	const struct oci_memory *m = r->memory;

	if (!m)
		return 0;
	if (m->swappiness)
		return only_on_v1(e, "memory.swappiness");
	if (m->disable_oom_killer && *m->disable_oom_killer)
		return only_on_v1(e, "memory.disableOOMKiller");
	if (m->use_hierarchy && !*m->use_hierarchy)
		return only_on_v1(e, "memory.useHierarchy");
	/* Not recommended by the specification, and part of memory.limit here. */
	if (is_set(m->kernel) || is_set(m->kernel_tcp))
		log_debug(FROM "memory.kernel and kernelTCP are left out: cgroup v2 has no such "
			       "limits");
	if (is_set(m->limit))
		limits_add(l, &(struct limit){
				      .controller = "memory",
				      .file = "memory.max",
				      .value = or_max(l, *m->limit),
				      .from = FROM "memory.limit",
				      .other_file = "memory.current",
				      .flags = m->check_before_update && *m->check_before_update
						       ? LIMIT_CHECK_USAGE
						       : 0,
			      });
	if (is_set(m->reservation))
		limits_add(l, &(struct limit){
				      .controller = "memory",
				      .file = "memory.low",
				      .value = or_max(l, *m->reservation),
				      .from = FROM "memory.reservation",
			      });
	return swap_v2(l, m, e);
}

/* cpu */

/* log2 by squaring, 10^x by its series: good to 1e-12 here, and no mathematics library to load. */
static double log2_of(double x)
{
	double whole = 0, part = 0;

	for (; x >= 2; x /= 2)
		whole++;
	for (double bit = 0.5; bit > 1e-14; bit /= 2) {
		x *= x;
		if (x >= 2) {
			x /= 2;
			part += bit;
		}
	}
	return whole + part;
}

static double power_of_ten(double x)
{
	double t = x * 2.302585092994045684 / 16, term = 1, sum = 1;

	for (int i = 1; i < 20; i++) {
		term *= t / i;
		sum += term;
	}
	for (int i = 0; i < 4; i++)
		sum *= sum;
	return sum;
}

/*
 * 10^((l² + 125 l) / 612 - 7/34), l = log2(shares), rounded up: the curve through (2, 1), (1024,
 * 100) and (262144, 10000) that runc and crun have agreed on, so that the default of v1 becomes the
 * default of v2.
 */
uint64_t limit_weight_of_shares(uint64_t shares)
{
	double l, weight;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = log2_of((double)shares);
	weight = power_of_ten((l * l + 125 * l) / 612 - 7.0 / 34);
	/* A whole number that came out a hair above itself stays what it is. */
	return (uint64_t)(weight - 1e-9) + 1;
}

static void cpu_max(struct limits *l, const struct oci_cpu *c)
{
	struct limit max = { .controller = "cpu", .file = "cpu.max", .from = FROM "cpu.quota" };
	bool quota = is_set(c->quota), period = is_set_u(c->period);

	if (!quota && !period)
		return;
	if (!quota) {
		max.value = number(l, *c->period);
		max.from = FROM "cpu.period";
		max.flags = LIMIT_KEEP_QUOTA;
	} else if (!period) {
		max.value = or_max(l, *c->quota);
	} else {
		max.value = arena_printf(l->arena, "%s %" PRIu64, or_max(l, *c->quota), *c->period);
	}
	if (c->burst)
		max.flags |= LIMIT_PAIR;
	limits_add(l, &max);
}

int limits_v2_cpu(struct limits *l, const struct oci_linux_resources *r, struct err *e)
{
	const struct oci_cpu *c = r->cpu;

	if (!c)
		return 0;
	if (is_set(c->realtime_runtime))
		return only_on_v1(e, "cpu.realtimeRuntime");
	if (is_set_u(c->realtime_period))
		return only_on_v1(e, "cpu.realtimePeriod");
	/* An idle group takes no weight, so leaving idleness comes first. */
	if (c->idle)
		limits_add(l,
			   &(struct limit){ .controller = "cpu",
					    .file = "cpu.idle",
					    .value = arena_printf(l->arena, "%" PRId64, *c->idle),
					    .from = FROM "cpu.idle",
					    .flags = is_set_u(c->shares) ? LIMIT_PAIR : 0 });
	if (is_set_u(c->shares))
		limits_add(l, &(struct limit){
				      .controller = "cpu",
				      .file = "cpu.weight",
				      .value = number(l, limit_weight_of_shares(*c->shares)),
				      .from = FROM "cpu.shares",
			      });
	cpu_max(l, c);
	if (c->burst)
		limits_add(l, &(struct limit){ .controller = "cpu",
					       .file = "cpu.max.burst",
					       .value = number(l, *c->burst),
					       .from = FROM "cpu.burst" });
	return 0;
}

int limits_v2_cpuset(struct limits *l, const struct oci_linux_resources *r, struct err *e)
{
	const struct oci_cpu *c = r->cpu;

	if (c && c->cpus && *c->cpus)
		limits_add(l, &(struct limit){ .controller = "cpuset",
					       .file = "cpuset.cpus",
					       .value = c->cpus,
					       .from = FROM "cpu.cpus" });
	if (c && c->mems && *c->mems)
		limits_add(l, &(struct limit){ .controller = "cpuset",
					       .file = "cpuset.mems",
					       .value = c->mems,
					       .from = FROM "cpu.mems" });
	return 0;
}

/* io */

uint64_t limit_io_weight(uint64_t weight)
{
	return weight <= 10 ? 1 : 1 + (weight - 10) * 9999 / 990;
}

static void io_weight(struct limits *l, const char *prefix, uint64_t weight, const char *from)
{
	limits_add(l, &(struct limit){
			      .controller = "io",
			      .file = "io.bfq.weight",
			      .value = arena_printf(l->arena, "%s%" PRIu64, prefix, weight),
			      .from = from,
			      .other_file = "io.weight",
			      .other_value = arena_printf(l->arena, "%s%" PRIu64, prefix,
							  limit_io_weight(weight)),
		      });
}

static void io_max(struct limits *l, const struct oci_throttle_devices *devices, const char *key,
		   const char *from)
{
	for (size_t i = 0; i < devices->n; i++) {
		const struct oci_throttle_device *d = &devices->v[i];

		limits_add(l,
			   &(struct limit){
				   .controller = "io",
				   .file = "io.max",
				   .value = arena_printf(l->arena, "%" PRId64 ":%" PRId64 " %s=%s",
							 d->major, d->minor, key,
							 d->rate ? number(l, d->rate) : "max"),
				   .from = from,
			   });
	}
}

int limits_v2_io(struct limits *l, const struct oci_linux_resources *r, struct err *e)
{
	const struct oci_block_io *b = r->block_io;

	if (!b)
		return 0;
	if (is_set_u(b->leaf_weight))
		return only_on_v1(e, "blockIO.leafWeight");
	if (is_set_u(b->weight))
		io_weight(l, "", *b->weight, FROM "blockIO.weight");
	for (size_t i = 0; i < b->weight_devices.n; i++) {
		const struct oci_weight_device *d = &b->weight_devices.v[i];

		if (is_set_u(d->leaf_weight))
			return only_on_v1(e, "blockIO.weightDevice[].leafWeight");
		if (is_set_u(d->weight))
			io_weight(l,
				  arena_printf(l->arena, "%" PRId64 ":%" PRId64 " ", d->major,
					       d->minor),
				  *d->weight, FROM "blockIO.weightDevice");
	}
	io_max(l, &b->read_bps, "rbps", FROM "blockIO.throttleReadBpsDevice");
	io_max(l, &b->write_bps, "wbps", FROM "blockIO.throttleWriteBpsDevice");
	io_max(l, &b->read_iops, "riops", FROM "blockIO.throttleReadIOPSDevice");
	io_max(l, &b->write_iops, "wiops", FROM "blockIO.throttleWriteIOPSDevice");
	return 0;
}

/* the others */

static int check_page_size(const char *size, struct err *e)
{
	size_t digits = size ? strspn(size, "0123456789") : 0;

	/* It becomes part of a file's name. */
	if (digits == 0 || digits > 9 || !strchr("KMG", size[digits]) || !size[digits] ||
	    strcmp(size + digits + 1, "B") != 0)
		return err_set(e, ERR_INVALID,
			       FROM "hugepageLimits[].pageSize: \"%.32s\" is not like \"2MB\"",
			       size ? size : "");
	return 0;
}

int limits_hugetlb(struct limits *l, const struct oci_linux_resources *r, const char *name,
		   struct err *e)
{
	for (size_t i = 0; i < r->hugepage_limits.n; i++) {
		const struct oci_hugepage_limit *h = &r->hugepage_limits.v[i];
		struct limit one = { .controller = "hugetlb", .from = FROM "hugepageLimits" };
		int ret = check_page_size(h->page_size, e);

		if (ret < 0)
			return ret;
		one.value = number(l, h->limit);
		one.file = arena_printf(l->arena, "hugetlb.%s.%s", h->page_size, name);
		limits_add(l, &one);
		one.file = arena_printf(l->arena, "hugetlb.%s.rsvd.%s", h->page_size, name);
		one.flags = LIMIT_IF_THERE;
		limits_add(l, &one);
	}
	return 0;
}

int limits_v2_hugetlb(struct limits *l, const struct oci_linux_resources *r, struct err *e)
{
	return limits_hugetlb(l, r, "max", e);
}

int limits_pids(struct limits *l, const struct oci_linux_resources *r, struct err *e)
{
	if (!r->pids || !r->pids->limit)
		return 0;
	limits_add(l, &(struct limit){
			      .controller = "pids",
			      .file = "pids.max",
			      /* 0 would forbid the container's first process. */
			      .value = *r->pids->limit == 0 ? "1" : or_max(l, *r->pids->limit),
			      .from = FROM "pids.limit",
		      });
	return 0;
}

int limits_rdma(struct limits *l, const struct oci_linux_resources *r, struct err *e)
{
	for (size_t i = 0; i < r->rdma.n; i++) {
		const struct oci_rdma *d = &r->rdma.v[i];

		limits_add(l, &(struct limit){
				      .controller = "rdma",
				      .file = "rdma.max",
				      .value = arena_printf(
					      l->arena, "%s hca_handle=%s hca_object=%s", d->key,
					      d->hca_handles ? number(l, *d->hca_handles) : "max",
					      d->hca_objects ? number(l, *d->hca_objects) : "max"),
				      .from = FROM "rdma",
			      });
	}
	return 0;
}

int limits_v2_network(struct limits *l, const struct oci_linux_resources *r, struct err *e)
{
	if (r->network && is_set_u(r->network->class_id))
		return only_on_v1(e, "network.classID");
	if (r->network && r->network->priorities.n > 0)
		return only_on_v1(e, "network.priorities");
	return 0;
}

/* unified: file by file; what was converted for such a file gives way. */

static void drop_file(struct limits *l, const char *file)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].file, file) != 0)
			l->v[kept++] = l->v[i];
	l->n = kept;
}

int limits_v2_unified(struct limits *l, const struct oci_linux_resources *r, struct err *e)
{
	for (size_t i = 0; i < r->unified.n; i++) {
		const struct text_pair *pair = &r->unified.v[i];
		const char *dot = strchr(pair->key, '.');
		struct texts lines = texts_split(l->arena, pair->value, '\n');
		struct limit one = { .file = pair->key };

		if (!dot || dot == pair->key || !dot[1] || strchr(pair->key, '/'))
			return err_set(e, ERR_INVALID,
				       FROM "unified: the specified key has not the form "
					    "CONTROLLER.VALUE `%s`",
				       pair->key);
		drop_file(l, pair->key);
		one.controller = arena_strndup(l->arena, pair->key, (size_t)(dot - pair->key));
		one.from = arena_printf(l->arena, FROM "unified.%s", pair->key);
		for (size_t k = 0; k < lines.n; k++) {
			one.value = lines.v[k];
			if (*one.value)
				limits_add(l, &one);
		}
	}
	return 0;
}

int limits_v2(struct limits *l, const struct oci_linux_resources *r, struct err *e)
{
	static limit_fn *const parts[] = {
		limits_v2_cpu, limits_v2_cpuset,  limits_v2_memory,  limits_v2_io,      limits_pids,
		limits_rdma,   limits_v2_hugetlb, limits_v2_network, limits_v2_unified,
	};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		int ret = parts[i](l, r, e);

		if (ret < 0)
			return ret;
	}
	return 0;
}
