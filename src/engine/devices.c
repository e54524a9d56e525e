/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/devices.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/path.h"

#define DEPTH_MAX 8

struct found {
	struct arena *arena;
	struct oci_devices devices;
	size_t room;
};

static const uint64_t *number(struct arena *a, uint64_t v)
{
	return arena_copy(a, &v, sizeof(v));
}

static void add(struct found *f, const char *path, const struct stat *st)
{
	struct oci_devices *d = &f->devices;

	if (d->n == f->room) {
		size_t room = f->room ? f->room * 2 : 16;
		struct oci_device *v = arena_array(f->arena, room, sizeof(*v));

		if (d->n)
			memcpy(v, d->v, d->n * sizeof(*v));
		d->v = v;
		f->room = room;
	}
	d->v[d->n++] = (struct oci_device){
		.type = S_ISBLK(st->st_mode) ? "b" : "c",
		.path = path,
		.major = major(st->st_rdev),
		.minor = minor(st->st_rdev),
		.file_mode = number(f->arena, st->st_mode & 07777),
		.uid = number(f->arena, st->st_uid),
		.gid = number(f->arena, st->st_gid),
	};
}

/* What the container makes itself, and other mounts' content. */
static bool is_skipped(const char *destination)
{
	static const char *const skipped[] = { "/dev/pts",  "/dev/shm",     "/dev/mqueue",
					       "/dev/fd",   "/dev/console", "/dev/ptmx",
					       "/dev/tty",  "/dev/.lxc",    "/dev/.lxd-mounts",
					       "/dev/.udev" };

	for (size_t i = 0; i < ARRAY_LEN(skipped); i++)
		if (strcmp(destination, skipped[i]) == 0)
			return true;
	return false;
}

static void add_below(struct found *f, const char *source, const char *destination, int depth)
{
	const struct dirent *entry;
	DIR *d = depth < DEPTH_MAX ? opendir(source) : NULL;

	if (!d)
		return;
	while ((entry = readdir(d))) {
		const char *from = path_join(f->arena, source, entry->d_name);
		const char *to = path_join(f->arena, destination, entry->d_name);
		struct stat st;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
		    is_skipped(to) || lstat(from, &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			add_below(f, from, to, depth + 1);
		else if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
			add(f, to, &st);
	}
	closedir(d);
}

static int add_asked_for(struct found *f, const struct container_device *d, struct err *e)
{
	struct stat st;

	if (stat(d->source, &st) < 0)
		return err_set(e, ERR_INVALID, "stat %s: %s", d->source, strerror(errno));
	if (S_ISDIR(st.st_mode)) {
		size_t before = f->devices.n;

		add_below(f, d->source, d->destination, 0);
		if (f->devices.n > before)
			return 0;
		return err_set(e, ERR_INVALID, "%s: not a device node", d->source);
	}
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return err_set(e, ERR_INVALID, "%s: not a device node", d->source);
	add(f, d->destination, &st);
	return 0;
}

int container_devices(struct arena *a, const struct container *c, struct oci_devices *ret,
		      struct err *e)
{
	struct found f = { .arena = a };

	if (c->privileged)
		add_below(&f, "/dev", "/dev", 0);
	for (size_t i = 0; i < c->devices.n; i++) {
		int r = add_asked_for(&f, &c->devices.v[i], e);

		if (r < 0)
			return r;
	}
	*ret = f.devices;
	return 0;
}
