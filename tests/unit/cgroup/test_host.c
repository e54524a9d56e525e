/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "cgroup/host.h"
#include "unit.h"

#define DEBIAN_10                                                                            \
	"12:memory:/user.slice/u\n4:cpu,cpuacct:/user.slice\n1:name=systemd:/user.slice/s\n" \
	"0::/user.slice/s\n"

static bool all_there(const char *path)
{
	return true;
}

static bool none_there(const char *path)
{
	return false;
}

static const char *elsewhere(struct arena *a)
{
	return "25 1 0:22 / /cg/mem rw,nosuid shared:5 - cgroup cgroup rw,memory\n"
	       "26 1 0:23 / /cg/cpu rw - cgroup cgroup rw,cpuacct,cpu\n"
	       "27 1 0:24 / /cg/sys rw - cgroup none rw,xattr,name=systemd\n"
	       "28 1 0:25 / /cg/two rw - cgroup2 cgroup2 rw,nsdelegate\n"
	       "29 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
	       "30 1\n";
}

static void a_unified_host_has_one_hierarchy(void **state)
{
	AUTO(arena) a = arena_new();
	struct host_facts f = { true, "0::/user.slice/x.scope\n", none_there, NULL };
	struct cgroup_host h;

	host_read(a, &f, &h);
	assert_int_equal(h.version, CGROUP_V2);
	assert_int_equal(h.hierarchies_len, 1);
	assert_string_equal(h.hierarchies[0].mount, "/sys/fs/cgroup");
	assert_string_equal(h.hierarchies[0].own, "/user.slice/x.scope");
}

static void a_hybrid_host_has_them_in_the_usual_places(void **state)
{
	AUTO(arena) a = arena_new();
	struct host_facts f = { false, DEBIAN_10, all_there, NULL };
	struct cgroup_host h;

	host_read(a, &f, &h);
	assert_int_equal(h.version, CGROUP_HYBRID);
	assert_int_equal(h.hierarchies_len, 4);
	assert_string_equal(host_hierarchy(&h, "cpuacct")->mount, "/sys/fs/cgroup/cpu,cpuacct");
	assert_string_equal(host_hierarchy(&h, "name=systemd")->mount, "/sys/fs/cgroup/systemd");
	assert_string_equal(host_hierarchy(&h, "")->mount, "/sys/fs/cgroup/unified");
	assert_string_equal(host_hierarchy(&h, "memory")->own, "/user.slice/u");
	assert_null(host_hierarchy(&h, "pids"));
}

static void unusual_places_are_found_in_mountinfo(void **state)
{
	AUTO(arena) a = arena_new();
	struct host_facts f = { false, DEBIAN_10, none_there, elsewhere };
	struct cgroup_host h;

	host_read(a, &f, &h);
	assert_int_equal(h.version, CGROUP_HYBRID);
	assert_string_equal(host_hierarchy(&h, "memory")->mount, "/cg/mem");
	assert_string_equal(host_hierarchy(&h, "cpu")->mount, "/cg/cpu");
	assert_string_equal(host_hierarchy(&h, "name=systemd")->mount, "/cg/sys");
	assert_string_equal(host_hierarchy(&h, "")->mount, "/cg/two");
}

static void what_is_not_mounted_is_not_there(void **state)
{
	AUTO(arena) a = arena_new();
	struct host_facts f = { false, DEBIAN_10, none_there, NULL };
	struct cgroup_host h;

	host_read(a, &f, &h);
	assert_int_equal(h.version, CGROUP_NONE);
	assert_int_equal(h.hierarchies_len, 0);
	f.cgroup = "garbage\n:\n\n";
	host_read(a, &f, &h);
	assert_int_equal(h.hierarchies_len, 0);
}

static void words_are_whole(void **state)
{
	assert_true(host_has_word("cpu,cpuacct", "cpu", ','));
	assert_true(host_has_word("cpu,cpuacct", "cpuacct", ','));
	assert_false(host_has_word("cpuset,cpuacct", "cpu", ','));
	assert_false(host_has_word("", "cpu", ','));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_unified_host_has_one_hierarchy),
		cmocka_unit_test(a_hybrid_host_has_them_in_the_usual_places),
		cmocka_unit_test(unusual_places_are_found_in_mountinfo),
		cmocka_unit_test(what_is_not_mounted_is_not_there),
		cmocka_unit_test(words_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
