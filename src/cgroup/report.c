/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Statistics in the words of runc's `events --stats`, which containerd's and CRI-O's tools read:
 * the names, what is left out when it is zero and what never is are an interface.
 */
#include "cgroup/report.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cgroup/manager.h"

#define NET_DEV_MAX (1 << 20)
#define LIST_MAX    8192 /* processors of one machine */

static const struct json_field pressure_line_fields[] = {
	JSON_DOUBLE(report_pressure_line, avg10, "avg10", JSON_ALWAYS),
	JSON_DOUBLE(report_pressure_line, avg60, "avg60", JSON_ALWAYS),
	JSON_DOUBLE(report_pressure_line, avg300, "avg300", JSON_ALWAYS),
	JSON_UINT(report_pressure_line, total, "total", JSON_ALWAYS),
	{ 0 },
};
static const struct json_type pressure_line_json =
	JSON_TYPE(report_pressure_line, pressure_line_fields);
static const struct json_field pressure_fields[] = {
	JSON_OBJECT(report_pressure, some, "some", JSON_ALWAYS, pressure_line_json),
	JSON_OBJECT(report_pressure, full, "full", JSON_ALWAYS, pressure_line_json),
	{ 0 },
};
static const struct json_type pressure_json = JSON_TYPE(report_pressure, pressure_fields);

static const struct json_field cpu_usage_fields[] = {
	JSON_UINT(report_cpu_usage, total, "total", 0),
	JSON_UINTS(report_cpu_usage, percpu, "percpu", 0),
	JSON_UINTS(report_cpu_usage, percpu_kernel, "percpu_kernel", 0),
	JSON_UINTS(report_cpu_usage, percpu_user, "percpu_user", 0),
	JSON_UINT(report_cpu_usage, kernel, "kernel", JSON_ALWAYS),
	JSON_UINT(report_cpu_usage, user, "user", JSON_ALWAYS),
	{ 0 },
};
static const struct json_type cpu_usage_json = JSON_TYPE(report_cpu_usage, cpu_usage_fields);
static const struct json_field throttling_fields[] = {
	JSON_UINT(report_throttling, periods, "periods", 0),
	JSON_UINT(report_throttling, throttled_periods, "throttledPeriods", 0),
	JSON_UINT(report_throttling, throttled_time, "throttledTime", 0),
	{ 0 },
};
static const struct json_type throttling_json = JSON_TYPE(report_throttling, throttling_fields);
static const struct json_field cpu_fields[] = {
	JSON_OBJECT(report_cpu, usage, "usage", JSON_ALWAYS, cpu_usage_json),
	JSON_OBJECT(report_cpu, throttling, "throttling", JSON_ALWAYS, throttling_json),
	JSON_OBJECT_PTR(report_cpu, psi, "psi", 0, pressure_json),
	{ 0 },
};
static const struct json_type cpu_json = JSON_TYPE(report_cpu, cpu_fields);

static const struct json_field cpuset_fields[] = {
	JSON_UINTS(report_cpuset, cpus, "cpus", 0),
	JSON_UINT(report_cpuset, cpu_exclusive, "cpu_exclusive", JSON_ALWAYS),
	JSON_UINTS(report_cpuset, mems, "mems", 0),
	JSON_UINT(report_cpuset, mem_hardwall, "mem_hardwall", JSON_ALWAYS),
	JSON_UINT(report_cpuset, mem_exclusive, "mem_exclusive", JSON_ALWAYS),
	JSON_UINT(report_cpuset, memory_migrate, "memory_migrate", JSON_ALWAYS),
	JSON_UINT(report_cpuset, memory_spread_page, "memory_spread_page", JSON_ALWAYS),
	JSON_UINT(report_cpuset, memory_spread_slab, "memory_spread_slab", JSON_ALWAYS),
	JSON_UINT(report_cpuset, memory_pressure, "memory_pressure", JSON_ALWAYS),
	JSON_UINT(report_cpuset, sched_load_balance, "sched_load_balance", JSON_ALWAYS),
	JSON_INT(report_cpuset, sched_relax_domain_level, "sched_relax_domain_level", JSON_ALWAYS),
	{ 0 },
};
static const struct json_type cpuset_json = JSON_TYPE(report_cpuset, cpuset_fields);

static const struct json_field memory_entry_fields[] = {
	JSON_UINT(report_memory_entry, limit, "limit", JSON_ALWAYS),
	JSON_UINT(report_memory_entry, usage, "usage", 0),
	JSON_UINT(report_memory_entry, max, "max", 0),
	JSON_UINT(report_memory_entry, failcnt, "failcnt", JSON_ALWAYS),
	{ 0 },
};
static const struct json_type memory_entry_json =
	JSON_TYPE(report_memory_entry, memory_entry_fields);
