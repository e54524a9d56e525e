/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/depend.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define DEPENDENTS "dependents"
#define JOINS_MAX  100 /* one joins another that joined a third … */

static void add_once(struct arena *a, struct texts *l, const char *id)
{
	if (!texts_has(l, id))
		texts_add(a, l, id);
}

struct texts container_needs(struct arena *a, const struct container *c)
{
	const struct container_namespaces *n = &c->namespaces;
	const char *const modes[] = { n->pid, n->ipc, n->uts, n->network, n->user, n->cgroup };
	struct texts needs = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		const char *id = modes[i] ? text_after(modes[i], "container:") : NULL;

		if (id)
			add_once(a, &needs, id);
	}
	for (size_t i = 0; i < c->requires.n; i++)
		add_once(a, &needs, c->requires.v[i]);
	return needs;
}

const struct container *container_networked(const struct state *s, struct arena *a,
					    const struct container *c)
{
	const char *id;

	for (int i = 0; i < JOINS_MAX; i++) {
		struct container *other;

		id = c->namespaces.network ? text_after(c->namespaces.network, "container:") : NULL;
		if (!id || container_load(s, a, id, &other, NULL) < 0)
			return c;
		c = other;
	}
	return c;
}

static struct texts all_needs(struct arena *a, const struct container *c)
{
	struct texts needs = container_needs(a, c);

	for (size_t i = 0; i < c->volumes_from.n; i++)
		add_once(a, &needs, c->volumes_from.v[i]);
	return needs;
}

int container_dependents(const struct state *s, struct arena *a, const char *id, struct texts *ret,
			 struct err *e)
{
	auto_close int dir = state_dir(s, CONTAINERS, id, e);
	int fd = dir < 0 ? dir
			 : openat(dir, DEPENDENTS, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	const struct dirent *entry;
	struct texts l = { 0 };
	DIR *d;

	if (dir < 0)
		return dir;
	*ret = l;
	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "look for dependents of %s", id);
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return err_sys(e, "look for dependents of %s", id);
	}
	while ((entry = readdir(d)))
		if (entry->d_name[0] != '.' && state_exists(s, CONTAINERS, entry->d_name))
			texts_add(a, &l, arena_strdup(a, entry->d_name));
	closedir(d);
	*ret = l;
	return 0;
}

static int note(const struct state *s, const char *needed, const char *id, struct err *e)
{
	auto_close int dir = state_dir(s, CONTAINERS, needed, e);
	auto_close int list = -1;
	auto_close int file = -1;

	if (dir < 0)
		return dir;
	if (mkdirat(dir, DEPENDENTS, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "make %s", DEPENDENTS);
	list = file_open_dir_at(dir, DEPENDENTS, e);
	if (list < 0)
		return list;
	file = openat(list, id, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return file < 0 ? err_sys(e, "note a dependent of %s", needed) : 0;
}

int container_depend(const struct state *s, struct arena *a, const struct container *c,
		     struct err *e)
{
	struct texts needs = all_needs(a, c);

	for (size_t i = 0; i < needs.n; i++) {
		int r = note(s, needs.v[i], c->id, e);

		if (r < 0)
			return r;
	}
	return 0;
}

void container_undepend(const struct state *s, struct arena *a, const struct container *c)
{
	struct texts needs = all_needs(a, c);

	for (size_t i = 0; i < needs.n; i++) {
		auto_close int dir = state_dir(s, CONTAINERS, needs.v[i], NULL);
		auto_close int list = dir < 0 ? -1 : file_open_dir_at(dir, DEPENDENTS, NULL);

		if (list >= 0)
			unlinkat(list, c->id, 0);
	}
}

int container_start_needs(const struct state *s, const struct container *c,
			  const struct container_start *how, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct texts needs = container_needs(a, c);

	for (size_t i = 0; i < needs.n; i++) {
		struct container *other;
		int r = container_load(s, a, needs.v[i], &other, e);

		if (r == 0)
			r = container_start(s, other,
					    &(struct container_start){
						    .program = how->program,
						    .cgroup_manager = how->cgroup_manager,
					    },
					    NULL, e);
		if (r < 0)
			return err_wrap(e, "start container %.12s, which it needs", needs.v[i]);
	}
	return 0;
}
