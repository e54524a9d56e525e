/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * v2 tells of its files' changes by inotify: memory.events counts, and cgroup.events knows whether
 * anything is in the group.  v1 signals an eventfd that was registered with cgroup.event_control
 * (Documentation/admin-guide/cgroup-v1/memory.rst, section 10), also when the group is removed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include "base/path.h"
#include "cgroup/manager.h"

struct cgroup_watch {
	struct group group; /* that of memory */
	struct arena *arena;
	int fd;
	bool by_eventfd;
	uint64_t seen; /* of v2's count */
};

static uint64_t count_of(const struct cgroup_watch *w)
{
	AUTO(arena) a = arena_new();

	return group_key(group_read(&w->group, a, "memory.events"), "oom_kill");
}

static int open_inotify(struct cgroup_watch *w, struct err *e)
{
	static const char *const files[] = { "memory.events", "cgroup.events" };

	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->fd < 0)
		return err_sys(e, "inotify");
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (inotify_add_watch(w->fd, path_join(w->arena, w->group.dir, files[i]),
				      IN_MODIFY) < 0)
			return err_sys(e, "watch %s/%s", w->group.dir, files[i]);
	w->seen = count_of(w);
	return 0;
}

static int open_eventfd(struct cgroup_watch *w, struct err *e)
{
	auto_close int file = -1;
	char text[32];
	int r;

	w->by_eventfd = true;
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->fd < 0)
		return err_sys(e, "eventfd");
	file = open(path_join(w->arena, w->group.dir, "memory.oom_control"), O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return err_sys(e, "%s/memory.oom_control", w->group.dir);
	snprintf(text, sizeof(text), "%d %d", w->fd, file);
	r = group_write(&w->group, "cgroup.event_control", text);
	return r < 0 ? err_from(e, r, "%s/cgroup.event_control", w->group.dir) : 0;
}

int cgroup_watch_open(const struct cgroup *c, struct cgroup_watch **ret, struct err *e)
{
	AUTO(cgroup_watch) w = NULL;
	struct arena *a;
	const char *file;
	const struct group *g =
		c->manager->oom_file && c->len > 0 ? c->manager->oom_file(c, &file) : NULL;
	int r;

	if (!g)
		return err_set(e, ERR_UNSUPPORTED,
			       "this container has no cgroup that counts memory");
	a = arena_new();
	w = ARENA_NEW(a, struct cgroup_watch);
	*w = (struct cgroup_watch){ .arena = a, .fd = -1, .group = *g };
	w->group.dir = arena_strdup(a, g->dir);
	w->group.controllers = *g->controllers ? "memory" : "";
	r = *g->controllers ? open_eventfd(w, e) : open_inotify(w, e);
	if (r == 0)
		*ret = take_ptr(w);
	return r;
}

int cgroup_watch_fd(const struct cgroup_watch *w)
{
	return w->fd;
}

static void drain(int fd)
{
	char events[4096];

	while (read(fd, events, sizeof(events)) > 0)
		;
}

void cgroup_watch_read(struct cgroup_watch *w, unsigned *ret_ooms, bool *ret_ended)
{
	AUTO(arena) a = arena_new();
	uint64_t now, signalled = 0;

	*ret_ooms = 0;
	*ret_ended = false;
	if (w->by_eventfd) {
		if (read(w->fd, &signalled, sizeof(signalled)) != sizeof(signalled))
			signalled = 0;
		*ret_ended = access(w->group.dir, F_OK) < 0;
		/* The removal itself was one signal. */
		if (!*ret_ended)
			*ret_ooms = (unsigned)signalled;
		return;
	}
	drain(w->fd);
	now = count_of(w);
	if (now > w->seen) {
		*ret_ooms = (unsigned)(now - w->seen);
		w->seen = now;
	}
	*ret_ended = group_key(group_read(&w->group, a, "cgroup.events"), "populated") == 0;
}

void cgroup_watch_free(struct cgroup_watch *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	arena_free(w->arena);
}
