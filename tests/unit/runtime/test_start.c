/* SPDX-License-Identifier: BSD-2-Clause */
/* Containers that really start; what they print is compared. */
#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <termios.h>

#include "start.h"

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

static struct outcome run(const struct config_parts *parts)
{
	int root = make_root();
	struct outcome o = run_in(a, parts, root, &e);

	close(root);
	return o;
}

static struct outcome run_ok(const struct config_parts *parts)
{
	struct outcome o = run(parts);

	if (o.r < 0)
		fail_msg("%s", e.msg);
	return o;
}

static struct outcome shell(const char *script)
{
	return run_ok(
		&(struct config_parts){ .args = arena_printf(a, "\"sh\",\"-c\",\"%s\"", script) });
}

static void its_exit_code_is_ours(void **state)
{
	need_start();
	assert_int_equal(shell("exit 7").code, 7);
	assert_int_equal(shell("kill -9 $$; exit 3").code, 3); /* init is immune to itself */
}

static void it_is_the_first_process_and_alone(void **state)
{
	need_start();
	assert_string_equal(shell("echo $$; echo /proc/[0-9]*; hostname; ls /sys/class/net").out,
			    "1\n/proc/1\nbox\nlo\n");
}

static void dev_has_what_every_container_has(void **state)
{
	struct outcome o;

	need_start();
	o = shell("ls /dev; stat -c '%n %t %T %a' /dev/null /dev/tty; echo x > /dev/null; ls -l "
		  "/dev/ptmx");
	assert_non_null(strstr(o.out, "fd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\nstderr\n"
				      "stdin\nstdout\ntty\nurandom\nzero\n"));
	assert_non_null(strstr(o.out, "/dev/null 1 3 666\n/dev/tty 5 0 666\n"));
	assert_non_null(strstr(o.out, "/dev/ptmx -> pts/ptmx"));
}

static void nothing_else_is_open(void **state)
{
	struct outcome o;

	need_start();
	o = shell("ls -l /proc/self/fd /proc/1/fd");
	assert_null(strstr(o.out, " 3 -> pipe"));
	assert_null(strstr(o.out, "memfd"));
	assert_null(strstr(o.out, "socket"));
	assert_null(strstr(o.out, " 4 ->"));
}

static void few_descriptors_are_enough(void **state)
{
	struct outcome o;

	need_start();
	o = run_ok(&(struct config_parts){
		.args = "\"sh\",\"-c\",\"ulimit -n\"",
		.process = ",\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":6,\"hard\":6}],"
			   "\"user\":{\"uid\":5,\"gid\":5}",
	});
	assert_string_equal(o.out, "6\n");
}

static void masked_paths_are_empty_and_others_read_only(void **state)
{
	struct outcome o;

	need_start();
	o = run_ok(&(struct config_parts){
		.args = "\"sh\",\"-c\",\"cat /proc/timer_list /proc/keys; ls /sys/firmware; echo x > "
			"/proc/sys/kernel/panic; echo x > /proc/timer_list; touch /sys/firmware/x\"",
		.os = ",\"maskedPaths\":[\"/proc/timer_list\",\"/proc/keys\",\"/sys/firmware\","
		      "\"/proc/none\",\"/proc/timer_list\"],\"readonlyPaths\":[\"/proc/sys\"]",
	});
	assert_string_equal(o.out,
			    "sh: can't create /proc/sys/kernel/panic: Read-only file system\n"
			    "sh: can't create /proc/timer_list: Read-only file system\n"
			    "touch: /sys/firmware/x: Read-only file system\n");
}

static void user_groups_umask_and_capabilities_are_as_asked(void **state)
{
	struct outcome o;

	need_start();
	o = run_ok(&(struct config_parts){
		.args = "\"sh\",\"-c\",\"id -u; id -g; id -G; umask; grep Cap /proc/self/status\"",
		.process = ",\"user\":{\"uid\":1000,\"gid\":100,\"umask\":63,"
			   "\"additionalGids\":[5,6]}",
	});
	assert_string_equal(o.out, "1000\n100\n100 5 6\n0077\nCapInh:\t0000000000000000\n"
				   "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
				   "CapBnd:\t00000000000000e3\nCapAmb:\t0000000000000000\n");
	o = shell("grep Cap /proc/self/status");
	assert_string_equal(o.out, "CapInh:\t0000000000000000\nCapPrm:\t00000000000000e3\n"
				   "CapEff:\t00000000000000e3\nCapBnd:\t00000000000000e3\n"
				   "CapAmb:\t0000000000000000\n");
}

