/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/file.h"
#include "state/layout_private.h"

/* FNV-1a. */
static uint32_t check_digits(const char *id)
{
	uint32_t sum = 2166136261U;

	for (size_t i = 0; i < LAYOUT_SHORT_LEN; i++)
		sum = (sum ^ (unsigned char)id[i]) * 16777619U;
	return sum;
}

void layout_complete_id(char id[STATE_ID_LEN + 1])
{
	snprintf(id + LAYOUT_SHORT_LEN, STATE_ID_LEN + 1 - LAYOUT_SHORT_LEN, "%08x",
		 check_digits(id));
}

void state_new_id(char ret[STATE_ID_LEN + 1])
{
	unsigned char bytes[LAYOUT_SHORT_LEN / 2];

	do {
		if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
			abort();
		text_hex(ret, bytes, sizeof(bytes));
	} while (strspn(ret, "0123456789") >= 12);
	layout_complete_id(ret);
}

static int new_path(char *ret, size_t size, const char *kind, const char *id)
{
	int n = snprintf(ret, size, LAYOUT_NEW "/%s-%s", kind, id);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

int layout_lock_new(const struct state *s, int how)
{
	int fd = openat(s->lib, LAYOUT_NEW, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT && (how & LOCK_SH)) {
		if (mkdirat(s->lib, LAYOUT_NEW, 0700) < 0 && errno != EEXIST)
			return -errno;
		fd = openat(s->lib, LAYOUT_NEW, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return -errno;
	if (flock(fd, how) < 0) {
		int r = -errno;

		close(fd);
		return r;
	}
	return fd;
}

static int make_new(const struct state *s, const char *path, struct err *e)
{
	auto_close int dir = -1;

	if (mkdirat(s->lib, path, 0700) < 0)
		return err_sys(e, "create %s/%s", s->lib_path, path);
	dir = openat(s->lib, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || flock(dir, LOCK_EX) < 0)
		return err_sys(e, "open %s/%s", s->lib_path, path);
	return take_fd(dir);
}

/* Something is there already: what a dead process left makes room, what a living one is filling
 * stays.  Meanwhile nobody may be between making and locking one. */
static int make_instead(const struct state *s, const char *path, const char *id, struct err *e)
{
	auto_close int lock = layout_lock_new(s, LOCK_EX);
	auto_close int there = openat(s->lib, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char aside[PATH_MAX];
	uint32_t number;
	int dir;

	if (lock < 0)
		return err_from(e, lock, "create %s/%s", s->lib_path, LAYOUT_NEW);
	if (there < 0)
		return make_new(s, path, e);
	if (flock(there, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, ERR_CONFLICT, "%s is being made by another process", id);
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return err_sys(e, "getrandom");
	snprintf(aside, sizeof(aside), LAYOUT_NEW "/dead-%08x", number);
	if (renameat(s->lib, path, s->lib, aside) < 0)
		return err_sys(e, "create %s/%s", s->lib_path, path);
	dir = make_new(s, path, e);
	flock(lock, LOCK_UN);
	file_remove_tree_at(s->lib, aside, NULL);
	return dir;
}

int state_begin(const struct state *s, const char *kind, const char *id, struct err *e)
{
	char path[PATH_MAX];
	auto_close int lock = -1;
	int r = new_path(path, sizeof(path), kind, id);

	if (r < 0)
		return err_from(e, r, "create %s", id);
	lock = layout_lock_new(s, LOCK_SH);
	if (lock < 0)
		return err_from(e, lock, "create %s/%s", s->lib_path, LAYOUT_NEW);
	r = make_new(s, path, e);
	if (r != -EEXIST)
		return r;
	flock(lock, LOCK_UN);
	return make_instead(s, path, id, e);
}

int state_rename_new(const struct state *s, const char *kind, const char *id, const char *new_id,
		     struct err *e)
{
	char from[PATH_MAX], to[PATH_MAX];
	int r = new_path(from, sizeof(from), kind, id);

	if (r == 0)
		r = new_path(to, sizeof(to), kind, new_id);
	if (r < 0)
		return err_from(e, r, "create %s", new_id);
	r = file_rename_new(s->lib, from, s->lib, to);
	if (r == -EEXIST)
		return err_set(e, ERR_CONFLICT, "%s is being made by another process", new_id);
	return r < 0 ? err_from(e, r, "create %s", new_id) : 0;
}

static int sync_parent(const struct state *s, const char *kind, struct err *e)
{
	auto_close int parent = openat(s->lib, kind, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (parent < 0 || fsync(parent) < 0)
		return err_sys(e, "sync %s/%s", s->lib_path, kind);
	return 0;
}

int state_commit(const struct state *s, const char *kind, const char *id, int dir, bool durable,
		 struct err *e)
{
	char from[PATH_MAX], to[PATH_MAX];
	int r = layout_path(to, sizeof(to), NULL, kind, id, e);

	if (r < 0)
		return r;
	r = new_path(from, sizeof(from), kind, id);
	if (r < 0)
		return err_from(e, r, "create %s", id);
	if (durable && fsync(dir) < 0)
		return err_sys(e, "sync %s/%s", s->lib_path, from);
	r = file_rename_new(s->lib, from, s->lib, to);
	if (r == -ENOENT) {
		if (mkdirat(s->lib, kind, 0700) < 0 && errno != EEXIST)
			return err_sys(e, "create %s/%s", s->lib_path, kind);
		r = file_rename_new(s->lib, from, s->lib, to);
	}
	if (r == -EEXIST)
		return err_set(e, ERR_CONFLICT, "%s exists", id);
	if (r < 0)
		return err_from(e, r, "create %s/%s", s->lib_path, to);
	return durable ? sync_parent(s, kind, e) : 0;
}

void state_abandon(const struct state *s, const char *kind, const char *id)
{
	char path[PATH_MAX];

	if (new_path(path, sizeof(path), kind, id) == 0)
		file_remove_tree_at(s->lib, path, NULL);
}

#define OPEN_OBJECT (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static int open_object(int root, const char *path, const char *id, struct err *e)
{
	int fd = openat(root, path, OPEN_OBJECT);

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(e, ERR_NOT_FOUND, "%s is not there", id);
	return fd < 0 ? err_sys(e, "open %s", path) : fd;
}

int state_dir(const struct state *s, const char *kind, const char *id, struct err *e)
{
	char path[PATH_MAX];
	int r = layout_path(path, sizeof(path), NULL, kind, id, e);

	return r < 0 ? r : open_object(s->lib, path, id, e);
}

int state_run_dir(const struct state *s, const char *kind, const char *id, bool make, struct err *e)
{
	char path[PATH_MAX];
	int r = layout_path(path, sizeof(path), NULL, kind, id, e);

	if (r < 0 || !make)
		return r < 0 ? r : open_object(s->run, path, id, e);
	for (;;) {
		int fd;

		r = file_mkdir_path(s->run, path, 0700, e);
		if (r < 0)
			return r;
		fd = openat(s->run, path, OPEN_OBJECT);
		if (fd >= 0)
			return fd;
		/* A sweep may have removed it in between. */
		if (errno != ENOENT)
			return err_sys(e, "open %s", path);
	}
}

bool state_exists(const struct state *s, const char *kind, const char *id)
{
	char path[PATH_MAX];

	return layout_path(path, sizeof(path), NULL, kind, id, NULL) == 0 &&
	       file_is_there(s->lib, path);
}

int state_lock(const struct state *s, const char *kind, const char *id, struct err *e)
{
	char path[PATH_MAX];
	int r = layout_path(path, sizeof(path), NULL, kind, id, e);

	if (r < 0)
		return r;
	for (;;) {
		auto_close int fd = open_object(s->lib, path, id, e);
		struct stat locked, there;

		if (fd < 0)
			return fd;
		while (flock(fd, LOCK_EX) < 0)
			if (errno != EINTR)
				return err_sys(e, "lock %s", id);
		/* While we waited it may have been removed, and even made again. */
		if (fstat(fd, &locked) < 0)
			return err_sys(e, "lock %s", id);
		if (fstatat(s->lib, path, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
		    there.st_ino == locked.st_ino && there.st_dev == locked.st_dev)
			return take_fd(fd);
	}
}

/* Renames root/kind/id into root's trash, as ret[256]; "" if there is none. */
static int discard(int root, const char *kind, const char *id, char *ret, struct err *e)
{
	char from[PATH_MAX], to[PATH_MAX];
	uint32_t number;
	int r = layout_path(from, sizeof(from), NULL, kind, id, e);

	*ret = '\0';
	if (r < 0)
		return r;
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return err_sys(e, "getrandom");
	/* One flat name, however long the id is. */
	snprintf(to, sizeof(to), LAYOUT_TRASH "/%.200s-%08x", id, number);
	r = renameat(root, from, root, to) < 0 ? -errno : 0;
	if (r == -ENOENT) {
		if (!file_is_there(root, from))
			return 0;
		if (mkdirat(root, LAYOUT_TRASH, 0700) < 0 && errno != EEXIST)
			return err_sys(e, "create %s", LAYOUT_TRASH);
		r = renameat(root, from, root, to) < 0 ? -errno : 0;
	}
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return err_from(e, r, "remove %s", from);
	strcpy(ret, to + strlen(LAYOUT_TRASH "/"));
	return 0;
}

int state_discard(const struct state *s, const char *kind, const char *id, struct state_trash *ret,
		  struct err *e)
{
	int r = discard(s->lib, kind, id, ret->lib, e);

	ret->run[0] = '\0';
	return r < 0 ? r : discard(s->run, kind, id, ret->run, e);
}

static void delete (int root, const char *name)
{
	char path[PATH_MAX];

	if (!*name)
		return;
	snprintf(path, sizeof(path), LAYOUT_TRASH "/%s", name);
	file_remove_tree_at(root, path, NULL);
}

void state_delete(const struct state *s, const struct state_trash *t)
{
	delete (s->lib, t->lib);
	delete (s->run, t->run);
}

int state_remove_run(const struct state *s, const char *kind, const char *id, struct err *e)
{
	struct state_trash t;
	int r = discard(s->run, kind, id, t.run, e);

	delete (s->run, t.run);
	return r;
}

int state_remove(const struct state *s, const char *kind, const char *id, struct err *e)
{
	struct state_trash t;
	int r = state_discard(s, kind, id, &t, e);

	state_delete(s, &t);
	return r;
}

int state_list(const struct state *s, const char *kind, struct arena *a, struct texts *ret,
	       struct err *e)
{
	return layout_entries(s->lib, kind, a, ret, e);
}

int state_list_run(const struct state *s, const char *kind, struct arena *a, struct texts *ret,
		   struct err *e)
{
	return layout_entries(s->run, kind, a, ret, e);
}

int state_lock_store(const struct state *s, bool exclusive, struct err *e)
{
	/* The root's own directory is the lock. */
	auto_close int fd = openat(s->lib, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "lock %s", s->lib_path);
	while (flock(fd, exclusive ? LOCK_EX : LOCK_SH) < 0)
		if (errno != EINTR)
			return err_sys(e, "lock %s", s->lib_path);
	return take_fd(fd);
}

/* Deletes what is in the open directory but what a living process holds locked. */
static void sweep_dir(int dir)
{
	AUTO(arena) a = arena_new();
	struct texts l;

	if (layout_entries(dir, ".", a, &l, NULL) < 0)
		return;
	for (size_t i = 0; i < l.n; i++) {
		auto_close int fd = openat(dir, l.v[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);

		if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
			file_remove_tree_at(dir, l.v[i], NULL);
	}
}

static void sweep_trash(int root)
{
	auto_close int dir = openat(root, LAYOUT_TRASH, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir >= 0)
		sweep_dir(dir);
}

static void sweep_unlocked(int dir)
{
	AUTO(arena) a = arena_new();
	struct texts l;

	if (layout_entries(dir, ".", a, &l, NULL) < 0)
		return;
	for (size_t i = 0; i < l.n; i++) {
		auto_close int fd = openat(dir, l.v[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);

		if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
			file_remove_tree_at(dir, l.v[i], NULL);
	}
}

static void sweep_new(const struct state *s)
{
	auto_close int lib = layout_lock_new(s, LOCK_EX | LOCK_NB);
	auto_close int run = openat(s->run, LAYOUT_NEW, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (lib >= 0)
		sweep_unlocked(lib);
	/* Only files are filled there. */
	if (run >= 0)
		sweep_unlocked(run);
}

void state_sweep(const struct state *s)
{
	sweep_trash(s->lib);
	sweep_trash(s->run);
	sweep_new(s);
}
