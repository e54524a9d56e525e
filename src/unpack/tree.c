/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Most members cost as few calls as there can be: create, write, set the times, close.  The rest is
 * done when it is needed only: an owner other than ours, a mode that creation can't give, a name
 * that is taken.  What a directory's later contents would disturb waits until finish().
 */
#include "unpack/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/file.h"
#include "base/text.h"
#include "unpack/decoder.h"
#include "unpack/name.h"
#include "unpack/tree_private.h"
#include "unpack/xattr.h"

int tree_refuse(const struct member *m, struct err *e)
{
	return err_sys(e, "make %s", quoted(m->path).text);
}

static struct late *late_new(struct tree *t, const char *path)
{
	size_t len = strlen(path) + 1;
	struct late *l = arena_alloc(t->arena, sizeof(*l) + len);

	memcpy(l->path, path, len);
	*t->last = l;
	t->last = &l->next;
	return l;
}

int tree_folder(struct tree *t, const char *path, const char **ret_name, struct err *e)
{
	*ret_name = name_base(path);
	return parents_at(&t->parents, path, *ret_name > path ? (size_t)(*ret_name - path) - 1 : 0,
			  true, e);
}

bool tree_is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

/* What a recipe needs of the tree goes away: a file can be kept in the recipe itself, but not what
 * a directory holds, or has several names through links. */
static int keep_for_recipe(struct tree *t, int folder, const char *name, const struct stat *st,
			   const struct member *m, struct err *e)
{
	auto_close int fd = -1;
	int r = 0;

	if (!t->recipe || (!S_ISDIR(st->st_mode) && !S_ISLNK(st->st_mode) && !S_ISREG(st->st_mode)))
		return 0;
	if (S_ISREG(st->st_mode)) {
		if (st->st_size == 0)
			return 0;
		fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd >= 0 && !t->parents.aliased)
		r = recipe_keep(t->recipe, m->path, fd, (uint64_t)st->st_size, e);
	if (r == 0)
		t->base.result->recipe_lost = true;
	return r < 0 ? r : 0;
}

/*
 * Makes room for a member whose name is taken. 1: the directory there stays.  In a layer, a
 * directory in a whiteout's place hides what is below it.
 */
int tree_make_room(struct tree *t, int folder, const char *name, const struct member *m,
		   struct err *e)
{
	bool is_dir = m->type == MEMBER_DIR;
	struct stat st;
	int r = 0;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return tree_refuse(m, e);
	if (is_dir && S_ISDIR(st.st_mode))
		return 1;
	if (t->request->no_overwrite_dir && is_dir != S_ISDIR(st.st_mode))
		return err_set(e, ERR_CONFLICT,
			       is_dir ? "%s: cannot overwrite non-directory with directory"
				      : "%s: cannot overwrite directory with non-directory",
			       quoted(m->path).text);
	r = keep_for_recipe(t, folder, name, &st, m, e);
	if (r < 0)
		return r;
	if (S_ISDIR(st.st_mode))
		r = file_remove_tree_at(folder, name, e);
	else if (unlinkat(folder, name, 0) < 0)
		r = tree_refuse(m, e);
	if (r < 0)
		return r;
	if (S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode)) {
		parents_forget(&t->targets);
		parents_forget(&t->parents);
	}
	if (is_dir && tree_is_whiteout(&st) && t->request->mode == UNPACK_LAYER)
		late_new(t, m->path)->opaque = true;
	return 0;
}

int tree_begin_file(struct tree *t, const struct member *m, int folder, const char *name,
		    struct err *e)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(folder, name, flags, m->mode & 0777), r;

	if (fd < 0 && errno == EEXIST) {
		r = tree_make_room(t, folder, name, m, e);
		if (r < 0)
			return r;
		folder = tree_folder(t, m->path, &name, e);
		if (folder < 0)
			return folder;
		fd = openat(folder, name, flags, m->mode & 0777);
	}
	if (fd < 0)
		return tree_refuse(m, e);
	t->file = fd;
	t->written = 0;
	return 1;
}

