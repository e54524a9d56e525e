/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/text.h"
#include "kernel/kernel.h"
#include "unpack/name.h"
#include "unpack/tree_private.h"

/* copy_file_range() does not cross mounts. */
static int copy_contents(struct tree *t, const struct member *m, int from, struct err *e)
{
	char piece[16 << 10];
	uint64_t done = 0;
	ssize_t n;

	while ((n = read(from, piece, sizeof(piece))) > 0) {
		if (t->base.ops->write(&t->base, piece, (size_t)n, done, e) < 0)
			return -e->code;
		done += (uint64_t)n;
	}
	return n < 0 ? err_sys(e, "read %s", quoted(m->target).text) : 0;
}

/*
 * A hard link to a file that only a lower layer has.  overlayfs can't share an inode between
 * layers, so the name gets a copy; its owner, mode and times are those that the member states.
 */
static int copy_from_lower(struct tree *t, const struct member *m, struct err *e)
{
	auto_close int from = -1;
	struct member file = *m;
	const char *name;
	struct stat st;
	int folder, r;

	t->base.result->needs_lower = true;
	if (t->lower < 0)
		return err_set(e, ERR_NOT_FOUND, "%s is a hard link to %s, which this layer lacks",
			       quoted(m->path).text, quoted(m->target).text);
	from = kernel_open_in(t->lower, m->target, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
			      e);
	if (from < 0 || fstat(from, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID,
			       "%s is a hard link to %s, which is no file of the layers below",
			       quoted(m->path).text, quoted(m->target).text);
	folder = tree_folder(t, m->path, &name, e);
	if (folder < 0)
		return folder;
	file.type = MEMBER_FILE;
	r = tree_begin_file(t, &file, folder, name, e);
	if (r < 0)
		return r;
	if (copy_contents(t, m, from, e) < 0)
		return -e->code;
	file.size = t->written;
	return t->base.ops->end(&t->base, &file, e);
}

int tree_begin_hardlink(struct tree *t, const struct member *m, int folder, const char *name,
			struct err *e)
{
	const char *target = name_base(m->target);
	size_t len = target > m->target ? (size_t)(target - m->target) - 1 : 0;
	struct stat st, there;
	struct err words;
	int from, r;

	if (*m->path == '\0' || text_eq(m->path, m->target))
		return err_set(e, ERR_INVALID, "%s is a hard link to itself", quoted(m->path).text);
	from = parents_at(&t->targets, m->target, len, false, &words);
	if (from < 0 || fstatat(from, target, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    tree_is_whiteout(&st))
		return copy_from_lower(t, m, e);
	if (S_ISDIR(st.st_mode))
		return err_set(e, ERR_INVALID, "%s is a hard link to a directory, %s",
			       quoted(m->path).text, quoted(m->target).text);
	r = linkat(from, target, folder, name, 0);
	if (r < 0 && errno == EEXIST) {
		if (fstatat(folder, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
		    there.st_ino == st.st_ino && there.st_dev == st.st_dev)
			return 0;
		r = tree_make_room(t, folder, name, m, e);
		if (r < 0)
			return r;
		folder = tree_folder(t, m->path, &name, e);
		if (folder < 0)
			return folder;
		from = parents_at(&t->targets, m->target, len, false, e);
		if (from < 0)
			return from;
		r = linkat(from, target, folder, name, 0);
	}
	return r < 0 ? tree_refuse(m, e) : 0;
}
