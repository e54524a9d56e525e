/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/rootless.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>

#include "base/child.h"
#include "base/file.h"
#include "base/identity.h"
#include "base/log.h"
#include "base/path.h"
#include "kernel/hold.h"

#define HOLD_FILE   "hold.json"
#define ID_FILE_MAX (4U << 20)
#define RANGES_MAX  64

static int cannot_make(struct err *e)
{
	int code = errno;

	if (code == ENOSPC)
		return err_set(e, ERR_UNSUPPORTED,
			       "make a user namespace: the limit is reached: raise it with sysctl "
			       "user.max_user_namespaces=28633");
	if (code == EPERM)
		return err_set(e, ERR_DENIED,
			       "make a user namespace: not permitted: see sysctl "
			       "kernel.unprivileged_userns_clone (wanted: 1), "
			       "kernel.apparmor_restrict_unprivileged_userns (wanted: 0), or this "
			       "is a chroot");
	errno = code;
	return err_sys(e, "make a user namespace");
}

/* "USER:START:COUNT" lines of this user, as arguments of newuidmap behind the user's own id. */
static int read_ranges(struct arena *a, const char *file, unsigned own, struct texts *ret,
		       struct err *e)
{
	auto_free char *text = NULL;
	const char *me = identity_name(a, getuid());
	const char *number = arena_printf(a, "%u", getuid());
	unsigned long long next = 1;
	struct texts lines;

	texts_add(a, ret, "0");
	texts_addf(a, ret, "%u", own);
	texts_add(a, ret, "1");
	if (file_read_at(AT_FDCWD, file, ID_FILE_MAX, &text, NULL, e) < 0)
		return 0; /* no file is no entry */
	lines = texts_split(a, text, '\n');
	for (size_t i = 0; i < lines.n && ret->n < 3 * RANGES_MAX; i++) {
		struct texts parts = texts_split(a, lines.v[i], ':');
		uint64_t start, count;

		if (parts.n != 3 ||
		    (!(*me && strcmp(parts.v[0], me) == 0) && strcmp(parts.v[0], number) != 0))
			continue;
		if (text_to_uint(parts.v[1], UINT32_MAX, &start, file, e) < 0 ||
		    text_to_uint(parts.v[2], UINT32_MAX, &count, file, e) < 0)
			return err_wrap(e, "%s", file);
		texts_addf(a, ret, "%llu", next);
		texts_addf(a, ret, "%llu", (unsigned long long)start);
		texts_addf(a, ret, "%llu", (unsigned long long)count);
		next += count;
	}
	return 0;
}

static int run_mapper(struct arena *a, const char *program, const char *pid,
		      const struct texts *ranges, struct err *e)
{
	static const char *const folders[] = { "/usr/bin", "/bin", "/usr/sbin", "/sbin" };
	struct texts argv = { 0 };
	const char *path = NULL;
	struct child child;
	int status, r;

	for (size_t i = 0; i < ARRAY_LEN(folders) && !path; i++) {
		char *one = path_join(a, folders[i], program);

		if (access(one, X_OK) == 0)
			path = one;
	}
	if (!path)
		return err_set(e, ERR_NOT_FOUND,
			       "%s is missing, which gives subordinate ids: install the package "
			       "uidmap (shadow)",
			       program);
	texts_add(a, &argv, program);
	texts_add(a, &argv, pid);
	for (size_t i = 0; i < ranges->n; i++)
		texts_add(a, &argv, ranges->v[i]);
	r = child_spawn(&(struct child_spawn){ .path = path,
					       .argv = (char *const *)argv.v,
					       .in = -1,
					       .out = -1,
					       .err = STDERR_FILENO },
			&child, e);
	if (r == 0)
		r = child_wait(&child, &status, e);
	if (r == 0 && child_exit_code(status) != 0)
		r = err_set(e, ERR_DENIED, "%s failed with %d: see /etc/subuid and /etc/subgid",
			    program, child_exit_code(status));
	return r;
}

