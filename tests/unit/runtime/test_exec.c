/* SPDX-License-Identifier: BSD-2-Clause */
/* Programs that join a container that really runs. */
#include <errno.h>
#include <signal.h>

#include "start.h"

static struct arena *a;
static struct err e;
static struct runtime_container c;
static struct oci_config *config;

static int setup(void **state)
{
	struct runtime_create how;
	int root;

	a = arena_new();
	c = (struct runtime_container){ .pidfd = -1, .console = -1 };
	if (geteuid() != 0 || !have_busybox())
		return 0;
	config = make_config(a, &(struct config_parts){
					.args = "\"sleep\",\"1000\"",
					.os = ",\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"}" });
	root = make_root();
	how = (struct runtime_create){ .config = config,
				       .root = root,
				       .id = test_id("exec"),
				       .streams = { -1, -1, -1, NULL, 0 },
				       .seccomp_cache = -1,
				       .die_with_parent = true };
	if (runtime_start(&how, a, &c, &e) < 0) {
		print_error("%s\n", e.msg);
		return -1;
	}
	close(root);
	return 0;
}

static int teardown(void **state)
{
	clean_up(&c);
	arena_free(a);
	return 0;
}

static int run(const struct oci_process *process, char *text, size_t size)
{
	struct runtime_exec how = { .config = config,
				    .process = process,
				    .id = test_id("exec"),
				    .pidfd = c.pidfd,
				    .cgroup_path = c.cgroup_path,
				    .cgroup_manager = c.cgroup_manager,
				    .seccomp_cache = -1 };
	struct runtime_container x;
	int out[2], status, r;
	size_t have = 0;
	ssize_t n;

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	how.streams = (struct runtime_streams){ .in = -1, .out = out[1], .err = out[1] };
	r = runtime_exec(&how, a, &x, &e);
	close(out[1]);
	if (r == 0) {
		int from = x.console >= 0 ? x.console : out[0];

		while (have < size - 1 && (n = read(from, text + have, size - 1 - have)) > 0)
			have += (size_t)n;
		assert_int_equal(kernel_pidfd_wait(x.pidfd, &status), 0);
		r = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		runtime_close(&x);
	}
	text[have] = '\0';
	close(out[0]);
	return r;
}

static struct oci_process process_of(const char *script)
{
	struct oci_process p = *config->process;

	p.args = (struct texts){ 0 };
	texts_add(a, &p.args, "sh");
	texts_add(a, &p.args, "-c");
	texts_add(a, &p.args, script);
	return p;
}

static void it_is_inside_and_its_exit_code_comes_out(void **state)
{
	struct oci_process p;
	char text[4096];

	need_start();
	p = process_of("hostname; cat /proc/1/comm; cat /proc/sys/net/ipv4/ip_forward; "
		       "[ \"$(cat /proc/1/cgroup)\" = \"$(cat /proc/self/cgroup)\" ] || "
		       "echo elsewhere; for n in mnt pid net uts ipc cgroup; do [ $(readlink "
		       "/proc/1/ns/$n) = $(readlink /proc/self/ns/$n) ] || echo $n; done; exit 5");
	assert_int_equal(run(&p, text, sizeof(text)), 5);
	assert_string_equal(text, "box\nsleep\n1\n");
}

static void it_has_the_user_and_directory_that_are_asked_for(void **state)
{
	struct oci_process p;
	char text[4096];

	need_start();
	p = process_of("id -u; pwd; grep CapEff /proc/self/status");
	p.user.uid = 33;
	p.cwd = "/etc";
	assert_int_equal(run(&p, text, sizeof(text)), 0);
	assert_string_equal(text, "33\n/etc\nCapEff:\t0000000000000000\n");
	p.cwd = "/none";
	assert_int_equal(run(&p, text, sizeof(text)), -ENOENT);
	assert_string_equal(e.msg, "chdir to /none: No such file or directory");
}

static void a_directory_outside_is_refused(void **state)
{
	auto_close int outside = open("/", O_RDONLY | O_DIRECTORY);
	struct oci_process p;
	char text[4096];

	need_start();
	p = process_of("pwd");
	p.cwd = arena_printf(a, "/proc/self/fd/%d", outside);
	assert_true(run(&p, text, sizeof(text)) < 0);
	assert_int_equal(e.where, 0);
}

static void what_cannot_be_executed_is_told_apart(void **state)
{
	struct oci_process p;
	char text[4096];

	need_start();
	p = process_of("");
	p.args.v[0] = "nosuch";
	assert_int_equal(run(&p, text, sizeof(text)), -ENOENT);
	assert_int_equal(e.where, RUNTIME_NOT_FOUND);
	p.args.v[0] = "/etc";
	assert_int_equal(run(&p, text, sizeof(text)), -EACCES);
	assert_int_equal(e.where, RUNTIME_NOT_EXECUTABLE);
}

static void it_may_have_a_terminal(void **state)
{
	struct oci_process p;
	char text[4096];

	need_start();
	p = process_of("tty");
	p.terminal = true;
	assert_int_equal(run(&p, text, sizeof(text)), 0);
	assert_string_equal(text, "/dev/pts/0\r\n");
}

static void it_runs_on_the_processors_that_are_asked_for(void **state)
{
	struct oci_cpu_affinity cpus = { .initial = "0-1", .final = "0" };
	struct oci_process p;
	char text[4096];

	need_start();
	p = process_of("grep Cpus_allowed_list /proc/self/status");
	p.exec_cpu_affinity = &cpus;
	assert_int_equal(run(&p, text, sizeof(text)), 0);
	assert_string_equal(text, "Cpus_allowed_list:\t0\n");
	cpus.initial = "x";
	assert_int_equal(run(&p, text, sizeof(text)), -EINVAL);
	assert_string_equal(e.msg, "process.execCPUAffinity: \"x\" is no list of CPUs");
}

static bool same_link(const char *a_path, const char *b_path)
{
	struct stat x, y;

	return stat(a_path, &x) == 0 && stat(b_path, &y) == 0 && x.st_ino == y.st_ino;
}

/* Another container, in namespaces of the one that runs. */
static struct outcome beside(const char *namespaces, const char *os, const char *script)
{
	int root = make_root();
	struct outcome o = run_in(a,
				  &(struct config_parts){
					  .args = arena_printf(a, "\"sh\",\"-c\",\"%s\"", script),
					  .top = "",
					  .namespaces = namespaces,
					  .os = os,
				  },
				  root, &e);

	close(root);
	if (o.r < 0)
		fail_msg("%s", e.msg);
	return o;
}

static void namespaces_of_another_are_joined(void **state)
{
	char own[64];
	const char *at;
	ssize_t n;

	need_start();
	n = readlink(arena_printf(a, "/proc/%d/ns/net", c.pid), own, sizeof(own) - 1);
	assert_true(n > 0);
	own[n] = '\0';
	at = arena_printf(a,
			  "{\"type\":\"mount\"},{\"type\":\"pid\",\"path\":\"/proc/%d/ns/pid\"},{"
			  "\"type\":\"network\",\"path\":\"/proc/%d/ns/net\"},{\"type\":\"ipc\"}",
			  c.pid, c.pid);
	assert_string_equal(beside(at, NULL, "cat /proc/1/comm; readlink /proc/self/ns/net").out,
			    arena_printf(a, "sleep\n%s\n", own));
	/* Root of a new user namespace does not own them. */
	at = arena_printf(a,
			  "{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"ipc\"},{\"type\":"
			  "\"network\",\"path\":\"/proc/%d/ns/net\"},{\"type\":\"user\"}",
			  c.pid);
	assert_string_equal(
		beside(at,
		       ",\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1000}],"
		       "\"gidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1000}]",
		       "readlink /proc/self/ns/net")
			.out,
		arena_printf(a, "%s\n", own));
	/* We and our children are where we were. */
	assert_true(same_link("/proc/self/ns/pid", "/proc/self/ns/pid_for_children"));
	assert_true(same_link("/proc/self/ns/net", arena_printf(a, "/proc/%d/ns/net", getppid())));
}

static void a_namespace_of_the_wrong_kind_is_refused(void **state)
{
	struct runtime_create how = { .id = test_id("wrong"),
				      .seccomp_cache = -1,
				      .streams = { -1, -1, -1, NULL, 0 } };
	struct runtime_container x;

	need_start();
	how.root = make_root();
	how.config = make_config(
		a, &(struct config_parts){
			   .args = "\"true\"",
			   .top = "",
			   .namespaces = "{\"type\":\"mount\"},{\"type\":\"network\",\"path\":"
					 "\"/proc/self/ns/uts\"}",
		   });
	assert_int_equal(runtime_start(&how, a, &x, &e), -EINVAL);
	assert_string_equal(e.msg, "/proc/self/ns/uts is no network namespace that can be joined");
	close(how.root);
}

static void a_user_namespace_is_joined_too(void **state)
{
	struct runtime_create how = { .id = test_id("user"),
				      .seccomp_cache = -1,
				      .streams = { -1, -1, -1, NULL, 0 },
				      .die_with_parent = true };
	struct oci_process p;
	char text[4096];

	need_start();
	clean_up(&c);
	how.root = make_root();
	config = make_config(
		a, &(struct config_parts){
			   .args = "\"sleep\",\"1000\"",
			   .namespaces = NAMESPACES ",{\"type\":\"user\"}",
			   .os = ",\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":"
				 "65536}],\"gidMappings\":[{\"containerID\":0,\"hostID\":100000,"
				 "\"size\":65536}]",
		   });
	how.config = config;
	if (runtime_start(&how, a, &c, &e) < 0)
		fail_msg("%s", e.msg);
	close(how.root);
	p = process_of("id -u; tr -s ' ' < /proc/self/uid_map; tty");
	p.terminal = true;
	p.user.uid = 7;
	assert_int_equal(run(&p, text, sizeof(text)), 0);
	assert_string_equal(text, "7\r\n 0 100000 65536\r\n/dev/pts/0\r\n");
}

static void our_binary_is_never_what_runs(void **state)
{
	struct oci_process p;
	char text[4096];

	need_start();
	p = process_of("");
	p.args.v[0] = "/proc/self/exe";
	/* The launcher, run as a program, is told nothing and ends at once. */
	assert_int_equal(run(&p, text, sizeof(text)), 127);
	assert_string_equal(text, "");
}

static void a_container_that_ended_cannot_be_joined(void **state)
{
	struct oci_process p;
	char text[4096];

	need_start();
	kernel_pidfd_send_signal(c.pidfd, SIGKILL);
	kernel_pidfd_wait(c.pidfd, NULL);
	p = process_of("true");
	assert_int_equal(run(&p, text, sizeof(text)), -ENOENT);
	assert_string_equal(e.msg, "the container is not running");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_inside_and_its_exit_code_comes_out),
		TEST(it_has_the_user_and_directory_that_are_asked_for),
		TEST(a_directory_outside_is_refused),
		TEST(what_cannot_be_executed_is_told_apart),
		TEST(it_may_have_a_terminal),
		TEST(it_runs_on_the_processors_that_are_asked_for),
		TEST(namespaces_of_another_are_joined),
		TEST(a_namespace_of_the_wrong_kind_is_refused),
		TEST(a_user_namespace_is_joined_too),
		TEST(our_binary_is_never_what_runs),
		TEST(a_container_that_ended_cannot_be_joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
