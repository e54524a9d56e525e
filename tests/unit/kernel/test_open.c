/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "unit.h"

/* Each test runs twice: with openat2, and on a pretended kernel without it (state: "old"). */
static int root;
static char top[] = "/tmp/berth-open-XXXXXX";
static struct err e;

static int setup(void **state)
{
	strcpy(top + strlen(top) - 6, "XXXXXX");
	kernel_forget();
	if (*state)
		kernel_lacks(KERNEL_OPENAT2);
	if (!mkdtemp(top))
		return -1;
	root = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	umask(022);
	return mkdirat(root, "etc", 0755) < 0 || mkdirat(root, "a", 0755) < 0 ||
			       mkdirat(root, "a/b", 0755) < 0 ||
			       symlinkat("/etc", root, "a/absolute") < 0 ||
			       symlinkat("../../../../../etc", root, "a/b/dots") < 0 ||
			       symlinkat("loop", root, "loop") < 0 ||
			       symlinkat("/var/lib/later", root, "dangling") < 0
		       ? -1
		       : 0;
}

static int teardown(void **state)
{
	close(root);
	kernel_forget();
	return file_remove_tree_at(AT_FDCWD, top, &e);
}

static bool same(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstatat(root, path, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static void leads_to(const char *path, const char *place)
{
	int fd = kernel_open_in(root, path, O_PATH, &e);

	if (fd < 0)
		fail_msg("%s: %s", path, e.msg);
	if (!same(fd, place))
		fail_msg("%s does not lead to %s", path, place);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

static void symlinks_and_dots_stay_inside(void **state)
{
	leads_to("etc", "etc");
	leads_to("/etc", "etc");
	leads_to("//a///b/", "a/b");
	leads_to("a/absolute", "etc");
	leads_to("a/absolute/../a/b", "a/b");
	leads_to("a/b/dots", "etc");
	leads_to("a/b/dots/", "etc");
	leads_to("../../../etc", "etc");
	leads_to("a/b/../../..", ".");
	leads_to("/", ".");
	leads_to("./a/./b/.", "a/b");
}

static void what_is_not_there_is_said_by_its_path(void **state)
{
	assert_int_equal(kernel_open_in(root, "a/none", O_RDONLY, &e), -ENOENT);
	assert_string_equal(e.msg, "a/none: No such file or directory");
	assert_int_equal(kernel_open_in(root, "", O_RDONLY, &e), -ENOENT);
	assert_int_equal(kernel_open_in(root, "loop", O_RDONLY, &e), -ELOOP);
	assert_int_equal(kernel_open_in(root, "loop/x", O_PATH, &e), -ELOOP);
}

static void a_link_itself_can_be_opened(void **state)
{
	int fd = kernel_open_in(root, "a/absolute", O_PATH | O_NOFOLLOW, &e);

	assert_true(fd >= 0);
	assert_true(same(fd, "a/absolute"));
	close(fd);
	assert_int_equal(kernel_open_in(root, "a/absolute", O_RDONLY | O_NOFOLLOW, &e), -ELOOP);
}

static void a_file_is_created_where_links_lead_inside(void **state)
{
	int fd = kernel_create_in(root, "a/absolute/passwd", O_WRONLY | O_EXCL, 0640, &e);
	struct stat st;

	assert_true(fd >= 0);
	assert_true(same(fd, "etc/passwd"));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	close(fd);
	assert_int_equal(kernel_create_in(root, "etc/passwd", O_WRONLY | O_EXCL, 0640, &e),
			 -EEXIST);
}

static void a_file_is_made_with_its_parents_where_a_dangling_link_leads(void **state)
{
	int fd = kernel_make_file_in(root, "dangling", 0640, 0755, &e);
	struct stat st;

	if (fd < 0)
		fail_msg("%s", e.msg);
	assert_true(same(fd, "var/lib/later"));
	close(fd);
	assert_int_equal(fstatat(root, "var/lib/later", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0640);
	fd = kernel_make_file_in(root, "new/../other/file", 0644, 0755, &e);
	assert_true(same(fd, "other/file"));
	close(fd);
	assert_int_equal(kernel_make_file_in(root, "other/file/below", 0644, 0755, &e), -ENOTDIR);
	assert_int_equal(kernel_make_file_in(root, "loop", 0644, 0755, &e), -ELOOP);
}

static void a_dangling_links_target_is_created_inside(void **state)
{
	int fd;

	assert_int_equal(kernel_create_in(root, "dangling", O_WRONLY, 0600, &e), -ENOENT);
	fd = kernel_mkdir_in(root, "var/lib", 0755, &e);
	assert_true(fd >= 0);
	close(fd);
	fd = kernel_create_in(root, "dangling", O_WRONLY, 0600, &e);
	assert_true(fd >= 0);
	assert_true(same(fd, "var/lib/later"));
	close(fd);
}

static void directories_are_made_with_their_parents(void **state)
{
	int fd = kernel_mkdir_in(root, "/a/absolute/x/../y/z", 0755, &e);

	assert_true(fd >= 0);
	assert_true(same(fd, "etc/y/z"));
	assert_int_equal(faccessat(root, "etc/x", F_OK, 0), 0);
	close(fd);
	fd = kernel_mkdir_in(root, "dangling/deep/", 0755, &e);
	assert_true(fd >= 0);
	assert_true(same(fd, "var/lib/later/deep"));
	close(fd);
	fd = kernel_create_in(root, "etc/file", O_WRONLY, 0600, &e);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(kernel_mkdir_in(root, "etc/file", 0755, &e), -ENOTDIR);
	assert_int_equal(kernel_mkdir_in(root, "etc/file/x", 0755, &e), -ENOTDIR);
}

static void the_parent_of_a_name_is_opened(void **state)
{
	const char *name = NULL;
	int fd = kernel_parent_in(root, "/a/absolute/new/file", 0755, &name, &e);

	assert_true(fd >= 0);
	assert_true(same(fd, "etc/new"));
	assert_string_equal(name, "file");
	close(fd);
	fd = kernel_parent_in(root, "file", 0755, &name, &e);
	assert_true(same(fd, "."));
	close(fd);
	assert_int_equal(kernel_parent_in(root, "a/..", 0755, &name, &e), -EINVAL);
	assert_int_equal(kernel_parent_in(root, "/", 0755, &name, &e), -EINVAL);
}

static void magic_links_are_refused(void **state)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = kernel_open_in(proc, "self/status", O_RDONLY, &e);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(kernel_open_in(proc, "self/cwd", O_PATH, &e), -ELOOP);
	assert_int_equal(kernel_open_in(proc, "self/fd/0", O_PATH, &e), -ELOOP);
	assert_int_equal(kernel_open_in(proc, "self/ns/mnt", O_PATH, &e), -ELOOP);
	close(proc);
}

static void names_that_are_too_long_are_refused(void **state)
{
	static char path[8192];

	memset(path, 'x', 300);
	assert_int_equal(kernel_open_in(root, path, O_PATH, &e), -ENAMETOOLONG);
	for (size_t i = 0; i + 2 < sizeof(path); i += 2)
		memcpy(path + i, "a/", 2);
	assert_int_equal(kernel_open_in(root, path, O_PATH, &e), -ENAMETOOLONG);
}

static void descriptors_from_a_number_on_become_close_on_exec(void **state)
{
	int low = dup(0), high = fcntl(0, F_DUPFD, 300);

	kernel_forget();
	if (*state)
		kernel_lacks(KERNEL_CLOSE_RANGE);
	assert_int_equal(kernel_cloexec_from(low + 1), 0);
	assert_false(fcntl(low, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(high, F_GETFD) & FD_CLOEXEC);
	close(low);
	close(high);
}

static void all_descriptors_but_two_are_closed(void **state)
{
	int keep = fcntl(0, F_DUPFD, 310), keep_too = fcntl(0, F_DUPFD, 305);
	int between = fcntl(0, F_DUPFD, 306), above = fcntl(0, F_DUPFD, 311);

	if (*state)
		kernel_lacks(KERNEL_CLOSE_RANGE);
	assert_int_equal(kernel_close_but(305, keep, keep_too), 0);
	assert_true(fcntl(keep, F_GETFD) >= 0);
	assert_true(fcntl(keep_too, F_GETFD) >= 0);
	assert_int_equal(fcntl(between, F_GETFD), -1);
	assert_int_equal(fcntl(above, F_GETFD), -1);
	close(keep);
	close(keep_too);
}

#define BOTH(f)                                                                         \
	{ .name = #f, .test_func = f, .setup_func = setup, .teardown_func = teardown }, \
	{                                                                               \
		.name = #f " (old kernel)", .test_func = f, .setup_func = setup,        \
		.teardown_func = teardown, .initial_state = "old",                      \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(symlinks_and_dots_stay_inside),
		BOTH(what_is_not_there_is_said_by_its_path),
		BOTH(a_link_itself_can_be_opened),
		BOTH(a_file_is_created_where_links_lead_inside),
		BOTH(a_dangling_links_target_is_created_inside),
		BOTH(a_file_is_made_with_its_parents_where_a_dangling_link_leads),
		BOTH(directories_are_made_with_their_parents),
		BOTH(the_parent_of_a_name_is_opened),
		BOTH(magic_links_are_refused),
		BOTH(names_that_are_too_long_are_refused),
		BOTH(all_descriptors_but_two_are_closed),
		BOTH(descriptors_from_a_number_on_become_close_on_exec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
