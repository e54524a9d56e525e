/* SPDX-License-Identifier: BSD-2-Clause */
/* Reports, and which group exec joins, from trees of plain files that look like each version's. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "cgroup/manager.h"
#include "cgroup/v1.h"
#include "unit.h"

static char top[] = "/tmp/berth-report-XXXXXX";

static void put(const char *path, const char *text)
{
	char whole[256];
	struct err e;
	int fd;

	snprintf(whole, sizeof(whole), "%s/%s", top, path);
	*strrchr(whole, '/') = '\0';
	assert_int_equal(file_mkdir_path(AT_FDCWD, whole, 0755, &e), 0);
	snprintf(whole, sizeof(whole), "%s/%s", top, path);
	fd = open(whole, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static struct cgroup *unified(void)
{
	struct cgroup *c = cgroup_new();
	struct cgroup_hierarchy h = { .controllers = "",
				      .mount = arena_printf(c->arena, "%s/v2", top) };

	c->manager = &cgroup_v2;
	c->groups = arena_array(c->arena, 1, sizeof(*c->groups));
	cgroup_add_group(c, &h, "/box");
	return c;
}

static struct cgroup *separate(void)
{
	static const char *const controllers[] = { "cpu,cpuacct", "memory", "blkio", "pids",
						   "cpuset" };
	struct cgroup *c = cgroup_new();

	c->manager = &cgroup_v1;
	c->groups = arena_array(c->arena, ARRAY_LEN(controllers), sizeof(*c->groups));
	for (size_t i = 0; i < ARRAY_LEN(controllers); i++)
		cgroup_add_group(c,
				 &(struct cgroup_hierarchy){
					 .controllers = controllers[i],
					 .mount = arena_printf(c->arena, "%s/v1/%s", top,
							       controllers[i]) },
				 i == 1 ? "/elsewhere/box" : "/box");
	return c;
}

static void expect(struct cgroup *c, const char *wanted)
{
	auto_buf out = BUF(1 << 20);
	struct err e;

	assert_int_equal(cgroup_report(c, 0, &out, &e), 0);
	assert_string_equal(buf_text(&out), wanted);
}

#define CPUSET_REST                                                    \
	"\"mem_hardwall\":0,\"mem_exclusive\":0,\"memory_migrate\":0," \
	"\"memory_spread_page\":0,\"memory_spread_slab\":0,\"memory_pressure\":0,"

static void without_a_group_a_report_is_empty(void **state)
{
	AUTO(cgroup) c = cgroup_new();

	expect(c, "{\"cpu\":{\"usage\":{\"kernel\":0,\"user\":0},\"throttling\":{}},"
		  "\"cpuset\":{\"cpu_exclusive\":0," CPUSET_REST
		  "\"sched_load_balance\":0,\"sched_relax_domain_level\":0},"
		  "\"memory\":{\"usage\":{\"limit\":0,\"failcnt\":0},\"swap\":{\"limit\":0,"
		  "\"failcnt\":0},\"kernel\":{\"limit\":0,\"failcnt\":0},\"kernelTCP\":{"
		  "\"limit\":0,\"failcnt\":0}},\"pids\":{},\"blkio\":{},\"hugetlb\":{},"
		  "\"intel_rdt\":{},\"network_interfaces\":null}");
}

static void a_unified_group_is_reported(void **state)
{
	AUTO(cgroup) c = unified();

	put("v2/box/cpu.stat", "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 3\n"
			       "nr_throttled 2\nthrottled_usec 5\n");
	put("v2/box/cpu.pressure", "some avg10=1.50 avg60=0.00 avg300=0.25 total=77\n"
				   "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n");
	put("v2/box/cpuset.cpus.effective", "0-2,5\n");
	put("v2/box/cpuset.mems.effective", "0\n");
	put("v2/box/memory.current", "1000\n");
	put("v2/box/memory.max", "max\n");
	put("v2/box/memory.peak", "2000\n");
	put("v2/box/memory.events", "low 0\nmax 4\noom 1\noom_kill 1\n");
	put("v2/box/memory.swap.current", "100\n");
	put("v2/box/memory.swap.max", "max\n");
	put("v2/box/memory.stat", "anon 600\nfile 400\nkernel 50\nsock 6\n");
	put("v2/box/pids.current", "3\n");
	put("v2/box/pids.max", "max\n");
	put("v2/box/io.stat", "8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n");
	put("v2/box/rdma.current", "mlx5_0 hca_handle=2 hca_object=2000\n");
	put("v2/box/rdma.max", "mlx5_0 hca_handle=max hca_object=3000\n");
	expect(c,
	       "{\"cpu\":{\"usage\":{\"total\":30000,\"kernel\":10000,\"user\":20000},"
	       "\"throttling\":{\"periods\":3,\"throttledPeriods\":2,\"throttledTime\":5000},"
	       "\"psi\":{\"some\":{\"avg10\":1.5,\"avg60\":0,\"avg300\":0.25,\"total\":77},"
	       "\"full\":{\"avg10\":0,\"avg60\":0,\"avg300\":0,\"total\":7}}},"
	       "\"cpuset\":{\"cpus\":[0,1,2,5],\"cpu_exclusive\":0,\"mems\":[0]," CPUSET_REST
	       "\"sched_load_balance\":0,\"sched_relax_domain_level\":0},"
	       "\"memory\":{\"cache\":400,\"usage\":{\"limit\":18446744073709551615,"
	       "\"usage\":1000,\"max\":2000,\"failcnt\":4},"
	       "\"swap\":{\"limit\":18446744073709551615,\"usage\":1100,\"failcnt\":0},"
	       "\"kernel\":{\"limit\":0,\"usage\":50,\"failcnt\":0},"
	       "\"kernelTCP\":{\"limit\":0,\"usage\":6,\"failcnt\":0},"
	       "\"raw\":{\"anon\":600,\"file\":400,\"kernel\":50,\"sock\":6}},"
	       "\"pids\":{\"current\":3},"
	       "\"blkio\":{\"ioServiceBytesRecursive\":[{\"major\":8,\"minor\":16,\"op\":\"Read\","
	       "\"value\":1},{\"major\":8,\"minor\":16,\"op\":\"Write\",\"value\":2},"
	       "{\"major\":8,\"minor\":16,\"op\":\"Discard\"}],"
	       "\"ioServicedRecursive\":[{\"major\":8,\"minor\":16,\"op\":\"Read\",\"value\":3},"
	       "{\"major\":8,\"minor\":16,\"op\":\"Write\",\"value\":4},"
	       "{\"major\":8,\"minor\":16,\"op\":\"Discard\"}]},"
	       "\"hugetlb\":{},"
	       "\"rdma\":{\"current\":[{\"device\":\"mlx5_0\",\"hcaHandles\":2,"
	       "\"hcaObjects\":2000}],\"limit\":[{\"device\":\"mlx5_0\","
	       "\"hcaHandles\":4294967295,\"hcaObjects\":3000}]},"
	       "\"intel_rdt\":{},\"network_interfaces\":null}");
}

static void separate_groups_are_reported(void **state)
{
	AUTO(cgroup) c = separate();

	put("v1/cpu,cpuacct/box/cpuacct.usage", "30\n");
	put("v1/cpu,cpuacct/box/cpuacct.usage_user", "20\n");
	put("v1/cpu,cpuacct/box/cpuacct.usage_sys", "10\n");
	put("v1/cpu,cpuacct/box/cpuacct.usage_percpu", "10 20 \n");
	put("v1/cpu,cpuacct/box/cpuacct.usage_all", "cpu user system\n0 7 3\n1 13 7\n");
	put("v1/cpu,cpuacct/box/cpu.stat", "nr_periods 3\nnr_throttled 2\nthrottled_time 5\n");
	put("v1/memory/elsewhere/box/memory.usage_in_bytes", "1000\n");
	put("v1/memory/elsewhere/box/memory.limit_in_bytes", "9223372036854771712\n");
	put("v1/memory/elsewhere/box/memory.max_usage_in_bytes", "2000\n");
	put("v1/memory/elsewhere/box/memory.failcnt", "4\n");
	put("v1/memory/elsewhere/box/memory.memsw.usage_in_bytes", "1100\n");
	put("v1/memory/elsewhere/box/memory.memsw.limit_in_bytes", "5000\n");
	put("v1/memory/elsewhere/box/memory.kmem.usage_in_bytes", "50\n");
	put("v1/memory/elsewhere/box/memory.stat", "total_cache 400\n");
	put("v1/pids/box/pids.current", "3\n");
	put("v1/pids/box/pids.max", "9\n");
	put("v1/blkio/box/blkio.throttle.io_serviced_recursive",
	    "8:0 Read 3\n8:0 Total 3\nTotal 3\n");
	put("v1/blkio/box/blkio.throttle.io_service_bytes_recursive", "8:0 Read 4096\nTotal 0\n");
	put("v1/blkio/box/blkio.bfq.io_service_bytes_recursive", "Total 0\n");
	put("v1/cpuset/box/cpuset.cpus", "0-1\n");
	put("v1/cpuset/box/cpuset.mems", "0\n");
	put("v1/cpuset/box/cpuset.sched_load_balance", "1\n");
	put("v1/cpuset/box/cpuset.sched_relax_domain_level", "-1\n");
	expect(c, "{\"cpu\":{\"usage\":{\"total\":30,\"percpu\":[10,20],\"percpu_kernel\":[3,7],"
		  "\"percpu_user\":[7,13],\"kernel\":10,\"user\":20},"
		  "\"throttling\":{\"periods\":3,\"throttledPeriods\":2,\"throttledTime\":5}},"
		  "\"cpuset\":{\"cpus\":[0,1],\"cpu_exclusive\":0,\"mems\":[0]," CPUSET_REST
		  "\"sched_load_balance\":1,\"sched_relax_domain_level\":-1},"
		  "\"memory\":{\"cache\":400,\"usage\":{\"limit\":9223372036854771712,"
		  "\"usage\":1000,\"max\":2000,\"failcnt\":4},"
		  "\"swap\":{\"limit\":5000,\"usage\":1100,\"failcnt\":0},"
		  "\"kernel\":{\"limit\":0,\"usage\":50,\"failcnt\":0},"
		  "\"kernelTCP\":{\"limit\":0,\"failcnt\":0},\"raw\":{\"total_cache\":400}},"
		  "\"pids\":{\"current\":3,\"limit\":9},"
		  "\"blkio\":{\"ioServiceBytesRecursive\":[{\"major\":8,\"op\":\"Read\","
		  "\"value\":4096}],\"ioServicedRecursive\":[{\"major\":8,\"op\":\"Read\","
		  "\"value\":3},{\"major\":8,\"op\":\"Total\",\"value\":3}]},"
		  "\"hugetlb\":{},\"intel_rdt\":{},\"network_interfaces\":null}");
}

static void the_network_of_another_process_is_reported(void **state)
{
	AUTO(cgroup) c = cgroup_new();
	auto_buf out = BUF(1 << 20);
	struct err e;

	/* Our own network is not the container's. */
	assert_int_equal(cgroup_report(c, getpid(), &out, &e), 0);
	assert_non_null(strstr(buf_text(&out), "\"network_interfaces\":null"));
}

