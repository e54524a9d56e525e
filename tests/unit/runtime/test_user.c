/* SPDX-License-Identifier: BSD-2-Clause */
#include "runtime/user.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "unit.h"

static struct arena *a;
static struct err e;
static struct user_found u;

static const char passwd[] = "# a comment\n"
			     "root:x:0:0:root:/root:/bin/ash\n"
			     "short:x:7\n"
			     "bad:x:seven:7::/bad:\n"
			     "web:x:1000:100:Web:/srv/web:/bin/sh\n"
			     "1234:x:55:56::/number:\n"
			     "web:x:1001:101:Second:/second:/bin/sh\n"
			     "last:x:9:9::/last:/bin/sh";
static const char group[] = "root:x:0:\nusers:x:100:web\nstaff:x:50:root,web,webber\n"
			    "audio:x:29:webber,web\nwide:x:70:aweb,web2\n42:x:43:";

static int setup(void **state)
{
	a = arena_new();
	memset(&e, 0, sizeof(e));
	memset(&u, 0, sizeof(u));
	return 0;
}

static int teardown(void **state)
{
	arena_free(a);
	return 0;
}

static void look_for(const char *spec)
{
	if (user_find_in(passwd, group, spec, a, &u, &e) < 0)
		fail_msg("%s: %s", spec, e.msg);
}

static void a_name_brings_its_group_home_and_groups(void **state)
{
	look_for("web");
	assert_int_equal(u.uid, 1000);
	assert_int_equal(u.gid, 100);
	assert_string_equal(u.home, "/srv/web");
	assert_string_equal(u.name, "web");
	assert_int_equal(u.groups.n, 2);
	assert_int_equal(u.groups.v[0], 50);
	assert_int_equal(u.groups.v[1], 29);
}

static void nobody_is_root(void **state)
{
	look_for("");
	assert_int_equal(u.uid, 0);
	assert_string_equal(u.home, "/root");
	assert_int_equal(u.groups.n, 1);
}

static void a_number_is_looked_up_too(void **state)
{
	look_for("1000");
	assert_int_equal(u.gid, 100);
	assert_string_equal(u.home, "/srv/web");
	look_for("9");
	assert_string_equal(u.home, "/last");
}

static void an_unknown_number_is_itself_with_group_0(void **state)
{
	look_for("4000000000");
	assert_int_equal(u.uid, 4000000000);
	assert_int_equal(u.gid, 0);
	assert_string_equal(u.home, "/");
	assert_string_equal(u.name, "");
	look_for("7");
	assert_string_equal(u.home, "/");
}

static void a_name_of_digits_wins_over_the_number(void **state)
{
	look_for("1234");
	assert_int_equal(u.uid, 55);
	look_for("web:42");
	assert_int_equal(u.gid, 43);
}

static void an_explicit_group_leaves_the_others_out(void **state)
{
	look_for("web:staff");
	assert_int_equal(u.gid, 50);
	assert_int_equal(u.groups.n, 0);
	look_for("1:2");
	assert_int_equal(u.uid, 1);
	assert_int_equal(u.gid, 2);
	look_for(":users");
	assert_int_equal(u.uid, 0);
	assert_int_equal(u.gid, 100);
	look_for("web:");
	assert_int_equal(u.groups.n, 2);
}

static void unknown_names_are_said(void **state)
{
	assert_int_equal(user_find_in(passwd, group, "nosuch", a, &u, &e), -ENOENT);
	assert_string_equal(e.msg,
			    "unable to find user nosuch: no matching entries in passwd file");
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	assert_int_equal(user_find_in(passwd, group, "web:none", a, &u, &e), -ENOENT);
	assert_string_equal(e.msg, "unable to find group none: no matching entries in group file");
	assert_int_equal(user_find_in(NULL, NULL, "web", a, &u, &e), -ENOENT);
	assert_int_equal(user_find_in(passwd, group, "4294967295", a, &u, &e), -ENOENT);
	assert_int_equal(user_find_in(passwd, group, "-1", a, &u, &e), -ENOENT);
}

static void files_are_found_inside_the_root_only(void **state)
{
	char top[] = "/tmp/berth-user-XXXXXX";
	struct file_write how = { .mode = 0644 };
	uint64_t gid = 0;
	int root, usr;

	assert_non_null(mkdtemp(top));
	root = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(user_find(root, "5", a, &u, &e), 0);
	assert_int_equal(mkdirat(root, "etc", 0755), 0);
	assert_int_equal(mkdirat(root, "usr", 0755), 0);
	usr = openat(root, "usr", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(file_replace_at(usr, "passwd", passwd, strlen(passwd), &how, &e), 0);
	close(usr);
	assert_int_equal(symlinkat("/../../../usr/passwd", root, "etc/passwd"), 0);
	assert_int_equal(mkfifoat(root, "etc/group", 0644), 0);
	assert_int_equal(user_find(root, "web", a, &u, &e), 0);
	assert_int_equal(u.uid, 1000);
	assert_int_equal(user_group_find(root, "staff", &gid, &e), -ENOENT);
	assert_int_equal(user_group_find(root, "77", &gid, &e), 0);
	assert_int_equal(gid, 77);
	close(root);
	file_remove_tree_at(AT_FDCWD, top, &e);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_name_brings_its_group_home_and_groups),
		TEST(nobody_is_root),
		TEST(a_number_is_looked_up_too),
		TEST(an_unknown_number_is_itself_with_group_0),
		TEST(a_name_of_digits_wins_over_the_number),
		TEST(an_explicit_group_leaves_the_others_out),
		TEST(unknown_names_are_said),
		TEST(files_are_found_inside_the_root_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
