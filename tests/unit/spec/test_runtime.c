/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "unit.h"

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

static char *fixture(const char *name)
{
	char path[4096], *text = NULL;

	snprintf(path, sizeof(path), "%s/../fuzz/corpus/runtime/%s", getenv("BERTH_TESTS"), name);
	if (file_read_at(AT_FDCWD, path, OCI_CONFIG_MAX, &text, NULL, &e) < 0)
		fail_msg("%s", e.msg);
	return text;
}

static void every_property_is_read_and_written(void **state)
{
	auto_free char *text = fixture("full.json");
	auto_buf out = BUF(OCI_CONFIG_MAX);
	struct oci_config c = { 0 };

	if (oci_config_read(a, text, strlen(text), &c, &e) < 0)
		fail_msg("%s", e.msg);
	oci_config_write(&out, &c, 4);
	buf_adds(&out, "\n");
	assert_string_equal(buf_text(&out), text);
}

static void values_come_where_they_belong(void **state)
{
	auto_free char *text = fixture("full.json");
	struct oci_config c = { 0 };
	const struct oci_linux *l;

	assert_int_equal(oci_config_read(a, text, strlen(text), &c, &e), 0);
	l = c.linux_part;
	assert_true(c.process->terminal);
	assert_int_equal(*c.process->user.umask, 077);
	assert_int_equal(c.process->user.additional_gids.v[1], 6);
	assert_int_equal(c.process->rlimits.v[1].type, 4);
	assert_true(c.process->rlimits.v[1].hard == UINT64_MAX);
	assert_int_equal(l->resources->memory->limit ? *l->resources->memory->limit : 0, 512 << 20);
	assert_string_equal(l->resources->rdma.v[0].key, "mlx5_1");
	assert_int_equal(l->seccomp->syscalls.v[0].args.v[0].op, OCI_CMP_MASKED_EQ);
	assert_int_equal(l->time_offsets->boottime->secs, -1);
	assert_non_null(oci_namespace_find(&c, OCI_NS_TIME));
}

static void the_peers_default_documents_are_accepted(void **state)
{
	static const char *const names[] = { "crun.json", "runc.json" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		auto_free char *text = fixture(names[i]);
		struct oci_config c;

		if (oci_config_read(a, text, strlen(text), &c, &e) < 0)
			fail_msg("%s: %s", names[i], e.msg);
		assert_int_equal(c.process->args.n, 1);
		assert_string_equal(c.process->args.v[0], "sh");
		assert_null(c.linux_part->seccomp);
	}
}

static void unknown_members_are_ignored(void **state)
{
	static const char text[] = "{\"ociVersion\":\"1.0.2-dev\",\"windows\":{},\"x\":[1],"
				   "\"linux\":{\"y\":null}}";
	struct oci_config c;

	assert_int_equal(oci_config_read(a, text, strlen(text), &c, &e), 0);
	assert_null(c.process);
	assert_null(oci_namespace_find(&c, OCI_NS_PID));
}

#define PROCESS "\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],\"user\":{\"uid\":0,\"gid\":0}"
#define LINUX   "\"linux\":{\"namespaces\":[{\"type\":\"ipc\"}],"
#define SECCOMP LINUX "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\","

