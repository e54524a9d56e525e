/* SPDX-License-Identifier: BSD-2-Clause */
#include "cgroup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/identity.h"
#include "base/path.h"
#include "base/units.h"
#include "cgroup/systemd.h"

#define KILL_ROUNDS 100

int64_t cgroup_deadline(int timeout_ms)
{
	return clock_monotonic_usec() + (int64_t)timeout_ms * 1000;
}

bool cgroup_wait(int64_t deadline_usec, int *wait_usec)
{
	int64_t left = deadline_usec - clock_monotonic_usec();

	if (left <= 0)
		return false;
	if (*wait_usec == 0)
		*wait_usec = 100;
	usleep((useconds_t)(*wait_usec < left ? *wait_usec : left));
	if (*wait_usec < 10000)
		*wait_usec *= 2;
	return true;
}

struct cgroup *cgroup_new(void)
{
	struct arena *a = arena_new();
	struct cgroup *c = ARENA_NEW(a, struct cgroup);

	c->arena = a;
	c->fd = -1;
	c->path = c->below = "";
	c->manager = &cgroup_disabled;
	return c;
}

void cgroup_free(struct cgroup *c)
{
	if (!c)
		return;
	if (c->fd >= 0)
		close(c->fd);
	arena_free(c->arena);
}

const struct cgroup_manager *cgroup_manager_named(struct arena *a, const char *name,
						  const struct cgroup_host *host, struct err *e)
{
	if (host->version == CGROUP_NONE || text_eq(name, "disabled"))
		return &cgroup_disabled;
	if (!name || text_eq(name, "cgroupfs"))
		return host->version == CGROUP_V2 ? &cgroup_v2 : &cgroup_v1;
	if (text_eq(name, "systemd") && host->version == CGROUP_V2)
		return systemd_manager(a);
	if (text_eq(name, "systemd"))
		err_set(e, ERR_UNSUPPORTED,
			"the cgroup manager systemd needs cgroup v2; this host has v1: use cgroupfs");
	else
		err_set(e, ERR_INVALID,
			"unknown cgroup manager \"%s\": systemd, cgroupfs or disabled", name);
	return NULL;
}

const char *cgroup_manager_default(void)
{
	AUTO(arena) a = arena_new();
	struct cgroup_host host;
	struct err e;

	if (host_find(a, &host, &e) < 0 || host.version == CGROUP_NONE)
		return "disabled";
	return host.version == CGROUP_V2 && host.systemd && systemd_is_there() ? "systemd"
									       : "cgroupfs";
}

void cgroup_add_group(struct cgroup *c, const struct cgroup_hierarchy *h, const char *path)
{
	struct group *g = &c->groups[c->len++];

	g->controllers = arena_strdup(c->arena, h->controllers);
	g->mount = arena_strdup(c->arena, h->mount);
	g->dir = path_join(c->arena, h->mount, path);
	g->join = path_join(c->arena, g->dir, *h->controllers ? "tasks" : "cgroup.procs");
	if (!*h->controllers)
		c->unified = g;
}

static const char *path_in(struct arena *a, const char *path, const char *controllers)
{
	struct texts lines;

	if (!strchr(path, '\n'))
		return path;
	lines = texts_split(a, path, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		const char *rest = text_after(lines.v[i], controllers);

		if (rest && *rest == ':')
			return rest + 1;
	}
	return NULL;
}

void cgroup_give_up(struct cgroup *c)
{
	c->len = 0;
	c->unified = NULL;
	c->path = "";
	c->manager = &cgroup_disabled;
}

static bool any_there(const struct cgroup *c)
{
	for (size_t i = 0; i < c->len; i++)
		if (access(c->groups[i].dir, F_OK) == 0)
			return true;
	return false;
}