static void each_hierarchy_has_its_own_path(void **state)
{
	AUTO(cgroup) c = separate();

	assert_string_equal(cgroup_path_in(c, "memory"), "/elsewhere/box");
	assert_string_equal(cgroup_path_in(c, "cpu,cpuacct"), "/box");
	assert_string_equal(cgroup_path_in(c, ""), "");
}

static struct cgroup *below(struct cgroup *c, const char *one, int wanted, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct texts paths = { 0 };
	struct cgroup *ret = NULL;

	texts_add(a, &paths, one);
	assert_int_equal(cgroup_open_below(c, &paths, 0, &ret, e), wanted);
	return ret;
}

static void exec_joins_the_groups_that_are_named(void **state)
{
	AUTO(cgroup) c = separate();
	AUTO(cgroup) some = NULL;
	struct err e;

	put("v1/memory/elsewhere/box/sub/tasks", "");
	put("v1/pids/box/sub/tasks", "");
	some = below(c, "memory,pids:/sub", 0, &e);
	assert_string_equal(cgroup_path_in(some, "memory"), "/elsewhere/box/sub");
	assert_true(text_ends(some->groups[1].join, "/v1/memory/elsewhere/box/sub/tasks"));
	assert_string_equal(cgroup_path_in(some, "pids"), "/box/sub");
	assert_string_equal(cgroup_path_in(some, "cpuset"), "/box");
	/* The first was not touched. */
	assert_string_equal(cgroup_path_in(c, "memory"), "/elsewhere/box");

	below(c, "memory:../up", -EINVAL, &e);
	assert_string_equal(e.msg, "--cgroup: bad sub cgroup path: ../up is not a sub cgroup path");
	below(c, "bogus:sub", -EINVAL, &e);
	assert_string_equal(e.msg, "--cgroup: unknown controller bogus");
	below(c, "memory:missing", -ENOENT, &e);
	assert_non_null(strstr(e.msg, " adding pid "));
	assert_non_null(strstr(e.msg, "No such file or directory"));
}

