/* SPDX-License-Identifier: BSD-2-Clause */
/* What cgroup_report() writes, filled by each version in its own way. */
#pragma once

#include "base/json.h"
#include "cgroup/group.h"

/* Pressure stall information, Documentation/accounting/psi.rst. */
struct report_pressure_line {
	double avg10, avg60, avg300;
	uint64_t total; /* microseconds */
};
struct report_pressure {
	struct report_pressure_line some, full;
};

struct report_cpu_usage { /* nanoseconds */
	uint64_t total, kernel, user;
	struct json_uints percpu, percpu_kernel, percpu_user;
};
struct report_throttling {
	uint64_t periods, throttled_periods, throttled_time;
};
struct report_cpu {
	struct report_cpu_usage usage;
	struct report_throttling throttling;
	struct report_pressure *psi;
};

struct report_cpuset {
	struct json_uints cpus, mems;
	uint64_t cpu_exclusive, mem_exclusive, mem_hardwall, memory_migrate, memory_pressure;
	uint64_t memory_spread_page, memory_spread_slab, sched_load_balance;
	int64_t sched_relax_domain_level;
};

struct report_memory_entry {
	uint64_t limit, usage, max, failcnt;
};
struct report_memory {
	uint64_t cache;
	struct report_memory_entry usage, swap, kernel, kernel_tcp;
	const char *raw; /* memory.stat as JSON */
	struct report_pressure *psi;
};

struct report_pids {
	uint64_t current, limit;
};

struct report_io {
	uint64_t major, minor;
	const char *op;
	uint64_t value;
};
struct report_ios {
	struct report_io *v;
	size_t n, room;
};
struct report_blkio {
	struct report_ios bytes, serviced, queued, service_time, wait_time, merged, time, sectors;
	struct report_pressure *psi;
};

struct report_hugetlb {
	const char *key; /* "2MB" */
	uint64_t usage, max, failcnt;
};
struct report_hugetlbs {
	struct report_hugetlb *v;
	size_t n;
};

struct report_rdma_entry {
	const char *device;
	uint64_t handles, objects;
};
struct report_rdma_entries {
	struct report_rdma_entry *v;
	size_t n, room;
};
struct report_rdma {
	struct report_rdma_entries current, limit;
};

struct report_interface {
	const char *name;
	uint64_t rx_bytes, rx_packets, rx_errors, rx_dropped;
	uint64_t tx_bytes, tx_packets, tx_errors, tx_dropped;
};
struct report_interfaces {
	struct report_interface *v;
	size_t n, room;
};

struct report {
	struct report_cpu cpu;
	struct report_cpuset cpuset;
	struct report_memory memory;
	struct report_pids pids;
	struct report_blkio blkio;
	struct report_hugetlbs hugetlb;
	struct report_rdma rdma;
	const char *intel_rdt;
	struct report_interfaces interfaces;
};

/* The parts that both versions read alike. */
struct json_uints report_numbers(struct arena *a, const char *text); /* "1 2 3" */
struct json_uints report_list(struct arena *a, const char *list);    /* "0-3,7" */
const char *report_raw(struct arena *a, const char *stat);
struct report_pressure *report_pressure(const struct group *g, struct arena *a, const char *file);
void report_add_io(struct arena *a, struct report_ios *l, const struct report_io *one);
/* limit_file etc. are printf(3) formats with one %s, the page size. */
struct report_hugetlb_files {
	const char *usage, *max, *failcnt, *events; /* one of the last two */
};
void report_hugetlb(const struct group *g, struct arena *a, const struct report_hugetlb_files *f,
		    struct report_hugetlbs *ret);
void report_rdma(const struct group *g, struct arena *a, struct report_rdma *ret);
