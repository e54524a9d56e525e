/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "kernel/kernel.h"
#include "unit.h"

/* What main() does when it is executed once more: tells whether its file can be written. */
static int inside(void)
{
	struct statvfs fs;
	int from, fd;
	char path[32];

	if (!kernel_is_sealed() || kernel_seal_self(NULL) != 0)
		return 2;
	from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	if (fcntl(from, F_GET_SEALS) > 0)
		return fcntl(from, F_GET_SEALS) & F_SEAL_WRITE ? 0 : 3;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", from);
	/* While it is executed this would be refused anyhow; its mount is why it always is. */
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0 || fstatvfs(from, &fs) < 0 || !(fs.f_flag & ST_RDONLY))
		return 3;
	return getenv("BERTH_LIBEXEC") ? 0 : 4;
}

static int seal_in_child(bool plain)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct err e;

		setenv("BERTH_TEST_INSIDE", "1", 1);
		if (plain && setresuid(65534, 65534, 65534) < 0)
			_exit(5);
		kernel_seal_self(&e);
		fprintf(stderr, "%s\n", e.msg);
		_exit(6);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_program_can_put_its_file_out_of_reach(void **state)
{
	assert_int_equal(seal_in_child(false), 0);
}

static void without_privileges_it_is_a_copy_in_memory(void **state)
{
	need_root();
	assert_int_equal(seal_in_child(true), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_can_put_its_file_out_of_reach),
		cmocka_unit_test(without_privileges_it_is_a_copy_in_memory),
	};

	if (getenv("BERTH_TEST_INSIDE"))
		return inside();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