static const struct json_field memory_fields[] = {
	JSON_UINT(report_memory, cache, "cache", 0),
	JSON_OBJECT(report_memory, usage, "usage", JSON_ALWAYS, memory_entry_json),
	JSON_OBJECT(report_memory, swap, "swap", JSON_ALWAYS, memory_entry_json),
	JSON_OBJECT(report_memory, kernel, "kernel", JSON_ALWAYS, memory_entry_json),
	JSON_OBJECT(report_memory, kernel_tcp, "kernelTCP", JSON_ALWAYS, memory_entry_json),
	JSON_RAW(report_memory, raw, "raw", 0),
	JSON_OBJECT_PTR(report_memory, psi, "psi", 0, pressure_json),
	{ 0 },
};
static const struct json_type memory_json = JSON_TYPE(report_memory, memory_fields);

static const struct json_field pids_fields[] = {
	JSON_UINT(report_pids, current, "current", 0),
	JSON_UINT(report_pids, limit, "limit", 0),
	{ 0 },
};
static const struct json_type pids_json = JSON_TYPE(report_pids, pids_fields);

static const struct json_field io_fields[] = {
	JSON_UINT(report_io, major, "major", 0),
	JSON_UINT(report_io, minor, "minor", 0),
	JSON_TEXT(report_io, op, "op", 0),
	JSON_UINT(report_io, value, "value", 0),
	{ 0 },
};
static const struct json_type io_json = JSON_TYPE(report_io, io_fields);
static const struct json_field blkio_fields[] = {
	JSON_ARRAY(report_blkio, bytes, "ioServiceBytesRecursive", 0, io_json),
	JSON_ARRAY(report_blkio, serviced, "ioServicedRecursive", 0, io_json),
	JSON_ARRAY(report_blkio, queued, "ioQueueRecursive", 0, io_json),
	JSON_ARRAY(report_blkio, service_time, "ioServiceTimeRecursive", 0, io_json),
	JSON_ARRAY(report_blkio, wait_time, "ioWaitTimeRecursive", 0, io_json),
	JSON_ARRAY(report_blkio, merged, "ioMergedRecursive", 0, io_json),
	JSON_ARRAY(report_blkio, time, "ioTimeRecursive", 0, io_json),
	JSON_ARRAY(report_blkio, sectors, "sectorsRecursive", 0, io_json),
	JSON_OBJECT_PTR(report_blkio, psi, "psi", 0, pressure_json),
	{ 0 },
};
static const struct json_type blkio_json = JSON_TYPE(report_blkio, blkio_fields);

static const struct json_field hugetlb_fields[] = {
	JSON_UINT(report_hugetlb, usage, "usage", 0),
	JSON_UINT(report_hugetlb, max, "max", 0),
	JSON_UINT(report_hugetlb, failcnt, "failcnt", JSON_ALWAYS),
	{ 0 },
};
static const struct json_type hugetlb_json = JSON_TYPE(report_hugetlb, hugetlb_fields);

static const struct json_field rdma_entry_fields[] = {
	JSON_TEXT(report_rdma_entry, device, "device", 0),
	JSON_UINT(report_rdma_entry, handles, "hcaHandles", 0),
	JSON_UINT(report_rdma_entry, objects, "hcaObjects", 0),
	{ 0 },
};
static const struct json_type rdma_entry_json = JSON_TYPE(report_rdma_entry, rdma_entry_fields);
static const struct json_field rdma_fields[] = {
	JSON_ARRAY(report_rdma, current, "current", 0, rdma_entry_json),
	JSON_ARRAY(report_rdma, limit, "limit", 0, rdma_entry_json),
	{ 0 },
};
static const struct json_type rdma_json = JSON_TYPE(report_rdma, rdma_fields);

static const struct json_field interface_fields[] = {
	JSON_TEXT(report_interface, name, "Name", JSON_ALWAYS),
	JSON_UINT(report_interface, rx_bytes, "RxBytes", JSON_ALWAYS),
	JSON_UINT(report_interface, rx_packets, "RxPackets", JSON_ALWAYS),
	JSON_UINT(report_interface, rx_errors, "RxErrors", JSON_ALWAYS),
	JSON_UINT(report_interface, rx_dropped, "RxDropped", JSON_ALWAYS),
	JSON_UINT(report_interface, tx_bytes, "TxBytes", JSON_ALWAYS),
	JSON_UINT(report_interface, tx_packets, "TxPackets", JSON_ALWAYS),
	JSON_UINT(report_interface, tx_errors, "TxErrors", JSON_ALWAYS),
	JSON_UINT(report_interface, tx_dropped, "TxDropped", JSON_ALWAYS),
	{ 0 },
};
static const struct json_type interface_json = JSON_TYPE(report_interface, interface_fields);

