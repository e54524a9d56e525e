/* SPDX-License-Identifier: BSD-2-Clause */
/* What containers find inside: mounts, devices, namespaces, hooks; each really starts. */
#include <errno.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "place.h"

/* The folder is a shared tmpfs. */
static int setup(void **state)
{
	if (place_open() < 0)
		return -1;
	if (root >= 0 && (mount("host", host, "tmpfs", 0, "mode=0755") < 0 ||
			  mount(NULL, host, NULL, MS_SHARED, NULL) < 0))
		return -1;
	return 0;
}

static int teardown(void **state)
{
	if (root >= 0)
		umount2(host, MNT_DETACH);
	return place_close();
}

static void folders_and_files_are_bound(void **state)
{
	need_start();
	host_file("file", "from the host\n", 0);
	expect(
		&(struct config_parts){
			.args = script(
				"cat /new/deep/file /etc/one; stat -c %a /new /new/deep; echo "
				"x > /new/deep/file; echo changed > /etc/one; cat "
				"/new/deep/file"),
			.mounts = and_mount("{\"destination\":\"/new/deep\",\"source\":\"%s\","
					    "\"options\":[\"bind\",\"ro\"]},{\"destination\":"
					    "\"/etc/one\",\"source\":\"%s/file\",\"options\":["
					    "\"bind\"]}",
					    host, host),
		},
		"from the host\nfrom the host\n755\n755\nsh: can't create /new/deep/file: "
		"Read-only file system\nchanged\n");
}

static void a_missing_source_is_said(void **state)
{
	need_start();
	assert_int_equal(run_in(a,
				&(struct config_parts){
					.args = script("true"),
					.mounts = and_mount("{\"destination\":\"/x\",\"source\":"
							    "\"/none\",\"options\":[\"bind\"]}"),
				},
				root, &e)
				 .r,
			 -ENOENT);
	assert_string_equal(e.msg, "mount /none on /x: No such file or directory");
}

static void targets_stay_inside(void **state)
{
	need_start();
	host_file("file", "here\n", 0);
	assert_int_equal(symlinkat("../../../../../../data", root, "up"), 0);
	assert_int_equal(symlinkat("/tmp/later", root, "dangling"), 0);
	expect(
		&(struct config_parts){
			.args = script("cat /data/file; cat /tmp/later"),
			.mounts =
				and_mount("{\"destination\":\"/up\",\"source\":\"%s\",\"options\":["
					  "\"bind\"]},{\"destination\":\"/dangling\",\"source\":"
					  "\"%s/file\",\"options\":[\"bind\"]}",
					  host, host),
		},
		"here\nhere\n");
	assert_int_equal(access("/data/file", F_OK), -1);
}

