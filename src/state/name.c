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

/* What a symlink says for an id: less, if the rest follows from it. */
struct link_text {
	char v[NAME_MAX + 1];
};

static struct link_text text_of(const char *id)
{
	struct link_text t;
	char whole[STATE_ID_LEN + 1];

	snprintf(t.v, sizeof(t.v), "%s", id);
	if (strlen(id) != STATE_ID_LEN)
		return t;
	memcpy(whole, id, LAYOUT_SHORT_LEN);
	layout_complete_id(whole);
	if (strcmp(whole, id) == 0)
		t.v[LAYOUT_SHORT_LEN] = '\0';
	return t;
}

static int make_link(const struct state *s, const char *kind, const char *path, const char *id,
		     struct err *e)
{
	struct link_text text = text_of(id);
	char dir[PATH_MAX];
	int r;

	if (symlinkat(text.v, s->lib, path) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	snprintf(dir, sizeof(dir), LAYOUT_NAMES "/%s", kind);
	r = file_mkdir_path(s->lib, dir, 0700, e);
	if (r < 0)
		return r;
	return symlinkat(text.v, s->lib, path) < 0 ? -errno : 0;
}

static int rename_link(const struct state *s, const char *kind, const char *from, const char *to,
		       struct err *e)
{
	char dir[PATH_MAX];
	int r;

	if (renameat(s->lib, from, s->lib, to) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	snprintf(dir, sizeof(dir), LAYOUT_NAMES "/%s", kind);
	r = file_mkdir_path(s->lib, dir, 0700, e);
	if (r < 0)
		return r;
	return renameat(s->lib, from, s->lib, to) < 0 ? -errno : 0;
}

const char *state_name_find(const struct state *s, const char *kind, const char *name,
			    struct arena *a)
{
	char path[PATH_MAX], id[NAME_MAX + 1];
	ssize_t n;

	if (layout_path(path, sizeof(path), LAYOUT_NAMES, kind, name, NULL) < 0)
		return NULL;
	n = readlinkat(s->lib, path, id, sizeof(id));
	if (n <= 0 || (size_t)n >= sizeof(id))
		return NULL;
	id[n] = '\0';
	if (n == LAYOUT_SHORT_LEN && strspn(id, "0123456789abcdef") == LAYOUT_SHORT_LEN) {
		layout_complete_id(id);
		n = STATE_ID_LEN;
	}
	return arena_strndup(a, id, (size_t)n);
}

/* Whether somebody is filling the object right now: then its directory is locked. */
static bool in_the_making(const struct state *s, const char *kind, const char *id)
{
	char path[PATH_MAX];
	auto_close int fd = -1;

	snprintf(path, sizeof(path), LAYOUT_NEW "/%s-%s", kind, id);
	fd = openat(s->lib, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0;
}

static int taken(const char *name, const char *owner, const char **ret_owner, struct err *e)
{
	if (ret_owner)
		*ret_owner = owner;
	return err_set(e, ERR_CONFLICT, "name \"%s\" is in use by %s", name, owner);
}

/* The name of an object that died in the making, or whose removal was cut short, is free again. */
static int take_over(const struct state *s, const char *kind, const char *name, const char *id,
		     struct arena *a, const char **ret_owner, struct err *e)
{
	auto_close int lock = openat(s->lib, LAYOUT_NAMES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *owner;

	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return err_sys(e, "lock the names");
	owner = state_name_find(s, kind, name, a);
	if (owner && (in_the_making(s, kind, owner) || state_exists(s, kind, owner)))
		return taken(name, owner, ret_owner, e);
	return state_name_set(s, kind, name, id, e);
}

int state_name_take(const struct state *s, const char *kind, const char *name, const char *id,
		    struct arena *a, const char **ret_owner, struct err *e)
{
	char path[PATH_MAX];
	const char *owner;
	int r = layout_path(path, sizeof(path), LAYOUT_NAMES, kind, name, e);

	if (r < 0)
		return r;
	r = make_link(s, kind, path, id, e);
	if (r == 0)
		return 0;
	if (r != -EEXIST)
		return err_from(e, r, "take the name %s", name);
	owner = state_name_find(s, kind, name, a);
	/* In the making first: it may be renamed into place between the two looks. */
	if (owner && (in_the_making(s, kind, owner) || state_exists(s, kind, owner)))
		return taken(name, owner, ret_owner, e);
	return take_over(s, kind, name, id, a, ret_owner, e);
}

int state_name_set(const struct state *s, const char *kind, const char *name, const char *id,
		   struct err *e)
{
	char path[PATH_MAX], temporary[PATH_MAX];
	auto_close int lock = -1;
	uint32_t number;
	int r = layout_path(path, sizeof(path), LAYOUT_NAMES, kind, name, e);

	if (r < 0)
		return r;
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return err_sys(e, "getrandom");
	/* Beside what else is not there yet, so that the sweeper takes what the dead left. */
	lock = layout_lock_new(s, LOCK_SH);
	if (lock < 0)
		return err_from(e, lock, "set the name %s", name);
	snprintf(temporary, sizeof(temporary), LAYOUT_NEW "/name-%08x", number);
	if (symlinkat(text_of(id).v, s->lib, temporary) < 0)
		return err_sys(e, "set the name %s", name);
	r = rename_link(s, kind, temporary, path, e);
	if (r < 0) {
		unlinkat(s->lib, temporary, 0);
		return err_from(e, r, "set the name %s", name);
	}
	return 0;
}

void state_name_drop(const struct state *s, const char *kind, const char *name)
{
	char path[PATH_MAX];

	if (layout_path(path, sizeof(path), LAYOUT_NAMES, kind, name, NULL) == 0)
		unlinkat(s->lib, path, 0);
}

int state_name_list(const struct state *s, const char *kind, struct arena *a, struct text_map *ret,
		    struct err *e)
{
	struct text_map m = { 0 };
	struct texts names;
	char dir[PATH_MAX];
	int r;

	snprintf(dir, sizeof(dir), LAYOUT_NAMES "/%s", kind);
	r = layout_entries(s->lib, dir, a, &names, e);
	if (r < 0)
		return r;
	m.v = arena_array(a, names.n, sizeof(*m.v));
	m.room = names.n;
	for (size_t i = 0; i < names.n; i++) {
		const char *id = state_name_find(s, kind, names.v[i], a);

		if (id)
			m.v[m.n++] = (struct text_pair){ names.v[i], id };
	}
	*ret = m;
	return 0;
}