static void on_v2_a_group_that_hands_controllers_down_is_not_joined(void **state)
{
	AUTO(cgroup) c = unified();
	AUTO(cgroup) same = NULL;
	AUTO(cgroup) other = NULL;
	AUTO(cgroup) sub = NULL;
	struct err e;

	put("v2/box/cgroup.subtree_control", "pids cpu\n");
	put("v2/box/cgroup.procs", "");
	put("v2/box/sub/cgroup.procs", "");
	assert_int_equal(cgroup_open_below(c, NULL, getpid(), &same, &e), 0);
	assert_string_equal(same->unified->dir, c->unified->dir);
	put("v2/box/cgroup.subtree_control", "pids memory\n");
	assert_int_equal(cgroup_open_below(c, NULL, getpid(), &other, &e), 0);
	assert_string_not_equal(other->unified->dir, c->unified->dir);
	sub = below(c, "sub", 0, &e);
	assert_string_equal(cgroup_path_in(sub, ""), "/box/sub");
	below(c, "memory:sub", -EINVAL, &e);
}

static uid_t owner_of(const char *path)
{
	char whole[256];
	struct stat st;

	snprintf(whole, sizeof(whole), "%s/%s", top, path);
	assert_int_equal(stat(whole, &st), 0);
	return st.st_uid;
}

