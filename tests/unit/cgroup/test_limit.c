/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "cgroup/manager.h"
#include "cgroup/v1.h"
#include "unit.h"

static struct oci_linux_resources *parse(struct arena *a, const char *json)
{
	struct oci_linux_resources *r = ARENA_NEW(a, struct oci_linux_resources);
	struct err e;

	if (json_read(a, json, strlen(json), &oci_linux_resources_json, r, &e) < 0)
		fail_msg("%s", e.msg);
	return r;
}

static void expect_v2(const char *json, const char *expected)
{
	AUTO(arena) a = arena_new();
	struct limits l = { .arena = a };
	auto_buf out = BUF(1 << 16);
	struct err e;

	if (limits_v2(&l, parse(a, json), &e) < 0)
		buf_adds(&out, e.msg);
	else
		limits_print(&l, &out);
	assert_string_equal(buf_text(&out), expected);
}

static void expect_v1(const char *json, const char *expected)
{
	AUTO(arena) a = arena_new();
	struct limits l = { .arena = a };
	auto_buf out = BUF(1 << 16);
	struct err e;
	int r = 0;

	for (const struct v1_part *p = v1_parts; r == 0 && p->v1; p++)
		r = p->v1(&l, parse(a, json), &e);
	if (r < 0)
		buf_adds(&out, e.msg);
	else
		limits_print(&l, &out);
	assert_string_equal(buf_text(&out), expected);
}

