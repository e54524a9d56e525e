/* SPDX-License-Identifier: BSD-2-Clause */
#include "volume/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "base/units.h"
#include "kernel/mount.h"

#define VOLUME_FILE    "volume.json"
#define VOLUME_MAX     (1U << 20)
#define VOLUME_VERSION 1

static const struct json_field fields[] = {
	JSON_INT(volume, version, "version", JSON_REQUIRED),
	JSON_TEXT(volume, name, "name", JSON_REQUIRED),
	JSON_TEXT(volume, driver, "driver", JSON_REQUIRED),
	JSON_INT(volume, created_nsec, "created", JSON_REQUIRED),
	JSON_TEXT_MAP(volume, labels, "labels", 0),
	JSON_TEXT_MAP(volume, options, "options", 0),
	JSON_BOOL(volume, anonymous, "anonymous", 0),
	JSON_BOOL(volume, fresh, "fresh", 0),
	{ 0 },
};
const struct json_type volume_json = JSON_TYPE(volume, fields);

static int save(const struct state *s, int dir, const struct volume *v, bool durable, struct err *e)
{
	return json_replace_at(dir, VOLUME_FILE, VOLUME_MAX, &volume_json, v,
			       &(struct file_write){ .durable = durable, .fill_root = s->lib }, e);
}

static int load(const struct state *s, struct arena *a, const char *name, struct volume **ret,
		struct err *e)
{
	auto_close int dir = state_dir(s, VOLUMES, name, e);
	struct volume *v = ARENA_NEW(a, struct volume);
	int r;

	if (dir < 0)
		return dir;
	r = json_read_at(a, dir, VOLUME_FILE, VOLUME_MAX, &volume_json, v, e);
	/* Being removed by another command: it has left its place before it loses its files. */
	if (r == -ENOENT && !state_exists(s, VOLUMES, name))
		return err_set(e, ERR_NOT_FOUND, "no volume with name \"%s\" found: no such volume",
			       name);
	/* Else it is there, and whoever asks must not take it for missing. */
	if (r == -ENOENT)
		return err_set(e, ERR_INVALID, "volume %s is damaged: %s is missing", name,
			       VOLUME_FILE);
	if (r == 0 && v->version != VOLUME_VERSION)
		r = err_set(e, ERR_INVALID, "another version's format");
	if (r < 0)
		return err_wrap(e, "volume %s is damaged", name);
	*ret = v;
	return 0;
}

