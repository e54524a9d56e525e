/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "engine/export.h"
#include "engine/userns.h"
#include "engine/volumes.h"
#include "image/unpack.h"
#include "kernel/open.h"
#include "runtime/user.h"

/* An end, looked at. */
struct side {
	const struct copy_end *end;
	int root;         /* what path is inside of */
	int userns;       /* in which its files' IDs are the container's, or -1 */
	const char *path; /* clean, absolute */
	bool content;     /* it was written DIR/. : what is in it */
	bool slash;       /* it was written DIR/ : it must be a directory */
	bool exists, is_dir;
};

static const char *shown(const struct side *x)
{
	return x->end->path;
}

static int open_folder(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOTDIR ? -ENOENT : err_sys(e, "open %s", path);
	return fd;
}

static int open_volume(const struct state *s, struct arena *a, const char *name, struct err *e)
{
	auto_close int root = -1;
	struct volume *v;
	int r = volume_find(s, a, name, &v, e);

	if (r < 0)
		return r;
	root = volume_open_shared(s, a, v, e);
	return root < 0 ? root : file_open_dir_at(root, ".", e);
}

/* The folder or volume that is mounted at or above the path, of a container that does not run. */
static int open_mounted(const struct state *s, struct arena *a, struct side *x, struct err *e)
{
	const struct container *c = x->end->container;
	const struct container_mount *best = NULL;
	int fd;

	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct container_mount *m = &c->mounts.v[i];

		if ((strcmp(m->type, "bind") == 0 || strcmp(m->type, "volume") == 0) &&
		    path_is_below(x->path, m->destination) &&
		    (!best || strlen(m->destination) > strlen(best->destination)))
			best = m;
	}
	if (!best)
		return -ENOENT;
	fd = strcmp(best->type, "bind") == 0 ? open_folder(best->source, e)
					     : open_volume(s, a, best->source, e);
	if (fd < 0)
		return fd;
	x->path = path_join(a, "/", x->path + strlen(best->destination));
	return fd;
}

static int open_side_root(const struct state *s, struct arena *a, struct side *x, struct err *e)
{
	const struct container *c = x->end->container;
	struct container_status st;
	int r;

	if (!c) {
		r = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return r < 0 ? err_sys(e, "open /") : r;
	}
	r = container_status(s, a, c, &st, e);
	if (r < 0)
		return r;
	if (!container_is_alive(&st)) {
		r = open_mounted(s, a, x, e);
		if (r != -ENOENT)
			return r;
	}
	return container_open_root(s, a, c, &x->userns, e);
}

static int look(const struct state *s, struct arena *a, const struct copy_end *end, struct side *x,
		struct err *e)
{
	const char *path = end->path;
	auto_close int fd = -1;
	struct stat st;

	*x = (struct side){ .end = end, .root = -1, .userns = -1 };
	x->content = strcmp(path, ".") == 0 || text_ends(path, "/.");
	x->slash = text_ends(path, "/") || x->content;
	if (*path != '/') {
		/* A container's paths begin at its working directory, the host's at ours. */
		auto_free char *here = end->container ? NULL : getcwd(NULL, 0);
		const char *base = here ? here
				   : end->container && end->container->working_dir
					   ? end->container->working_dir
					   : "/";

		path = path_join(a, base, path);
	}
	x->path = path_clean(a, path);
	x->root = open_side_root(s, a, x, e);
	if (x->root < 0)
		return x->root;
	fd = kernel_open_in(x->root, x->path, O_PATH, NULL);
	x->exists = fd >= 0 && fstat(fd, &st) == 0;
	x->is_dir = x->exists && S_ISDIR(st.st_mode);
	return 0;
}

static int missing(const struct side *x, struct err *e)
{
	if (x->end->container)
		return err_set(e, ERR_NOT_FOUND,
			       "\"%s\" could not be found on container %s: no such file or "
			       "directory",
			       shown(x), x->end->container->name);
	return err_set(e, ERR_NOT_FOUND,
		       "\"%s\" could not be found on the host: no such file or directory",
		       shown(x));
}

