/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "unit.h"

#define LAYERS    300
#define TMPFS     0x01021994
#define OVERLAYFS 0x794c7630

static struct err e;
static int top, place;

/* Everything happens on a tmpfs that is attached in a mount namespace of the test's own: old
 * kernels make no overlay of layers that are attached nowhere. */
static int setup(void **state)
{
	kernel_forget();
	if (*state)
		setenv("BERTH_LACK", *state, 1);
	if (geteuid() != 0)
		return 0;
	top = kernel_mount_new("tmpfs", "tmpfs",
			       (const struct kernel_mount_option[]){ { "mode", "0755" } }, 1,
			       MOUNT_ATTR_NODEV, &e);
	if (top < 0)
		print_error("%s\n", e.msg);
	if (top < 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -1;
	place = open("/mnt", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return kernel_mount_attach(top, place, NULL, &e);
}

static int teardown(void **state)
{
	if (geteuid() == 0) {
		umount2("/mnt", MNT_DETACH);
		close(place);
		close(top);
	}
	unsetenv("BERTH_LACK");
	kernel_forget();
	return 0;
}

static int make_dir(const char *name)
{
	int fd = kernel_mkdir_in(top, name, 0755, &e);

	assert_true(fd >= 0);
	return fd;
}

static void make_file(int dir, const char *name, const char *text)
{
	struct file_write how = { .mode = 0644 };

	assert_int_equal(file_replace_at(dir, name, text, strlen(text), &how, &e), 0);
}

static void assert_reads(int dir, const char *name, const char *text)
{
	auto_free char *got = NULL;

	if (file_read_at(dir, name, 100, &got, NULL, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(got, text);
}

static void a_new_mount_is_detached_and_has_its_options(void **state)
{
	struct statfs fs;
	struct statvfs vfs;

	need_root();
	assert_int_equal(fstatfs(top, &fs), 0);
	assert_int_equal(fs.f_type, TMPFS);
	assert_int_equal(kernel_is_on(top, TMPFS), 1);
	assert_int_equal(fstatvfs(top, &vfs), 0);
	assert_true(vfs.f_flag & ST_NODEV);
}

static void the_kernels_own_words_are_in_the_error(void **state)
{
	const struct kernel_mount_option bad = { "berth", "1" };

	need_root();
	assert_int_equal(kernel_mount_new("tmpfs", "x", &bad, 1, 0, &e), -EINVAL);
	assert_string_equal(e.msg, "tmpfs: option berth: tmpfs: Unknown parameter 'berth': "
				   "Invalid argument");
	assert_int_equal(kernel_mount_new("nofs", "x", NULL, 0, 0, &e), -EOPNOTSUPP);
	assert_string_equal(e.msg, "this kernel has no file system \"nofs\"");
}

static void an_overlay_shows_hundreds_of_layers(void **state)
{
	int lower[LAYERS];
	char name[32];
	struct kernel_overlay o = { .lower = lower, .lower_len = LAYERS };
	auto_close int mount = -1;

	need_root();
	for (int i = 0; i < LAYERS; i++) {
		snprintf(name, sizeof(name), "layer%d", i);
		lower[i] = make_dir(name);
		make_file(lower[i], name, name);
		make_file(lower[i], "same", name);
	}
	o.upper = make_dir("upper");
	o.work = make_dir("work");
	mount = kernel_mount_overlay(&o, &e);
	if (mount < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(kernel_is_on(mount, OVERLAYFS), 1);
	assert_reads(mount, "layer0", "layer0");
	assert_reads(mount, "layer299", "layer299");
	assert_reads(mount, "same", "layer0");
	make_file(mount, "new", "written");
	assert_reads(o.upper, "new", "written");
	for (int i = 0; i < LAYERS; i++)
		close(lower[i]);
	close(o.upper);
	close(o.work);
}

static void an_overlay_without_upper_layer_is_read_only(void **state)
{
	int lower[2] = { -1, -1 };
	struct kernel_overlay o = { .lower = lower, .lower_len = 2, .upper = -1, .work = -1 };
	int mount;

	need_root();
	lower[0] = make_dir("one");
	lower[1] = make_dir("two");
	make_file(lower[0], "file", "1");
	for (o.lower_len = 2; o.lower_len > 0; o.lower_len--) {
		mount = kernel_mount_overlay(&o, &e);
		if (mount < 0)
			fail_msg("%s", e.msg);
		assert_reads(mount, "file", "1");
		assert_int_equal(openat(mount, "new", O_WRONLY | O_CREAT, 0600), -1);
		assert_int_equal(errno, EROFS);
		close(mount);
	}
	close(lower[0]);
	close(lower[1]);
}

static void the_layers_are_not_writable_as_upper_twice(void **state)
{
	int lower = -1;
	struct kernel_overlay o = { .lower = &lower, .lower_len = 1, .upper = -1 };

	need_root();
	lower = make_dir("lower");
	o.upper = make_dir("up");
	o.work = o.upper;
	assert_true(kernel_mount_overlay(&o, &e) < 0);
	assert_non_null(strstr(e.msg, "overlay"));
	close(lower);
	close(o.upper);
}

/* Attaches only in a mount namespace of its own. */
static void a_copy_attaches_with_its_flags(void **state)
{
	struct kernel_mount_set set = { .set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC,
					.propagation = MS_PRIVATE };
	struct statvfs vfs;
	int dir, copy, target;
	auto_close int mnt = -1;

	need_root();
	mnt = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	dir = make_dir("from");
	make_file(dir, "file", "content");
	copy = kernel_mount_copy(top, "from", false, &e);
	assert_true(copy >= 0);
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	target = open("/proc/sys", O_PATH | O_CLOEXEC);
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	if (kernel_mount_attach(copy, target, &set, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(statvfs("/proc/sys", &vfs), 0);
	assert_true(vfs.f_flag & ST_RDONLY);
	assert_true(vfs.f_flag & ST_NOEXEC);
	assert_reads(AT_FDCWD, "/proc/sys/file", "content");
	/* The descriptor is that of the attached mount. */
	set.set = 0;
	set.clear = MOUNT_ATTR_RDONLY;
	assert_int_equal(kernel_mount_set(copy, &set, &e), 0);
	assert_int_equal(statvfs("/proc/sys", &vfs), 0);
	assert_false(vfs.f_flag & ST_RDONLY);
	assert_true(vfs.f_flag & ST_NOEXEC);
	assert_int_equal(setns(mnt, CLONE_NEWNS), 0);
	close(dir);
	close(copy);
	close(target);
}

static void a_kernel_without_setattr_says_what_it_cannot(void **state)
{
	struct kernel_mount_set set = { .set = MOUNT_ATTR_RDONLY, .recursive = true };

	need_root();
	kernel_lacks(KERNEL_MOUNT_SETATTR);
	assert_int_equal(kernel_mount_set(top, &set, &e), -EOPNOTSUPP);
	assert_string_equal(e.msg, "a recursive mount option needs Linux 5.12 (mount_setattr)");
	set = (struct kernel_mount_set){ .set = MOUNT_ATTR_IDMAP };
	assert_int_equal(kernel_mount_set(top, &set, &e), -EOPNOTSUPP);
}

#define TEST(f)                                                                            \
	{                                                                                  \
		.name = #f, .test_func = f, .setup_func = setup, .teardown_func = teardown \
	}
#define LACKING(f, what)                                                               \
	{                                                                              \
		.name = #f " (without " what ")", .test_func = f, .setup_func = setup, \
		.teardown_func = teardown, .initial_state = what                       \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_mount_is_detached_and_has_its_options),
		TEST(the_kernels_own_words_are_in_the_error),
		TEST(an_overlay_shows_hundreds_of_layers),
		LACKING(an_overlay_shows_hundreds_of_layers, "lowerdir+fd"),
		LACKING(an_overlay_shows_hundreds_of_layers, "lowerdir+fd,lowerdir+"),
		LACKING(an_overlay_shows_hundreds_of_layers, "all"),
		TEST(an_overlay_without_upper_layer_is_read_only),
		LACKING(an_overlay_without_upper_layer_is_read_only, "lowerdir+fd,lowerdir+"),
		TEST(the_layers_are_not_writable_as_upper_twice),
		LACKING(the_layers_are_not_writable_as_upper_twice, "all"),
		TEST(a_copy_attaches_with_its_flags),
		LACKING(a_copy_attaches_with_its_flags, "mount_setattr"),
		TEST(a_kernel_without_setattr_says_what_it_cannot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
