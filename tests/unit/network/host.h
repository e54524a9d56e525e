/* SPDX-License-Identifier: BSD-2-Clause */
/* A host of the test's own: network and mount namespaces (in a user namespace unless it is root),
 * and a state in a temporary folder.  "ip" is iproute2's. */
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/file.h"
#include "kernel/process.h"
#include "network/network.h"
#include "unit.h"

static struct state host_state;
static struct arena *host_arena;
static char host_folder[] = "/tmp/berth-network-XXXXXX";
static bool host_is_there;

/* Namespaces that are kept by a mount in here; others' come and go. */
static inline int host_pins(void)
{
	FILE *mounts = fopen("/proc/self/mounts", "re");
	char *line = NULL;
	size_t size = 0;
	int n = 0;

	while (mounts && getline(&line, &size, mounts) > 0)
		n += strncmp(line, "nsfs ", 5) == 0 && strstr(line, host_folder);
	free(line);
	if (mounts)
		fclose(mounts);
	return n;
}

static inline int host_make(void **state)
{
	struct err e;
	int flags = CLONE_NEWNET | CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0);
	uid_t uid = geteuid();
	gid_t gid = getegid();

	host_arena = arena_new();
	if (unshare(flags) < 0)
		return 0;
	if (flags & CLONE_NEWUSER) {
		char map[32];

		snprintf(map, sizeof(map), "0 %u 1", (unsigned)uid);
		file_poke_at(AT_FDCWD, "/proc/self/uid_map", map, NULL);
		snprintf(map, sizeof(map), "0 %u 1", (unsigned)gid);
		file_poke_at(AT_FDCWD, "/proc/self/setgroups", "deny", NULL);
		file_poke_at(AT_FDCWD, "/proc/self/gid_map", map, NULL);
	}
	mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	if (!mkdtemp(host_folder))
		return -1;
	if (mount("none", host_folder, "tmpfs", 0, NULL) < 0)
		return 0;
	if (state_open(host_arena,
		       &(struct state_open){
			       .root = arena_printf(host_arena, "%s/lib", host_folder),
			       .runroot = arena_printf(host_arena, "%s/run", host_folder),
		       },
		       &host_state, &e) < 0) {
		print_error("%s\n", e.msg);
		return -1;
	}
	/* A /run/netns of its own. */
	if (mount("none", "/run", "tmpfs", 0, NULL) < 0)
		return 0;
	host_state.rootless = false;
	host_is_there = true;
	return 0;
}

static inline int host_end(void **state)
{
	if (host_is_there)
		state_close(&host_state);
	arena_free(host_arena);
	umount2("/run", MNT_DETACH);
	umount2(host_folder, MNT_DETACH);
	rmdir(host_folder);
	return 0;
}

static inline void host_needed(void)
{
	if (!host_is_there) {
		print_message("needs namespaces\n");
		skip();
	}
}

/* 0 if the command said so. */
static inline int host_run(const char *command)
{
	int status = system(command);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline void host_do(const char *command)
{
	if (host_run(command) != 0)
		fail_msg("%s", command);
}

/* The same, 10 s later at the most. */
static inline void host_wait(const char *command)
{
	for (int i = 0; i < 200; i++) {
		if (host_run(command) == 0)
			return;
		usleep(50000);
	}
	fail_msg("waited in vain for: %s", command);
}

/* A container: a process in a network namespace of its own. */
struct guest {
	const char *id, *name;
	pid_t pid;
	int netns, lock;
	struct network_status st;
	struct network_target target;
	struct plan plan;
};

/* No record, lease, mark, mount or name is left. */
static inline void host_is_clean(void)
{
	host_do(arena_printf(host_arena,
			     "test -z \"$(ls -A %s/run/attachments %s/run/pinned "
			     "%s/run/networks/*/leases /run/netns 2>/dev/null | grep -v '^/.*:$' | "
			     "grep .)\"",
			     host_folder, host_folder, host_folder));
	assert_int_equal(host_pins(), 0);
}

static inline void guest_born(struct guest *g)
{
	int ready[2];
	char path[64], c;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	g->pid = fork();
	if (g->pid == 0) {
		close(g->lock);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) == 0 && write(ready[1], "x", 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)g->pid);
	g->netns = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(g->netns >= 0);
}

/* Up to the point where it would be done. */
static inline int guest_begin(struct guest *g, struct network_attachment *asked, size_t n,
			      struct err *e)
{
	struct network_attachments l = { asked, n };
	struct network_join how = { .id = g->id, .name = g->name, .asked = &l, .host_netns = -1 };
	int r = network_join(&host_state, host_arena, &how, &g->st, &g->lock, e);

	if (r < 0)
		return r;
	guest_born(g);
	g->target = (struct network_target){
		.netns = g->netns, .host_netns = -1, .lock = g->lock, .pid = g->pid
	};
	plan_init(&g->plan, host_arena);
	network_plan(&g->plan, &host_state, &g->st, &g->target);
	return 0;
}

/* It failed to start. */
static inline void guest_give_up(struct guest *g)
{
	close(g->netns);
	kill(g->pid, SIGKILL);
	waitpid(g->pid, NULL, 0);
	close(g->lock);
}

static inline int guest_start(struct guest *g, struct network_attachment *asked, size_t n,
			      struct err *e)
{
	uint64_t start;
	int r = guest_begin(g, asked, n, e);

	if (r < 0)
		return r;
	r = plan_apply(&g->plan, e);
	network_target_close(&g->target);
	if (r < 0) {
		guest_give_up(g);
		return r;
	}
	assert_int_equal(kernel_start_time(g->pid, &start), 0);
	r = network_started(&g->st, g->lock, g->pid, start, e);
	close(g->lock);
	return r;
}

/* Whatever is left of it is nobody's. */
static inline void guest_die(struct guest *g)
{
	close(g->netns);
	kill(g->pid, SIGKILL);
	waitpid(g->pid, NULL, 0);
}

static inline void guest_end(struct guest *g)
{
	struct err e;

	guest_die(g);
	if (network_leave(&host_state, g->id, -1, &e) < 0)
		fail_msg("%s", e.msg);
}

static inline int guest_run(struct guest *g, const char *command)
{
	return host_run(
		arena_printf(host_arena, "nsenter --net=/proc/%d/ns/net %s", (int)g->pid, command));
}