#define SECCOMP                                                                                   \
	",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mkdir\"," \
	"\"mkdirat\",\"execveat\",\"openat2\",\"capset\"],\"action\":\"SCMP_ACT_ERRNO\","         \
	"\"errnoRet\":5}]}"

static void a_filter_is_loaded_with_and_without_new_privileges(void **state)
{
	static const char *const process[] = { "", ",\"noNewPrivileges\":true",
					       ",\"user\":{\"uid\":7,\"gid\":7}" };
	struct config_parts p = {
		.args = "\"sh\",\"-c\",\"mkdir /tmp/x; grep -E '^Seccomp:|NoNew|CapEff' "
			"/proc/self/status\"",
		.os = SECCOMP,
	};

	need_start();
	for (size_t i = 0; i < ARRAY_LEN(process); i++) {
		struct outcome o;

		p.process = process[i];
		/* capset is refused, and is what gives up the privilege to load. */
		if (i != 1) {
			o = run(&p);
			assert_int_equal(o.r, -EIO);
			assert_string_equal(e.msg, "set capabilities: Input/output error");
			continue;
		}
		o = run_ok(&p);
		assert_string_equal(o.out,
				    "mkdir: can't create directory '/tmp/x': Input/output error\n"
				    "CapEff:\t00000000000000e3\nNoNewPrivs:\t1\n"
				    "Seccomp:\t2\n");
	}
	p.os = ",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":["
	       "\"mkdir\",\"execveat\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":5}]}";
	p.process = "";
	assert_string_equal(run_ok(&p).out,
			    "mkdir: can't create directory '/tmp/x': Input/output error\n"
			    "CapEff:\t00000000000000e3\nNoNewPrivs:\t0\n"
			    "Seccomp:\t2\n");
	p.process = process[2];
	assert_string_equal(run_ok(&p).out,
			    "mkdir: can't create directory '/tmp/x': Input/output error\n"
			    "CapEff:\t0000000000000000\nNoNewPrivs:\t0\n"
			    "Seccomp:\t2\n");
}

/* Takes what the runtime sends to a seccomp agent: the state, and the listener. */
static int accept_listener(int server, char *state, size_t size)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec v = { .iov_base = state, .iov_len = size - 1 };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	auto_close int client = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	ssize_t n = recvmsg(client, &m, MSG_CMSG_CLOEXEC);
	int fd = -1;

	assert_true(n > 0);
	state[n] = '\0';
	assert_int_equal(control.head.cmsg_type, SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(&control.head), sizeof(fd));
	return fd;
}

static void a_filters_listener_reaches_its_agent(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct seccomp_notif_resp answer = { .error = -EDOM };
	struct seccomp_notif call = { 0 };
	struct runtime_create how;
	struct runtime_container c;
	struct outcome o = { 0 };
	int server, listener, out[2];
	char text[4096];

	need_start();
	snprintf(at.sun_path, sizeof(at.sun_path), "/tmp/berth-agent-%d", getpid());
	server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(server, 1), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	how = (struct runtime_create){
		.config = make_config(
			a,
			&(struct config_parts){
				.args = "\"sh\",\"-c\",\"mkdir /tmp/x\"",
				.os = arena_printf(
					a,
					",\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\","
					"\"listenerPath\":\"%s\",\"listenerMetadata\":\"m\","
					"\"syscalls\":[{\"names\":[\"mkdir\",\"mkdirat\"],"
					"\"action\":\"SCMP_ACT_NOTIFY\"}]}",
					at.sun_path),
			}),
		.root = make_root(),
		.id = test_id("notify"),
		.streams = { .in = -1, .out = out[1], .err = out[1] },
		.seccomp_cache = -1,
	};
	if (runtime_start(&how, a, &c, &e) < 0)
		fail_msg("%s", e.msg);
	close(out[1]);
	close(how.root);
	listener = accept_listener(server, text, sizeof(text));
	assert_non_null(strstr(text, "\"metadata\":\"m\""));
	assert_non_null(strstr(text, "\"seccompFd\""));
	assert_int_equal(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call), 0);
	answer.id = call.id;
	assert_int_equal(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer), 0);
	read_output(out[0], &o);
	assert_string_equal(o.out, "mkdir: can't create directory '/tmp/x': Numerical argument out "
				   "of domain\n");
	clean_up(&c);
	close(listener);
	close(server);
	close(out[0]);
	unlink(at.sun_path);
	/* And without an agent there is no container. */
	how.root = make_root();
	assert_true(runtime_start(&how, a, &c, &e) < 0);
	close(how.root);
}