/* The user of the destination's container; on the host, us. */
static int find_owner(const struct side *to, struct arena *a, struct file_copy *how, struct err *e)
{
	struct user_found u = { 0 };

	if (!to->end->container) {
		*how = (struct file_copy){ .set_owner = true, .uid = geteuid(), .gid = getegid() };
		return 0;
	}
	if (user_find(to->root, to->end->container->user ? to->end->container->user : "", a, &u,
		      e) < 0)
		return e ? -e->code : -ENOENT;
	*how = (struct file_copy){ .set_owner = true, .uid = (uid_t)u.uid, .gid = (gid_t)u.gid };
	return 0;
}

/* The directory that path's last part is in. */
static int open_parent(const struct side *x, struct arena *a, const char **ret_name, struct err *e)
{
	const char *slash = strrchr(x->path, '/');
	char *dir = arena_strndup(a, x->path, slash == x->path ? 1 : (size_t)(slash - x->path));

	*ret_name = slash + 1;
	return kernel_open_in(x->root, dir, O_RDONLY | O_DIRECTORY, e);
}

/* Only what is no directory, and none behind a link. */
static int remove_in_the_way(const struct side *to, const char *path, struct arena *a,
			     struct err *e)
{
	const struct side there = { .root = to->root, .path = (char *)(uintptr_t)path };
	auto_close int directory = kernel_open_in(to->root, path, O_PATH | O_DIRECTORY, NULL);
	auto_close int parent = -1;
	const char *name;

	if (directory >= 0)
		return 0;
	parent = open_parent(&there, a, &name, e);
	if (parent < 0)
		return parent;
	if (unlinkat(parent, name, 0) < 0 && errno != ENOENT)
		return err_sys(e, "replace %s", shown(to));
	return 0;
}

