/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/file.h"
#include "engine/status.h"
#include "kernel/mount.h"

#define DEVICE_FILE                                                                  \
	"device" /* of the volume's run directory: which file system its users share \
		  */

/* "MAJOR:MINOR INODE" of what was mounted: a container may have put another thing in its place. */
static void print_identity(char *ret, size_t size, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		*ret = '\0';
	else
		snprintf(ret, size, "%u:%u %llu\n", major(st.st_dev), minor(st.st_dev),
			 (unsigned long long)st.st_ino);
}

static int record(const struct state *s, const char *name, int fd, struct err *e)
{
	auto_close int run = state_run_dir(s, VOLUMES, name, true, e);
	char text[64];

	print_identity(text, sizeof(text), fd);
	return run < 0 ? run
		       : file_replace_at(run, DEVICE_FILE, text, strlen(text),
					 &(struct file_write){ .fill_root = s->run }, e);
}

static bool is_recorded(const struct state *s, const char *name, int fd)
{
	auto_close int run = state_run_dir(s, VOLUMES, name, false, NULL);
	auto_free char *known = NULL;
	char text[64];

	print_identity(text, sizeof(text), fd);
	return run >= 0 && file_read_at(run, DEVICE_FILE, 64, &known, NULL, NULL) == 0 &&
	       strcmp(known, text) == 0;
}

/* Where to copy the mount from: a process that has it, and its place there. */
struct source {
	pid_t pid;
	const char *place;
};

static bool find_in(const struct state *s, struct arena *a, const struct container *c,
		    const char *name, struct source *ret)
{
	struct container_status st;

	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct container_mount *m = &c->mounts.v[i];
		auto_close int fd = -1;

		if (strcmp(m->type, "volume") != 0 || !text_eq(m->source, name) || m->sub_path ||
		    m->overlay)
			continue;
		if (container_status(s, a, c, &st, NULL) < 0 || !container_is_alive(&st))
			return false;
		*ret = (struct source){ (pid_t)st.run.pid, m->destination };
		fd = kernel_mount_copy_of(ret->pid, ret->place, false, NULL);
		if (fd >= 0 && is_recorded(s, name, fd))
			return true;
	}
	return false;
}

/* 1: `volume mount` or a running container has it; 0: nobody. */
static int find_source(const struct state *s, struct arena *a, const struct volume *v,
		       struct source *ret, struct err *e)
{
	auto_close int data = volume_open(s, v->name, NULL);
	struct containers all;
	int r;

	if (data >= 0 && kernel_is_mount_root(data, "")) {
		*ret = (struct source){ getpid(), volume_path(s, a, v->name) };
		return 1;
	}
	/* What it shows is elsewhere, and stays there. */
	if (volume_is_bind(v))
		return 0;
	r = container_list(s, a, &all, container_skip_damaged, NULL, e);
	for (size_t i = 0; r == 0 && i < all.n; i++)
		if (find_in(s, a, all.v[i], v->name, ret))
			return 1;
	return r;
}

static void close_all(int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close_p(&fds[i]);
}

/* n copies of the mount: one that is in use can be copied by whoever is where it is alone. */
static int open_copies(const struct state *s, struct arena *a, const struct volume *v, int *fds,
		       size_t n, struct err *e)
{
	struct source from = { 0 };
	int r = find_source(s, a, v, &from, e);

	if (r < 0)
		return r;
	if (r == 0) {
		r = volume_mount(s, v, fds, n, e);
		if (r == 0)
			r = record(s, v->name, fds[0], e);
		if (r < 0)
			close_all(fds, n);
		return r;
	}
	for (size_t i = 0; i < n; i++) {
		fds[i] = r = kernel_mount_copy_of(from.pid, from.place, false, e);
		if (r < 0) {
			close_all(fds, i);
			return r;
		}
	}
	return 0;
}

int volume_open_shared(const struct state *s, struct arena *a, const struct volume *v,
		       struct err *e)
{
	int fd = -1, r;

	if (!volume_is_mount(v))
		return volume_open(s, v->name, e);
	r = open_copies(s, a, v, &fd, 1, e);
	return r < 0 ? r : fd;
}

/* Of all volumes that are mounts: containers that share two of them can't wait for each other. */
static int lock_volumes(const struct state *s, struct err *e)
{
	int fd, r = file_mkdir_path(s->run, VOLUMES, 0700, e);

	if (r < 0)
		return r;
	fd = file_open_dir_at(s->run, VOLUMES, e);
	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX) == 0)
		return fd;
	r = err_sys(e, "lock the volumes");
	close(fd);
	return r;
}

static bool is_of(const struct container_mount *m, const char *volume)
{
	return strcmp(m->type, "volume") == 0 && text_eq(m->source, volume);
}

/* A copy for each place that the container has it at. */
static int open_everywhere(const struct state *s, struct arena *a, const struct container *c,
			   const struct volume *v, int *fds, struct err *e)
{
	size_t n = 0;
	int *copies, r;

	for (size_t i = 0; i < c->mounts.n; i++)
		n += is_of(&c->mounts.v[i], v->name);
	copies = arena_array(a, n, sizeof(*copies));
	r = open_copies(s, a, v, copies, n, e);
	for (size_t i = c->mounts.n; r == 0 && i-- > 0;)
		if (is_of(&c->mounts.v[i], v->name))
			fds[i] = copies[--n];
	return r;
}

int container_volumes_open(const struct state *s, struct arena *a, const struct container *c,
			   int *fds, int *ret_lock, struct err *e)
{
	auto_close int lock = -1;

	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct container_mount *m = &c->mounts.v[i];
		struct volume *v;
		int r;

		if (strcmp(m->type, "volume") != 0 || fds[i] >= 0)
			continue;
		r = volume_find(s, a, m->source, &v, e);
		if (r < 0)
			return r;
		if (!volume_is_mount(v))
			continue;
		if (lock < 0)
			lock = lock_volumes(s, e);
		r = lock < 0 ? lock : open_everywhere(s, a, c, v, fds, e);
		if (r < 0)
			return r;
	}
	*ret_lock = take_fd(lock);
	return 0;
}
