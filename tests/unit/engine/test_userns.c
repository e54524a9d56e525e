/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/userns.h"

static struct oci_id_map ranges[] = { { 0, 100000, 1000 }, { 5000, 7000, 1 } };
static const struct oci_id_maps maps = { ranges, 2 };

static void an_id_is_somebody_outside_or_nobody(void **state)
{
	assert_int_equal(userns_outside(&maps, 0), 100000);
	assert_int_equal(userns_outside(&maps, 999), 100999);
	assert_int_equal(userns_outside(&maps, 5000), 7000);
	assert_true(userns_outside(&maps, 1000) == UINT64_MAX);
	assert_true(userns_outside(&maps, 5001) == UINT64_MAX);
	assert_true(userns_has(&maps, 5000));
	assert_false(userns_has(&maps, 4999));
}

static void without_a_map_all_are_themselves(void **state)
{
	const struct oci_id_maps none = { 0 };

	assert_int_equal(userns_outside(&none, 4711), 4711);
	assert_true(userns_has(&none, 4711));
}

/* A process in a user namespace with this one id; -1: it can't be made here. */
static pid_t make_namespace(const int hold[2])
{
	char path[64], text[64];
	int ready[2], fd;
	bool done;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		close(hold[1]);
		if (unshare(CLONE_NEWUSER) == 0)
			(void)!write(ready[1], "", 1);
		close(ready[1]);
		_exit(read(hold[0], text, 1) < 0);
	}
	close(ready[1]);
	done = read(ready[0], text, 1) == 1;
	close(ready[0]);
	snprintf(path, sizeof(path), "/proc/%d/setgroups", pid);
	fd = open(path, O_WRONLY);
	(void)!write(fd, "deny", 4);
	close(fd);
	for (int i = 0; i < 2; i++) {
		int n = snprintf(text, sizeof(text), "7 %u 1", i ? getgid() : getuid());

		snprintf(path, sizeof(path), "/proc/%d/%s", pid, i ? "gid_map" : "uid_map");
		fd = open(path, O_WRONLY);
		done = write(fd, text, (size_t)n) == n && done;
		close(fd);
	}
	return done ? pid : -1;
}

static void the_ids_of_a_namespace_are_read_from_it(void **state)
{
	AUTO(arena) a = arena_new();
	struct container c = { 0 };
	char path[64];
	int hold[2];
	struct err e;
	pid_t pid;

	assert_int_equal(pipe2(hold, O_CLOEXEC), 0);
	pid = make_namespace(hold);
	if (pid > 0) {
		snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
		assert_int_equal(userns_of_path(a, path, &c, &e), 0);
		assert_int_equal(c.uid_maps.n, 1);
		assert_int_equal(c.uid_maps.v[0].container_id, 7);
		assert_int_equal(c.uid_maps.v[0].host_id, getuid());
		assert_int_equal(c.gid_maps.v[0].size, 1);
	}
	close(hold[0]);
	close(hold[1]);
	while (wait(NULL) > 0)
		;
	if (pid < 0)
		skip();
}

static void a_path_that_is_no_namespace_is_an_error(void **state)
{
	AUTO(arena) a = arena_new();
	struct container c = { 0 };
	struct err e;

	assert_true(userns_of_path(a, "/no/such", &c, &e) < 0);
	assert_true(userns_of_path(a, "/proc/self/ns/net", &c, &e) < 0);
	assert_string_equal(e.msg, "user namespace /proc/self/ns/net: enter it: Invalid argument");
}

/* By who he is, what he makes belongs to the container's root. */
static void between_begin_and_end_files_are_the_container_s(void **state)
{
	char name[] = "/tmp/test_usernsXXXXXX";
	struct container c = { .uid_maps = maps, .gid_maps = maps };
	struct stat st;
	struct err e;
	int fd;

	if (getuid() != 0)
		skip();
	assert_int_equal(userns_begin(&c, &e), 0);
	fd = mkstemp(name);
	userns_end();
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_uid, 100000);
	assert_int_equal(st.st_gid, 100000);
	close(fd);
	unlink(name);
	fd = mkstemp(strcpy(name, "/tmp/test_usernsXXXXXX"));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(userns_own(&c, fd, &e), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_uid, 100000);
	close(fd);
	unlink(name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_is_somebody_outside_or_nobody),
		cmocka_unit_test(without_a_map_all_are_themselves),
		cmocka_unit_test(the_ids_of_a_namespace_are_read_from_it),
		cmocka_unit_test(a_path_that_is_no_namespace_is_an_error),
		cmocka_unit_test(between_begin_and_end_files_are_the_container_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