static bool is_name(const char *s)
{
	static const char more[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	return *s && !strchr("_.-", *s) && strspn(s, more) == strlen(s) && strlen(s) <= 200;
}

/* o=uid=,gid= of a volume that is a folder; to a mount they are an option. */
static int own(const struct volume *v, int dir, struct err *e)
{
	const char *uid = text_map_get(&v->options, "UID"), *gid = text_map_get(&v->options, "GID");

	if ((!uid && !gid) || volume_is_mount(v))
		return 0;
	if (fchownat(dir, "_data", uid ? (uid_t)strtoul(uid, NULL, 10) : (uid_t)-1,
		     gid ? (gid_t)strtoul(gid, NULL, 10) : (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "set the owner of _data");
	return 0;
}

/* Fills the object in the making and puts it in place. */
static int fill(const struct state *s, const struct volume *v, int dir, struct err *e)
{
	int r = save(s, dir, v, !v->anonymous, e);

	if (r < 0)
		return r;
	if (mkdirat(dir, "_data", 0755) < 0 || fchmodat(dir, "_data", 0755, 0) < 0)
		return err_sys(e, "make _data");
	r = own(v, dir, e);
	if (r < 0)
		return r;
	/* An anonymous one is as durable as its container, which may not be. */
	return state_commit(s, VOLUMES, v->name, dir, !v->anonymous, e);
}

int volume_create(const struct state *s, struct arena *a, const struct volume *v,
		  const char **ret_name, struct err *e)
{
	struct volume made = *v;
	char id[STATE_ID_LEN + 1];
	auto_close int dir = -1;
	int r;

	if (!made.name) {
		state_new_id(id);
		made.name = arena_strdup(a, id);
	}
	if (!is_name(made.name))
		return err_set(e, ERR_INVALID,
			       "volume name \"%s\": names must match "
			       "[a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument",
			       made.name);
	made.version = VOLUME_VERSION;
	made.created_nsec = clock_nsec();
	made.fresh = true;
	if (!made.driver)
		made.driver = "local";
	dir = state_begin(s, VOLUMES, made.name, e);
	if (dir == -EEXIST)
		return err_set(e, ERR_CONFLICT,
			       "volume with name %s already exists: volume already exists",
			       made.name);
	if (dir < 0)
		return err_wrap(e, "create volume %s", made.name);
	r = fill(s, &made, dir, e);
	if (r < 0) {
		state_abandon(s, VOLUMES, made.name);
		if (r == -EEXIST)
			return err_set(e, ERR_CONFLICT,
				       "volume with name %s already exists: volume already exists",
				       made.name);
		return err_wrap(e, "create volume %s", made.name);
	}
	if (ret_name)
		*ret_name = made.name;
	return 0;
}

int volume_find(const struct state *s, struct arena *a, const char *name, struct volume **ret,
		struct err *e)
{
	const char *found = NULL;
	struct texts names;
	int r;

	if (state_exists(s, VOLUMES, name))
		return load(s, a, name, ret, e);
	r = state_list(s, VOLUMES, a, &names, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < names.n; i++) {
		if (!*name || !text_after(names.v[i], name))
			continue;
		if (found)
			return err_set(e, ERR_CONFLICT,
				       "more than one result for volume name %s: "
				       "volume already exists",
				       name);
		found = names.v[i];
	}
	if (!found)
		return err_set(e, ERR_NOT_FOUND, "no volume with name \"%s\" found: no such volume",
			       name);
	return load(s, a, found, ret, e);
}

int volume_open(const struct state *s, const char *name, struct err *e)
{
	auto_close int dir = state_dir(s, VOLUMES, name, e);
	int data;

	if (dir < 0)
		return dir;
	data = openat(dir, "_data", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return data < 0 ? err_sys(e, "volume %s: _data", name) : data;
}

char *volume_path(const struct state *s, struct arena *a, const char *name)
{
	return arena_printf(a, "%s/%s/%s/_data", s->lib_path, VOLUMES, name);
}

int volume_used(const struct state *s, struct arena *a, const char *name, struct err *e)
{
	auto_close int dir = state_lock(s, VOLUMES, name, e);
	struct volume *v;
	int r;

	if (dir < 0)
		return dir;
	r = load(s, a, name, &v, e);
	if (r < 0 || !v->fresh)
		return r;
	v->fresh = false;
	return save(s, dir, v, false, e);
}

int volume_list(const struct state *s, struct arena *a, struct volumes *ret, struct err *e)
{
	struct volumes l = { 0 };
	struct texts names;
	int r = state_list(s, VOLUMES, a, &names, e);

	if (r < 0)
		return r;
	l.v = arena_array(a, names.n, sizeof(*l.v));
	for (size_t i = 0; i < names.n; i++)
		if (load(s, a, names.v[i], &l.v[l.n], NULL) == 0)
			l.n++;
	*ret = l;
	return 0;
}

/* What `volume mount` left on it is not the volume's to be deleted. */
static int take_mounts_away(const struct state *s, const char *name, struct err *e)
{
	AUTO(arena) a = arena_new();

	for (;;) {
		auto_close int data = volume_open(s, name, NULL);

		if (data < 0 || !kernel_is_mount_root(data, ""))
			return 0;
		if (umount2(volume_path(s, a, name), MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
			return err_sys(e, "unmount volume %s", name);
	}
}

int volume_remove(const struct state *s, const char *name, struct err *e)
{
	auto_close int lock = state_lock(s, VOLUMES, name, e);
	int r;

	if (lock < 0)
		return lock;
	r = take_mounts_away(s, name, e);
	return r < 0 ? r : state_remove(s, VOLUMES, name, e);
}
