/* SPDX-License-Identifier: BSD-2-Clause */
/* linux.intelRdt, on folders that look like resctrl's: few machines have the real one. */
#include "runtime/rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "start.h"

static struct arena *a;
static struct err e;
static char path[64];

static void file_of(const char *name, const char *text)
{
	const char *at = arena_printf(a, "%s/%s", path, name);
	int fd = open(at, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void group(const char *name, const char *schemata)
{
	if (*name)
		assert_int_equal(mkdir(arena_printf(a, "%s/%s", path, name), 0755), 0);
	assert_int_equal(mkdir(arena_printf(a, "%s/%s/mon_groups", path, name), 0755), 0);
	file_of(arena_printf(a, "%s/schemata", name), schemata);
	file_of(arena_printf(a, "%s/tasks", name), "");
}

static int setup(void **state)
{
	a = arena_new();
	strcpy(path, "/tmp/berth-rdt-XXXXXX");
	if (!mkdtemp(path))
		return -1;
	group("", "    L3:0=fffff;1=fffff\n    MB:0=100;1=100\n");
	group("gold", "    L3:0=7f0;1=1f\n    MB:0=  20;1=70\n");
	return 0;
}

static int teardown(void **state)
{
	int r = system(arena_printf(a, "rm -r %s", path));

	arena_free(a);
	return r;
}

static int prepare(const struct oci_intel_rdt *want, struct rdt *r)
{
	return rdt_prepare(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), want, "ctr", r, &e);
}

static const char *content(const char *name)
{
	auto_free char *text = NULL;

	if (file_read_at(AT_FDCWD, arena_printf(a, "%s/%s", path, name), 4096, &text, NULL, &e) < 0)
		fail_msg("%s", e.msg);
	return arena_strdup(a, text);
}

static void it_is_found_among_mounts(void **state)
{
	char at[64];

	assert_true(rdt_find("21 1 0:20 / /sys rw - sysfs sysfs rw\n"
			     "30 21 0:27 / /sys/fs/resctrl rw,relatime shared:9 - resctrl resctrl "
			     "rw\n",
			     at, sizeof(at)));
	assert_string_equal(at, "/sys/fs/resctrl");
	assert_false(rdt_find("21 1 0:20 / /sys rw - sysfs resctrl rw\n", at, sizeof(at)));
	assert_false(rdt_find(" - resctrl ", at, sizeof(at)));
	assert_false(rdt_find("", at, sizeof(at)));
}

static void schemata_are_compared_by_value(void **state)
{
	static const char there[] = "    L3:0=7f0;1=1f\n    MB:0=  20;1=70\n";

	assert_true(rdt_matches(there, "L3:0=7f0;1=1f"));
	assert_true(rdt_matches(there, "L3:1=01F"));
	assert_true(rdt_matches(there, "MB:1=70;0=20"));
	assert_false(rdt_matches(there, "L3:0=7f"));
	assert_false(rdt_matches(there, "L3:2=1"));
	assert_false(rdt_matches(there, "L2:0=1"));
	assert_false(rdt_matches(there, "L3"));
	assert_false(rdt_matches("", "L3:0=1"));
}

static void a_group_that_is_there_is_joined(void **state)
{
	struct oci_intel_rdt want = { .clos_id = "gold" };
	struct rdt r;

	if (prepare(&want, &r) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(rdt_join(&r, &e), 0);
	assert_string_equal(content("gold/tasks"), "0");
	rdt_undo(&r);
	want.mem_bw_schema = "MB:0=20";
	want.l3_cache_schema = "L3:0=7f0;1=1f";
	assert_int_equal(prepare(&want, &r), 0);
	rdt_undo(&r);
	assert_int_equal(access(arena_printf(a, "%s/gold", path), F_OK), 0);
	want.mem_bw_schema = "MB:0=30";
	assert_int_equal(prepare(&want, &r), -EEXIST);
	assert_string_equal(e.msg, "linux.intelRdt.closID: gold is there and has other schemata");
}

static void the_default_group_is_a_slash(void **state)
{
	struct oci_intel_rdt want = { .clos_id = "/" };
	struct rdt r;

	assert_int_equal(prepare(&want, &r), 0);
	assert_int_equal(rdt_join(&r, &e), 0);
	assert_string_equal(content("tasks"), "0");
	rdt_undo(&r);
}

static void one_that_is_named_and_not_there_is_an_error(void **state)
{
	struct oci_intel_rdt want = { .clos_id = "silver" };
	struct rdt r;

	assert_int_equal(prepare(&want, &r), -ENOENT);
	assert_string_equal(e.msg,
			    "linux.intelRdt.closID: group silver: No such file or directory");
}

/* A folder has no files by itself, as a group has: so making one fails here, and leaves nothing. */
static void what_fails_leaves_nothing(void **state)
{
	struct oci_intel_rdt want = { 0 };
	struct rdt r;

	assert_int_equal(prepare(&want, &r), -ENOENT);
	assert_string_equal(e.msg, "linux.intelRdt: tasks: No such file or directory");
	assert_int_equal(access(arena_printf(a, "%s/ctr", path), F_OK), -1);
	want.clos_id = "silver";
	want.l3_cache_schema = "L3:0=1";
	assert_int_equal(prepare(&want, &r), -ENOENT);
	assert_int_equal(access(arena_printf(a, "%s/silver", path), F_OK), -1);
	want.clos_id = "gold";
	want.l3_cache_schema = NULL;
	want.enable_monitoring = true;
	assert_int_equal(prepare(&want, &r), -ENOENT);
	assert_int_equal(access(arena_printf(a, "%s/gold/mon_groups/ctr", path), F_OK), -1);
}

static int update(struct oci_intel_rdt *its, const char *l3_cache, const char *mem_bw)
{
	auto_close int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct oci_linux os = { .intel_rdt = its };
	struct oci_config config = { .linux_part = &os };
	pid_t self = getpid();

	return rdt_update(root,
			  &(struct runtime_rdt_update){ .config = &config,
							.id = "ctr",
							.l3_cache = l3_cache,
							.mem_bw = mem_bw,
							.pids = &self,
							.pids_len = 1 },
			  &e);
}

static void an_update_writes_into_its_group(void **state)
{
	struct oci_intel_rdt gold = { .clos_id = "gold" };

	file_of("gold/schemata", "");
	assert_int_equal(update(&gold, "L3:0=3", "MB:0=10"), 0);
	assert_string_equal(content("gold/schemata"), "L3:0=3\nMB:0=10\n");
	assert_string_equal(content("gold/tasks"), "");
}

static void an_update_gives_a_group_to_who_has_none(void **state)
{
	/* As an earlier update would have left it. */
	group("ctr", "");
	assert_int_equal(update(NULL, NULL, "MB:0=10"), 0);
	assert_string_equal(content("ctr/schemata"), "MB:0=10\n");
	assert_string_equal(content("ctr/tasks"), arena_printf(a, "%d", (int)getpid()));
}

static void an_update_that_fails_leaves_no_group(void **state)
{
	struct oci_intel_rdt silver = { .clos_id = "silver" };

	assert_int_equal(update(NULL, "L3:0=3", NULL), -ENOENT);
	assert_int_equal(access(arena_printf(a, "%s/ctr", path), F_OK), -1);
	assert_int_equal(update(&silver, "L3:0=3", NULL), -ENOENT);
	assert_int_equal(access(arena_printf(a, "%s/silver", path), F_OK), -1);
	assert_int_equal(mkdir(arena_printf(a, "%s/info", path), 0755), 0);
	file_of("info/last_cmd_status", "Unknown or unsupported resource name 'L3'\n");
	assert_int_equal(update(NULL, "L3:0=3", NULL), -ENOENT);
	assert_non_null(strstr(e.msg, "Unknown or unsupported resource name 'L3': "));
}

static void schemata_of_the_wrong_resource_are_refused(void **state)
{
	assert_int_equal(update(NULL, "MB:0=3", NULL), -EINVAL);
	assert_int_equal(update(NULL, "L3:", NULL), -EINVAL);
	assert_int_equal(update(NULL, NULL, "L3:0=3"), -EINVAL);
	assert_int_equal(update(NULL, NULL, ""), -EINVAL);
}

static void without_resctrl_it_is_said(void **state)
{
	int root;

	if (access("/sys/fs/resctrl/schemata", F_OK) == 0)
		skip();
	need_start();
	root = make_root();
	assert_int_equal(
		run_in(a, &(struct config_parts){ .args = "\"true\"", .os = ",\"intelRdt\":{}" },
		       root, &e)
			.r,
		-EOPNOTSUPP);
	assert_string_equal(e.msg, "linux.intelRdt: no resctrl is mounted");
	close(root);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_found_among_mounts),
		TEST(schemata_are_compared_by_value),
		TEST(a_group_that_is_there_is_joined),
		TEST(the_default_group_is_a_slash),
		TEST(one_that_is_named_and_not_there_is_an_error),
		TEST(what_fails_leaves_nothing),
		TEST(an_update_writes_into_its_group),
		TEST(an_update_gives_a_group_to_who_has_none),
		TEST(an_update_that_fails_leaves_no_group),
		TEST(schemata_of_the_wrong_resource_are_refused),
		TEST(without_resctrl_it_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
