/* SPDX-License-Identifier: BSD-2-Clause */
/* Every mount option, what it is read as and what comes of it. */
#include <errno.h>
#include <sys/mount.h>

#include "place.h"
#include "runtime/mount_options.h"

/* The folder is a tmpfs, nosuid and nodev. */
static int setup(void **state)
{
	if (place_open() < 0)
		return -1;
	return root >= 0 ? mount("host", host, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOATIME,
				 "mode=0755")
			 : 0;
}

static int teardown(void **state)
{
	if (root >= 0)
		umount2(host, MNT_DETACH);
	return place_close();
}

/* The flags that a path has inside, without those that all have. */
#define FLAGS_OF(path) "grep ' " path " ' /proc/self/mountinfo | cut -d' ' -f6 | sed s/,relatime//"

#define RO  MOUNT_ATTR_RDONLY
#define ALL (RO | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOSYMFOLLOW)
#define AT  MOUNT_ATTR__ATIME

static void each_option_is_read_as_what_it_means(void **state)
{
	/* For a new mount: set, clear; of the tree: set, clear; propagation; data. */
	static const struct {
		const char *name;
		uint64_t set, clear, tree_set, tree_clear, propagation;
		const char *data;
	} rows[] = {
		{ "async", .data = "async" },
		{ "atime" },
		{ "defaults" },
		{ "dev", 0, MOUNT_ATTR_NODEV },
		{ "diratime" },
		{ "dirsync", .data = "dirsync" },
		{ "exec", 0, MOUNT_ATTR_NOEXEC },
		{ "lazytime", .data = "lazytime" },
		{ "loud" },
		{ "mand", .data = "mand" },
		{ "noatime", MOUNT_ATTR_NOATIME, AT },
		{ "nodev", MOUNT_ATTR_NODEV },
		{ "nodiratime", MOUNT_ATTR_NODIRATIME, AT },
		{ "noexec", MOUNT_ATTR_NOEXEC },
		{ "noiversion" },
		{ "nolazytime", .data = "nolazytime" },
		{ "nomand", .data = "nomand" },
		{ "norelatime" },
		{ "nostrictatime" },
		{ "nosuid", MOUNT_ATTR_NOSUID },
		{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW },
		{ "private", .propagation = MS_PRIVATE },
		{ "ratime", 0, 0, 0, AT },
		{ "rasync" },
		{ "rdev", 0, 0, 0, MOUNT_ATTR_NODEV },
		{ "rdiratime", 0, 0, 0, MOUNT_ATTR_NODIRATIME },
		{ "rdirsync" },
		{ "relatime", 0, AT },
		{ "rexec", 0, 0, 0, MOUNT_ATTR_NOEXEC },
		{ "rmand" },
		{ "rnoatime", 0, 0, MOUNT_ATTR_NOATIME, AT },
		{ "rnodev", 0, 0, MOUNT_ATTR_NODEV },
		{ "rnodiratime", 0, 0, MOUNT_ATTR_NODIRATIME },
		{ "rnoexec", 0, 0, MOUNT_ATTR_NOEXEC },
		{ "rnomand" },
		{ "rnorelatime", 0, 0, 0, AT },
		{ "rnostrictatime", 0, 0, 0, AT },
		{ "rnosuid", 0, 0, MOUNT_ATTR_NOSUID },
		{ "rnosymfollow", 0, 0, MOUNT_ATTR_NOSYMFOLLOW },
		{ "ro", RO },
		{ "rprivate", .propagation = MS_PRIVATE },
		{ "rrelatime", 0, 0, 0, AT },
		{ "rro", 0, 0, RO },
		{ "rrw", 0, 0, 0, RO },
		{ "rshared", .propagation = MS_SHARED },
		{ "rslave", .propagation = MS_SLAVE },
		{ "rstrictatime", 0, 0, MOUNT_ATTR_STRICTATIME, AT },
		{ "rsuid", 0, 0, 0, MOUNT_ATTR_NOSUID },
		{ "rsymfollow", 0, 0, 0, MOUNT_ATTR_NOSYMFOLLOW },
		{ "rsync" },
		{ "runbindable", .propagation = MS_UNBINDABLE },
		{ "rw", 0, RO },
		{ "shared", .propagation = MS_SHARED },
		{ "silent" },
		{ "slave", .propagation = MS_SLAVE },
		{ "strictatime", MOUNT_ATTR_STRICTATIME, AT },
		{ "suid", 0, MOUNT_ATTR_NOSUID },
		{ "symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW },
		{ "sync", .data = "sync" },
		{ "unbindable", .propagation = MS_UNBINDABLE },
		{ "size=1m", .data = "size" },
		{ "unheard-of", .data = "unheard-of" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct texts one = { 0 };
		struct mount_options o;

		texts_add(a, &one, rows[i].name);
		mount_options_read(a, &one, &o);
		if (o.set != rows[i].set || o.clear != rows[i].clear ||
		    o.tree_set != rows[i].tree_set || o.tree_clear != rows[i].tree_clear ||
		    o.propagation != rows[i].propagation ||
		    o.propagation_tree != (rows[i].propagation && rows[i].name[0] == 'r') ||
		    o.data_len != (rows[i].data != NULL) || o.bind || o.id_map)
			fail_msg("%s", rows[i].name);
		if (rows[i].data)
			assert_string_equal(o.data[0].key, rows[i].data);
	}
}

static struct mount_options read_options(const char *list)
{
	struct texts all = texts_split(a, list, ',');
	struct mount_options o;

	mount_options_read(a, &all, &o);
	return o;
}

static void options_that_are_the_runtimes_own(void **state)
{
	struct mount_options o = read_options("rbind,ro,exec");

	assert_true(o.bind && o.tree);
	assert_int_equal(o.set, RO);
	assert_int_equal(o.clear, ALL & ~(uint64_t)RO);
	assert_int_equal(o.asked_clear, MOUNT_ATTR_NOEXEC);
	o = read_options("bind"); /* alone: as the source is */
	assert_true(o.bind && !o.tree && !o.set && !o.clear);
	o = read_options("bind,atime,norelatime");
	assert_true(!o.set && !o.clear);
	o = read_options("ro,rw"); /* the last counts */
	assert_true(o.set == 0 && o.clear == RO);
	o = read_options("idmap");
	assert_true(o.id_map && !o.id_map_tree && !o.id_map_text);
	o = read_options("ridmap=uids=0-1-2;gids=0-1-2");
	assert_true(o.id_map && o.id_map_tree);
	assert_string_equal(o.id_map_text, "uids=0-1-2;gids=0-1-2");
	assert_true(read_options("tmpcopyup").copy_up);
	assert_true(read_options("remount").remount);
	assert_true(read_options("copy-symlink").copy_link);
	assert_true(read_options("src-nofollow").source_no_follow);
	assert_true(read_options("dest-nofollow").target_no_follow);
	assert_true(read_options("iversion").soft_version);
	assert_string_equal(read_options("acl").data[0].key, "posixacl");
	assert_int_equal(read_options("noacl").data_len, 0);
}

static void a_mapping_may_be_in_an_option(void **state)
{
	struct oci_id_map own[] = { { 0, 100000, 1000 } };
	struct oci_linux os = { .uid_maps = { own, 1 }, .gid_maps = { own, 1 } };
	struct oci_id_maps uids, gids;
	static const char *const wrong[] = {
		"",
		"uids=0-0-1",
		"uids=0-0;gids=0-0-1",
		"uids=0-0-0;gids=0-0-1",
		"x=0-0-1",
		"uids=0-0-1x;gids=0-0-1",
		"uids=@1000-0-1;gids=0-0-1",
		"uids=@0-4294967295-1;gids=0-0-1",
	};

	assert_int_equal(mount_options_id_maps(a, "uids=0-1-2#5-6-7;gids=@0-10-5", &os, &uids,
					       &gids, &e),
			 0);
	assert_int_equal(uids.n, 2);
	assert_int_equal(uids.v[1].container_id, 5);
	assert_int_equal(uids.v[1].host_id, 6);
	assert_int_equal(uids.v[1].size, 7);
	assert_int_equal(gids.v[0].host_id, 100010);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(mount_options_id_maps(a, wrong[i], &os, &uids, &gids, &e),
				 -EINVAL);
}

static void flags_of_a_bind_are_the_sources_until_one_is_asked_for(void **state)
{
	need_start();
	expect(
		&(struct config_parts){
			.args = script(FLAGS_OF("/a") "; " FLAGS_OF("/b") "; " FLAGS_OF("/c")),
			.mounts = and_mount(
				"{\"destination\":\"/a\",\"source\":\"%s\",\"options\":[\"bind\"]},"
				"{\"destination\":\"/b\",\"source\":\"%s\",\"options\":[\"bind\","
				"\"ro\"]},{\"destination\":\"/c\",\"source\":\"%s\",\"options\":["
				"\"bind\",\"relatime\",\"noexec\"]}",
				host, host, host),
		},
		"rw,nosuid,nodev,noatime\nro,noatime\nrw,noexec\n");
}

#define USER_NAMESPACE                                                                              \
	",\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}],\"gidMappings\":[" \
	"{\"containerID\":0,\"hostID\":100000,\"size\":65536}]"

static void in_a_user_namespace_flags_are_locked(void **state)
{
	static const char *const refused[] = { "suid", "dev", "relatime", "strictatime" };
	struct config_parts p = {
		.args = script(FLAGS_OF("/data")),
		.namespaces = NAMESPACES ",{\"type\":\"user\"}",
		.os = USER_NAMESPACE,
		.mounts = and_mount("{\"destination\":\"/data\",\"source\":\"%s\",\"options\":["
				    "\"bind\",\"ro\"]}",
				    host),
	};

	need_start();
	expect(&p, "ro,nosuid,nodev,noatime\n");
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		again();
		p.mounts = and_mount("{\"destination\":\"/data\",\"source\":\"%s\",\"options\":["
				     "\"bind\",\"%s\"]}",
				     host, refused[i]);
		assert_int_equal(run_in(a, &p, root, &e).r, -EPERM);
		assert_non_null(strstr(e.msg, "locked: Operation not permitted"));
	}
}

static void what_is_read_only_is_so_in_the_end(void **state)
{
	need_start();
	expect(
		&(struct config_parts){
			.args = script(
				"echo x > /t/on/y; ls /t; touch /t/x; touch /dev/x; echo x > "
				"/dev/null; ls /dev/fuse"),
			.os = ",\"devices\":[{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,"
			      "\"minor\":229}]",
			.mounts = "{\"destination\":\"/proc\",\"type\":\"proc\"},{\"destination\":"
				  "\"/dev\",\"type\":\"tmpfs\",\"options\":[\"ro\",\"mode=755\"]},{"
				  "\"destination\":\"/t\",\"type\":\"tmpfs\",\"options\":[\"ro\"]},"
				  "{\"destination\":\"/t/on\",\"type\":\"tmpfs\"}",
		},
		"on\ntouch: /t/x: Read-only file system\ntouch: /dev/x: Read-only file system\n"
		"/dev/fuse\n");
}

static void a_mount_on_the_root_replaces_it(void **state)
{
	int other = make_root();
	const char *at = arena_printf(a, "%s/other", host);
	int top;

	need_start();
	assert_int_equal(mkdir(at, 0755), 0);
	top = open(at, O_PATH | O_CLOEXEC);
	assert_int_equal(kernel_mount_attach(other, top, NULL, &e), 0);
	close(top);
	close(openat(other, "here", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	expect(
		&(struct config_parts){
			.args = script(
				"ls /here; ls -d /proc/self; touch /new; echo x > /dev/null"),
			.mounts = arena_printf(a,
					       "{\"destination\":\"/\",\"source\":\"%s\","
					       "\"options\":[\"bind\",\"ro\"]}," MOUNTS,
					       at),
		},
		"/here\n/proc/self\ntouch: /new: Read-only file system\n");
	umount2(at, MNT_DETACH);
	close(other);
}

static void what_is_mounted_is_changed_by_a_remount(void **state)
{
	need_start();
	expect(
		&(struct config_parts){
			.args = script(FLAGS_OF("/t") "; grep -c size=64k /proc/self/mountinfo"),
			.mounts = and_mount(
				"{\"destination\":\"/t\",\"type\":\"tmpfs\",\"options\":[\"nosuid\"]},{"
				"\"destination\":\"/t\",\"type\":\"tmpfs\",\"options\":[\"remount\","
				"\"noexec\",\"nodev\",\"size=64k\"]}"),
		},
		"rw,nosuid,nodev,noexec\n1\n");
	again();
	assert_true(run_in(a,
			   &(struct config_parts){
				   .args = "\"true\"",
				   .mounts = and_mount("{\"destination\":\"/data\",\"options\":["
						       "\"remount\",\"ro\"]}"),
			   },
			   root, &e)
			    .r < 0);
	assert_non_null(strstr(e.msg, "remount /data: "));
}

static void options_of_the_file_system_reach_it(void **state)
{
	need_start();
	expect(
		&(struct config_parts){
			.args = script("grep ' /t ' /proc/self/mountinfo | sed 's/.*- //'"),
			.mounts = and_mount(
				"{\"destination\":\"/t\",\"type\":\"tmpfs\",\"source\":"
				"\"named\",\"options\":[\"sync\",\"dirsync\",\"lazytime\","
				"\"iversion\",\"size=64k\",\"mode=700\"]}"),
		},
		"tmpfs named rw,sync,dirsync,lazytime,size=64k,mode=700\n");
	again();
	assert_int_equal(run_in(a,
				&(struct config_parts){
					.args = "\"true\"",
					.mounts =
						and_mount("{\"destination\":\"/t\",\"type\":"
							  "\"tmpfs\",\"options\":[\"nonsense\"]}"),
				},
				root, &e)
				 .r,
			 -EINVAL);
	assert_non_null(strstr(e.msg, "mount tmpfs on /t: "));
	again();
	assert_int_equal(run_in(a,
				&(struct config_parts){
					.args = "\"true\"",
					.mounts = and_mount("{\"destination\":\"/t\",\"type\":"
							    "\"nonsense\"}"),
				},
				root, &e)
				 .r,
			 -EOPNOTSUPP);
}

static void links_are_followed_or_not_as_asked(void **state)
{
	need_start();
	host_file("file", "text\n", 0);
	assert_int_equal(symlink("file", arena_printf(a, "%s/link", host)), 0);
	assert_int_equal(symlinkat("data", root, "to"), 0);
	expect(
		&(struct config_parts){
			.args = script("readlink /copied; readlink /bound; cat /followed; readlink "
				       "/to; ls /data"),
			.mounts = and_mount(
				"{\"destination\":\"/copied\",\"source\":\"%s/link\",\"options\":["
				"\"bind\",\"copy-symlink\"]},{\"destination\":\"/bound\",\"source\":"
				"\"%s/link\",\"options\":[\"bind\",\"src-nofollow\"]},{"
				"\"destination\":\"/followed\",\"source\":\"%s/link\",\"options\":["
				"\"bind\"]},{\"destination\":\"/to\",\"source\":\"%s/link\","
				"\"options\":[\"bind\",\"src-nofollow\",\"dest-nofollow\"]}",
				host, host, host, host),
		},
		"file\nfile\ntext\nfile\n");
}

static void what_a_dangling_link_leads_to_is_made(void **state)
{
	need_start();
	host_file("file", "text\n", 0);
	assert_int_equal(symlinkat("../not/here", root, "lost"), 0);
	assert_int_equal(symlinkat("/nor/there", root, "astray"), 0);
	expect(
		&(struct config_parts){
			.args = script("cat /not/here; ls /nor/there"),
			.mounts = and_mount(
				"{\"destination\":\"/lost\",\"source\":\"%s/file\",\"options\":["
				"\"bind\"]},{\"destination\":\"/astray\",\"source\":\"%s\","
				"\"options\":[\"bind\"]}",
				host, host),
		},
		"text\nfile\n");
}

static void long_options_reach_the_file_system(void **state)
{
	auto_buf lower = BUF(8192);

	need_start();
	for (int i = 0; i < 12; i++) {
		const char *at = arena_printf(a, "%s/a-layer-with-a-long-name-%d", host, i);

		assert_int_equal(mkdir(at, 0755), 0);
		assert_int_equal(mkdir(arena_printf(a, "%s/of-%d", at, i), 0755), 0);
		buf_addf(&lower, "%s%s", i ? ":" : "", at);
	}
	expect(
		&(struct config_parts){
			.args = script("ls /over | wc -l; touch /over/x; " FLAGS_OF("/over")),
			.mounts = and_mount("{\"destination\":\"/over\",\"type\":\"overlay\","
					    "\"source\":\"overlay\",\"options\":[\"lowerdir=%s\","
					    "\"ro\",\"nodev\"]}",
					    buf_text(&lower)),
		},
		"12\ntouch: /over/x: Read-only file system\nro,nodev\n");
}

static void skip_without_idmap(const struct outcome *o)
{
	if (o->r != 0 && strstr(e.msg, "map the IDs")) {
		print_message("needs ID-mapped tmpfs (Linux 6.3)\n");
		skip();
	}
	if (o->r < 0 && strstr(e.msg, "5.12")) {
		print_message("needs mount_setattr\n");
		skip();
	}
	if (o->r < 0)
		fail_msg("%s", e.msg);
}

static void ids_are_mapped_by_an_option_and_by_the_containers_own(void **state)
{
	struct config_parts p = { .args = script("stat -c '%u %g' /data/mine") };
	struct outcome o;

	need_start();
	host_file("mine", "x", 1000);
	p.mounts = and_mount("{\"destination\":\"/data\",\"source\":\"%s\",\"options\":[\"bind\","
			     "\"idmap=uids=1000-7-1;gids=1000-8-1\"]}",
			     host);
	o = run_in(a, &p, root, &e);
	skip_without_idmap(&o);
	assert_string_equal(o.out, "7 8\n");
	again();
	p.namespaces = NAMESPACES ",{\"type\":\"user\"}";
	p.os = USER_NAMESPACE;
	p.mounts = and_mount("{\"destination\":\"/data\",\"source\":\"%s\",\"options\":[\"bind\","
			     "\"idmap\"]}",
			     host);
	o = run_in(a, &p, root, &e);
	skip_without_idmap(&o);
	assert_string_equal(o.out, "1000 1000\n");
}

static void what_cannot_be_mapped_is_named(void **state)
{
	struct oci_config *c = make_config(
		a,
		&(struct config_parts){
			.args = "\"x\"",
			.mounts = "{\"destination\":\"/t\",\"type\":\"tmpfs\",\"uidMappings\":[{"
				  "\"containerID\":0,\"hostID\":1,\"size\":1}],\"gidMappings\":[{"
				  "\"containerID\":0,\"hostID\":1,\"size\":1}]}" });
	struct runtime_create how = {
		.config = c, .id = "x", .root = 5, .cgroup_manager = "disabled", .seccomp_cache = -1
	};
	auto_buf out = BUF(65536);

	assert_int_equal(runtime_plan(&how, a, &out, &e), -EOPNOTSUPP);
	assert_string_equal(e.msg, "mounts[0].uidMappings: ID mappings need a bind mount");
}

static void the_unified_hierarchy_is_there_alone_if_asked_for(void **state)
{
	struct outcome o;

	need_start();
	o = run_in(a,
		   &(struct config_parts){
			   .args = script("ls /sys/fs/cgroup/cgroup.procs; touch /sys/fs/cgroup/x"),
			   .mounts = and_mount("{\"destination\":\"/sys/fs/cgroup\",\"type\":"
					       "\"cgroup2\",\"source\":\"cgroup\",\"options\":["
					       "\"ro\"]}"),
		   },
		   root, &e);
	if (o.r < 0 && strstr(e.msg, "has no unified hierarchy")) {
		print_message("needs cgroup v2\n");
		skip();
	}
	if (o.r < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(
		o.out,
		"/sys/fs/cgroup/cgroup.procs\ntouch: /sys/fs/cgroup/x: Read-only file system\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_option_is_read_as_what_it_means),
		TEST(options_that_are_the_runtimes_own),
		TEST(a_mapping_may_be_in_an_option),
		TEST(flags_of_a_bind_are_the_sources_until_one_is_asked_for),
		TEST(in_a_user_namespace_flags_are_locked),
		TEST(what_is_read_only_is_so_in_the_end),
		TEST(a_mount_on_the_root_replaces_it),
		TEST(what_is_mounted_is_changed_by_a_remount),
		TEST(options_of_the_file_system_reach_it),
		TEST(links_are_followed_or_not_as_asked),
		TEST(what_a_dangling_link_leads_to_is_made),
		TEST(long_options_reach_the_file_system),
		TEST(ids_are_mapped_by_an_option_and_by_the_containers_own),
		TEST(what_cannot_be_mapped_is_named),
		TEST(the_unified_hierarchy_is_there_alone_if_asked_for),
	};
	int failed = cmocka_run_group_tests_name("this kernel", tests, NULL, NULL);

	setenv("BERTH_LACK", "all", 1);
	kernel_forget();
	return failed + cmocka_run_group_tests_name("an old kernel", tests, NULL, NULL);
}
