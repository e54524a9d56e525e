/* SPDX-License-Identifier: BSD-2-Clause */
/* What a process that was taken over could still do: each attempt in a confined child of its own.
 */
#include "unpack/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "base/file.h"
#include "unit.h"

static char top[32];
static struct unpack_request request;
static struct err e;

static int setup(void **state)
{
	request = (struct unpack_request){ .mode = UNPACK_LAYER };
	strcpy(top, "/tmp/berth-confine-XXXXXX");
	return mkdtemp(top) ? 0 : -1;
}

static int teardown(void **state)
{
	return file_remove_tree_at(AT_FDCWD, top, &e);
}

/* The exit status of attempt() in a confined process whose tree is top: 0 if it succeeded, else the
 * errno; 128 and more is a signal, and 255 that confinement failed. */
static int attempt_confined(int (*attempt)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (dup2(open(top, O_RDONLY | O_DIRECTORY), UNPACK_FD_TREE) < 0 ||
		    confine(&request, &e) < 0)
			_exit(255);
		_exit(attempt() < 0 ? errno : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int make_file(void)
{
	int fd = openat(UNPACK_FD_TREE, "file", O_CREAT | O_EXCL | O_WRONLY, 0644);

	return fd < 0 || write(fd, "x", 1) != 1 ? -1 : 0;
}

static int make_device(void)
{
	return mknodat(UNPACK_FD_TREE, "null", S_IFCHR | 0666, makedev(1, 3));
}

static int use_device(void)
{
	make_device();
	return openat(UNPACK_FD_TREE, "null", O_RDWR);
}

static int read_host_file(void)
{
	return open("/etc/passwd", O_RDONLY);
}

static int climb(void)
{
	return openat(UNPACK_FD_TREE, "../../etc/passwd", O_RDONLY);
}

static int climb_by_link(void)
{
	if (symlinkat("/etc/passwd", UNPACK_FD_TREE, "link") < 0)
		return 0;
	return openat(UNPACK_FD_TREE, "link", O_RDONLY);
}

static int make_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int run_program(void)
{
	char *const argv[] = { "true", NULL };

	return execv("/bin/true", argv);
}

static int make_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? -1 : 0;
}

static int kill_others(void)
{
	return kill(getppid(), 0);
}

static int trace(void)
{
	return (int)ptrace(PTRACE_ATTACH, 1, NULL, NULL);
}

static int make_mount(void)
{
	return mount("none", "/", "tmpfs", 0, NULL);
}

static int make_namespace(void)
{
	return unshare(CLONE_NEWUSER);
}

static int make_memory_executable(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static int set_trusted(void)
{
	return fchdir(UNPACK_FD_TREE) < 0 ? 0 : setxattr(".", "trusted.overlay.opaque", "y", 1, 0);
}

/* Then there is no filter. */
static bool sanitized(void)
{
#ifdef __SANITIZE_ADDRESS__
	return true;
#else
	return false;
#endif
}

static void the_work_can_be_done(void **state)
{
	need_root();
	assert_int_equal(attempt_confined(make_file), 0);
	assert_int_equal(attempt_confined(make_device), 0);
}

static void nothing_of_the_machine_is_in_reach(void **state)
{
	need_root();
	assert_int_not_equal(attempt_confined(read_host_file), 0);
	assert_int_not_equal(attempt_confined(climb), 0);
	assert_int_not_equal(attempt_confined(climb_by_link), 0);
}

static void a_device_can_be_made_but_not_used(void **state)
{
	need_root();
	assert_int_equal(attempt_confined(use_device), EACCES);
}

static void privileges_are_gone(void **state)
{
	need_root();
	assert_int_equal(attempt_confined(set_trusted), EPERM);
}

static void calls_beyond_the_work_do_not_exist(void **state)
{
	static int (*const attempts[])(void) = {
		make_socket, run_program, make_process,   kill_others,
		trace,       make_mount,  make_namespace, make_memory_executable,
	};

	if (sanitized())
		skip();
	for (size_t i = 0; i < ARRAY_LEN(attempts); i++)
		assert_int_equal(attempt_confined(attempts[i]), ENOSYS);
}

static void packing_can_not_write(void **state)
{
	need_root();
	request.mode = UNPACK_PACK;
	assert_int_not_equal(attempt_confined(make_file), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_work_can_be_done),
		TEST(nothing_of_the_machine_is_in_reach),
		TEST(a_device_can_be_made_but_not_used),
		TEST(privileges_are_gone),
		TEST(calls_beyond_the_work_do_not_exist),
		TEST(packing_can_not_write),
	};

	return cmocka_run_group_tests_name("unpack/confine", tests, NULL, NULL);
}
