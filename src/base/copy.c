/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tree copied by descriptor, with owners, modes, times, links and extended attributes.  Nothing
 * of either side is followed: names are opened with O_NOFOLLOW below directories that are held.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/arena.h"
#include "base/file.h"

#define DEPTH_MAX   1024
#define XATTR_BYTES 65536

/* Files with several links, so that the copies are links too. */
struct linked {
	struct linked *next;
	dev_t dev;
	ino_t ino;
	int dir; /* of the first copy, kept open */
	char *name;
};

struct copy {
	const struct file_copy *how;
	struct arena *arena;
	struct linked *linked;
	struct err *e;
};

static int copy_xattrs(int from, int to)
{
	char names[XATTR_BYTES], value[XATTR_BYTES];
	ssize_t len = flistxattr(from, names, sizeof(names));

	for (char *name = names; len > 0 && name < names + len; name += strlen(name) + 1) {
		ssize_t n;

		/* Overlay's own marks mean nothing outside it. */
		if (strncmp(name, "trusted.overlay.", 16) == 0)
			continue;
		n = fgetxattr(from, name, value, sizeof(value));
		if (n >= 0 && fsetxattr(to, name, value, (size_t)n, 0) < 0 && errno != EOPNOTSUPP &&
		    errno != EPERM)
			return -errno;
	}
	return 0;
}

