/* SPDX-License-Identifier: BSD-2-Clause */
/* The container's root file system, and the image's content in fresh volumes. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "engine/facts.h"
#include "image/image.h"
#include "kernel/mount.h"
#include "kernel/open.h"
#include "volume/volume.h"

static int mount_layers(const struct state *s, const struct container *c, const int *layers,
			size_t len, struct err *e)
{
	auto_close int dir = state_dir(s, CONTAINERS, c->id, e);
	auto_close int upper = -1;
	auto_close int work = -1;

	if (dir < 0)
		return dir;
	upper = file_open_dir_at(dir, "upper", e);
	if (upper < 0)
		return upper;
	work = file_open_dir_at(dir, "work", e);
	if (work < 0)
		return work;
	return kernel_mount_overlay(
		&(struct kernel_overlay){
			.lower = layers,
			.lower_len = len,
			.upper = upper,
			.work = work,
			.user_xattr = s->rootless,
			/* Nobody reads the writable layer of a container that goes when it ends. */
			.is_volatile = c->auto_remove,
		},
		e);
}

int container_root(const struct state *s, struct arena *a, const struct container *c, struct err *e)
{
	struct image *image;
	size_t len;
	int *layers, r;

	if (c->rootfs) {
		r = kernel_mount_copy(AT_FDCWD, c->rootfs, true, e);
		return r < 0 ? err_wrap(e, "root %s", c->rootfs) : r;
	}
	r = image_load(s, a, c->image_id, &image, e);
	if (r == 0)
		r = image_open_layers(s, a, image, &layers, &len, e);
	if (r < 0)
		return err_wrap(e, "image of container %s", c->name);
	r = mount_layers(s, c, layers, len, e);
	image_close_layers(layers, len);
	return r < 0 ? err_wrap(e, "mount the root of container %s", c->name) : r;
}

static int fill_volume(const struct state *s, struct arena *a, const struct container_mount *m,
		       int root, struct err *e)
{
	auto_close int from = -1;
	auto_close int to = -1;
	struct volume *v;
	int r = volume_find(s, a, m->source, &v, e);

	if (r < 0 || !v->fresh)
		return r;
	from = kernel_open_in(root, m->destination, O_RDONLY | O_DIRECTORY, e);
	if (from == -ENOENT || from == -ENOTDIR)
		return volume_used(s, a, m->source, e);
	if (from < 0)
		return from;
	to = volume_open(s, m->source, e);
	if (to < 0)
		return to;
	r = file_copy_tree(from, to, NULL, e);
	return r < 0 ? r : volume_used(s, a, m->source, e);
}

int container_fill_volumes(const struct state *s, struct arena *a, const struct container *c,
			   int root, struct err *e)
{
	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct container_mount *m = &c->mounts.v[i];
		int r;

		if (strcmp(m->type, "volume") != 0 || !m->copy_up)
			continue;
		r = fill_volume(s, a, m, root, e);
		if (r < 0)
			return err_wrap(e, "fill volume %s from %s of the image", m->source,
					m->destination);
	}
	return 0;
}