static int copy_dir(const struct side *from, const struct side *to, struct arena *a,
		    const struct file_copy *how, bool may_replace, struct err *e)
{
	auto_close int source = kernel_open_in(from->root, from->path, O_RDONLY | O_DIRECTORY, e);
	const char *path = to->path;
	auto_close int target = -1;
	auto_close int made = -1;

	if (source < 0)
		return source;
	if (to->exists && !to->is_dir && !may_replace)
		return err_set(e, ERR_CONFLICT,
			       "destination must be a directory when copying a directory");
	/* Into a directory that is there goes the directory itself, unless DIR/. was said. */
	if (to->is_dir && !from->content)
		path = path_join(a, to->path, path_base(from->path));
	if (may_replace) {
		int r = remove_in_the_way(to, path, a, e);

		if (r < 0)
			return r;
	}
	made = kernel_mkdir_in(to->root, path, 0755, e);
	if (made < 0)
		return made == -ENOTDIR ? err_set(e, ERR_CONFLICT,
						  "destination must be a "
						  "directory when copying a "
						  "directory")
					: made;
	target = openat(made, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (target < 0)
		return err_sys(e, "open %s", shown(to));
	return file_copy_tree(source, target, how, e);
}

static int copy_file(const struct side *from, const struct side *to, struct arena *a,
		     const struct file_copy *how, struct err *e)
{
	const char *from_name, *to_name;
	auto_close int from_dir = -1;
	auto_close int to_dir = -1;
	auto_close int file = -1;

	if (!to->exists && to->slash)
		return missing(to, e);
	if (to->exists && !to->is_dir && to->slash)
		return err_set(e, ERR_INVALID, "%s is not a directory", shown(to));
	from_dir = open_parent(from, a, &from_name, e);
	if (from_dir < 0)
		return from_dir;
	if (to->is_dir) {
		to_dir = kernel_open_in(to->root, to->path, O_RDONLY | O_DIRECTORY, e);
		to_name = from_name;
	} else {
		to_dir = open_parent(to, a, &to_name, e);
	}
	if (to_dir < 0)
		return to_dir == -ENOENT ? missing(to, e) : to_dir;
	/* A symlink is followed to its file, inside the root, by opening it there. */
	file = kernel_open_in(from->root, from->path, O_PATH | O_NOFOLLOW, NULL);
	if (file < 0 || readlinkat(file, "", (char[1]){ 0 }, 1) < 0)
		return file_copy_at(from_dir, from_name, to_dir, to_name, how, e);
	close_p(&file);
	file = kernel_open_in(from->root, from->path, O_RDONLY | O_NONBLOCK | O_NOCTTY, e);
	return file < 0 ? file : file_copy_fd(file, to_dir, to_name, how, e);
}

static int tar_out(const struct side *from, const struct state *s, struct arena *a, struct err *e)
{
	const char *name = NULL;
	auto_close int dir = -1;
	char *program;
	int r = path_libexec(a, "unpack", &program, e);

	if (r < 0)
		return r;
	if (from->is_dir)
		dir = kernel_open_in(from->root, from->path, O_RDONLY | O_DIRECTORY, e);
	else
		dir = open_parent(from, a, &name, e);
	if (dir < 0)
		return dir;
	return container_pack(
		&(struct unpack_start){
			.program = program,
			.mode = UNPACK_PACK,
			.out = STDOUT_FILENO,
			.dir = dir,
			.subdir = name,
			.as = from->is_dir && !from->content && strcmp(from->path, "/") != 0
				      ? path_base(from->path)
				      : name,
			.user_xattr = s->rootless,
		},
		from->userns, e);
}

static int tar_in(const struct side *to, struct arena *a, const struct file_copy *owner,
		  bool overwrite, struct err *e)
{
	auto_close int dir = -1;
	char *program;
	int r;

	if (!to->exists)
		return missing(to, e);
	if (!to->is_dir)
		return err_set(e, ERR_INVALID,
			       "destination must be a directory when copying from stdin");
	dir = kernel_open_in(to->root, to->path, O_RDONLY | O_DIRECTORY, e);
	if (dir < 0)
		return dir;
	r = path_libexec(a, "unpack", &program, e);
	if (r < 0)
		return r;
	r = container_pack(
		&(struct unpack_start){
			.program = program,
			.mode = UNPACK_EXTRACT,
			.in = STDIN_FILENO,
			.out = -1,
			.dir = dir,
			.ids = owner->set_owner ? UNPACK_IDS_SET : UNPACK_IDS_KEEP,
			.uid = owner->uid,
			.gid = owner->gid,
			.no_overwrite_dir = !overwrite,
		},
		to->userns, e);
	return r < 0 ? err_wrap(e, "source must be a (compressed) tar archive when copying from "
				   "stdin")
		     : 0;
}

static int copy_files(const struct side *from, const struct side *to, struct arena *a,
		      struct file_copy *how, bool overwrite, struct err *e)
{
	const struct container *c = to->userns >= 0 ? to->end->container : NULL;
	int r = c ? userns_begin(c, e) : 0;

	if (r < 0)
		return r;
	if (c) {
		how->uid = (uid_t)userns_outside(&c->uid_maps, how->uid);
		how->gid = (gid_t)userns_outside(&c->gid_maps, how->gid);
	}
	r = from->is_dir ? copy_dir(from, to, a, how, overwrite, e)
			 : copy_file(from, to, a, how, e);
	if (c)
		userns_end();
	return r;
}

static int copy_looked(const struct state *s, struct arena *a, const struct container_copy *how,
		       const struct side *from, const struct side *to, struct err *e)
{
	struct file_copy owner = { 0 };
	int r = 0;

	if (strcmp(how->to.path, "-") == 0 && !how->to.container)
		return from->exists ? tar_out(from, s, a, e) : missing(from, e);
	if (!how->keep_owner)
		r = find_owner(to, a, &owner, e);
	owner.overwrite = true;
	owner.skip_devices = !to->end->container;
	if (r < 0)
		return r;
	if (strcmp(how->from.path, "-") == 0 && !how->from.container)
		return tar_in(to, a, &owner, how->overwrite, e);
	if (!from->exists)
		return missing(from, e);
	if (from->slash && !from->is_dir)
		return err_set(e, ERR_INVALID, "%s is not a directory", shown(from));
	return copy_files(from, to, a, &owner, how->overwrite, e);
}

int container_copy(const struct state *s, struct arena *a, const struct container_copy *how,
		   struct err *e)
{
	struct side from = { .root = -1, .userns = -1 }, to = { .root = -1, .userns = -1 };
	int r = look(s, a, &how->from, &from, e);

	if (r == 0)
		r = look(s, a, &how->to, &to, e);
	if (r == 0)
		r = copy_looked(s, a, how, &from, &to, e);
	close_p(&from.root);
	close_p(&to.root);
	close_p(&from.userns);
	close_p(&to.userns);
	return r;
}
