/* SPDX-License-Identifier: BSD-2-Clause */
/* Real groups on this host, whatever version it has; needs root. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/units.h"
#include "cgroup/manager.h"
#include "unit.h"

static char id[64];

static struct cgroup *make(const struct oci_linux_resources *r)
{
	struct cgroup_create how = { .parent = "berth-test", .id = id, .resources = r };
	struct cgroup *c = NULL;
	struct err e = { 0 };

	snprintf(id, sizeof(id), "unit-%d-%lld", (int)getpid(), (long long)clock_usec());
	if (cgroup_create(&how, &c, &e) < 0)
		fail_msg("%s", e.msg);
	return c;
}

static void unmake(struct cgroup *c)
{
	struct err e = { 0 };

	if (cgroup_remove(c, 5000, &e) < 0)
		fail_msg("%s", e.msg);
	for (size_t i = 0; i < c->len; i++)
		assert_int_equal(access(c->groups[i].dir, F_OK), -1);
	cgroup_free(c);
}

static bool has(const char *controller)
{
	AUTO(arena) a = arena_new();
	struct cgroup_host h;
	struct err e;

	return cgroup_host_read(a, &h, &e) == 0 && texts_has(&h.controllers, controller);
}

static void need(const char *controller)
{
	need_root();
	if (!has(controller)) {
		print_message("needs the %s controller\n", controller);
		skip();
	}
}

/* A child in the group that sleeps, having forked `more` of its kind. */
static pid_t sleeper(struct cgroup *c, int more)
{
	struct err e;
	int fds[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		if (cgroup_join(c, false, &e) < 0) {
			fprintf(stderr, "%s\n", e.msg);
			_exit(1);
		}
		while (more-- > 0)
			if (fork() == 0)
				break;
		if (write(fds[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(fds[1]);
	assert_int_equal(read(fds[0], &byte, 1), 1);
	close(fds[0]);
	return pid;
}

static char *cgroup_of(pid_t pid)
{
	char path[64], *text = NULL;
	struct err e;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", (int)pid);
	file_read_at(AT_FDCWD, path, 1 << 16, &text, NULL, &e);
	return text;
}

static const char *read_back(struct cgroup *c, struct arena *a, const char *v1_controller,
			     const char *v1_file, const char *v2_file)
{
	for (size_t i = 0; i < c->len; i++) {
		const struct group *g = &c->groups[i];

		if (*g->controllers && host_has_word(g->controllers, v1_controller, ','))
			return group_read(g, a, v1_file);
	}
	return c->unified ? group_read(c->unified, a, v2_file) : "";
}

static void a_process_joins_in_every_hierarchy_by_itself(void **state)
{
	struct cgroup *c;
	auto_free char *text = NULL;
	pid_t pid;
	int lines = 0;

	need_root();
	c = make(NULL);
	pid = sleeper(c, 0);
	text = cgroup_of(pid);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), lines++)
		if (!strstr(line, cgroup_path(c)) && c->len > 1)
			fail_msg("%s is not in %s", line, cgroup_path(c));
	assert_true(lines > 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unmake(c);
}

static void removing_kills_what_is_in_it_and_below(void **state)
{
	AUTO(arena) a = arena_new();
	struct cgroup *c;
	struct group below;
	struct err e;
	char self[16];
	pid_t pid, *pids;
	size_t n;

	need_root();
	c = make(NULL);
	pid = sleeper(c, 5);
	/* A guest that makes groups of its own. */
	below = c->unified ? *c->unified : c->groups[0];
	below.dir = arena_printf(a, "%s/guest.slice/deep", below.dir);
	assert_int_equal(group_make(&below, NULL, &e), 0);
	snprintf(self, sizeof(self), "%d", (int)pid);
	assert_int_equal(group_write(&below, "cgroup.procs", self), 0);
	usleep(20000);
	assert_int_equal(cgroup_pids(c, a, &pids, &n, &e), 0);
	assert_int_equal(n, 6);
	unmake(c);
	waitpid(pid, NULL, 0);
	assert_int_equal(kill(pid, 0), -1);
}

static void a_group_that_is_in_use_is_not_taken_twice(void **state)
{
	struct cgroup *c, *again = NULL;
	struct err e;
	pid_t pid;

	need_root();
	c = make(NULL);
	pid = sleeper(c, 0);
	assert_int_equal(cgroup_create(&(struct cgroup_create){ .path = cgroup_path(c), .id = "x" },
				       &again, &e),
			 -EEXIST);
	assert_non_null(strstr(e.msg, "container's cgroup is not empty"));
	assert_null(again);
	assert_int_equal(kill(pid, 0), 0);
	unmake(c);
	waitpid(pid, NULL, 0);
}

static void an_empty_group_that_was_left_behind_is_taken_over(void **state)
{
	static const int64_t limit = 40 << 20;
	struct oci_memory memory = { .limit = &limit };
	struct oci_linux_resources r = { .memory = &memory };
	AUTO(arena) a = arena_new();
	struct cgroup *c, *again = NULL;
	struct err e;

	need("memory");
	c = make(&r);
	assert_int_equal(cgroup_create(&(struct cgroup_create){ .path = cgroup_path(c), .id = "x" },
				       &again, &e),
			 0);
	/* Its old limit is gone. */
	assert_string_not_equal(read_back(again, a, "memory", "memory.limit_in_bytes",
					  "memory.max"),
				"41943040");
	cgroup_free(c);
	unmake(again);
}

static void limits_are_what_the_files_say(void **state)
{
	static const int64_t limit = 64 << 20, reservation = 32 << 20, quota = 50000, pids_max = 99;
	static const uint64_t shares = 1024, period = 100000;
	struct oci_memory memory = { .limit = &limit, .reservation = &reservation };
	struct oci_cpu cpu = { .shares = &shares, .quota = &quota, .period = &period, .cpus = "0" };
	struct oci_pids pids = { .limit = &pids_max };
	struct oci_linux_resources r = { .memory = &memory, .cpu = &cpu, .pids = &pids };
	AUTO(arena) a = arena_new();
	struct cgroup *c;
	bool v2;

	need("memory");
	need("cpu");
	need("pids");
	c = make(&r);
	v2 = c->len == 1;
	assert_string_equal(read_back(c, a, "memory", "memory.limit_in_bytes", "memory.max"),
			    "67108864");
	assert_string_equal(read_back(c, a, "memory", "memory.soft_limit_in_bytes", "memory.low"),
			    "33554432");
	assert_string_equal(read_back(c, a, "pids", "pids.max", "pids.max"), "99");
	assert_string_equal(read_back(c, a, "cpuset", "cpuset.cpus", "cpuset.cpus"), "0");
	assert_string_equal(read_back(c, a, "cpu", "cpu.cfs_quota_us", "cpu.max"),
			    v2 ? "50000 100000" : "50000");
	assert_string_equal(read_back(c, a, "cpu", "cpu.shares", "cpu.weight"),
			    v2 ? "100" : "1024");
	unmake(c);
}

static void an_update_raises_and_lowers_and_keeps_the_rest(void **state)
{
	static const int64_t limit = 64 << 20, more = 256 << 20, less = 32 << 20, quota = 50000;
	static const uint64_t period = 50000;
	struct oci_memory memory = { .limit = &limit, .swap = &limit };
	struct oci_cpu cpu = { .quota = &quota };
	struct oci_linux_resources r = { .memory = &memory, .cpu = &cpu };
	AUTO(arena) a = arena_new();
	struct cgroup *c;
	struct err e = { 0 };
	bool v2;

	need("memory");
	need("cpu");
	c = make(&r);
	v2 = c->len == 1;
	cpu = (struct oci_cpu){ .period = &period };
	memory.limit = memory.swap = &more;
	assert_int_equal(cgroup_update(c, &r, &e), 0);
	assert_string_equal(read_back(c, a, "memory", "memory.limit_in_bytes", "memory.max"),
			    "268435456");
	assert_string_equal(read_back(c, a, "cpu", "cpu.cfs_quota_us", "cpu.max"),
			    v2 ? "50000 50000" : "50000");
	memory.limit = memory.swap = &less;
	r.cpu = NULL;
	assert_int_equal(cgroup_update(c, &r, &e), 0);
	assert_string_equal(read_back(c, a, "memory", "memory.limit_in_bytes", "memory.max"),
			    "33554432");
	unmake(c);
}

static void a_limit_that_the_kernel_refuses_is_named_and_leaves_nothing(void **state)
{
	static const uint64_t period = 100;
	static const int64_t quota = 100;
	struct oci_cpu cpu = { .period = &period, .quota = &quota };
	struct oci_linux_resources r = { .cpu = &cpu };
	struct cgroup_create how = { .parent = "berth-test", .id = "refused", .resources = &r };
	struct cgroup *c = NULL;
	struct err e;

	need("cpu");
	assert_int_equal(cgroup_create(&how, &c, &e), -EINVAL);
	assert_null(c);
	assert_non_null(strstr(e.msg, "(linux.resources.cpu."));
	assert_non_null(strstr(e.msg, "Invalid argument"));
	assert_int_equal(cgroup_open(NULL, "/berth-test/refused", &c, &e), -ENOENT);
	assert_string_equal(e.msg, "no cgroup /berth-test/refused");
}

static void a_limit_without_its_controller_is_refused(void **state)
{
	struct oci_hugepage_limit huge = { .page_size = "3MB", .limit = 0 };
	struct oci_linux_resources r = { .hugepage_limits = { .v = &huge, .n = 1 } };
	struct cgroup_create how = { .parent = "berth-test", .id = "refused", .resources = &r };
	struct cgroup *c = NULL;
	struct err e;

	need_root();
	assert_int_equal(cgroup_create(&how, &c, &e), -EOPNOTSUPP);
	assert_non_null(strstr(e.msg, "hugetlb.3MB."));
	assert_non_null(strstr(e.msg, "linux.resources.hugepageLimits"));
}

/* With separate hierarchies somebody may have put it into a freezer elsewhere. */
static void what_stands_frozen_elsewhere_can_be_killed(void **state)
{
	struct cgroup *c;
	char other[128], file[160], text[16];
	struct err e;
	pid_t pid;

	need("freezer");
	c = make(NULL);
	snprintf(other, sizeof(other), "/sys/fs/cgroup/freezer/elsewhere-%d", (int)getpid());
	if (mkdir(other, 0755) < 0) {
		print_message("needs the freezer of cgroup v1\n");
		unmake(c);
		skip();
	}
	pid = sleeper(c, 0);
	snprintf(text, sizeof(text), "%d", (int)pid);
	snprintf(file, sizeof(file), "%s/cgroup.procs", other);
	assert_int_equal(file_poke_at(AT_FDCWD, file, text, &e), 0);
	snprintf(file, sizeof(file), "%s/freezer.state", other);
	assert_int_equal(file_poke_at(AT_FDCWD, file, "FROZEN", &e), 0);
	unmake(c);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(rmdir(other), 0);
}

static void a_frozen_group_stands_still_and_can_be_killed(void **state)
{
	volatile uint64_t *count =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct cgroup *c;
	struct err e = { 0 };
	uint64_t before;
	pid_t pid;

	need_root();
	c = make(NULL);
	pid = fork();
	if (pid == 0) {
		if (cgroup_join(c, false, &e) < 0)
			_exit(1);
		for (;;)
			(*count)++;
	}
	while (*count == 0)
		usleep(100);
	assert_false(cgroup_is_frozen(c));
	assert_int_equal(cgroup_freeze(c, 2000, &e), 0);
	assert_true(cgroup_is_frozen(c));
	before = *count;
	usleep(20000);
	assert_true(*count == before);
	assert_int_equal(cgroup_thaw(c, &e), 0);
	assert_false(cgroup_is_frozen(c));
	usleep(20000);
	assert_true(*count > before);
	assert_int_equal(cgroup_freeze(c, 2000, &e), 0);
	unmake(c);
	waitpid(pid, NULL, 0);
	munmap((void *)count, 4096);
}

static void what_froze_itself_is_removed_too(void **state)
{
	AUTO(arena) a = arena_new();
	struct cgroup *c;
	struct group *freezer = NULL, below;
	struct err e;
	char self[16];
	pid_t pid;

	need("freezer");
	c = make(NULL);
	for (size_t i = 0; i < c->len; i++)
		if (strcmp(c->groups[i].controllers, "freezer") == 0)
			freezer = &c->groups[i];
	assert_non_null(freezer);
	pid = sleeper(c, 0);
	below = *freezer;
	below.dir = arena_printf(a, "%s/guest", freezer->dir);
	assert_int_equal(group_make(&below, NULL, &e), 0);
	snprintf(self, sizeof(self), "%d", (int)pid);
	assert_int_equal(group_write(&below, "cgroup.procs", self), 0);
	assert_int_equal(group_write(&below, "freezer.state", "FROZEN"), 0);
	unmake(c);
	waitpid(pid, NULL, 0);
}

static void a_limit_below_what_is_in_use_is_refused_if_asked(void **state)
{
	static const int64_t less = 4096;
	static const bool yes = true;
	struct oci_memory memory = { .limit = &less, .check_before_update = &yes };
	struct oci_linux_resources r = { .memory = &memory };
	struct cgroup *c;
	struct err e;
	pid_t pid;

	need("memory");
	c = make(NULL);
	pid = sleeper(c, 2);
	assert_int_equal(cgroup_update(c, &r, &e), -EINVAL);
	assert_non_null(strstr(e.msg, "rejecting memory limit 4096: "));
	assert_non_null(strstr(e.msg, "(linux.resources.memory.limit)"));
	unmake(c);
	waitpid(pid, NULL, 0);
}

static void a_fork_bomb_ends(void **state)
{
	static const int64_t limit = 200;
	struct oci_pids pids = { .limit = &limit };
	struct oci_linux_resources r = { .pids = &pids };
	struct cgroup *c;
	struct err e = { 0 };
	pid_t pid;

	need("pids");
	c = make(&r);
	pid = fork();
	if (pid == 0) {
		if (cgroup_join(c, false, &e) < 0)
			_exit(1);
		for (;;)
			if (fork() < 0)
				usleep(1000);
	}
	usleep(50000);
	assert_int_equal(cgroup_kill(c, SIGKILL, &e), 0);
	waitpid(pid, NULL, 0);
	unmake(c);
}

static int open_node(struct cgroup *c, const char *path, unsigned major, unsigned minor)
{
	struct err e;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (cgroup_join(c, false, &e) < 0)
			_exit(200);
		unlink(path);
		if (mknod(path, S_IFCHR | 0600, makedev(major, minor)) < 0)
			_exit(201);
		_exit(open(path, O_RDWR | O_CLOEXEC) < 0 ? errno : 0);
	}
	waitpid(pid, &status, 0);
	unlink(path);
	return WEXITSTATUS(status);
}

static void devices_are_denied_but_for_the_usual_ones(void **state)
{
	struct oci_device_rule rules[] = { { .allow = false, .access = "rwm" } };
	struct oci_linux_resources r = { .devices = { .v = rules, .n = 1 } };
	static const int64_t major = 10, minor = 229;
	struct oci_device_rule fuse[] = { rules[0],
					  { true, "c", "rwm", .major = &major, .minor = &minor } };
	struct cgroup *c;
	struct err e = { 0 };

	need_root();
	c = make(&r);
	assert_int_equal(open_node(c, "/dev/berth-test-null", 1, 3), 0);
	/* Without the rule this is not refused, or for other reasons (ENXIO, EACCES). */
	assert_int_equal(open_node(c, "/dev/berth-test-mem", 1, 1), EPERM);
	assert_int_equal(open_node(c, "/dev/berth-test-fuse", 10, 229), EPERM);
	r.devices.v = fuse;
	r.devices.n = 2;
	assert_int_equal(cgroup_update(c, &r, &e), 0);
	assert_int_not_equal(open_node(c, "/dev/berth-test-fuse", 10, 229), EPERM);
	assert_int_equal(open_node(c, "/dev/berth-test-mem", 1, 1), EPERM);
	r.devices.n = 1;
	assert_int_equal(cgroup_update(c, &r, &e), 0);
	assert_int_equal(open_node(c, "/dev/berth-test-fuse", 10, 229), EPERM);
	unmake(c);
}

static void what_runs_is_counted(void **state)
{
	struct cgroup_stats s;
	struct cgroup *c;
	struct err e = { 0 };
	pid_t pid;

	need("memory");
	need("pids");
	c = make(NULL);
	pid = sleeper(c, 2);
	usleep(10000);
	assert_int_equal(cgroup_stats(c, &s, &e), 0);
	assert_int_equal(s.pids.current, 3);
	assert_true(s.pids.limit == CGROUP_UNLIMITED);
	assert_true(s.memory.limit == CGROUP_UNLIMITED);
	assert_true(s.memory.usage > 0);
	unmake(c);
	waitpid(pid, NULL, 0);
}

/* A child in the group that takes more memory than it may. */
static pid_t eater(struct cgroup *c)
{
	struct err e;
	pid_t pid = fork();
	char *p;

	if (pid != 0)
		return pid;
	if (cgroup_join(c, false, &e) < 0)
		_exit(1);
	p = malloc(64 << 20);
	for (size_t i = 0; p && i < 64 << 20; i += 4096)
		((volatile char *)p)[i] = 1;
	_exit(0);
}

static void running_out_of_memory_is_counted(void **state)
{
	static const int64_t limit = 8 << 20, swap = 8 << 20;
	struct oci_memory memory = { .limit = &limit, .swap = &swap };
	struct oci_linux_resources r = { .memory = &memory };
	struct cgroup *c;
	struct err e = { 0 };
	uint64_t kills = 0;
	int status;
	pid_t pid;

	need("memory");
	c = make(&r);
	pid = eater(c);
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(cgroup_oom_kills(c, &kills, &e), 0);
	assert_int_equal(kills, 1);
	assert_int_equal(access(cgroup_oom_file(c), R_OK), 0);
	unmake(c);
}

/* The next notice, within a few seconds. */
static bool wait_for_notice(struct cgroup_watch *w, unsigned *ooms, bool *ended)
{
	struct pollfd p = { .fd = cgroup_watch_fd(w), .events = POLLIN };

	if (poll(&p, 1, 10000) != 1)
		return false;
	cgroup_watch_read(w, ooms, ended);
	return true;
}

static void a_watch_tells_of_memory_and_of_the_end(void **state)
{
	static const int64_t limit = 8 << 20, swap = 8 << 20;
	struct oci_memory memory = { .limit = &limit, .swap = &swap };
	struct oci_linux_resources r = { .memory = &memory };
	AUTO(cgroup_watch) w = NULL;
	struct cgroup *c;
	struct err e = { 0 };
	unsigned ooms = 0, more = 0;
	bool ended = false;
	pid_t pid, keeper;

	need("memory");
	c = make(&r);
	keeper = sleeper(c, 0);
	if (cgroup_watch_open(c, &w, &e) < 0)
		fail_msg("%s", e.msg);
	cgroup_watch_read(w, &ooms, &ended);
	assert_int_equal(ooms, 0);
	assert_false(ended);
	pid = eater(c);
	waitpid(pid, NULL, 0);
	while (ooms == 0) {
		assert_true(wait_for_notice(w, &more, &ended));
		ooms += more;
	}
	assert_false(ended);
	cgroup_kill(c, SIGKILL, &e);
	waitpid(keeper, NULL, 0);
	assert_int_equal(cgroup_remove(c, 5000, &e), 0);
	while (!ended)
		assert_true(wait_for_notice(w, &more, &ended));
	cgroup_free(c);
}

static void a_report_of_a_real_group_has_its_numbers(void **state)
{
	static const int64_t limit = 64 << 20, max = 77;
	struct oci_memory memory = { .limit = &limit };
	struct oci_pids pids = { .limit = &max };
	struct oci_linux_resources r = { .memory = &memory, .pids = &pids };
	auto_buf out = BUF(1 << 20);
	struct cgroup *c;
	struct err e = { 0 };
	pid_t pid;

	need("memory");
	need("pids");
	c = make(&r);
	pid = sleeper(c, 1);
	usleep(10000);
	assert_int_equal(cgroup_report(c, pid, &out, &e), 0);
	assert_non_null(strstr(buf_text(&out), "\"pids\":{\"current\":2,\"limit\":77}"));
	assert_non_null(strstr(buf_text(&out), "\"usage\":{\"limit\":67108864,\"usage\":"));
	assert_non_null(strstr(buf_text(&out), "\"raw\":{\""));
	unmake(c);
	waitpid(pid, NULL, 0);
}

static void opening_by_path_finds_the_same_group(void **state)
{
	AUTO(arena) a = arena_new();
	AUTO(cgroup) again = NULL;
	struct cgroup *c;
	struct err e = { 0 };
	pid_t pid, *pids;
	size_t n;

	need_root();
	c = make(NULL);
	pid = sleeper(c, 0);
	assert_int_equal(cgroup_open(cgroup_manager(c), cgroup_path(c), &again, &e), 0);
	assert_int_equal(cgroup_pids(again, a, &pids, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(pids[0], pid);
	unmake(c);
	waitpid(pid, NULL, 0);
}

static void a_disabled_group_takes_all_but_limits(void **state)
{
	static const int64_t max = 5;
	struct oci_pids pids = { .limit = &max };
	struct oci_linux_resources r = { .pids = &pids };
	struct cgroup_create how = { .manager = "disabled", .id = "x" };
	AUTO(cgroup) c = NULL;
	struct cgroup *none = NULL;
	struct err e = { 0 };

	assert_int_equal(cgroup_create(&how, &c, &e), 0);
	assert_string_equal(cgroup_path(c), "");
	assert_int_equal(cgroup_fd(c), -1);
	assert_int_equal(cgroup_join(c, false, &e), 0);
	assert_int_equal(cgroup_remove(c, 0, &e), 0);
	how.resources = &r;
	assert_int_equal(cgroup_create(&how, &none, &e), -EOPNOTSUPP);
	assert_string_equal(e.msg, "linux.resources: limits need cgroups, which are disabled");
}

static int group_teardown(void **state)
{
	AUTO(cgroup) c = NULL;
	struct err e;

	if (geteuid() == 0 && cgroup_open(NULL, "/berth-test", &c, &e) == 0)
		cgroup_remove(c, 1000, &e);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_joins_in_every_hierarchy_by_itself),
		cmocka_unit_test(removing_kills_what_is_in_it_and_below),
		cmocka_unit_test(a_group_that_is_in_use_is_not_taken_twice),
		cmocka_unit_test(an_empty_group_that_was_left_behind_is_taken_over),
		cmocka_unit_test(limits_are_what_the_files_say),
		cmocka_unit_test(an_update_raises_and_lowers_and_keeps_the_rest),
		cmocka_unit_test(a_limit_that_the_kernel_refuses_is_named_and_leaves_nothing),
		cmocka_unit_test(a_limit_without_its_controller_is_refused),
		cmocka_unit_test(a_frozen_group_stands_still_and_can_be_killed),
		cmocka_unit_test(what_stands_frozen_elsewhere_can_be_killed),
		cmocka_unit_test(what_froze_itself_is_removed_too),
		cmocka_unit_test(a_limit_below_what_is_in_use_is_refused_if_asked),
		cmocka_unit_test(a_fork_bomb_ends),
		cmocka_unit_test(devices_are_denied_but_for_the_usual_ones),
		cmocka_unit_test(what_runs_is_counted),
		cmocka_unit_test(running_out_of_memory_is_counted),
		cmocka_unit_test(a_watch_tells_of_memory_and_of_the_end),
		cmocka_unit_test(a_report_of_a_real_group_has_its_numbers),
		cmocka_unit_test(opening_by_path_finds_the_same_group),
		cmocka_unit_test(a_disabled_group_takes_all_but_limits),
	};

	return cmocka_run_group_tests(tests, NULL, group_teardown);
}