int cgroup_open(const char *manager, const char *path, struct cgroup **ret, struct err *e)
{
	AUTO(cgroup) c = cgroup_new();
	struct cgroup_host host;
	int r;

	if (text_empty(path) || text_eq(manager, "disabled")) {
		*ret = take_ptr(c);
		return 0;
	}
	r = host_find(c->arena, &host, e);
	if (r < 0)
		return r;
	c->manager = cgroup_manager_named(c->arena, manager, &host, e);
	if (!c->manager)
		return -e->code;
	c->rootless = !identity_is_root();
	c->path = arena_strdup(c->arena, path);
	c->groups = arena_array(c->arena, host.hierarchies_len + 1, sizeof(*c->groups));
	for (size_t i = 0; i < host.hierarchies_len; i++) {
		const struct cgroup_hierarchy *h = &host.hierarchies[i];
		const char *there = path_in(c->arena, c->path, h->controllers);

		if (there)
			cgroup_add_group(c, h, there);
	}
	if (!any_there(c))
		return err_set(e, ERR_NOT_FOUND, "no cgroup %s", path);
	if (c->unified)
		c->fd = open(c->unified->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	*ret = take_ptr(c);
	return 0;
}

const struct cgroup_host *cgroup_host(const struct cgroup *c)
{
	return c->host;
}

const char *cgroup_path(const struct cgroup *c)
{
	return c->path;
}

const char *cgroup_manager(const struct cgroup *c)
{
	return c->manager->name;
}

int cgroup_fd(const struct cgroup *c)
{
	return c->fd;
}

/* processes */

bool cgroup_adopts(const struct cgroup *c)
{
	/* A plain user's processes may not leave the login session by themselves. */
	return c->manager->adopt && (c->len == 0 || c->rootless);
}

int cgroup_adopt(struct cgroup *c, pid_t pid, struct err *e)
{
	struct err ignored;
	int r = cgroup_adopts(c) ? c->manager->adopt(c, pid, e) : 0;

	if (r == 0 || !c->optional)
		return r;
	cgroup_remove(c, 0, &ignored);
	cgroup_give_up(c);
	return 0;
}

static int put(const char *file, const char *pid)
{
	auto_close int fd = open(file, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 || write(fd, pid, strlen(pid)) < 0 ? -errno : 0;
}

int cgroup_join(const struct cgroup *c, bool born_in, struct err *e)
{
	for (size_t i = 0; i < c->len && !cgroup_adopts(c); i++) {
		const struct group *g = &c->groups[i];

		if (g == c->unified && born_in)
			continue;
		if (put(g->join, "0") < 0)
			return err_sys(e, "join: adding pid 0 to cgroups: write %s", g->join);
	}
	return 0;
}

int cgroup_add(struct cgroup *c, pid_t pid, struct err *e)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	for (size_t i = 0; i < c->len; i++) {
		int r = group_write(&c->groups[i], "cgroup.procs", text);

		if (r < 0)
			return err_from(e, r, "move process %d to cgroup %s", (int)pid,
					c->groups[i].dir);
	}
	return 0;
}

int cgroup_freeze(struct cgroup *c, int timeout_ms, struct err *e)
{
	if (!c->manager->freeze)
		return err_set(e, ERR_UNSUPPORTED, "a container without a cgroup cannot be paused");
	return c->manager->freeze(c, true, timeout_ms, e);
}

int cgroup_thaw(struct cgroup *c, struct err *e)
{
	return c->manager->freeze ? c->manager->freeze(c, false, 0, e) : 0;
}

bool cgroup_is_frozen(struct cgroup *c)
{
	return c->manager->is_frozen && c->manager->is_frozen(c);
}

int cgroup_pids(struct cgroup *c, struct arena *a, pid_t **ret, size_t *ret_len, struct err *e)
{
	struct group_pids pids = { .arena = a };
	const struct group *g = c->unified ? c->unified : c->len ? &c->groups[0] : NULL;
	int r = g ? group_pids(g, &pids, e) : 0;

	if (r < 0)
		return r;
	*ret = pids.v;
	*ret_len = pids.n;
	return 0;
}

static int signal_once(struct cgroup *c, int signal, size_t *ret_len, struct err *e)
{
	AUTO(arena) a = arena_new();
	pid_t *pids;
	int r = cgroup_pids(c, a, &pids, ret_len, e);

	for (size_t i = 0; r == 0 && i < *ret_len; i++)
		if (kill(pids[i], signal) < 0 && errno != ESRCH)
			r = err_sys(e, "signal process %d", (int)pids[i]);
	return r;
}

/* Without cgroup.kill: what stands still forks nothing meanwhile, and dies when it is let go. */
static int kill_in_rounds(struct cgroup *c, struct err *e)
{
	struct err ignored;
	size_t n = 1;
	int r = 0;

	for (int round = 0; r == 0 && n > 0 && round < KILL_ROUNDS; round++) {
		if (c->manager->freeze)
			c->manager->freeze(c, true, 50, &ignored);
		r = signal_once(c, SIGKILL, &n, e);
		cgroup_thaw(c, &ignored);
		if (c->manager->let_go)
			c->manager->let_go(c);
		if (n > 0)
			usleep(500);
	}
	return r;
}

int cgroup_kill(struct cgroup *c, int signal, struct err *e)
{
	size_t n;
	int r;

	if (signal != SIGKILL)
		return signal_once(c, signal, &n, e);
	r = c->manager->kill_all ? c->manager->kill_all(c) : -EOPNOTSUPP;
	if (r < 0)
		return kill_in_rounds(c, e);
	if (c->manager->let_go)
		c->manager->let_go(c);
	return 0;
}

/* -EBUSY while any is in use. */
static int remove_groups(struct cgroup *c, struct err *e)
{
	int busy = 0;

	for (size_t i = 0; i < c->len; i++) {
		int r = group_remove(&c->groups[i]);

		if (r == -EBUSY || r == -ENOTEMPTY)
			busy = err_from(e, -EBUSY, "remove cgroup %s", c->groups[i].dir);
		else if (r < 0)
			return err_from(e, r, "remove cgroup %s", c->groups[i].dir);
	}
	return busy;
}

int cgroup_remove(struct cgroup *c, int timeout_ms, struct err *e)
{
	int64_t deadline = cgroup_deadline(timeout_ms);
	int wait_usec = 0;
	int r = remove_groups(c, e);
	struct err ignored;

	while (r == -EBUSY) {
		cgroup_kill(c, SIGKILL, &ignored);
		cgroup_thaw(c, &ignored);
		r = remove_groups(c, e);
		if (r == -EBUSY && !cgroup_wait(deadline, &wait_usec))
			return r;
	}
	if (r == 0 && c->manager->removed)
		c->manager->removed(c);
	return r;
}

int cgroup_stats(struct cgroup *c, struct cgroup_stats *ret, struct err *e)
{
	static const struct cgroup_stats none = {
		.memory = { .limit = CGROUP_UNLIMITED, .swap_limit = CGROUP_UNLIMITED },
		.pids = { .limit = CGROUP_UNLIMITED },
	};

	if (!c->manager->stats) {
		*ret = none;
		return 0;
	}
	return c->manager->stats(c, ret, e);
}

const char *cgroup_oom_file(const struct cgroup *c)
{
	const char *file;
	const struct group *g =
		c->manager->oom_file && c->len > 0 ? c->manager->oom_file(c, &file) : NULL;

	return g ? path_join(c->arena, g->dir, file) : "";
}

const char *cgroup_oom_file_above(const struct cgroup *c)
{
	const char *file;
	const struct group *g;

	if (!text_eq(c->manager->name, "systemd") || c->len == 0)
		return "";
	g = c->manager->oom_file(c, &file);
	return g ? path_join(c->arena, path_join(c->arena, g->dir, ".."), file) : "";
}

int cgroup_oom_kills(struct cgroup *c, uint64_t *ret, struct err *e)
{
	AUTO(arena) a = arena_new();
	const char *file;
	const struct group *g =
		c->manager->oom_file && c->len > 0 ? c->manager->oom_file(c, &file) : NULL;

	*ret = g ? group_key(group_read(g, a, file), "oom_kill") : 0;
	return 0;
}
