/* SPDX-License-Identifier: BSD-2-Clause */
/* Containers in namespaces of another that runs in a user namespace, in every combination. */
#include <errno.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#include "start.h"

#define MAPS                                                                                        \
	",\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":65536}],\"gidMappings\":[" \
	"{\"containerID\":0,\"hostID\":100000,\"size\":65536}]"

/* All but mount and user, which are told apart below. */
static const struct {
	const char *type, *file;
} kinds[] = {
	{ "pid", "pid" }, { "network", "net" },   { "ipc", "ipc" },
	{ "uts", "uts" }, { "cgroup", "cgroup" }, { "time", "time" },
};

static struct arena *a;
static struct err e;
static struct runtime_container c;

static int setup(void **state)
{
	struct runtime_create how = { .id = test_id("join"),
				      .seccomp_cache = -1,
				      .streams = { -1, -1, -1, NULL, 0 },
				      .die_with_parent = true };

	a = arena_new();
	c = (struct runtime_container){ .pidfd = -1, .console = -1 };
	if (geteuid() != 0 || !have_busybox())
		return 0;
	how.config = make_config(a, &(struct config_parts){
					    .args = "\"sleep\",\"1000\"",
					    .namespaces = NAMESPACES
					    ",{\"type\":\"user\"},{\"type\":\"time\"}",
					    .os = MAPS,
				    });
	how.root = make_root();
	if (runtime_start(&how, a, &c, &e) < 0) {
		print_error("%s\n", e.msg);
		return -1;
	}
	close(how.root);
	return 0;
}

static int teardown(void **state)
{
	clean_up(&c);
	arena_free(a);
	return 0;
}

static const char *link_of(pid_t pid, const char *file)
{
	char text[64];
	ssize_t n = readlink(arena_printf(a, "/proc/%d/ns/%s", pid, file), text, sizeof(text) - 1);

	if (n < 0)
		return "none";
	text[n] = '\0';
	return arena_strdup(a, text);
}

/* The namespaces array: those in the mask are joined, the others new. */
static const char *namespaces(unsigned joined, const char *user)
{
	auto_buf out = BUF(4096);

	buf_addf(&out, "{\"type\":\"mount\"}%s", user);
	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
		buf_addf(&out, ",{\"type\":\"%s\"", kinds[i].type);
		if (joined & 1U << i)
			buf_addf(&out, ",\"path\":\"/proc/%d/ns/%s\"", c.pid, kinds[i].file);
		buf_addc(&out, '}');
	}
	return arena_strdup(a, buf_text(&out));
}

static struct outcome start(const char *names, const char *os, const char *script)
{
	int root = make_root();
	struct outcome o = run_in(a,
				  &(struct config_parts){
					  .args = arena_printf(a, "\"sh\",\"-c\",\"%s\"", script),
					  .top = "",
					  .namespaces = names,
					  .os = os,
				  },
				  root, &e);

	close(root);
	return o;
}

#define LOOK "for i in pid net ipc uts cgroup time user; do readlink /proc/self/ns/$i; done"

/* Each line is the other's namespace exactly where it was joined. */
static void expect_joined(unsigned joined, const char *user, const char *os, bool same_user)
{
	struct outcome o = start(namespaces(joined, user), os, LOOK);
	struct texts lines;

	if (o.r < 0)
		fail_msg("%#x %s: %s", joined, user, e.msg);
	lines = texts_split(a, o.out, '\n');
	assert_true(lines.n >= ARRAY_LEN(kinds) + 1);
	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++)
		if (text_eq(lines.v[i], link_of(c.pid, kinds[i].file)) != !!(joined & 1U << i))
			fail_msg("%#x %s: %s is %s", joined, user, kinds[i].file, lines.v[i]);
	assert_int_equal(text_eq(lines.v[ARRAY_LEN(kinds)], link_of(c.pid, "user")), same_user);
}

static void a_user_namespace_is_joined_with_any_others(void **state)
{
	const char *user;

	need_start();
	user = arena_printf(a, ",{\"type\":\"user\",\"path\":\"/proc/%d/ns/user\"}", c.pid);
	for (unsigned joined = 0; joined < 1U << ARRAY_LEN(kinds); joined++)
		expect_joined(joined, user, NULL, true);
}

