/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/text.h"
#include "kernel/probe.h"
#include "unit.h"

static int cannot_tell(const char *option)
{
	return -1;
}

static int shows_no_pids(const char *option)
{
	return strcmp(option, "CGROUP_PIDS") == 0 ? 0 : -1;
}

static int shows_all(const char *option)
{
	return 1;
}

static const struct kernel_option *judged(struct arena *a, const char *config, kernel_probe *probe,
					  const char *name)
{
	struct kernel_option *rows;
	size_t n;

	kernel_options_judge(a, config, probe, &rows, &n);
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	fail_msg("no row %s", name);
	return NULL;
}

static void what_the_configuration_says_is_told_apart(void **state)
{
	AUTO(arena) a = arena_new();
	const char *config = "# comment CONFIG_PID_NS=y\nCONFIG_PID_NS_MORE=y\nCONFIG_UTS_NS=y\n"
			     "CONFIG_OVERLAY_FS=m\n# CONFIG_IPC_NS is not set\n";

	assert_int_equal(judged(a, config, cannot_tell, "UTS_NS")->support, KERNEL_OK);
	assert_int_equal(judged(a, config, cannot_tell, "OVERLAY_FS")->support, KERNEL_MODULE);
	assert_int_equal(judged(a, config, cannot_tell, "IPC_NS")->support, KERNEL_MISSING);
	assert_int_equal(judged(a, config, cannot_tell, "PID_NS")->support, KERNEL_MISSING);
	assert_int_equal(judged(a, NULL, cannot_tell, "PID_NS")->support, KERNEL_UNSURE);
}

static void what_runs_counts_more_than_what_is_written(void **state)
{
	AUTO(arena) a = arena_new();
	const struct kernel_option *o =
		judged(a, "CONFIG_CGROUP_PIDS=y\n", shows_no_pids, "CGROUP_PIDS");

	assert_int_equal(o->support, KERNEL_MISSING);
	assert_string_equal(o->note, "built in, but switched off on this machine");
	assert_string_equal(o->without, "--pids-limit");
	assert_int_equal(judged(a, "", shows_all, "CGROUP_PIDS")->support, KERNEL_OK);
}

static void device_rules_need_one_of_two(void **state)
{
	AUTO(arena) a = arena_new();

	assert_true(judged(a, "", cannot_tell, "CGROUP_DEVICE")->needed);
	assert_false(judged(a, "CONFIG_CGROUP_BPF=y\n", cannot_tell, "CGROUP_DEVICE")->needed);
	assert_string_equal(judged(a, "CONFIG_CGROUP_BPF=y\n", cannot_tell, "CGROUP_DEVICE")->note,
			    "CGROUP_BPF serves instead");
}

static void this_kernel_has_what_it_shows(void **state)
{
	static const char *const wanted[] = {
		"NAMESPACES",       "UTS_NS",         "IPC_NS",           "USER_NS",
		"PID_NS",           "NET_NS",         "CGROUPS",          "BLK_CGROUP",
		"CGROUP_WRITEBACK", "CGROUP_SCHED",   "CGROUP_PIDS",      "CGROUP_RDMA",
		"CGROUP_FREEZER",   "CGROUP_HUGETLB", "CGROUP_DEVICE",    "CGROUP_CPUACCT",
		"CGROUP_PERF",      "CGROUP_BPF",     "SOCK_CGROUP_DATA", "NET_CLS_CGROUP",
	};
	AUTO(arena) a = arena_new();
	struct kernel_option *rows;
	size_t n, found = 0;
	struct err e;

	assert_int_equal(kernel_options(a, &rows, &n, &e), 0);
	for (size_t i = 0; i < n; i++) {
		print_message("%-18s %-8s %s %s\n", rows[i].name,
			      kernel_support_name[rows[i].support],
			      rows[i].support == KERNEL_OK ? "" : rows[i].without, rows[i].note);
		if (text_index(rows[i].name, wanted, ARRAY_LEN(wanted)) >= 0)
			found++;
		if (access("/proc/self/ns/pid", F_OK) == 0 && strcmp(rows[i].name, "PID_NS") == 0)
			assert_int_equal(rows[i].support, KERNEL_OK);
	}
	assert_int_equal(found, ARRAY_LEN(wanted));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_configuration_says_is_told_apart),
		cmocka_unit_test(what_runs_counts_more_than_what_is_written),
		cmocka_unit_test(device_rules_need_one_of_two),
		cmocka_unit_test(this_kernel_has_what_it_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