static void shares_become_the_weight_that_runc_and_crun_give(void **state)
{
	static const uint64_t pairs[][2] = {
		{ 0, 1 },          { 2, 1 },          { 3, 2 },    { 1024, 100 }, { 260000, 9929 },
		{ 262144, 10000 }, { 300000, 10000 }, { 512, 59 }, { 2048, 174 },
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		assert_int_equal(limit_weight_of_shares(pairs[i][0]), pairs[i][1]);
	for (uint64_t s = 2; s < 262144; s++)
		assert_true(limit_weight_of_shares(s) <= limit_weight_of_shares(s + 1));
}

static void block_weights_become_io_weights(void **state)
{
	assert_int_equal(limit_io_weight(10), 1);
	assert_int_equal(limit_io_weight(750), 7475);
	assert_int_equal(limit_io_weight(1000), 10000);
	assert_int_equal(limit_io_weight(0), 1);
}

static void memory_is_written_in_each_versions_words(void **state)
{
	const char *json = "{\"memory\":{\"limit\":100,\"swap\":150,\"reservation\":50}}";

	expect_v2(json, "memory.max 100\nmemory.low 50\nmemory.swap.max 50\n");
	expect_v1(json, "memory.limit_in_bytes 100\nmemory.memsw.limit_in_bytes 150\n"
			"memory.soft_limit_in_bytes 50\n");
}

static void unlimited_memory_takes_the_limit_of_swap_off(void **state)
{
	expect_v2("{\"memory\":{\"limit\":-1}}", "memory.max max\nmemory.swap.max max\n");
	expect_v1("{\"memory\":{\"limit\":-1}}",
		  "memory.limit_in_bytes -1\nmemory.memsw.limit_in_bytes -1\n");
	expect_v2("{\"memory\":{\"limit\":100,\"swap\":-1}}",
		  "memory.max 100\nmemory.swap.max max\n");
	expect_v2("{\"memory\":{\"limit\":100,\"swap\":100}}",
		  "memory.max 100\nmemory.swap.max 0\n");
	expect_v2("{\"memory\":{\"limit\":0,\"swap\":0}}", "");
}

static void swap_below_memory_or_alone_is_refused(void **state)
{
	const char *words =
		"linux.resources.memory.swap (memory and swap together, 50) is less than "
		"memory.limit (100)";

	expect_v2("{\"memory\":{\"limit\":100,\"swap\":50}}", words);
	expect_v1("{\"memory\":{\"limit\":100,\"swap\":50}}", words);
	expect_v2(
		"{\"memory\":{\"swap\":50}}",
		"linux.resources.memory.swap is memory and swap together, and needs memory.limit");
}

static void processors_are_written_in_each_versions_words(void **state)
{
	const char *json = "{\"cpu\":{\"shares\":1024,\"quota\":50000,\"period\":100000,"
			   "\"burst\":10000,\"cpus\":\"0-1\",\"mems\":\"0\"}}";

	expect_v2(json, "cpu.weight 100\ncpu.max 50000 100000\ncpu.max.burst 10000\n"
			"cpuset.cpus 0-1\ncpuset.mems 0\n");
	expect_v1(json, "cpu.shares 1024\ncpu.cfs_period_us 100000\ncpu.cfs_quota_us 50000\n"
			"cpu.cfs_burst_us 10000\ncpuset.cpus 0-1\ncpuset.mems 0\n");
	expect_v2("{\"cpu\":{\"quota\":-1,\"period\":5000}}", "cpu.max max 5000\n");
	expect_v2("{\"cpu\":{\"quota\":5000}}", "cpu.max 5000\n");
	expect_v2("{\"cpu\":{\"idle\":1}}", "cpu.idle 1\n");
}

static void kernel_memory_has_files_on_v1_alone(void **state)
{
	const char *json = "{\"memory\":{\"kernel\":4096,\"kernelTCP\":8192}}";

	expect_v2(json, "");
	expect_v1(json, "memory.kmem.limit_in_bytes 4096\nmemory.kmem.tcp.limit_in_bytes 8192\n");
}

static void a_period_alone_keeps_the_quota(void **state)
{
	AUTO(arena) a = arena_new();
	struct limits l = { .arena = a };
	struct err e;

	assert_int_equal(limits_v2(&l, parse(a, "{\"cpu\":{\"period\":5000}}"), &e), 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.v[0].flags & LIMIT_KEEP_QUOTA, LIMIT_KEEP_QUOTA);
}

static void processes_have_a_maximum_of_at_least_one(void **state)
{
	expect_v2("{\"pids\":{\"limit\":0}}", "pids.max 1\n");
	expect_v2("{\"pids\":{\"limit\":-1}}", "pids.max max\n");
	expect_v1("{\"pids\":{\"limit\":99}}", "pids.max 99\n");
}

static void disks_are_throttled(void **state)
{
	const char *json =
		"{\"blockIO\":{\"weight\":500,\"weightDevice\":[{\"major\":8,\"minor\":0,"
		"\"weight\":100}],\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1024},"
		"{\"major\":8,\"minor\":0,\"rate\":0}],\"throttleWriteIOPSDevice\":[{\"major\":8,"
		"\"minor\":16,\"rate\":7}]}}";

	expect_v2(json, "io.bfq.weight 500\nio.bfq.weight 8:0 100\nio.max 8:0 rbps=1024\n"
			"io.max 8:0 rbps=max\nio.max 8:16 wiops=7\n");
	expect_v1(json, "blkio.weight 500\nblkio.weight_device 8:0 100\n"
			"blkio.throttle.read_bps_device 8:0 1024\n"
			"blkio.throttle.read_bps_device 8:0 0\n"
			"blkio.throttle.write_iops_device 8:16 7\n");
}

static void huge_pages_are_limited_when_reserved_and_when_used(void **state)
{
	const char *json = "{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4194304}]}";

	expect_v2(json, "hugetlb.2MB.max 4194304\nhugetlb.2MB.rsvd.max 4194304\n");
	expect_v1(json, "hugetlb.2MB.limit_in_bytes 4194304\n"
			"hugetlb.2MB.rsvd.limit_in_bytes 4194304\n");
	expect_v2("{\"hugepageLimits\":[{\"pageSize\":\"../2MB\",\"limit\":1}]}",
		  "linux.resources.hugepageLimits[].pageSize: \"../2MB\" is not like \"2MB\"");
}

static void what_v2_does_not_have_is_refused_by_name(void **state)
{
	static const char *const parts[][2] = {
		{ "{\"memory\":{\"swappiness\":10}}", "memory.swappiness" },
		{ "{\"memory\":{\"disableOOMKiller\":true}}", "memory.disableOOMKiller" },
		{ "{\"memory\":{\"useHierarchy\":false}}", "memory.useHierarchy" },
		{ "{\"cpu\":{\"realtimeRuntime\":1}}", "cpu.realtimeRuntime" },
		{ "{\"cpu\":{\"realtimePeriod\":1}}", "cpu.realtimePeriod" },
		{ "{\"blockIO\":{\"leafWeight\":10}}", "blockIO.leafWeight" },
		{ "{\"network\":{\"classID\":10}}", "network.classID" },
		{ "{\"network\":{\"priorities\":[{\"name\":\"lo\",\"priority\":1}]}}",
		  "network.priorities" },
	};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		AUTO(arena) a = arena_new();

		expect_v2(parts[i][0],
			  arena_printf(a, "linux.resources.%s: cgroup v2 has no such limit",
				       parts[i][1]));
	}
	expect_v2("{\"memory\":{\"disableOOMKiller\":false,\"useHierarchy\":true}}", "");
}

static void unified_wins_over_what_was_converted(void **state)
{
	expect_v2("{\"memory\":{\"limit\":100},\"unified\":{\"memory.max\":\"200\","
		  "\"io.max\":\"8:0 rbps=1\\n8:16 rbps=2\\n\"}}",
		  "memory.max 200\nio.max 8:0 rbps=1\nio.max 8:16 rbps=2\n");
	expect_v2("{\"unified\":{\"memory\":\"200\"}}",
		  "linux.resources.unified: the specified key has not the form CONTROLLER.VALUE "
		  "`memory`");
	expect_v2("{\"unified\":{\"../memory.max\":\"200\"}}",
		  "linux.resources.unified: the specified key has not the form CONTROLLER.VALUE "
		  "`../memory.max`");
	expect_v1(
		"{\"unified\":{\"memory.max\":\"200\"}}",
		"invalid configuration: linux.resources.unified needs cgroup v2, and this host has "
		"v1");
}

