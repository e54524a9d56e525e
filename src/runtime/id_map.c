/* SPDX-License-Identifier: BSD-2-Clause */
#include "runtime/id_map.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/child.h"
#include "base/file.h"
#include "kernel/kernel.h"

#define MAP_MAX 16384 /* 340 lines of three numbers are the kernel's limit */

static int print_maps(const struct oci_id_maps *maps, struct buf *out, struct err *e)
{
	for (size_t i = 0; i < maps->n; i++)
		buf_addf(out, "%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", maps->v[i].container_id,
			 maps->v[i].host_id, maps->v[i].size);
	return buf_check(out, "the ID map", e);
}

/* What we have, each to itself: the first and third column of our own map. */
static int print_identity(const char *own, struct buf *out, struct err *e)
{
	auto_free char *text = NULL;
	int r = file_read_at(AT_FDCWD, own, MAP_MAX, &text, NULL, e);
	unsigned long inside, outside, count;
	char *save = NULL;

	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%lu %lu %lu", &inside, &outside, &count) == 3)
			buf_addf(out, "%lu %lu %lu\n", inside, inside, count);
	return 0;
}

static int spawn_mapper(const char *program, pid_t pid, const char *map, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct texts argv = { 0 };
	struct child_spawn how = { .in = -1, .out = -1, .err = -1, .die_with_parent = true };
	struct child c;
	char *path = arena_printf(a, "/usr/bin/%s", program), *save = NULL;
	int r, status;

	texts_add(a, &argv, program);
	texts_addf(a, &argv, "%d", (int)pid);
	for (char *w = strtok_r(arena_strdup(a, map), " \n", &save); w;
	     w = strtok_r(NULL, " \n", &save))
		texts_add(a, &argv, w);
	how.path = path;
	how.argv = (char *const *)argv.v;
	r = child_spawn(&how, &c, e);
	if (r == 0)
		r = child_wait(&c, &status, e);
	if (r < 0)
		return err_wrap(e, "%s", program);
	if (child_exit_code(status) != 0)
		return err_set(e, ERR_DENIED,
			       "%s refused the mapping: is it within /etc/%s of this user?",
			       program, strcmp(program, "newuidmap") == 0 ? "subuid" : "subgid");
	return 0;
}

/* A plain user's own group alone: he may map it himself, if it gives up setgroups(2)
 * (user_namespaces(7)). */
static bool is_own_alone(const struct oci_id_maps *maps)
{
	return maps->n == 1 && maps->v[0].size == 1 && maps->v[0].host_id == getegid();
}

static int deny_groups(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
	return file_poke_at(AT_FDCWD, path, "deny", NULL);
}

static int write_map(pid_t pid, const char *file, const struct oci_id_maps *maps, struct err *e)
{
	auto_buf text = BUF(MAP_MAX);
	char path[64], own[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	snprintf(own, sizeof(own), "/proc/self/%s", file);
	r = maps->n ? print_maps(maps, &text, e) : print_identity(own, &text, e);
	if (r < 0)
		return r;
	r = file_poke_at(AT_FDCWD, path, buf_text(&text), e);
	if (r == -EPERM && file[0] == 'g' && is_own_alone(maps) && deny_groups(pid) == 0)
		r = file_poke_at(AT_FDCWD, path, buf_text(&text), e);
	if (r == -EPERM)
		r = spawn_mapper(file[0] == 'u' ? "newuidmap" : "newgidmap", pid, buf_text(&text),
				 e);
	return r;
}

int id_map_process(pid_t pid, const struct oci_id_maps *uids, const struct oci_id_maps *gids,
		   struct err *e)
{
	int r = write_map(pid, "uid_map", uids, e);

	if (r == 0)
		r = write_map(pid, "gid_map", gids, e);
	return r < 0 ? err_wrap(e, "linux.uidMappings, linux.gidMappings") : 0;
}

/* Made by a process that then only waits to be killed. */
int id_map_userns(const struct oci_id_maps *uids, const struct oci_id_maps *gids, struct err *e)
{
	struct kernel_clone how = { .flags = CLONE_NEWUSER, .cgroup_fd = -1 };
	int pidfd = -1, fd = -1, r;
	char path[64];
	pid_t pid = kernel_clone(&how, &pidfd, NULL, e);

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			pause();
	}
	if (pid < 0)
		return err_wrap(e, "user namespace of an ID map");
	r = id_map_process(pid, uids, gids, e);
	if (r == 0) {
		snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			r = err_sys(e, "%s", path);
	}
	kernel_pidfd_send_signal(pidfd, SIGKILL);
	kernel_pidfd_wait(pidfd, NULL);
	close(pidfd);
	return r < 0 ? r : fd;
}