static void proc_and_what_is_in_it_are_guarded(void **state)
{
	struct config_parts p = {
		.args = script("true"),
		.mounts = and_mount("{\"destination\":\"/proc/self/attr\",\"source\":\"%s\","
				    "\"options\":[\"bind\"]}",
				    host),
	};

	need_start();
	assert_int_equal(run_in(a, &p, root, &e).r, -EACCES);
	assert_non_null(strstr(e.msg, "/proc/self/attr is inside /proc"));
	again();
	assert_int_equal(symlinkat("/proc", root, "alias"), 0);
	p.mounts = and_mount("{\"destination\":\"/alias/sysrq-trigger\",\"source\":\"%s\","
			     "\"options\":[\"bind\"]}",
			     host);
	assert_true(run_in(a, &p, root, &e).r < 0);
	again();
	assert_int_equal(unlinkat(root, "proc", AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat("tmp", root, "proc"), 0);
	p.mounts = NULL;
	assert_int_equal(run_in(a, &p, root, &e).r, -EINVAL);
	assert_string_equal(e.msg,
			    "mount proc on /proc: /proc must be mounted on ordinary directory");
}

static void propagation_is_as_asked(void **state)
{
	need_start();
	expect(
		&(struct config_parts){
			.args = script(
				"grep -E ' /(p|s|sl) ' /proc/self/mountinfo | sed 's/.* \\\\(\\\\/"
				"[a-z]*\\\\) .*rw[a-z,]* \\\\(.*\\\\)- .*/\\\\1 \\\\2/; s/:[0-9]*//'"),
			.mounts = and_mount(
				"{\"destination\":\"/p\",\"source\":\"%s\",\"options\":[\"bind\"]},{"
				"\"destination\":\"/s\",\"source\":\"%s\",\"options\":[\"bind\","
				"\"rshared\"]},{\"destination\":\"/sl\",\"source\":\"%s\","
				"\"options\":[\"bind\",\"rslave\"]}",
				host, host, host),
		},
		"/p \n/s shared \n/sl master \n");
}

static void need_setattr(void)
{
	if (!kernel_has(KERNEL_MOUNT_SETATTR)) {
		print_message("needs mount_setattr\n");
		skip();
	}
}

static void a_tree_is_read_only_all_the_way(void **state)
{
	char *below = arena_printf(a, "%s/below", host);

	need_start();
	need_setattr();
	assert_int_equal(mkdir(below, 0755), 0);
	assert_int_equal(mount("below", below, "tmpfs", 0, NULL), 0);
	expect(
		&(struct config_parts){
			.args = script(
				"touch /t/below/x; touch /ro/below/x; touch /flat/below/x && "
				"echo only on the surface"),
			.mounts = and_mount(
				"{\"destination\":\"/t\",\"source\":\"%s\",\"options\":[\"rbind\","
				"\"rro\"]},{\"destination\":\"/ro\",\"source\":\"%s\",\"options\":["
				"\"rbind\",\"ro\"]},{\"destination\":\"/flat\",\"source\":\"%s\","
				"\"options\":[\"bind\"]}",
				host, host, host),
		},
		"touch: /t/below/x: Read-only file system\nonly on the surface\n");
}

static void ids_of_a_bind_are_mapped(void **state)
{
	struct config_parts p = { .args = script("stat -c '%u %g' /m/mine") };
	struct outcome o;

	need_start();
	need_setattr();
	host_file("mine", "x", 1000);
	p.mounts = and_mount("{\"destination\":\"/m\",\"source\":\"%s\",\"options\":[\"bind\"],"
			     "\"uidMappings\":[{\"containerID\":1000,\"hostID\":7,\"size\":1}],"
			     "\"gidMappings\":[{\"containerID\":1000,\"hostID\":8,\"size\":1}]}",
			     host);
	o = run_in(a, &p, root, &e);
	if (o.r == -EINVAL && strstr(e.msg, "map the IDs")) {
		print_message("needs ID-mapped tmpfs (Linux 6.3)\n");
		skip();
	}
	if (o.r < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(o.out, "7 8\n");
}

static void a_tmpfs_has_the_mode_of_what_it_hides_and_may_copy_it(void **state)
{
	need_start();
	assert_int_equal(fchmodat(root, "data", 01711, 0), 0);
	assert_int_equal(mkdirat(root, "etc/sub", 0750), 0);
	assert_int_equal(symlinkat("sub", root, "etc/link"), 0);
	expect(
		&(struct config_parts){
			.args = script("stat -c %a /data /made; stat -c '%n %a' /etc/sub; readlink "
				       "/etc/link; touch /etc/new"),
			.mounts = and_mount(
				"{\"destination\":\"/data\",\"type\":\"tmpfs\"},{\"destination\":"
				"\"/made\",\"type\":\"tmpfs\"},{\"destination\":\"/etc\",\"type\":"
				"\"tmpfs\",\"options\":[\"tmpcopyup\",\"size=1m\"]}"),
		},
		"1711\n1777\n/etc/sub 750\nsub\n");
	assert_int_equal(faccessat(root, "etc/new", F_OK, 0), -1);
}

static void its_groups_are_mounted_read_only(void **state)
{
	struct outcome o;

	need_start();
	o = run_in(a,
		   &(struct config_parts){
			   .args = script(
				   "ls /sys/fs/cgroup; find /sys/fs/cgroup -name cgroup.procs "
				   "| head -1 | xargs cat | grep -c ^1$; touch "
				   "/sys/fs/cgroup/x"),
			   .mounts = and_mount("{\"destination\":\"/sys/fs/cgroup\",\"type\":"
					       "\"cgroup\",\"source\":\"cgroup\",\"options\":["
					       "\"nosuid\",\"noexec\",\"nodev\",\"ro\"]}"),
		   },
		   root, &e);
	if (o.r < 0)
		fail_msg("%s", e.msg);
	assert_non_null(strstr(o.out, "\n1\n"));
	assert_non_null(strstr(o.out, "Read-only file system"));
}

static void the_root_may_be_read_only(void **state)
{
	struct config_parts p = { .args = script("touch /x; touch /tmp/y"),
				  .top = "\"root\":{\"path\":\"unused\",\"readonly\":true},",
				  .mounts = and_mount("{\"destination\":\"/tmp\",\"type\":"
						      "\"tmpfs\"}") };

	need_start();
	expect(&p, "touch: /x: Read-only file system\n");
}

#define USER_NAMESPACE                                                                              \
	",\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}],\"gidMappings\":[" \
	"{\"containerID\":0,\"hostID\":100000,\"size\":65536}]"

static void a_user_namespace_is_furnished_alike(void **state)
{
	need_start();
	host_file("file", "readable\n", 0);
	assert_int_equal(chmod(host, 0700), 0);
	close(openat(root, "data/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	expect(
		&(struct config_parts){
			.args = script(
				"id -u; cat /proc/self/uid_map | tr -s ' '; cat /data/file; "
				"echo x > /dev/null; ls -l /dev/null | cut -c1; stat -c '%u' "
				"/dev/shm; ls /sys | grep -c kernel; cat /proc/timer_list"),
			.namespaces = NAMESPACES ",{\"type\":\"user\"}",
			.os = USER_NAMESPACE ",\"maskedPaths\":[\"/proc/timer_list\"]",
			.process =
				",\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":0}]",
			.mounts =
				and_mount("{\"destination\":\"/data/file\",\"source\":\"%s/file\","
					  "\"options\":[\"bind\"]}",
					  host),
		},
		"0\n 0 100000 65536\nreadable\nc\n0\n1\n");
}

static void time_starts_elsewhere(void **state)
{
	need_start();
	expect(
		&(struct config_parts){
			.args = script(
				"[ $(cut -d. -f1 /proc/uptime) -gt 86400000 ] && echo later"),
			.namespaces = NAMESPACES ",{\"type\":\"time\"}",
			.os = ",\"timeOffsets\":{\"boottime\":{\"secs\":86400000}}",
		},
		"later\n");
}

static void devices_are_made_as_asked(void **state)
{
	need_start();
	expect(
		&(struct config_parts){
			.args = script(
				"stat -c '%n %F %a %u %g %t %T' /dev/fuse /odd/pipe; stat -c "
				"%a /dev/null"),
			.os = ",\"devices\":[{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,"
			      "\"minor\":229,\"fileMode\":432,\"uid\":3,\"gid\":4},{\"path\":"
			      "\"/odd/pipe\",\"type\":\"p\"},{\"path\":\"/dev/null\",\"type\":\"c\","
			      "\"major\":1,\"minor\":3,\"fileMode\":438}]",
		},
		"/dev/fuse character special file 660 3 4 a e5\n/odd/pipe fifo 666 0 0 0 0\n666\n");
}

static void standard_devices_may_be_listed_with_another_owner(void **state)
{
	need_start();
	expect(
		&(struct config_parts){
			.args = script("stat -c '%n %F %a %u %g %t:%T' /dev/null /dev/zero /odd/b"),
			.os = ",\"devices\":[{\"path\":\"/dev/null\",\"type\":\"c\",\"major\":1,"
			      "\"minor\":3,\"fileMode\":384,\"uid\":7,\"gid\":8},{\"path\":\"/odd/b\","
			      "\"type\":\"b\",\"major\":7,\"minor\":250},{\"path\":\"/odd/u\",\"type\":"
			      "\"u\",\"major\":1,\"minor\":5}]",
		},
		"/dev/null character special file 600 7 8 1:3\n/dev/zero character special file 666 "
		"0 0 1:5\n/odd/b block special file 666 0 0 7:fa\n");
	again();
	close(openat(root, "data/null", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	assert_int_equal(mknodat(root, "data/zero", S_IFCHR | 0600, makedev(1, 5)), 0);
	assert_int_equal(run_in(a,
				&(struct config_parts){
					.args = "\"true\"",
					.os = ",\"devices\":[{\"path\":\"/data/zero\",\"type\":"
					      "\"c\",\"major\":1,\"minor\":3}]" },
				root, &e)
				 .r,
			 -EEXIST);
	assert_string_equal(e.msg, "linux.devices: device /data/zero: File exists");
}

static void devices_of_a_user_namespace_need_not_be_the_hosts(void **state)
{
	need_start();
	assert_int_equal(fchownat(root, "data", 100000, 100000, 0), 0);
	expect(
		&(struct config_parts){
			.args = script(
				"stat -c '%n %F %a %u %g %t:%T' /dev/null /dev/none /data/pipe; echo x > "
				"/dev/none; grep ' /dev/none ' /proc/self/mountinfo | cut -d' ' -f6"),
			.namespaces = NAMESPACES ",{\"type\":\"user\"}",
			.os = USER_NAMESPACE
			",\"devices\":[{\"path\":\"/dev/none\",\"type\":\"c\",\"major\":1,\"minor\":3,"
			"\"fileMode\":416,\"uid\":0,\"gid\":9},{\"path\":\"/data/pipe\",\"type\":\"p\","
			"\"fileMode\":384}]",
		},
		"/dev/null character special file 666 0 0 1:3\n/dev/none character special file 640 0 "
		"9 1:3\n/data/pipe fifo 600 0 0 0:0\nrw,nosuid,noexec,relatime\n");
}

static void hooks_run_where_they_belong(void **state)
{
	const char *log = arena_printf(a, "%s/log", host);
	auto_free char *text = NULL;
	struct config_parts p = { .args = "" };

	need_start();
	p.top = arena_printf(
		a,
		"\"hooks\":{\"createRuntime\":[{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"cat > "
		"%s; [ -d /proc/self ]\"]}],\"createContainer\":[{\"path\":\"/bin/sh\",\"args\":["
		"\"sh\",\"-c\",\"cat /proc/1/comm >> %s\"]}],\"startContainer\":[{\"path\":"
		"\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"cat > /tmp/state; echo $PATH >> "
		"/tmp/state\"]}]},",
		log, log);
	p.args =
		script("sed 's/pid.:[0-9][0-9]*/pid:N/; s/berth-test-start-[0-9]*/ID/' /tmp/state");
	expect(&p, "{\"ociVersion\":\"1.3.0\",\"id\":\"ID\",\"status\":\"created\","
		   "\"bundle\":\"/\",\"pid:N}/bin\n");
	assert_int_equal(file_read_at(AT_FDCWD, log, 4096, &text, NULL, &e), 0);
	assert_non_null(strstr(text, "\"status\":\"creating\",\"bundle\":\"/\",\"pid\":"));
	again();
	p.top = "\"hooks\":{\"createRuntime\":[{\"path\":\"/bin/true\"},{\"path\":\"/bin/false\"}]"
		"},";
	assert_true(run_in(a, &p, root, &e).r < 0);
	assert_string_equal(e.msg, "error running createRuntime hook #1: exit status 1");
	again();
	p.top = "\"hooks\":{\"startContainer\":[{\"path\":\"/bin/sleep\",\"args\":[\"sleep\","
		"\"9\"],\"timeout\":1}]},";
	assert_true(run_in(a, &p, root, &e).r < 0);
	assert_string_equal(e.msg, "error running startContainer hook #0: hook ran past specified "
				   "timeout of 1.0s");
}

static void nothing_is_left_on_the_host(void **state)
{
	auto_free char *before = NULL, *after = NULL;

	need_start();
	assert_int_equal(file_read_at(AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &before, NULL, &e),
			 0);
	expect(&(struct config_parts){ .args = script("true") }, "");
	again();
	assert_true(run_in(a, &(struct config_parts){ .args = "\"none\"" }, root, &e).r < 0);
	assert_int_equal(file_read_at(AT_FDCWD, "/proc/self/mountinfo", 1 << 20, &after, NULL, &e),
			 0);
	assert_string_equal(before, after);
	assert_int_equal(access(arena_printf(a, "/sys/fs/cgroup/pids/berth/%s", test_id("start")),
				F_OK),
			 -1);
	assert_int_equal(access(arena_printf(a, "/sys/fs/cgroup/berth/%s", test_id("start")), F_OK),
			 -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(folders_and_files_are_bound),
		TEST(a_missing_source_is_said),
		TEST(targets_stay_inside),
		TEST(proc_and_what_is_in_it_are_guarded),
		TEST(propagation_is_as_asked),
		TEST(a_tree_is_read_only_all_the_way),
		TEST(ids_of_a_bind_are_mapped),
		TEST(a_tmpfs_has_the_mode_of_what_it_hides_and_may_copy_it),
		TEST(its_groups_are_mounted_read_only),
		TEST(the_root_may_be_read_only),
		TEST(a_user_namespace_is_furnished_alike),
		TEST(time_starts_elsewhere),
		TEST(devices_are_made_as_asked),
		TEST(standard_devices_may_be_listed_with_another_owner),
		TEST(devices_of_a_user_namespace_need_not_be_the_hosts),
		TEST(hooks_run_where_they_belong),
		TEST(nothing_is_left_on_the_host),
	};

	int failed = cmocka_run_group_tests_name("this kernel", tests, NULL, NULL);

	setenv("BERTH_LACK", "all", 1);
	kernel_forget();
	return failed + cmocka_run_group_tests_name("an old kernel", tests, NULL, NULL);
}