static void remember_dir(struct tree *t, const struct member *m)
{
	struct late *l = late_new(t, m->path);

	l->times[0] = m->atime;
	l->times[1] = m->mtime;
	l->needs_times = true;
	l->mode = m->mode;
	l->needs_mode = t->no_override && (m->mode & 0700) != 0700;
	if (m->mode & S_ISGID)
		t->setgid = true;
	for (size_t i = 0; i < m->xattrs_len; i++) {
		if (!text_eq(m->xattrs[i].name, XATTR_DEFAULT_ACL))
			continue;
		l->acl = arena_copy(t->arena, m->xattrs[i].value, m->xattrs[i].len);
		l->acl_len = m->xattrs[i].len;
	}
}

static int begin_dir(struct tree *t, const struct member *m, int folder, const char *name,
		     struct err *e)
{
	struct member now = *m;
	struct stat st;
	int r = 0;

	if (t->no_override)
		now.mode |= 0700;
	if (*m->path == '\0') {
		name = ".";
		r = 1;
	} else if (mkdirat(folder, name, now.mode & 0777) < 0) {
		r = errno == EEXIST ? tree_make_room(t, folder, name, m, e) : tree_refuse(m, e);
		if (r == 0) {
			folder = tree_folder(t, m->path, &name, e);
			r = folder < 0 ? folder : 0;
			if (r == 0 && mkdirat(folder, name, now.mode & 0777) < 0)
				r = tree_refuse(m, e);
		}
	}
	if (r < 0)
		return r;
	/* One that was there has another mode and owner: compare, as most are repetitions. */
	if (r == 1) {
		if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return tree_refuse(m, e);
		if ((st.st_uid != m->uid || st.st_gid != m->gid) &&
		    fchownat(folder, name, m->uid, m->gid, AT_SYMLINK_NOFOLLOW) < 0)
			return tree_chown_failed(m, e);
		if ((st.st_mode & 07777) != now.mode && fchmodat(folder, name, now.mode, 0) < 0)
			return tree_refuse(m, e);
	}
	r = tree_dress(t, &now, folder, name, e);
	if (r == 0)
		remember_dir(t, m);
	return r;
}

static int make_special(const struct member *m, int folder, const char *name)
{
	mode_t perm = m->mode & 0777;

	switch (m->type) {
	case MEMBER_SYMLINK:
		return symlinkat(m->target, folder, name);
	case MEMBER_CHAR:
		return mknodat(folder, name, S_IFCHR | perm, m->device);
	case MEMBER_BLOCK:
		return mknodat(folder, name, S_IFBLK | perm, m->device);
	default:
		return mknodat(folder, name, S_IFIFO | perm, 0);
	}
}

static int begin_special(struct tree *t, const struct member *m, int folder, const char *name,
			 struct err *e)
{
	int r = make_special(m, folder, name);

	if (r < 0 && errno == EEXIST) {
		r = tree_make_room(t, folder, name, m, e);
		if (r < 0)
			return r;
		folder = tree_folder(t, m->path, &name, e);
		if (folder < 0)
			return folder;
		r = make_special(m, folder, name);
	}
	if (r < 0 && errno == EPERM && t->request->skip_nodes) {
		t->base.result->skipped_nodes++;
		return 0;
	}
	return r < 0 ? tree_refuse(m, e) : tree_dress(t, m, folder, name, e);
}

static int tree_begin(struct sink *s, const struct member *m, struct err *e)
{
	struct tree *t = (struct tree *)s;
	const char *name;
	int folder = tree_folder(t, m->path, &name, e);

	if (folder < 0)
		return folder;
	if (m->type == MEMBER_DIR)
		return begin_dir(t, m, folder, name, e);
	if (*m->path == '\0')
		return err_set(e, ERR_INVALID, "the archive's root isn't a directory");
	if (m->type == MEMBER_HARDLINK)
		return tree_begin_hardlink(t, m, folder, name, e);
	if (m->type == MEMBER_FILE)
		return tree_begin_file(t, m, folder, name, e);
	return begin_special(t, m, folder, name, e);
}