static void what_cannot_be_executed_is_told_apart(void **state)
{
	int root, fd;

	need_start();
	assert_int_equal(run(&(struct config_parts){ .args = "\"nosuch\"" }).r, -ENOENT);
	assert_int_equal(e.where, RUNTIME_NOT_FOUND);
	assert_string_equal(e.msg, "executable file `nosuch` not found in $PATH: No such file or "
				   "directory");
	assert_int_equal(run(&(struct config_parts){ .args = "\"/no/such\"" }).r, -ENOENT);
	assert_int_equal(e.where, RUNTIME_NOT_FOUND);
	assert_string_equal(e.msg, "exec /no/such: No such file or directory");
	assert_int_equal(run(&(struct config_parts){ .args = "\"/etc\"" }).r, -EACCES);
	assert_int_equal(e.where, RUNTIME_NOT_EXECUTABLE);
	root = make_root();
	fd = openat(root, "bin/script", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_int_equal(write(fd, "#!/none\n", 8), 8);
	fchmod(fd, 0755);
	close(fd);
	assert_int_equal(run_in(a, &(struct config_parts){ .args = "\"script\"" }, root, &e).r,
			 -ENOENT);
	assert_int_equal(e.where, RUNTIME_NOT_FOUND);
	close(root);
}

static void the_working_directory_is_made_and_stays_inside(void **state)
{
	struct oci_config *c;
	struct runtime_create how;
	struct runtime_container x;
	int status;

	need_start();
	c = make_config(a, &(struct config_parts){ .args = "\"test\",\"-d\",\"/new/folder\"" });
	c->process->cwd = "/new/folder";
	how = (struct runtime_create){ .config = c,
				       .root = make_root(),
				       .id = test_id("cwd"),
				       .streams = { -1, -1, -1, NULL, 0 },
				       .seccomp_cache = -1 };
	if (runtime_start(&how, a, &x, &e) < 0)
		fail_msg("%s", e.msg);
	close(how.root);
	assert_int_equal(kernel_pidfd_wait(x.pidfd, &status), 0);
	assert_int_equal(status, 0);
	clean_up(&x);
	/* CVE-2024-21626: a descriptor of ours that is still open and leads outside. */
	for (int fd = 3; fd < 16; fd++) {
		c->process->cwd = arena_printf(a, "/proc/self/fd/%d", fd);
		how.root = make_root();
		assert_true(runtime_start(&how, a, &x, &e) < 0);
		close(how.root);
	}
}

static void a_terminal_is_the_containers_own(void **state)
{
	struct runtime_create how;
	struct runtime_container c;
	struct outcome o = { 0 };
	struct winsize size;
	int root, status;

	need_start();
	root = make_root();
	how = (struct runtime_create){
		.config = make_config(a,
				      &(struct config_parts){
					      .args = "\"sh\",\"-c\",\"tty; stty size; stat -c '%u "
						      "%g %t' /dev/console; echo hi > /dev/tty\"",
					      .process = ",\"terminal\":true,\"consoleSize\":{"
							 "\"height\":10,\"width\":110}",
				      }),
		.root = root,
		.id = test_id("tty"),
		.seccomp_cache = -1,
	};
	if (runtime_start(&how, a, &c, &e) < 0)
		fail_msg("%s", e.msg);
	assert_true(c.console >= 0);
	assert_int_equal(ioctl(c.console, TIOCGWINSZ, &size), 0);
	assert_int_equal(size.ws_col, 110);
	read_output(c.console, &o);
	assert_string_equal(o.out, "/dev/pts/0\r\n10 110\r\n0 5 88\r\nhi\r\n");
	assert_int_equal(kernel_pidfd_wait(c.pidfd, &status), 0);
	clean_up(&c);
	close(root);
}

static void a_false_terminal_is_refused(void **state)
{
	struct config_parts p = { .args = "\"true\"",
				  .process = ",\"terminal\":true",
				  .mounts = "{\"destination\":\"/proc\",\"type\":\"proc\"}" };
	int root, fd;

	need_start();
	/* CVE-2025-52565: an image with a ptmx of its own. */
	root = make_root();
	assert_int_equal(mkdirat(root, "dev/pts", 0755), 0);
	fd = openat(root, "dev/pts/ptmx", O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(run_in(a, &p, root, &e).r, -EACCES);
	assert_string_equal(e.msg, "/dev/pts/ptmx of the container is not on a devpts");
	close(root);
	root = make_root();
	assert_int_equal(mkdirat(root, "dev/pts", 0755), 0);
	assert_int_equal(mknodat(root, "dev/pts/ptmx", S_IFCHR | 0666, makedev(5, 2)), 0);
	assert_true(run_in(a, &p, root, &e).r < 0);
	close(root);
}

static void a_false_null_is_refused(void **state)
{
	struct config_parts p = { .args = "\"true\"",
				  .mounts = "{\"destination\":\"/proc\",\"type\":\"proc\"}" };
	int root;

	need_start();
	/* CVE-2025-31133 and its kin: a link where the runtime expects its device. */
	root = make_root();
	assert_int_equal(symlinkat("/proc/sysrq-trigger", root, "dev/null"), 0);
	assert_int_equal(run_in(a, &p, root, &e).r, -EEXIST);
	assert_string_equal(e.msg, "device /dev/null: File exists");
	close(root);
}

static void it_waits_at_the_gate(void **state)
{
	struct runtime_create how;
	struct runtime_container c;
	int root, out[2], status;
	struct pollfd p;
	char text[8];

	need_start();
	root = make_root();
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	how = (struct runtime_create){
		.config = make_config(a, &(struct config_parts){ .args = "\"echo\",\"ran\"" }),
		.root = root,
		.id = test_id("gate"),
		.seccomp_cache = -1,
		.streams = { .in = -1, .out = out[1], .err = out[1] },
	};
	if (runtime_create(&how, a, &c, &e) < 0)
		fail_msg("%s", e.msg);
	assert_true(c.pid > 0);
	assert_true(c.start_time > 0);
	p = (struct pollfd){ .fd = out[0], .events = POLLIN };
	assert_int_equal(poll(&p, 1, 50), 0);
	if (runtime_go(&c, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(read(out[0], text, 4), 4);
	assert_int_equal(kernel_pidfd_wait(c.pidfd, &status), 0);
	clean_up(&c);

	root = make_root();
	how.root = root;
	if (runtime_create(&how, a, &c, &e) < 0)
		fail_msg("%s", e.msg);
	runtime_abort(&c);
	assert_int_equal(kill(c.pid, 0), -1);
	assert_int_equal(poll(&p, 1, 0), 0);
	close(out[0]);
	close(out[1]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(its_exit_code_is_ours),
		TEST(it_is_the_first_process_and_alone),
		TEST(dev_has_what_every_container_has),
		TEST(nothing_else_is_open),
		TEST(few_descriptors_are_enough),
		TEST(masked_paths_are_empty_and_others_read_only),
		TEST(user_groups_umask_and_capabilities_are_as_asked),
		TEST(a_filter_is_loaded_with_and_without_new_privileges),
		TEST(a_filters_listener_reaches_its_agent),
		TEST(what_cannot_be_executed_is_told_apart),
		TEST(the_working_directory_is_made_and_stays_inside),
		TEST(a_terminal_is_the_containers_own),
		TEST(a_false_terminal_is_refused),
		TEST(a_false_null_is_refused),
		TEST(it_waits_at_the_gate),
	};

	int failed = cmocka_run_group_tests_name("this kernel", tests, NULL, NULL);

	setenv("BERTH_LACK", "all", 1);
	kernel_forget();
	return failed + cmocka_run_group_tests_name("an old kernel", tests, NULL, NULL);
}
