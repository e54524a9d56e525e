/* SPDX-License-Identifier: BSD-2-Clause */
/* -v …:U: what is mounted belongs to the container's user, all the way down. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/facts.h"
#include "volume/volume.h"

#define DEPTH_MAX 200 /* a descriptor each */

struct owner {
	uid_t uid;
	gid_t gid;
	dev_t dev;
};

/* What the host itself lives on is nobody's to give away: podman's list. */
static int check_host_path(const char *path, struct err *e)
{
	static const char *const kept[] = {
		"/",    "/bin",   "/boot",  "/dev", "/etc",  "/etc/passwd", "/etc/pki", "/home",
		"/lib", "/lib64", "/media", "/opt", "/proc", "/root",       "/run",     "/sbin",
		"/srv", "/sys",   "/tmp",   "/usr", "/var",  "/var/lib",    "/var/log",
	};

	if (text_index(path, kept, ARRAY_LEN(kept)) < 0)
		return 0;
	return err_set(e, ERR_DENIED, "chowning host path \"%s\" is not allowed", path);
}

static int own(const struct owner *o, int dir, const char *name, int depth, struct err *e);

/* dir is taken. */
static int own_entries(const struct owner *o, int dir, int depth, struct err *e)
{
	const struct dirent *entry;
	DIR *d = fdopendir(dir);
	int r = 0;

	if (!d) {
		r = err_sys(e, "list");
		close(dir);
		return r;
	}
	while (r == 0 && (entry = readdir(d)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = own(o, dirfd(d), entry->d_name, depth + 1, e);
	closedir(d);
	return r;
}

/* No link is followed, and no other file system entered. */
static int own(const struct owner *o, int dir, const char *name, int depth, struct err *e)
{
	struct stat st;
	int fd;

	if (depth > DEPTH_MAX)
		return err_set(e, ERR_INVALID, "%s: deeper than %d folders", name, DEPTH_MAX);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "look at %s", name);
	if (st.st_dev != o->dev)
		return 0;
	if ((st.st_uid != o->uid || st.st_gid != o->gid) &&
	    fchownat(dir, name, o->uid, o->gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0)
		return err_sys(e, "change the owner of %s", name);
	if (!S_ISDIR(st.st_mode))
		return 0;
	fd = openat(dir, *name ? name : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open %s", name) : own_entries(o, fd, depth, e);
}

static int own_mount(const struct facts_about *about, size_t i, const struct specify_facts *f,
		     struct err *e)
{
	const struct container_mount *m = &about->container->mounts.v[i];
	struct owner o = { .uid = (uid_t)f->uid, .gid = (gid_t)f->gid };
	auto_close int fd = -1;
	struct stat st;
	int r;

	if (strcmp(m->type, "bind") == 0) {
		r = check_host_path(m->source, e);
		if (r < 0)
			return r;
		fd = open(m->source, O_PATH | O_CLOEXEC);
		if (fd < 0)
			return err_sys(e, "open %s", m->source);
	} else {
		fd = container_open_volume(about, i, e);
		if (fd < 0)
			return fd;
	}
	if (fstat(fd, &st) < 0)
		return err_sys(e, "look at %s", m->source);
	o.dev = st.st_dev;
	return own(&o, fd, "", 0, e);
}

int container_own_mounts(const struct facts_about *about, const struct specify_facts *f,
			 struct err *e)
{
	const struct container *c = about->container;

	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct container_mount *m = &c->mounts.v[i];
		int r = m->chown ? own_mount(about, i, f, e) : 0;

		if (r < 0)
			return err_wrap(e, "mount on %s", m->destination);
	}
	return 0;
}
