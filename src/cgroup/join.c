/* SPDX-License-Identifier: BSD-2-Clause */
/* Which group a further process joins, and who may make groups below one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "cgroup/host.h"
#include "cgroup/manager.h"

#define PROCESS_MAX  (64 * 1024)
#define DELEGATE_MAX (16 * 1024)

const char *cgroup_path_in(const struct cgroup *c, const char *controllers)
{
	for (size_t i = 0; i < c->len; i++) {
		const struct group *g = &c->groups[i];

		if (strcmp(g->controllers, controllers) == 0)
			return g->dir + strlen(g->mount);
	}
	return "";
}

/* A copy that shares nothing. */
static struct cgroup *copy(const struct cgroup *c)
{
	struct cgroup *new = cgroup_new();

	new->manager = arena_copy(new->arena, c->manager, sizeof(*c->manager));
	new->path = arena_strdup(new->arena, c->path);
	new->below = "";
	new->rootless = c->rootless;
	new->groups = arena_array(new->arena, c->len + 1, sizeof(*new->groups));
	for (size_t i = 0; i < c->len; i++) {
		struct group *g = &new->groups[new->len++];

		g->controllers = arena_strdup(new->arena, c->groups[i].controllers);
		g->mount = arena_strdup(new->arena, c->groups[i].mount);
		g->dir = arena_strdup(new->arena, c->groups[i].dir);
		g->join = arena_strdup(new->arena, c->groups[i].join);
		if (&c->groups[i] == c->unified)
			new->unified = g;
	}
	return new;
}

static void move(struct cgroup *c, struct group *g, const char *dir)
{
	g->dir = dir;
	g->join = path_join(c->arena, dir, *g->controllers ? "tasks" : "cgroup.procs");
}

static int move_below(struct cgroup *c, struct group *g, const char *path, struct err *e)
{
	move(c, g, path_join(c->arena, g->dir, path));
	/* 0 is the process that writes. */
	if (access(g->dir, F_OK) < 0)
		return err_sys(e, "--cgroup: adding pid 0 to cgroups: open %s/cgroup.procs",
			       g->dir);
	return 0;
}

static int move_controllers(struct cgroup *c, const char *names, const char *path, struct err *e)
{
	struct texts words = texts_split(c->arena, names, ',');

	for (size_t i = 0; i < words.n; i++) {
		bool known = false;

		for (size_t k = 0; k < c->len; k++) {
			struct group *g = &c->groups[k];
			int r;

			if (!host_has_word(g->controllers, words.v[i], ','))
				continue;
			known = true;
			r = move_below(c, g, path, e);
			if (r < 0)
				return r;
		}
		if (!known)
			return err_set(e, ERR_INVALID, "--cgroup: unknown controller %s",
				       words.v[i]);
	}
	return 0;
}

static int choose(struct cgroup *c, const char *one, struct err *e)
{
	const char *colon = strchr(one, ':');
	const char *path = colon ? colon + 1 : one;
	int r = 0;

	if (path_goes_up(path) || (colon && c->len == 1))
		return err_set(e, ERR_INVALID,
			       "--cgroup: bad sub cgroup path: %s is not a sub cgroup path", path);
	path += strspn(path, "/");
	if (colon)
		return move_controllers(c, arena_strndup(c->arena, one, (size_t)(colon - one)),
					path, e);
	for (size_t i = 0; i < c->len && r == 0; i++)
		r = move_below(c, &c->groups[i], path, e);
	c->below = path;
	return r;
}

/* "No internal processes": a group that hands such controllers down takes none. */
static bool takes_no_process(const struct group *g)
{
	static const char *const threaded[] = { "cpu", "cpuset", "perf_event", "pids" };
	AUTO(arena) a = arena_new();
	struct texts down = texts_split(a, group_read(g, a, "cgroup.subtree_control"), ' ');

	if (access(g->dir, F_OK) < 0)
		return true;
	for (size_t i = 0; i < down.n; i++)
		if (*down.v[i] && text_index(down.v[i], threaded, ARRAY_LEN(threaded)) < 0)
			return true;
	return false;
}

static void follow_process(struct cgroup *c, pid_t pid)
{
	auto_free char *text = NULL;
	struct host_facts facts = { .unified = true };
	struct cgroup_host its;
	struct err ignored;
	char file[64];

	snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	if (file_read_at(AT_FDCWD, file, PROCESS_MAX, &text, NULL, &ignored) < 0)
		return;
	facts.cgroup = text;
	host_read(c->arena, &facts, &its);
	if (its.hierarchies_len == 1)
		move(c, c->unified, path_join(c->arena, c->unified->mount, its.hierarchies[0].own));
}

int cgroup_open_below(const struct cgroup *c, const struct texts *paths, pid_t pid,
		      struct cgroup **ret, struct err *e)
{
	AUTO(cgroup) below = copy(c);

	for (size_t i = 0; paths && i < paths->n; i++) {
		int r = choose(below, paths->v[i], e);

		if (r < 0)
			return r;
	}
	if ((!paths || paths->n == 0) && below->unified && below->len == 1 && pid > 0 &&
	    takes_no_process(below->unified))
		follow_process(below, pid);
	if (below->unified)
		below->fd = open(below->unified->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	*ret = take_ptr(below);
	return 0;
}

/* config-linux.md, "Cgroup ownership": the directory and what the kernel says is safe. */
int cgroup_delegate(const struct cgroup *c, uid_t to, struct err *e)
{
	AUTO(arena) a = arena_new();
	auto_free char *text = NULL;
	struct texts files;
	struct err ignored;

	if (to == 0 || !c->unified || c->len != 1)
		return 0;
	if (file_read_at(AT_FDCWD, "/sys/kernel/cgroup/delegate", DELEGATE_MAX, &text, NULL,
			 &ignored) < 0)
		text = NULL;
	files = texts_split(a, text ? text : "cgroup.procs\ncgroup.subtree_control\ncgroup.threads",
			    '\n');
	for (size_t i = 0; i <= files.n; i++) {
		const char *file = i < files.n ? files.v[i] : ".";

		if (!*file || chown(path_join(a, c->unified->dir, file), to, (gid_t)-1) == 0 ||
		    errno == ENOENT || (c->rootless && cgroup_is_refusal(-errno)))
			continue;
		return err_sys(e, "hand %s/%s to user %u", c->unified->dir, file, (unsigned)to);
	}
	return 0;
}

void cgroup_rise(void)
{
	AUTO(arena) a = arena_new();
	struct cgroup_host host = { 0 };

	if (host_find(a, &host, NULL) < 0)
		return;
	for (size_t i = 0; i < host.hierarchies_len; i++) {
		const struct cgroup_hierarchy *h = &host.hierarchies[i];

		/* Where it may not it stays, as whoever started it does. */
		if (strcmp(h->own, "/") != 0)
			file_poke_at(AT_FDCWD,
				     path_join(a, h->mount,
					       *h->controllers ? "tasks" : "cgroup.procs"),
				     "0", NULL);
	}
}