static int write_map(const char *pid, const char *file, const char *text, struct err *e)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, file);
	return file_poke_at(AT_FDCWD, path, text, e);
}

/* Anyone may map himself, and nobody else (user_namespaces(7)). */
static int map_own_id(const char *pid, struct err *e)
{
	char map[64];
	int r;

	log_at(LOG_WARN,
	       "uid %u has no subordinate ids in /etc/subuid and /etc/subgid: files of all users "
	       "will be his. To change that, remove all images, and as root: usermod "
	       "--add-subuids 100000-165535 --add-subgids 100000-165535 USER",
	       getuid());
	snprintf(map, sizeof(map), "0 %u 1", getuid());
	r = write_map(pid, "uid_map", map, e);
	if (r == 0)
		r = write_map(pid, "setgroups", "deny", e);
	snprintf(map, sizeof(map), "0 %u 1", getgid());
	return r < 0 ? r : write_map(pid, "gid_map", map, e);
}

static int map_ids(void *arg, pid_t child, struct err *e)
{
	struct arena *a = arg;
	const char *pid = arena_printf(a, "%d", child);
	struct texts uids = { 0 }, gids = { 0 };
	int r = read_ranges(a, "/etc/subuid", getuid(), &uids, e);

	if (r == 0)
		r = read_ranges(a, "/etc/subgid", getgid(), &gids, e);
	if (r < 0)
		return r;
	if (uids.n <= 3 || gids.n <= 3)
		return map_own_id(pid, e);
	r = run_mapper(a, "newuidmap", pid, &uids, e);
	return r < 0 ? r : run_mapper(a, "newgidmap", pid, &gids, e);
}

/* In the new process. */
static int make_namespace(void *arg, struct err *e)
{
	(void)arg;
	return unshare(CLONE_NEWUSER) < 0 ? cannot_make(e) : 0;
}

static int get_namespace(const struct state *s, struct arena *a, struct err *e)
{
	auto_close int lock = -1;
	char *program;
	int fd = hold_open(a, s->run, HOLD_FILE, "user"), r;

	if (fd >= 0)
		return fd;
	lock = openat(s->run, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return err_sys(e, "lock %s", s->run_path);
	fd = hold_open(a, s->run, HOLD_FILE, "user");
	if (fd >= 0)
		return fd;
	r = path_libexec(a, "init", &program, e);
	if (r == 0)
		r = hold_start(s->run,
			       &(struct hold_start){
				       .file = HOLD_FILE,
				       .fill_root = s->run,
				       .program = program,
				       .make = make_namespace,
				       .furnish = map_ids,
				       .furnish_arg = a,
			       },
			       e);
	if (r < 0)
		return r;
	fd = hold_open(a, s->run, HOLD_FILE, "user");
	return fd >= 0 ? fd
		       : err_set(e, ERR_SYSTEM, "the holder of the user namespace ended at once");
}

/* The overlay wants directories of the mount namespace that it is mounted in. */
static int open_again(int *fd, const char *path, struct err *e)
{
	int again = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (again < 0)
		return err_sys(e, "rootless: open %s", path);
	close(*fd);
	*fd = again;
	return 0;
}

int rootless_enter(struct state *s, struct arena *a, struct err *e)
{
	auto_close int ns = -1;
	int r;

	if (geteuid() == 0)
		return 0;
	ns = get_namespace(s, a, e);
	if (ns < 0)
		return err_wrap(e, "rootless");
	if (setns(ns, CLONE_NEWUSER) < 0)
		return err_sys(e, "rootless: enter the user namespace");
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_sys(e, "rootless: make a mount namespace");
	s->single_id = state_ids_mapped() < 2;
	r = open_again(&s->lib, s->lib_path, e);
	return r < 0 ? r : open_again(&s->run, s->run_path, e);
}