/* What is wrong with a document, whose ociVersion goes without saying. */
static const struct {
	const char *members, *words;
} wrong[] = {
	{ "\"annotations\":{\"\":\"x\"}", "annotations: a key may not be empty" },
	{ "\"root\":{\"path\":\"\"}", "root.path: may not be empty" },
	{ "\"root\":{}", "root.path: is missing" },
	{ "\"root\":{\"path\":1}", "root.path: expected a string" },
	{ "\"mounts\":[{\"destination\":\"\"}]", "mounts[0].destination: may not be empty" },
	{ "\"mounts\":[{\"destination\":\"/a\",\"uidMappings\":[{\"containerID\":0,\"hostID\":0,"
	  "\"size\":1}]}]",
	  "mounts[0]: uidMappings and gidMappings go together" },
	{ "\"process\":{\"cwd\":\"x\",\"args\":[\"x\"]}", "process.cwd: \"x\" is not absolute" },
	{ "\"process\":{\"cwd\":\"/\"}", "process.args: may not be empty" },
	{ PROCESS ",\"env\":[\"A=\",\"B\"]}", "process.env[1]: \"B\" is not NAME=VALUE" },
	{ PROCESS ",\"oomScoreAdj\":1001}", "process.oomScoreAdj: 1001 is not from -1000 to 1000" },
	{ PROCESS ",\"rlimits\":[{\"type\":\"RLIMIT_X\",\"soft\":1,\"hard\":1}]}",
	  "process.rlimits[0].type: unknown value \"RLIMIT_X\"" },
	{ PROCESS ",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1},"
		  "{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1}]}",
	  "process.rlimits[1].type: RLIMIT_CPU is there twice" },
	{ PROCESS ",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":2,\"hard\":1}]}",
	  "process.rlimits[0]: the soft limit of RLIMIT_CPU is above the hard one" },
	{ PROCESS ",\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"deadline\":5}}",
	  "process.scheduler: sched_setattr: `SCHED_DEADLINE` requires `runtime`: runtime must be "
	  "greater than 0" },
	{ PROCESS ",\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":5000}}",
	  "process.scheduler: sched_setattr: `SCHED_DEADLINE` requires `deadline`" },
	{ PROCESS ",\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":5,\"deadline\":9}}",
	  "process.scheduler: sched_setattr: `SCHED_DEADLINE` runtime (5), deadline and period must "
	  "be between 1024 ns and 2^63 ns" },
	{ PROCESS ",\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":5000,\"deadline\":"
		  "4000}}",
	  "process.scheduler: sched_setattr: `SCHED_DEADLINE` runtime (5000) must be <= deadline "
	  "(4000)" },
	{ PROCESS ",\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":5000,\"deadline\":"
		  "6000,\"period\":5500}}",
	  "process.scheduler: sched_setattr: `SCHED_DEADLINE` deadline (6000) must be <= period "
	  "(5500)" },
	{ PROCESS ",\"scheduler\":{\"policy\":\"SCHED_FIFO\"}}",
	  "process.scheduler.priority: 0 is not from 1 to 99" },
	{ PROCESS ",\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"flags\":[\"F\"]}}",
	  "process.scheduler.flags[0]: unknown value \"F\"" },
	{ PROCESS ",\"scheduler\":{\"policy\":\"SCHED_X\"}}",
	  "process.scheduler.policy: unknown value \"SCHED_X\"" },
	{ PROCESS ",\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}}",
	  "process.ioPriority.priority: 8 is not from 0 to 7" },
	{ PROCESS ",\"ioPriority\":{\"class\":\"X\",\"priority\":1}}",
	  "process.ioPriority.class: unknown value \"X\"" },
	{ PROCESS ",\"consoleSize\":{\"height\":70000,\"width\":1}}",
	  "process.consoleSize: is out of range" },
	{ "\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],\"user\":{\"umask\":512}}",
	  "process.user.umask: 512 is out of range" },
	{ PROCESS ",\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":20}}",
	  "process.scheduler.nice: 20 is not from -20 to 19" },
	{ PROCESS ",\"user\":{}}", "line 1: not valid JSON: duplicate object key near '\"user\"'" },
	{ "\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],\"user\":{\"uid\":4294967295}}",
	  "process.user.uid: 4294967295 is out of range" },
	{ "\"hooks\":{\"poststop\":[{\"path\":\"x\"}]}",
	  "hooks.poststop[0].path: \"x\" is not absolute" },
	{ "\"hooks\":{\"prestart\":[{\"path\":\"/x\",\"timeout\":0}]}",
	  "hooks.prestart[0].timeout: must be greater than 0" },
	{ "\"hostname\":\"h\"", "hostname: needs a uts namespace" },
	{ "\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pid\"}]}",
	  "linux.namespaces[1].type: pid is there twice" },
	{ "\"linux\":{\"namespaces\":[{\"type\":\"net\"}]}",
	  "linux.namespaces[0].type: unknown value \"net\"" },
	{ "\"linux\":{\"namespaces\":[{\"type\":\"pid\",\"path\":\"proc\"}]}",
	  "linux.namespaces[0].path: \"proc\" is not absolute" },
	{ "\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]}",
	  "linux.uidMappings: needs a user namespace" },
	{ "\"linux\":{\"namespaces\":[{\"type\":\"user\"}],\"gidMappings\":[{\"containerID\":0,"
	  "\"hostID\":4294967295,\"size\":1}]}",
	  "linux.gidMappings[0]: reaches beyond the largest ID" },
	{ LINUX "\"devices\":[{\"type\":\"x\",\"path\":\"/dev/x\"}]}",
	  "linux.devices[0].type: unknown value \"x\"" },
	{ LINUX "\"cgroupsPath\":\"/a/../b\"}",
	  "linux.cgroupsPath: `..` components are not allowed: /a/../b" },
	{ LINUX "\"sysctl\":{\"kernel.hostname\":\"x\"}}",
	  "linux.sysctl: \"kernel.hostname\" is not in a separate kernel namespace" },
	{ LINUX "\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"}}",
	  "linux.sysctl: \"net.ipv4.ip_forward\" needs a network namespace" },
	{ LINUX "\"sysctl\":{\"net/ipv4/conf/eth0.1/forwarding\":\"1\"}}",
	  "linux.sysctl: \"net/ipv4/conf/eth0.1/forwarding\" needs a network namespace" },
	{ LINUX "\"sysctl\":{\"net/../kernel/core_pattern\":\"1\"}}",
	  "linux.sysctl: \"net/../kernel/core_pattern\" is not in a separate kernel namespace" },
	{ LINUX "\"sysctl\":{\"net.//.kernel.core_pattern\":\"1\"}}",
	  "linux.sysctl: \"net.//.kernel.core_pattern\" is not in a separate kernel namespace" },
	{ LINUX "\"sysctl\":{\"net/./ipv4\":\"1\"}}",
	  "linux.sysctl: \"net/./ipv4\" is not in a separate kernel namespace" },
	{ LINUX "\"sysctl\":{\"net.../x\":\"1\"}}",
	  "linux.sysctl: \"net.../x\" is not in a separate kernel namespace" },
	{ LINUX "\"resources\":{\"memory\":{\"limit\":1.5}}}",
	  "linux.resources.memory.limit: expected an integer" },
	{ LINUX "\"resources\":{\"cpu\":{\"idle\":2}}}",
	  "linux.resources.cpu.idle: 2 is neither 0 nor 1" },
	{ LINUX "\"resources\":{\"devices\":[{\"allow\":true,\"access\":\"x\"}]}}",
	  "linux.resources.devices[0].access: unknown value \"x\"" },
	{ LINUX "\"resources\":{\"hugepageLimits\":[{\"pageSize\":\"2M\",\"limit\":1}]}}",
	  "linux.resources.hugepageLimits[0].pageSize: \"2M\" is no size as 2MB is" },
	{ LINUX "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":1}}",
	  "linux.seccomp.defaultErrnoRet: goes with SCMP_ACT_ERRNO and SCMP_ACT_TRACE only" },
	{ SECCOMP "\"syscalls\":[{\"names\":[\"write\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}}",
	  "linux.seccomp.syscalls[0]: SCMP_ACT_NOTIFY cannot be used for the write syscall" },
	{ SECCOMP "\"syscalls\":[{\"names\":[\"x\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}}",
	  "linux.seccomp.listenerPath: SCMP_ACT_NOTIFY needs one" },
	{ SECCOMP "\"listenerMetadata\":\"x\"}}",
	  "linux.seccomp.listenerMetadata: needs a listenerPath" },
	{ LINUX "\"maskedPaths\":[\"proc\"]}", "linux.maskedPaths[0]: \"proc\" is not absolute" },
	{ LINUX "\"timeOffsets\":{\"monotonic\":{\"secs\":1}}}",
	  "linux.timeOffsets: needs a new time namespace" },
	{ LINUX "\"rootfsPropagation\":\"x\"}", "linux.rootfsPropagation: unknown value \"x\"" },
	{ "\"domainname\":\"a\",\"linux\":{\"namespaces\":[{\"type\":\"uts\"}],\"sysctl\":{"
	  "\"kernel.domainname\":\"b\"}}",
	  "linux.sysctl: \"kernel.domainname\" is not what domainname says" },
	{ LINUX "\"personality\":{\"domain\":\"X\"}}",
	  "linux.personality.domain: unknown value \"X\"" },
	{ LINUX "\"netDevices\":{\"eth0\":{}}}", "linux.netDevices: needs a network namespace" },
	{ SECCOMP "\"syscalls\":[{\"names\":[],\"action\":\"SCMP_ACT_ERRNO\"}]}}",
	  "linux.seccomp.syscalls[0].names: may not be empty" },
	{ SECCOMP "\"syscalls\":[{\"names\":[\"x\"],\"action\":\"SCMP_ACT_KILL\",\"errnoRet\":1}"
		  "]}}",
	  "linux.seccomp.syscalls[0].errnoRet: goes with SCMP_ACT_ERRNO and SCMP_ACT_TRACE only" },
	{ SECCOMP "\"syscalls\":[{\"names\":[\"x\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{"
		  "\"index\":6,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]}]}}",
	  "linux.seccomp.syscalls[0].args[0].index: 6 is above 5" },
	{ LINUX "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}}",
	  "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be the default action" },
	{ LINUX "\"intelRdt\":{\"closID\":\"a/b\"}}", "linux.intelRdt.closID: \"a/b\" is no name" },
	{ LINUX "\"intelRdt\":{\"memBwSchema\":\"L3:0=1\"}}",
	  "linux.intelRdt.memBwSchema: must begin with MB: and may not contain newlines" },
	{ LINUX "\"intelRdt\":{\"schemata\":[\"L3:0=1\\nL2:0=1\"]}}",
	  "linux.intelRdt.schemata[0]: may not contain newlines" },
	{ LINUX "\"memoryPolicy\":{}}",
	  "linux.memoryPolicy.mode: invalid memory policy mode: it is missing" },
	{ LINUX "\"memoryPolicy\":{\"mode\":\"X\"}}",
	  "linux.memoryPolicy.mode: invalid memory policy mode \"X\"" },
	{ LINUX "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"flags\":[\"MPOL_F_STATIC_NODES\","
		"\"MPOL_F_RELATIVE_NODES\"]}}",
	  "linux.memoryPolicy.flags: static and relative exclude each other" },
	{ LINUX "\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"flags\":[\"x\"]}}",
	  "linux.memoryPolicy.flags[0]: invalid memory policy flag \"x\"" },
};

static void what_is_wrong_is_named_by_its_path(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		char *text = arena_printf(a, "{\"ociVersion\":\"1.3.0\",%s}", wrong[i].members);
		struct oci_config c;

		if (oci_config_read(a, text, strlen(text), &c, &e) >= 0)
			fail_msg("accepted: %s", text);
		assert_string_equal(e.msg, wrong[i].words);
		assert_int_equal(e.kind, ERR_INVALID);
	}
}

static void a_version_of_another_major_is_refused(void **state)
{
	static const char *const versions[] = { "2.0.0", "", "1.0", "1.x.0", "0.9.0" };

	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		char *text = arena_printf(a, "{\"ociVersion\":\"%s\"}", versions[i]);
		struct oci_config c;

		assert_int_equal(oci_config_read(a, text, strlen(text), &c, &e), -EINVAL);
		assert_non_null(strstr(e.msg, "ociVersion: "));
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_property_is_read_and_written),
		TEST(values_come_where_they_belong),
		TEST(the_peers_default_documents_are_accepted),
		TEST(unknown_members_are_ignored),
		TEST(what_is_wrong_is_named_by_its_path),
		TEST(a_version_of_another_major_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