static int copy_bytes(int from, int to)
{
	for (;;) {
		ssize_t n = copy_file_range(from, NULL, to, NULL, (size_t)1 << 30, 0);

		if (n < 0 &&
		    (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
			n = sendfile(to, from, NULL, (size_t)1 << 30);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
	}
}

static uid_t owner(const struct copy *c, const struct stat *st)
{
	return c->how->set_owner ? c->how->uid : st->st_uid;
}

static gid_t group(const struct copy *c, const struct stat *st)
{
	return c->how->set_owner ? c->how->gid : st->st_gid;
}

/* After the content, which would clear setuid and change the times. */
static int copy_meta(const struct copy *c, int from, int to, const struct stat *st)
{
	struct timespec times[2] = { st->st_atim, st->st_mtim };
	int r;

	if (fchown(to, owner(c, st), group(c, st)) < 0 && errno != EPERM)
		return -errno;
	if (fchmod(to, st->st_mode & 07777) < 0)
		return -errno;
	r = copy_xattrs(from, to);
	if (r < 0)
		return r;
	return futimens(to, times) < 0 ? -errno : 0;
}

/* A name and where it is, on both sides. */
struct place {
	int from_dir, to_dir;
	const char *from_name, *to_name;
};

static int copy_open_file(const struct copy *c, int from, const struct place *p,
			  const struct stat *st)
{
	auto_close int to = -1;
	int r;

	to = openat(p->to_dir, p->to_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (to < 0)
		return -errno;
	r = copy_bytes(from, to);
	return r < 0 ? r : copy_meta(c, from, to, st);
}

static int copy_file(const struct copy *c, const struct place *p, const struct stat *st)
{
	/* Whoever is behind the source may have put a fifo there meanwhile. */
	auto_close int from = openat(p->from_dir, p->from_name,
				     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return from < 0 ? -errno : copy_open_file(c, from, p, st);
}

static int copy_link(const struct copy *c, const struct place *p, const struct stat *st)
{
	char target[4097];
	ssize_t n = readlinkat(p->from_dir, p->from_name, target, sizeof(target));

	if (n < 0 || (size_t)n >= sizeof(target))
		return n < 0 ? -errno : -ENAMETOOLONG;
	target[n] = '\0';
	if (symlinkat(target, p->to_dir, p->to_name) < 0)
		return -errno;
	if (fchownat(p->to_dir, p->to_name, owner(c, st), group(c, st), AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno != EPERM)
		return -errno;
	return 0;
}

static int copy_special(const struct copy *c, const struct place *p, const struct stat *st)
{
	if (c->how->skip_devices && (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)))
		return 0;
	if (mknodat(p->to_dir, p->to_name, st->st_mode & (S_IFMT | 0777), st->st_rdev) < 0)
		return -errno;
	if (fchownat(p->to_dir, p->to_name, owner(c, st), group(c, st), AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno != EPERM)
		return -errno;
	return fchmodat(p->to_dir, p->to_name, st->st_mode & 07777, 0) < 0 ? -errno : 0;
}

static bool link_again(struct copy *c, const struct place *p, const struct stat *st)
{
	struct linked *l;

	if (st->st_nlink < 2)
		return false;
	for (l = c->linked; l; l = l->next)
		if (l->dev == st->st_dev && l->ino == st->st_ino)
			return linkat(l->dir, l->name, p->to_dir, p->to_name, 0) == 0;
	l = ARENA_NEW(c->arena, struct linked);
	*l = (struct linked){
		.next = c->linked,
		.dev = st->st_dev,
		.ino = st->st_ino,
		.dir = fcntl(p->to_dir, F_DUPFD_CLOEXEC, 0),
		.name = arena_strdup(c->arena, p->to_name),
	};
	c->linked = l;
	return false;
}

static int copy_below(struct copy *c, int from, int to, int depth);

static int copy_directory(struct copy *c, int from_dir, int to_dir, const char *name,
			  const struct stat *st, int depth)
{
	auto_close int from =
		openat(from_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_close int to = -1;
	int r;

	if (from < 0)
		return err_sys(c->e, "copy %s", name);
	if (mkdirat(to_dir, name, 0700) < 0 && errno != EEXIST)
		return err_sys(c->e, "copy %s", name);
	to = openat(to_dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return err_sys(c->e, "copy %s", name);
	r = copy_below(c, from, to, depth + 1);
	if (r < 0)
		return r;
	r = copy_meta(c, from, to, st);
	return r < 0 ? err_from(c->e, r, "copy %s", name) : 0;
}

/* Makes room for what is to be copied: with overwrite whatever is there that is not a directory. */
static int clear_place(const struct copy *c, const struct place *p)
{
	struct stat st;

	if (!c->how->overwrite || fstatat(p->to_dir, p->to_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return unlinkat(p->to_dir, p->to_name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static int copy_one(struct copy *c, const struct place *p, const struct stat *st)
{
	int r = clear_place(c, p);

	if (r == 0 && link_again(c, p, st))
		return 0;
	if (r == 0)
		r = S_ISREG(st->st_mode)   ? copy_file(c, p, st)
		    : S_ISLNK(st->st_mode) ? copy_link(c, p, st)
					   : copy_special(c, p, st);
	return r < 0 ? err_from(c->e, r, "copy %s", p->from_name) : 0;
}

static int copy_entry(struct copy *c, int from, int to, const char *name, int depth)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(c->e, "copy %s", name);
	if (S_ISDIR(st.st_mode))
		return copy_directory(c, from, to, name, &st, depth);
	return copy_one(c, &(struct place){ from, to, name, name }, &st);
}

static int copy_below(struct copy *c, int from, int to, int depth)
{
	const struct dirent *entry;
	int fd = fcntl(from, F_DUPFD_CLOEXEC, 0), r = 0;
	DIR *d = fd < 0 || depth > DEPTH_MAX ? NULL : fdopendir(fd);

	if (!d) {
		r = depth > DEPTH_MAX ? err_from(c->e, -ELOOP, "copy a tree")
				      : err_sys(c->e, "copy a tree");
		close_p(&fd);
		return r;
	}
	while (r == 0 && (entry = readdir(d)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = copy_entry(c, from, to, entry->d_name, depth);
	closedir(d);
	return r;
}

static const struct file_copy plain;

static void close_linked(const struct copy *c)
{
	for (struct linked *l = c->linked; l; l = l->next)
		close_p(&l->dir);
}

int file_copy_tree(int from, int to, const struct file_copy *how, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct copy c = { .how = how ? how : &plain, .arena = a, .e = e };
	struct stat st;
	int r = copy_below(&c, from, to, 0);

	close_linked(&c);
	if (r < 0)
		return r;
	if (fstat(from, &st) < 0)
		return err_sys(e, "copy a tree");
	r = copy_meta(&c, from, to, &st);
	return r < 0 ? err_from(e, r, "copy a tree") : 0;
}

int file_copy_at(int from_dir, const char *from_name, int to_dir, const char *to_name,
		 const struct file_copy *how, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct copy c = { .how = how ? how : &plain, .arena = a, .e = e };
	struct stat st;
	int r;

	if (fstatat(from_dir, from_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "copy %s", from_name);
	if (S_ISDIR(st.st_mode))
		return err_from(e, -EISDIR, "copy %s", from_name);
	r = copy_one(&c, &(struct place){ from_dir, to_dir, from_name, to_name }, &st);
	close_linked(&c);
	return r;
}

int file_copy_fd(int from, int to_dir, const char *to_name, const struct file_copy *how,
		 struct err *e)
{
	const struct copy c = { .how = how ? how : &plain, .e = e };
	const struct place p = { .from_dir = -1, .to_dir = to_dir, .to_name = to_name };
	struct stat st;
	int r;

	if (fstat(from, &st) < 0)
		return err_sys(e, "copy to %s", to_name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID, "copy to %s: the source is no regular file",
			       to_name);
	r = clear_place(&c, &p);
	if (r == 0)
		r = copy_open_file(&c, from, &p, &st);
	return r < 0 ? err_from(e, r, "copy to %s", to_name) : 0;
}
