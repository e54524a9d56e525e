/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/text.h"
#include "unpack/tree_private.h"
#include "unpack/xattr.h"

/*
 * What this file system or this user can't have.  An image works without most attributes, as other
 * engines found; without a capability its program does not, so that is left out only for those who
 * could not use it.
 */
static bool can_do_without(const struct tree *t, const struct member *m, const char *name)
{
	bool is_capability = text_after(name, "security.");

	if (errno == EPERM && is_capability)
		return t->request->ids != UNPACK_IDS_KEEP;
	if (errno == EPERM)
		return m->type != MEMBER_FILE && m->type != MEMBER_DIR;
	return errno == EOPNOTSUPP && !is_capability;
}

int tree_set_xattrs(struct tree *t, const struct member *m, int fd, const char *name, struct err *e)
{
	for (size_t i = 0; i < m->xattrs_len; i++) {
		const struct member_xattr *x = &m->xattrs[i];
		int r;

		if (m->type == MEMBER_DIR && text_eq(x->name, XATTR_DEFAULT_ACL))
			continue;
		if (!xattr_crosses(x->name)) {
			t->base.result->skipped_xattrs++;
			continue;
		}
		r = fd >= 0 ? fsetxattr(fd, x->name, x->value, x->len, 0)
			    : lsetxattr(name, x->name, x->value, x->len, 0);
		if (r < 0 && !can_do_without(t, m, x->name))
			return err_sys(e, "%s: set the extended attribute %s", quoted(m->path).text,
				       quoted(x->name).text);
		t->base.result->skipped_xattrs += r < 0;
	}
	return 0;
}

bool tree_is_ours(const struct tree *t, const struct member *m)
{
	return m->uid == t->uid && m->gid == t->gid && !t->setgid;
}

int tree_chown_failed(const struct member *m, struct err *e)
{
	if (errno == EPERM || errno == EINVAL)
		return err_set(
			e, ERR_DENIED,
			"%s belongs to %u:%u, which this user may not give files to: there are "
			"not enough subordinate ids",
			quoted(m->path).text, m->uid, m->gid);
	return err_sys(e, "%s: change the owner", quoted(m->path).text);
}

int tree_dress(struct tree *t, const struct member *m, int folder, const char *name, struct err *e)
{
	struct timespec times[2] = { m->atime, m->mtime };
	bool ours = tree_is_ours(t, m);

	if (!ours && fchownat(folder, name, m->uid, m->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return tree_chown_failed(m, e);
	if (m->type != MEMBER_SYMLINK && (!ours || (m->mode & 07000)) &&
	    fchmodat(folder, name, m->mode, 0) < 0)
		return tree_refuse(m, e);
	if (m->xattrs_len > 0) {
		if (fchdir(folder) < 0)
			return tree_refuse(m, e);
		if (tree_set_xattrs(t, m, -1, name, e) < 0)
			return -e->code;
	}
	if (m->type != MEMBER_DIR && utimensat(folder, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return tree_refuse(m, e);
	return 0;
}