/* A host that is not this one. */
static struct cgroup_hierarchy v2_only[] = { { "", "/sys/fs/cgroup", "/user.slice/session" } };
static const struct cgroup_host v2_host = { .version = CGROUP_V2,
					    .hierarchies = v2_only,
					    .hierarchies_len = 1 };
static struct cgroup_hierarchy separate[] = {
	{ "cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct", "/" },
	{ "memory", "/sys/fs/cgroup/memory", "/other" },
	{ "", "/sys/fs/cgroup/unified", "/" },
};
static const struct cgroup_host hybrid_host = { .version = CGROUP_HYBRID,
						.hierarchies = separate,
						.hierarchies_len = 3 };

static void expect_plan(struct cgroup_create how, const char *expected)
{
	AUTO(arena) a = arena_new();
	AUTO(cgroup) c = NULL;
	auto_buf out = BUF(1 << 16);
	struct plan p;
	struct err e;

	plan_init(&p, a);
	if (cgroup_plan(&p, &how, &c, &e) < 0)
		buf_adds(&out, e.msg);
	else
		plan_print(&p, &out);
	assert_string_equal(buf_text(&out), expected);
}

static void a_plan_says_what_it_will_make_and_write(void **state)
{
	AUTO(arena) a = arena_new();
	struct cgroup_create how = {
		.host = &v2_host,
		.id = "c1",
		.resources =
			parse(a, "{\"memory\":{\"limit\":100},\"devices\":[{\"allow\":false,"
				 "\"access\":\"rwm\"},{\"allow\":true,\"type\":\"c\",\"major\":10,"
				 "\"minor\":229,\"access\":\"rw\"}]}"),
	};

	expect_plan(how, "cgroup     /berth/c1\n"
			 "limit      memory.max 100\n"
			 "devices    deny a *:* rwm, allow c 10:229 rw\n");
	how.host = &hybrid_host;
	expect_plan(how, "cgroup     /berth/c1\n"
			 "limit      memory.limit_in_bytes 100\n"
			 "devices    deny a *:* rwm, allow c 10:229 rw\n");
}

static void the_place_is_as_asked(void **state)
{
	expect_plan((struct cgroup_create){ .host = &v2_host, .id = "x", .parent = "machine" },
		    "cgroup     /machine/x\n");
	expect_plan((struct cgroup_create){ .host = &v2_host, .id = "x", .parent = "/a//b/" },
		    "cgroup     /a/b/x\n");
	expect_plan((struct cgroup_create){ .host = &v2_host, .id = "x", .path = "/pods/p1" },
		    "cgroup     /pods/p1\n");
	/* Relative: beside the caller's own on v2, below it on v1. */
	expect_plan((struct cgroup_create){ .host = &v2_host, .id = "x", .path = "y" },
		    "cgroup     /user.slice/y\n");
	expect_plan((struct cgroup_create){ .host = &hybrid_host, .id = "x", .path = "y" },
		    "cgroup     cpu,cpuacct:/y\nmemory:/other/y\n:/y\n");
	expect_plan((struct cgroup_create){ .host = &v2_host, .id = "x", .rootless = true },
		    "cgroup     /user.slice/berth-x\n");
	expect_plan((struct cgroup_create){ .host = &v2_host, .id = "x", .path = "/a/../../b" },
		    "linux.cgroupsPath: \"/a/../../b\" contains \"..\"");
	expect_plan((struct cgroup_create){ .host = &v2_host, .id = "x", .parent = ".." },
		    "--cgroup-parent: \"..\" contains \"..\"");
	expect_plan((struct cgroup_create){ .host = &v2_host, .id = "x", .path = "/..a/b.." },
		    "cgroup     /..a/b..\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_become_the_weight_that_runc_and_crun_give),
		cmocka_unit_test(block_weights_become_io_weights),
		cmocka_unit_test(memory_is_written_in_each_versions_words),
		cmocka_unit_test(unlimited_memory_takes_the_limit_of_swap_off),
		cmocka_unit_test(swap_below_memory_or_alone_is_refused),
		cmocka_unit_test(processors_are_written_in_each_versions_words),
		cmocka_unit_test(kernel_memory_has_files_on_v1_alone),
		cmocka_unit_test(a_period_alone_keeps_the_quota),
		cmocka_unit_test(processes_have_a_maximum_of_at_least_one),
		cmocka_unit_test(disks_are_throttled),
		cmocka_unit_test(huge_pages_are_limited_when_reserved_and_when_used),
		cmocka_unit_test(what_v2_does_not_have_is_refused_by_name),
		cmocka_unit_test(unified_wins_over_what_was_converted),
		cmocka_unit_test(a_plan_says_what_it_will_make_and_write),
		cmocka_unit_test(the_place_is_as_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
