/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <string.h>

#include "base/buf.h"
#include "engine/process.h"
#include "engine/top.h"

static void podman_s_descriptors_are_known(void **state)
{
	assert_true(top_knows("pid") && top_knows("%C") && top_knows("USER"));
	assert_false(top_knows("-eo") || top_knows("pi") || top_knows("") || top_knows("pid,"));
	for (size_t i = 0; top_descriptors[i]; i++)
		assert_true(top_knows(top_descriptors[i]));
}

static void ids_are_told_as_the_user_namespace_has_them(void **state)
{
	static const char map[] =
		"         0     100000       1000\n      5000       7000          1\n";

	assert_int_equal(process_map_id(map, 100000), 0);
	assert_int_equal(process_map_id(map, 100999), 999);
	assert_int_equal(process_map_id(map, 101000), 65534);
	assert_int_equal(process_map_id(map, 7000), 5000);
	assert_int_equal(process_map_id("", 0), 65534);
}

/* A cgroup isn't needed to see one's own process. */
static void a_process_is_read_from_proc(void **state)
{
	struct container_status st = { .run = { .pid = getpid(), .cgroup = "" } };
	AUTO(arena) a = arena_new();
	struct processes l;
	struct err e;

	assert_int_equal(processes_read(a, &st, &l, &e), 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.v[0].host_pid, getpid());
	assert_int_equal(l.v[0].host_ppid, getppid());
	assert_int_equal(l.v[0].uid, geteuid());
	assert_int_equal(l.v[0].state, 'R');
	assert_non_null(strstr(l.v[0].args, "test_top"));
	assert_true(l.v[0].resident_kb > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(podman_s_descriptors_are_known),
		cmocka_unit_test(ids_are_told_as_the_user_namespace_has_them),
		cmocka_unit_test(a_process_is_read_from_proc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