static const struct json_field report_fields[] = {
	JSON_OBJECT(report, cpu, "cpu", JSON_ALWAYS, cpu_json),
	JSON_OBJECT(report, cpuset, "cpuset", JSON_ALWAYS, cpuset_json),
	JSON_OBJECT(report, memory, "memory", JSON_ALWAYS, memory_json),
	JSON_OBJECT(report, pids, "pids", JSON_ALWAYS, pids_json),
	JSON_OBJECT(report, blkio, "blkio", JSON_ALWAYS, blkio_json),
	JSON_MAP(report, hugetlb, "hugetlb", JSON_ALWAYS, hugetlb_json),
	JSON_OBJECT(report, rdma, "rdma", 0, rdma_json),
	JSON_RAW(report, intel_rdt, "intel_rdt", JSON_ALWAYS),
	JSON_ARRAY(report, interfaces, "network_interfaces", JSON_AS_NULL, interface_json),
	{ 0 },
};
static const struct json_type report_json = JSON_TYPE(report, report_fields);

/* reading */

struct json_uints report_numbers(struct arena *a, const char *text)
{
	struct texts words = texts_split(a, text, ' ');
	struct json_uints all = { .v = arena_array(a, words.n + 1, sizeof(*all.v)) };

	for (size_t i = 0; i < words.n; i++)
		if (*words.v[i])
			all.v[all.n++] = strtoull(words.v[i], NULL, 10);
	return all;
}

struct json_uints report_list(struct arena *a, const char *list)
{
	struct texts ranges = texts_split(a, list, ',');
	struct json_uints all = { .v = arena_array(a, LIST_MAX, sizeof(*all.v)) };

	for (size_t i = 0; i < ranges.n; i++) {
		char *end;
		unsigned long first = strtoul(ranges.v[i], &end, 10), last = first;

		if (end == ranges.v[i])
			continue;
		if (*end == '-')
			last = strtoul(end + 1, NULL, 10);
		for (; first <= last && all.n < LIST_MAX; first++)
			all.v[all.n++] = first;
	}
	return all;
}

const char *report_raw(struct arena *a, const char *stat)
{
	struct texts lines = texts_split(a, stat, '\n'), members = { 0 };

	for (size_t i = 0; i < lines.n; i++) {
		const char *blank = strchr(lines.v[i], ' ');

		if (blank)
			texts_addf(a, &members, "\"%.*s\":%llu", (int)(blank - lines.v[i]),
				   lines.v[i], strtoull(blank + 1, NULL, 10));
	}
	return members.n ? arena_printf(a, "{%s}", texts_join(a, &members, ",")) : NULL;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0"; full is missing for processors on the root. */
struct report_pressure *report_pressure(const struct group *g, struct arena *a, const char *file)
{
	struct texts lines = texts_split(a, group_read(g, a, file), '\n');
	struct report_pressure *p = ARENA_NEW(a, struct report_pressure);
	bool any = false;

	for (size_t i = 0; i < lines.n; i++) {
		struct report_pressure_line l;
		char kind[8];

		if (sscanf(lines.v[i], "%7s avg10=%lf avg60=%lf avg300=%lf total=%" SCNu64, kind,
			   &l.avg10, &l.avg60, &l.avg300, &l.total) != 5)
			continue;
		any = true;
		if (strcmp(kind, "some") == 0)
			p->some = l;
		else
			p->full = l;
	}
	return any ? p : NULL;
}

void report_add_io(struct arena *a, struct report_ios *l, const struct report_io *one)
{
	if (l->n == l->room) {
		size_t room = l->room ? l->room * 2 : 16;
		struct report_io *v = arena_array(a, room, sizeof(*v));

		if (l->n)
			memcpy(v, l->v, l->n * sizeof(*v));
		l->v = v;
		l->room = room;
	}
	l->v[l->n++] = *one;
}

/* The page sizes of this machine as the files name them: "hugepages-2048kB" is "2MB". */
static struct texts page_sizes(struct arena *a)
{
	static const char *const unit[] = { "KB", "MB", "GB" };
	DIR *dir = opendir("/sys/kernel/mm/hugepages");
	struct texts all = { 0 };
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		unsigned long size;
		unsigned u = 0;

		if (sscanf(entry->d_name, "hugepages-%lukB", &size) != 1)
			continue;
		for (; size >= 1024 && u + 1 < ARRAY_LEN(unit); u++)
			size /= 1024;
		texts_addf(a, &all, "%lu%s", size, unit[u]);
	}
	if (dir)
		closedir(dir);
	return all;
}