static void a_delegated_group_is_the_users_but_for_its_limits(void **state)
{
	AUTO(cgroup) c = unified();
	struct err e;

	need_root();
	put("v2/box/cgroup.procs", "");
	put("v2/box/cgroup.subtree_control", "");
	put("v2/box/memory.max", "max\n");
	assert_int_equal(cgroup_delegate(c, 1234, &e), 0);
	assert_int_equal(owner_of("v2/box"), 1234);
	assert_int_equal(owner_of("v2/box/cgroup.procs"), 1234);
	assert_int_equal(owner_of("v2/box/cgroup.subtree_control"), 1234);
	assert_int_equal(owner_of("v2/box/memory.max"), 0);
}

static int setup(void **state)
{
	return mkdtemp(top) ? 0 : -1;
}

static int teardown(void **state)
{
	struct err e;

	return file_remove_tree_at(AT_FDCWD, top, &e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_group_a_report_is_empty),
		cmocka_unit_test(a_unified_group_is_reported),
		cmocka_unit_test(separate_groups_are_reported),
		cmocka_unit_test(the_network_of_another_process_is_reported),
		cmocka_unit_test(each_hierarchy_has_its_own_path),
		cmocka_unit_test(exec_joins_the_groups_that_are_named),
		cmocka_unit_test(on_v2_a_group_that_hands_controllers_down_is_not_joined),
		cmocka_unit_test(a_delegated_group_is_the_users_but_for_its_limits),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
