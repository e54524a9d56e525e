/* SPDX-License-Identifier: BSD-2-Clause */
/* What a container's process has: environment, terminal, scheduling; and its hooks. */
#include <errno.h>
#include <grp.h>
#include <sched.h>

#include "place.h"

static int setup(void **state)
{
	return place_open();
}

static int teardown(void **state)
{
	if (root >= 0) {
		unlink(arena_printf(a, "%s/out", host));
		unlink(arena_printf(a, "%s/err", host));
	}
	return place_close();
}

static void passwd(const char *text)
{
	int fd = openat(root, "etc/real", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_true(symlinkat("real", root, "etc/passwd") == 0 || errno == EEXIST);
}

static void a_home_comes_from_the_containers_own_passwd(void **state)
{
	struct config_parts p = { .args = script("echo $HOME"),
				  .process = ",\"user\":{\"uid\":7,\"gid\":7}" };
	char *text = arena_alloc(a, 9000);

	need_start();
	expect(&p, "/\n"); /* no such file */
	again();
	memset(text, 'x', 8000);
	strcpy(text + 8000, ":x:7:7::/long:/bin/sh\nroot:x:0:0:root:/root:/bin/sh\nbad:x:7x:7::/b:"
			    "\nseven:x:7:7::/home/seven:/bin/sh\nagain:x:7:7::/no:/");
	passwd(text);
	expect(&p, "/home/seven\n");
	again();
	passwd("seven:x:7:7::/last"); /* no end of line */
	expect(&p, "/last\n");
	again();
	assert_int_equal(mknodat(root, "etc/passwd", S_IFIFO | 0644, 0), 0);
	expect(&p, "/\n");
}

static void of_a_variable_given_twice_the_last_value_counts(void **state)
{
	struct oci_config *c = make_config(a, &(struct config_parts){ .args = "\"env\"" });
	static const char *const env[] = { "A=1", "PATH=/bin", "HOME=/h", "A=", "HOME=", "B=x\ny" };
	struct outcome o = { 0 };
	struct runtime_create how = { .config = c,
				      .root = root,
				      .id = test_id("env"),
				      .seccomp_cache = -1,
				      .die_with_parent = true };
	struct runtime_container x;
	int out[2];

	need_start();
	c->process->env = (struct texts){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(env); i++)
		texts_add(a, &c->process->env, env[i]);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	how.root = root;
	how.streams = (struct runtime_streams){ .in = -1, .out = out[1], .err = out[1] };
	if (runtime_start(&how, a, &x, &e) < 0)
		fail_msg("%s", e.msg);
	close(out[1]);
	read_output(out[0], &o);
	close(out[0]);
	kernel_pidfd_wait(x.pidfd, NULL);
	clean_up(&x);
	assert_string_equal(o.out, "PATH=/bin\nA=\nB=x\ny\nHOME=/\n");
}

static void a_terminal_may_leave_lines_as_they_are(void **state)
{
	struct config_parts p = { .args = script("echo a; echo b"),
				  .process = ",\"terminal\":true" };
	struct runtime_create how = { .root = root,
				      .id = test_id("lines"),
				      .seccomp_cache = -1,
				      .plain_lines = true,
				      .streams = { -1, -1, -1, NULL, 0 } };
	struct runtime_container x;
	struct outcome o = { 0 };

	need_start();
	how.config = make_config(a, &p);
	if (runtime_start(&how, a, &x, &e) < 0)
		fail_msg("%s", e.msg);
	read_output(x.console, &o);
	kernel_pidfd_wait(x.pidfd, NULL);
	clean_up(&x);
	assert_string_equal(o.out, "a\nb\n");
}

static void without_a_process_there_is_a_container_that_cannot_start(void **state)
{
	struct oci_config *c = make_config(a, &(struct config_parts){ .args = "\"x\"" });
	struct runtime_create how = { .config = c,
				      .id = test_id("none"),
				      .seccomp_cache = -1,
				      .streams = { -1, -1, -1, NULL, 0 } };
	struct runtime_container x;

	need_start();
	how.root = root;
	c->process = NULL;
	assert_int_equal(runtime_start(&how, a, &x, &e), -EINVAL);
	assert_string_equal(e.msg, "process: is missing");
	if (runtime_create(&how, a, &x, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(kill(x.pid, 0), 0);
	assert_int_equal(runtime_go(&x, &e), -EINVAL);
	assert_string_equal(e.msg, "process: is missing");
}

static void it_is_scheduled_as_asked(void **state)
{
	struct config_parts p = {
		.args = script(
			"cut -d' ' -f19,41 /proc/self/stat; busybox ionice; busybox uname -m; "
			"cat /proc/self/oom_score_adj"),
		.process = ",\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"nice\":3,\"flags\":["
			   "\"SCHED_FLAG_RESET_ON_FORK\"]},\"ioPriority\":{\"class\":"
			   "\"IOPRIO_CLASS_BE\",\"priority\":6},\"oomScoreAdj\":17",
		.os = ",\"personality\":{\"domain\":\"LINUX32\"}",
	};
	struct outcome o;

	need_start();
	o = run_in(a, &p, root, &e);
	if (o.r < 0)
		fail_msg("%s", e.msg);
	assert_non_null(strstr(o.out, "best-effort: prio 6\n"));
	assert_non_null(strstr(o.out, "\n17\n"));
#if defined(__x86_64__)
	assert_non_null(strstr(o.out, "\ni686\n"));
#endif
	assert_int_equal(strncmp(o.out, "3 3\n", 4), 0); /* nice, SCHED_BATCH */
}

static void policies_that_cannot_be_are_named(void **state)
{
	struct config_parts p = {
		.args = "\"true\"",
		.process = ",\"scheduler\":{\"policy\":\"SCHED_ISO\"}",
	};

	need_start();
	assert_true(run_in(a, &p, root, &e).r < 0);
	assert_string_equal(e.msg, "process.scheduler: SCHED_ISO: Invalid argument");
	again();
	p.process = ",\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":5000,\"deadline\":"
		    "6000}";
	p.os = ",\"resources\":{\"cpu\":{\"cpus\":\"0\"}}";
	assert_int_equal(run_in(a, &p, root, &e).r, -EINVAL);
	assert_string_equal(e.msg, "process.scheduler: process scheduler can't be used together "
				   "with AllowedCPUs (linux.resources.cpu.cpus)");
}

static void all_processors_of_its_group_are_its_own(void **state)
{
	struct config_parts p = { .args = script("grep Cpus_allowed_list /proc/self/status") };
	cpu_set_t all, one;
	struct outcome o;

	need_start();
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	if (CPU_COUNT(&all) < 2) {
		print_message("needs two processors\n");
		skip();
	}
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	o = run_in(a, &p, root, &e);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
	assert_string_not_equal(o.out, "Cpus_allowed_list:\t0\n");
}

static void memory_comes_from_the_nodes_that_are_asked_for(void **state)
{
	static const struct {
		const char *policy, *shown;
	} rows[] = {
		{ "\"mode\":\"MPOL_INTERLEAVE\",\"nodes\":\"0\"", "interleave:0" },
		{ "\"mode\":\"MPOL_BIND\",\"nodes\":\"0\",\"flags\":[\"MPOL_F_STATIC_NODES\"]",
		  "bind=static:0" },
		{ "\"mode\":\"MPOL_PREFERRED\",\"nodes\":\"0\",\"flags\":["
		  "\"MPOL_F_RELATIVE_NODES\"]",
		  "prefer=relative:0" },
		{ "\"mode\":\"MPOL_LOCAL\"", "local" },
	};

	need_start();
	if (access("/proc/self/numa_maps", F_OK) < 0) {
		print_message("needs NUMA\n");
		skip();
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		expect(&(struct config_parts){ .args = script(
						       "cut -d' ' -f2 /proc/self/numa_maps | "
						       "uniq | head -1"),
					       .os = arena_printf(a, ",\"memoryPolicy\":{%s}",
								  rows[i].policy) },
		       arena_printf(a, "%s\n", rows[i].shown));
		again();
	}
}

static void groups_of_the_caller_stay_if_asked_for(void **state)
{
	gid_t own[64];
	int n = getgroups(64, own);
	gid_t other[] = { 4321 };

	need_start();
	assert_int_equal(setgroups(1, other), 0);
	expect(&(struct config_parts){ .args = script("id -G"),
				       .top = "\"annotations\":{\"run.oci.keep_original_groups\":"
					      "\"1\"}," },
	       "0 4321\n");
	again();
	expect(&(struct config_parts){ .args = script("id -G") }, "0\n");
	assert_int_equal(setgroups((size_t)n, own), 0);
}

static void sysctls_of_the_hosts_own_namespace_are_refused(void **state)
{
	need_start();
	assert_int_equal(run_in(a,
				&(struct config_parts){
					.args = "\"true\"",
					.namespaces =
						"{\"type\":\"mount\"},{\"type\":\"uts\"},{\"type\":"
						"\"network\",\"path\":\"/proc/self/ns/net\"}",
					.os = ",\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"}" },
				root, &e)
				 .r,
			 -EINVAL);
	assert_string_equal(e.msg,
			    "linux.sysctl: the network namespace /proc/self/ns/net is the host's");
}

static void unknown_calls_of_a_filter_may_be_refused(void **state)
{
	struct config_parts p = {
		.args = "\"true\"",
		.os = ",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":["
		      "\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_TSYNC\","
		      "\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\","
		      "\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"],\"syscalls\":[{\"names\":["
		      "\"no_such_call\"],\"action\":\"SCMP_ACT_ERRNO\"}]}",
	};

	need_start();
	expect(&p, "");
	again();
	p.top = "\"annotations\":{\"run.oci.seccomp_fail_unknown_syscall\":\"1\"},";
	assert_int_equal(run_in(a, &p, root, &e).r, -EINVAL);
	assert_string_equal(e.msg, "linux.seccomp.syscalls: unknown system call no_such_call");
}

#define SHELL_HOOK(text)                                        \
	"{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"" text \
	"\"],\"env\":[\"PATH=/bin\",\"X=y\"]}"

static void hooks_have_their_directory_environment_and_output(void **state)
{
	auto_free char *out = NULL, *err = NULL;
	struct config_parts p = { .args = "\"true\"" };

	need_start();
	p.top = arena_printf(
		a,
		"\"annotations\":{\"run.oci.hooks.stdout\":\"%s/out\","
		"\"run.oci.hooks.stderr\":\"%s/err\"},\"hooks\":{\"prestart\":[" SHELL_HOOK(
			"echo prestart $X; pwd; echo oh >&2") "],"
							      "\"createContainer\":[" SHELL_HOOK(
								      "echo container; ls -d data") "],"
												    "\"startContainer\":[{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\","
												    "\"echo $0 $PATH $HOME\",\"named\"]}]},",
		host, host);
	expect(&p, "");
	assert_int_equal(file_read_at(AT_FDCWD, arena_printf(a, "%s/out", host), 4096, &out, NULL,
				      &e),
			 0);
	assert_string_equal(out, "prestart y\n/\ncontainer\ndata\nnamed /bin /\n");
	assert_int_equal(file_read_at(AT_FDCWD, arena_printf(a, "%s/err", host), 4096, &err, NULL,
				      &e),
			 0);
	assert_string_equal(err, "oh\n");
}

static void a_hook_inside_is_under_the_filter(void **state)
{
	struct config_parts p = {
		.args = "\"true\"",
		.top = "\"hooks\":{\"startContainer\":[{\"path\":\"/bin/mkdir\",\"args\":[\"mkdir\","
		       "\"/tmp/new\"]}]},",
		.os = ",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":["
		      "\"mkdir\",\"mkdirat\"],\"action\":\"SCMP_ACT_KILL_PROCESS\"}]}",
	};

	need_start();
	assert_true(run_in(a, &p, root, &e).r < 0);
	assert_string_equal(e.msg, "error running startContainer hook #0: signal: bad system call");
}

static void what_is_left_out_is_told(void **state)
{
	struct oci_config *c = make_config(
		a, &(struct config_parts){
			   .args = "\"x\"",
			   .os = ",\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"F\"]}",
			   .mounts = "{\"destination\":\"data\",\"type\":\"tmpfs\"}",
		   });
	struct texts told = { 0 };

	texts_add(a, &c->process->capabilities->bounding, "CAP_NEW");
	texts_add(a, &c->process->capabilities->permitted, "CAP_NEW");
	texts_add(a, &c->process->capabilities->ambient, "CAP_KILL");
	text_map_set(a, &c->annotations, "run.oci.systemd.subgroup", "container");
	text_map_set(a, &c->annotations, "org.example.other", "x");
	runtime_warnings(c, a, &told);
	assert_string_equal(
		texts_join(a, &told, "\n"),
		"process.capabilities: ignoring unknown or unavailable capabilities: [CAP_NEW]\n"
		"process.capabilities.ambient: can't raise ambient capability CAP_KILL: it is not "
		"both inheritable and permitted\n"
		"annotations.run.oci.systemd.subgroup: is ignored\n"
		"linux.personality.flags: none is known, all are ignored\n"
		"mounts[0].destination: data is relative, and taken to be below /");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_home_comes_from_the_containers_own_passwd),
		TEST(of_a_variable_given_twice_the_last_value_counts),
		TEST(a_terminal_may_leave_lines_as_they_are),
		TEST(without_a_process_there_is_a_container_that_cannot_start),
		TEST(it_is_scheduled_as_asked),
		TEST(policies_that_cannot_be_are_named),
		TEST(all_processors_of_its_group_are_its_own),
		TEST(memory_comes_from_the_nodes_that_are_asked_for),
		TEST(groups_of_the_caller_stay_if_asked_for),
		TEST(sysctls_of_the_hosts_own_namespace_are_refused),
		TEST(unknown_calls_of_a_filter_may_be_refused),
		TEST(hooks_have_their_directory_environment_and_output),
		TEST(a_hook_inside_is_under_the_filter),
		TEST(what_is_left_out_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