static uint64_t number_of(const struct group *g, struct arena *a, const char *size,
			  const char *file)
{
	return group_number(g, arena_printf(a, "hugetlb.%s.%s", size, file), 0);
}

void report_hugetlb(const struct group *g, struct arena *a, const struct report_hugetlb_files *f,
		    struct report_hugetlbs *ret)
{
	struct texts sizes = page_sizes(a);

	ret->v = arena_array(a, sizes.n + 1, sizeof(*ret->v));
	for (size_t i = 0; i < sizes.n; i++) {
		const char *size = sizes.v[i];
		struct report_hugetlb *h = &ret->v[ret->n];
		const char *usage = arena_printf(a, "hugetlb.%s.%s", size, f->usage);

		if (!*group_read(g, a, usage))
			continue;
		h->key = size;
		h->usage = group_number(g, usage, 0);
		h->max = f->max ? number_of(g, a, size, f->max) : 0;
		h->failcnt = f->failcnt ? number_of(g, a, size, f->failcnt)
					: group_key(group_read(g, a,
							       arena_printf(a, "hugetlb.%s.%s",
									    size, f->events)),
						    "max");
		ret->n++;
	}
}

/* "mlx5_0 hca_handle=2 hca_object=2000", "max" for none. */
static void read_rdma(const struct group *g, struct arena *a, const char *file,
		      struct report_rdma_entries *ret)
{
	struct texts lines = texts_split(a, group_read(g, a, file), '\n');

	ret->v = arena_array(a, lines.n + 1, sizeof(*ret->v));
	for (size_t i = 0; i < lines.n; i++) {
		const char *line = lines.v[i];
		size_t name = strcspn(line, " ");

		if (name == 0)
			continue;
		ret->v[ret->n++] = (struct report_rdma_entry){
			.device = arena_strndup(a, line, name),
			.handles = strstr(line, " hca_handle=max") ? UINT32_MAX
								   : group_sum(line, "hca_handle"),
			.objects = strstr(line, " hca_object=max") ? UINT32_MAX
								   : group_sum(line, "hca_object"),
		};
	}
}

void report_rdma(const struct group *g, struct arena *a, struct report_rdma *ret)
{
	read_rdma(g, a, "rdma.current", &ret->current);
	read_rdma(g, a, "rdma.max", &ret->limit);
}

/* network */

static bool shares_our_network(pid_t pid)
{
	char path[64];
	struct stat own, its;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	return stat("/proc/self/ns/net", &own) < 0 || stat(path, &its) < 0 ||
	       (own.st_ino == its.st_ino && own.st_dev == its.st_dev);
}

/* proc_net_dev(5): "NAME: bytes packets errs drop fifo frame compressed multicast" and the same of
 * what was sent. */
static bool read_interface(struct arena *a, const char *line, struct report_interface *i)
{
	const char *colon = strrchr(line, ':');

	line += strspn(line, " ");
	if (!colon || sscanf(colon + 1,
			     "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
			     " %*u %*u %*u %*u %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
			     &i->rx_bytes, &i->rx_packets, &i->rx_errors, &i->rx_dropped,
			     &i->tx_bytes, &i->tx_packets, &i->tx_errors, &i->tx_dropped) != 8)
		return false;
	i->name = arena_strndup(a, line, (size_t)(colon - line));
	return true;
}

static void report_network(struct arena *a, pid_t pid, struct report_interfaces *ret)
{
	auto_free char *text = NULL;
	char path[64];
	struct texts lines;
	struct err ignored;

	snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)pid);
	if (pid <= 0 || shares_our_network(pid) ||
	    file_read_at(AT_FDCWD, path, NET_DEV_MAX, &text, NULL, &ignored) < 0)
		return;
	lines = texts_split(a, text, '\n');
	ret->v = arena_array(a, lines.n + 1, sizeof(*ret->v));
	for (size_t i = 0; i < lines.n; i++)
		if (read_interface(a, lines.v[i], &ret->v[ret->n]))
			ret->n++;
}

int cgroup_report(struct cgroup *c, pid_t pid, struct buf *out, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct report r = { .intel_rdt = "{}" };

	if (c->manager->report && c->len > 0)
		c->manager->report(c, a, &r);
	report_network(a, pid, &r.interfaces);
	json_write(out, &report_json, &r, 0);
	return buf_check(out, "the statistics", e);
}