static void others_are_joined_from_the_hosts_user_namespace_and_from_a_new_one(void **state)
{
	need_start();
	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++) {
		expect_joined(1U << i, "", NULL, false);
		/* Whose procfs and message queues these are, others may not mount. */
		if (strcmp(kinds[i].type, "pid") != 0 && strcmp(kinds[i].type, "ipc") != 0)
			expect_joined(1U << i, ",{\"type\":\"user\"}", MAPS, false);
	}
	expect_joined((1U << ARRAY_LEN(kinds)) - 1, "", NULL, false);
	assert_int_equal(start(namespaces(1, ",{\"type\":\"user\"}"), MAPS, "true").r, -EPERM);
	/* We and our children are where we were. */
	assert_string_equal(link_of(getpid(), "pid"), link_of(getpid(), "pid_for_children"));
	assert_string_equal(link_of(getpid(), "net"), link_of(getppid(), "net"));
}

static void it_is_root_of_the_user_namespace_it_joined(void **state)
{
	struct outcome o;

	need_start();
	o = start(namespaces(0,
			     arena_printf(a, ",{\"type\":\"user\",\"path\":\"/proc/%d/ns/user\"}",
					  c.pid)),
		  ",\"devices\":[{\"path\":\"/dev/fuse\",\"type\":\"c\",\"major\":10,\"minor\":229}"
		  "]",
		  "id -u; tr -s ' ' < /proc/self/uid_map; echo $$; stat -c %u /dev/shm; echo x > "
		  "/dev/null");
	if (o.r < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(o.out, "0\n 0 100000 65536\n1\n0\n");
}

/* A mount namespace of a process that only waits. */
static pid_t hold_mounts(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNS) < 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    write(ready[1], "", 1) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void a_mount_namespace_is_joined(void **state)
{
	const char *names, *user;
	struct outcome o;
	pid_t holder;

	need_start();
	holder = hold_mounts();
	names = arena_printf(a,
			     "{\"type\":\"mount\",\"path\":\"/proc/%d/ns/mnt\"},{\"type\":\"pid\"}",
			     holder);
	o = start(names, NULL, "readlink /proc/self/ns/mnt; ls /bin/busybox");
	if (o.r < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(o.out, arena_printf(a, "%s\n/bin/busybox\n", link_of(holder, "mnt")));
	kill(holder, SIGKILL);
	waitpid(holder, NULL, 0);
	/* And that of the user namespace's own. */
	user = arena_printf(a,
			    "{\"type\":\"mount\",\"path\":\"/proc/%d/ns/mnt\"},{\"type\":\"user\","
			    "\"path\":\"/proc/%d/ns/user\"},{\"type\":\"pid\"},{\"type\":\"ipc\"}"
			    ",{\"type\":\"network\"}",
			    c.pid, c.pid);
	o = start(user, NULL, "readlink /proc/self/ns/mnt; ls /bin/busybox");
	if (o.r < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(o.out, arena_printf(a, "%s\n/bin/busybox\n", link_of(c.pid, "mnt")));
}

static void our_own_user_namespace_is_joined_by_staying(void **state)
{
	struct outcome o;

	need_start();
	o = start("{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"user\",\"path\":"
		  "\"/proc/self/ns/user\"}",
		  NULL, "readlink /proc/self/ns/user");
	if (o.r < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(o.out, arena_printf(a, "%s\n", link_of(getpid(), "user")));
}

static void what_cannot_be_joined_is_said(void **state)
{
	need_start();
	assert_int_equal(start("{\"type\":\"mount\"},{\"type\":\"user\",\"path\":\"/none\"}", NULL,
			       "true")
				 .r,
			 -ENOENT);
	assert_string_equal(e.msg,
			    "linux.namespaces: user namespace /none: No such file or directory");
	assert_int_equal(start("{\"type\":\"mount\"},{\"type\":\"user\",\"path\":"
			       "\"/proc/self/ns/net\"}",
			       NULL, "true")
				 .r,
			 -EINVAL);
	assert_string_equal(e.msg, "what is to be joined is no user namespace");
	assert_int_equal(
		start("{\"type\":\"mount\",\"path\":\"/proc/self/ns/net\"}", NULL, "true").r,
		-EINVAL);
	assert_string_equal(e.msg, "/proc/self/ns/net is no mount namespace that can be joined");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_user_namespace_is_joined_with_any_others),
		TEST(others_are_joined_from_the_hosts_user_namespace_and_from_a_new_one),
		TEST(it_is_root_of_the_user_namespace_it_joined),
		TEST(a_mount_namespace_is_joined),
		TEST(our_own_user_namespace_is_joined_by_staying),
		TEST(what_cannot_be_joined_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
