/* SPDX-License-Identifier: BSD-2-Clause */
/* What would be done for a configuration, as text; nothing here needs root. */
#include "start.h"

#include "golden.h"

static struct arena *a;
static struct err e;

static int setup(void **state)
{
	a = arena_new();
	memset(&e, 0, sizeof(e));
	return 0;
}

static int teardown(void **state)
{
	arena_free(a);
	return 0;
}

static int plan_of(const struct oci_config *c, struct buf *out)
{
	struct runtime_create how = {
		.config = c,
		.id = "0123456789ab",
		.bundle = "/bundle",
		.root = c->root ? -1 : 5,
		.cgroup_manager = "disabled",
		.seccomp_cache = -1,
		.die_with_parent = true,
	};

	return runtime_plan(&how, a, out, &e);
}

static void expect(const char *file, const struct oci_config *c)
{
	auto_buf out = BUF(1 << 20);

	if (plan_of(c, &out) < 0)
		fail_msg("%s", e.msg);
	assert_golden(file, buf_text(&out));
}

static void a_plain_container(void **state)
{
	expect("runtime/plain.plan",
	       make_config(a, &(struct config_parts){
				      .args = "\"sh\",\"-c\",\"exit\"",
				      .os = ",\"maskedPaths\":[\"/proc/kcore\"],\"readonlyPaths\":["
					    "\"/proc/sys\"]",
			      }));
}

static void everything_that_a_process_can_ask_for(void **state)
{
	expect("runtime/process.plan",
	       make_config(
		       a,
		       &(struct config_parts){
			       .args = "\"/bin/app\"",
			       .top = "\"hostname\":\"box\",\"domainname\":\"example.org\",",
			       .process =
				       ",\"terminal\":true,\"noNewPrivileges\":true,\"user\":{\"uid\":"
				       "1000,\"gid\":100,\"umask\":63,\"additionalGids\":[5,6]},"
				       "\"oomScoreAdj\":-5,\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\","
				       "\"soft\":1024,\"hard\":18446744073709551615}],\"scheduler\":{"
				       "\"policy\":\"SCHED_BATCH\",\"nice\":3},\"ioPriority\":{\"class\":"
				       "\"IOPRIO_CLASS_BE\",\"priority\":4}",
			       .os = ",\"personality\":{\"domain\":\"LINUX32\"},\"sysctl\":{"
				     "\"net.ipv4.ip_forward\":\"1\",\"kernel.shmmax\":\"4096\"},"
				     "\"memoryPolicy\":{\"mode\":\"MPOL_INTERLEAVE\",\"nodes\":\"0\"},"
				     "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"}",
		       }));
}

static void mounts_of_all_kinds(void **state)
{
	struct config_parts p = {
		.args = "\"true\"",
		.mounts =
			"{\"destination\":\"/data\",\"type\":\"bind\",\"source\":\"/srv\",\"options\":["
			"\"rbind\",\"ro\",\"rslave\"]},{\"destination\":\"rel//ative/\",\"source\":"
			"\"files\",\"options\":[\"bind\"]},{\"destination\":\"/mapped\",\"source\":"
			"\"/srv\",\"options\":[\"bind\"],\"uidMappings\":[{\"containerID\":0,\"hostID\":"
			"1000,\"size\":1}],\"gidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":1}]"
			"},{\"destination\":\"/inner\",\"source\":\"/bundle/rootfs/data\",\"options\":["
			"\"bind\"]},{\"destination\":\"/sys/fs/cgroup\",\"type\":\"cgroup\",\"source\":"
			"\"cgroup\",\"options\":[\"ro\"]},{\"destination\":\"/dev\",\"source\":\"/dev\","
			"\"options\":[\"rbind\"]}",
	};
	struct oci_config *c = make_config(a, &p);
	struct oci_root root = { .path = "rootfs", .read_only = true };

	c->root = &root;
	c->linux_part->rootfs_propagation = "rslave";
	expect("runtime/mounts.plan", c);
}

static void namespaces_new_joined_and_shared(void **state)
{
	struct config_parts p = {
		.args = "\"true\"",
		.mounts = "{\"destination\":\"/proc\",\"type\":\"proc\"}",
		.top = "",
		.namespaces =
			"{\"type\":\"mount\"},{\"type\":\"user\"},{\"type\":\"time\"},{\"type\":"
			"\"network\",\"path\":\"/run/netns/red\"},{\"type\":\"pid\",\"path\":"
			"\"/proc/7/ns/pid\"}",
		.os = ",\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}],"
		      "\"gidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}],"
		      "\"netDevices\":{\"eth1\":{},\"wan0\":{\"name\":\"eth0\"}},"
		      "\"timeOffsets\":{\"boottime\":{\"secs\":86400}},\"devices\":[{\"path\":"
		      "\"/dev/fuse\",\"type\":\"c\",\"major\":10,\"minor\":229,\"fileMode\":432}]",
	};

	expect("runtime/namespaces.plan", make_config(a, &p));
}

static void hooks_where_they_belong(void **state)
{
	expect("runtime/hooks.plan",
	       make_config(
		       a,
		       &(struct config_parts){
			       .args = "\"true\"",
			       .mounts = "",
			       .top = "\"hooks\":{\"prestart\":[{\"path\":\"/p\"}],"
				      "\"createRuntime\":[{\"path\":\"/cr\"}],"
				      "\"createContainer\":[{\"path\":\"/cc\"}],"
				      "\"startContainer\":[{\"path\":\"/sc\"},{\"path\":\"/sd\"}],"
				      "\"poststart\":[{\"path\":\"/x\"}]},",
		       }));
}

static void what_cannot_be_planned_says_why(void **state)
{
	static const struct {
		struct config_parts parts;
		const char *words;
	} wrong[] = {
		{ { .args = "\"x\"", .mounts = "{\"destination\":\"/a\",\"type\":\"bind\"}" },
		  "mount on /a: a bind needs a source" },
		{ { .args = "\"x\"",
		    .namespaces = "{\"type\":\"pid\"}",
		    .os = ",\"maskedPaths\":[\"/proc/kcore\"]",
		    .top = "" },
		  "linux.maskedPaths: needs a mount namespace, so that it isn't the host's" },
		{ { .args = "\"x\"",
		    .mounts = "{\"destination\":\"/a\",\"source\":\"/b\",\"options\":[\"bind\","
			      "\"idmap\"]}" },
		  "mount on /a: there are no ID mappings" },
		{ { .args = "\"x\"",
		    .os = ",\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0-9999\"}" },
		  "linux.memoryPolicy.nodes: invalid memory policy node \"0-9999\"" },
		{ { .args = "\"x\"",
		    .os = ",\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\",\"nodes\":\"0-7\"}" },
		  "linux.memoryPolicy.nodes: invalid memory policy: mode requires 0 nodes but got 8" },
		{ { .args = "\"x\"", .os = ",\"memoryPolicy\":{\"mode\":\"MPOL_INTERLEAVE\"}" },
		  "linux.memoryPolicy.nodes: invalid memory policy: mode requires at least 1 node but "
		  "got 0" },
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		auto_buf out = BUF(1 << 20);

		assert_true(plan_of(make_config(a, &wrong[i].parts), &out) < 0);
		assert_string_equal(e.msg, wrong[i].words);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_plain_container),       TEST(everything_that_a_process_can_ask_for),
		TEST(mounts_of_all_kinds),     TEST(namespaces_new_joined_and_shared),
		TEST(hooks_where_they_belong), TEST(what_cannot_be_planned_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