static int tree_write(struct sink *s, const void *bytes, size_t len, uint64_t offset, struct err *e)
{
	struct tree *t = (struct tree *)s;
	const char *from = bytes;
	ssize_t n;

	while (len > 0) {
		n = pwrite(t->file, from, len, (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "write");
		from += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	if (offset > t->written)
		t->written = offset;
	return 0;
}

static int tree_end(struct sink *s, const struct member *m, struct err *e)
{
	struct tree *t = (struct tree *)s;
	struct timespec times[2] = { m->atime, m->mtime };
	auto_close int fd = take_fd(t->file);

	if (t->written < m->size && ftruncate(fd, (off_t)m->size) < 0)
		return tree_refuse(m, e);
	if (!tree_is_ours(t, m) && fchown(fd, m->uid, m->gid) < 0)
		return tree_chown_failed(m, e);
	if ((m->mode & 07000) && fchmod(fd, m->mode) < 0)
		return tree_refuse(m, e);
	if (m->xattrs_len > 0 && tree_set_xattrs(t, m, fd, NULL, e) < 0)
		return -e->code;
	if (futimens(fd, times) < 0)
		return tree_refuse(m, e);
	return 0;
}

static int tree_whiteout(struct sink *s, const char *path, struct err *e)
{
	struct tree *t = (struct tree *)s;
	const char *name;
	int folder = tree_folder(t, path, &name, e);
	struct stat st;

	if (folder < 0)
		return folder;
	if (mknodat(folder, name, S_IFCHR, 0) == 0)
		return 0;
	if (errno != EEXIST || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "white out %s", quoted(path).text);
	/* It only concerns the layers below: what this one has stays, and hides them. */
	if (S_ISDIR(st.st_mode))
		late_new(t, path)->opaque = true;
	return 0;
}

static int tree_opaque(struct sink *s, const char *path, struct err *e)
{
	struct tree *t = (struct tree *)s;
	int r = parents_at(&t->parents, path, strlen(path), true, e);

	if (r < 0)
		return r;
	late_new(t, path)->opaque = true;
	return 0;
}

static int finish_dir(struct tree *t, const struct late *l, struct err *e)
{
	struct err words;
	int fd = parents_at(&t->parents, l->path, strlen(l->path), false, &words);

	/* Something else may have taken its place since. */
	if (fd < 0)
		return 0;
	if (fchdir(fd) < 0)
		return err_sys(e, "open %s", quoted(l->path).text);
	if (l->acl && setxattr(".", XATTR_DEFAULT_ACL, l->acl, l->acl_len, 0) < 0)
		return err_sys(e, "%s: set the default ACL", quoted(l->path).text);
	if (l->needs_times && utimensat(AT_FDCWD, ".", l->times, 0) < 0)
		return err_sys(e, "%s: set the times", quoted(l->path).text);
	if (l->opaque) {
		t->base.result->opaques++;
		return report_opaque(t->report, l->path, e);
	}
	return 0;
}

static int tree_finish(struct sink *s, struct err *e)
{
	struct tree *t = (struct tree *)s;
	struct err words;
	int r = 0, fd;

	for (const struct late *l = t->late; l && r == 0; l = l->next)
		r = finish_dir(t, l, e);
	/* Modes that keep us out come last. */
	for (const struct late *l = t->late; l && r == 0; l = l->next) {
		if (!l->needs_mode)
			continue;
		fd = parents_at(&t->parents, l->path, strlen(l->path), false, &words);
		if (fd >= 0 && (fchdir(fd) < 0 || chmod(".", l->mode) < 0))
			r = err_sys(e, "%s: set the mode", quoted(l->path).text);
	}
	return r;
}

static void tree_free(struct sink *s)
{
	struct tree *t = (struct tree *)s;

	parents_forget(&t->parents);
	parents_forget(&t->targets);
	close_p(&t->file);
	arena_free(t->arena);
	free(t);
}

struct sink *tree_new(const struct tree_new *how, struct err *e)
{
	static const struct sink_ops ops = {
		.begin = tree_begin,
		.write = tree_write,
		.end = tree_end,
		.whiteout = tree_whiteout,
		.opaque = tree_opaque,
		.finish = tree_finish,
		.free = tree_free,
	};
	struct tree *t;
	struct stat st;

	if (fstat(how->root, &st) < 0) {
		err_sys(e, "the tree");
		return NULL;
	}
	t = decoder_alloc(sizeof(*t));
	t->base = (struct sink){ .ops = &ops, .result = how->result };
	t->request = how->request;
	t->report = how->report;
	t->recipe = how->recipe;
	t->root = how->root;
	t->lower = how->lower;
	t->file = -1;
	t->uid = geteuid();
	t->gid = getegid();
	t->setgid = st.st_mode & S_ISGID;
	t->no_override = t->uid != 0;
	t->arena = arena_new();
	t->last = &t->late;
	parents_init(&t->parents, how->root);
	parents_init(&t->targets, how->root);
	umask(0);
	return &t->base;
}
