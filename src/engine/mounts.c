/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The mounts that were asked for and that are no plain folder: images, volumes that are mounts,
 * parts of volumes, and overlays on any of them.  Each becomes a descriptor before the container's
 * process is made.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "engine/create.h"
#include "engine/facts.h"
#include "kernel/mount.h"
#include "kernel/open.h"

/* An empty directory "mount-N" of the container's, which then is gone with its next start. */
static int open_empty(const struct facts_about *about, const char *name, struct err *e)
{
	int r = file_remove_tree_at(about->lib_dir, name, e);

	if (r < 0 && r != -ENOENT)
		return r;
	if (mkdirat(about->lib_dir, name, 0700) < 0)
		return err_sys(e, "make %s", name);
	return file_open_dir_at(about->lib_dir, name, e);
}

/* An overlay's two directories, in one of the container's unless they are the user's. */
struct writable {
	int upper, work;
};

static int make_writable(const struct container_mount *m, int dir, struct writable *ret,
			 struct err *e)
{
	if (!m->upper_dir && (mkdirat(dir, "upper", 0755) < 0 || mkdirat(dir, "work", 0700) < 0))
		return err_sys(e, "make an overlay's folders");
	ret->upper = file_open_dir_at(m->upper_dir ? AT_FDCWD : dir,
				      m->upper_dir ? m->upper_dir : "upper", e);
	if (ret->upper < 0)
		return ret->upper;
	ret->work = file_open_dir_at(m->work_dir ? AT_FDCWD : dir,
				     m->work_dir ? m->work_dir : "work", e);
	if (ret->work < 0)
		close_p(&ret->upper);
	return ret->work < 0 ? ret->work : 0;
}

/* A detached overlay on what `lower` is. */
static int make_overlay(const struct facts_about *about, struct arena *a, size_t i, int lower,
			struct err *e)
{
	const struct container_mount *m = &about->container->mounts.v[i];
	auto_close int dir = open_empty(about, arena_printf(a, "mount-%zu", i), e);
	struct writable w;
	struct stat st;
	int r = dir < 0 ? dir : make_writable(m, dir, &w, e);

	if (r < 0)
		return r;
	/* The merged folder is as the upper one is. */
	if (!m->upper_dir && (fstat(lower, &st) < 0 || fchown(w.upper, st.st_uid, st.st_gid) < 0 ||
			      fchmod(w.upper, st.st_mode & 07777) < 0))
		r = err_sys(e, "prepare an overlay");
	else
		r = kernel_mount_overlay(
			&(struct kernel_overlay){
				.lower = &lower,
				.lower_len = 1,
				.upper = w.upper,
				.work = w.work,
				.user_xattr = about->state->rootless,
			},
			e);
	close(w.upper);
	close(w.work);
	return r;
}

static int mount_image(const struct facts_about *about, struct arena *a, size_t i, struct err *e)
{
	const struct container_mount *m = &about->container->mounts.v[i];
	auto_close int dir = -1;
	struct image *image;
	int r = image_load(about->state, a, m->source, &image, e);

	if (r < 0)
		return r;
	if (!texts_has(&m->options, "ro")) {
		dir = r = open_empty(about, arena_printf(a, "mount-%zu", i), e);
		if (r >= 0)
			r = container_make_upper(about->state, a, image, dir, e);
		if (r < 0)
			return r;
	}
	return container_mount_image(about, a, image, dir, e);
}

/* What is in a volume, a container may have written: so the way to a part of it is gone now, and
 * stays what it is by its descriptor. */
static int open_source(const struct facts_about *about, size_t i, int mount, struct err *e)
{
	const struct container_mount *m = &about->container->mounts.v[i];
	auto_close int volume = -1;
	int fd;

	if (text_eq(m->type, "bind")) {
		fd = open(m->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return fd < 0 ? err_sys(e, "open %s", m->source) : fd;
	}
	volume = mount >= 0 ? file_open_dir_at(mount, ".", e) : container_open_volume(about, i, e);
	if (volume < 0)
		return volume;
	if (!m->sub_path)
		return take_fd(volume);
	fd = kernel_open_in(volume, m->sub_path, m->overlay ? O_RDONLY | O_DIRECTORY : O_PATH, e);
	return fd < 0 ? err_wrap(e, "subpath %s of %s %s", m->sub_path, m->type, m->source) : fd;
}

/* `mount` is the image, or the volume that is one, or -1. */
static int make_source(const struct facts_about *about, struct arena *a, size_t i, int mount,
		       struct err *e)
{
	const struct container_mount *m = &about->container->mounts.v[i];
	auto_close int fd = open_source(about, i, mount, e);

	if (fd < 0)
		return fd;
	if (m->overlay)
		return make_overlay(about, a, i, fd, e);
	return mount >= 0 ? kernel_mount_copy_part(mount, fd, e) : take_fd(fd);
}

/* 1: *ret is what to mount; 0: its source is a path. */
static int prepare(const struct facts_about *about, struct arena *a, size_t i, int *ret,
		   struct err *e)
{
	const struct container_mount *m = &about->container->mounts.v[i];
	bool is_image = text_eq(m->type, "image");
	auto_close int image = is_image ? mount_image(about, a, i, e) : -1;
	int r;

	if (is_image && image < 0)
		return image;
	if (!m->sub_path && !m->overlay) {
		*ret = is_image ? take_fd(image) : fcntl(about->volume_fds[i], F_DUPFD_CLOEXEC, 0);
		return *ret >= 0;
	}
	r = make_source(about, a, i, is_image ? image : about->volume_fds[i], e);
	if (r < 0)
		return r;
	*ret = r;
	return 1;
}

int container_mount_facts(const struct facts_about *about, struct arena *a, struct specify_facts *f,
			  struct err *e)
{
	const struct container_mounts *mounts = &about->container->mounts;
	const char **paths = arena_array(a, mounts->n, sizeof(*paths));

	for (size_t i = 0; i < mounts->n; i++) {
		int r = prepare(about, a, i, &about->mount_fds[i], e);

		if (r < 0)
			return err_wrap(e, "mount on %s", mounts->v[i].destination);
		paths[i] = r ? arena_printf(a, "/proc/self/fd/%d", about->mount_fds[i]) : NULL;
	}
	f->mount_paths = paths;
	return 0;
}
