/* SPDX-License-Identifier: BSD-2-Clause */
/* The container's root file system, and the image's content in fresh volumes. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "engine/facts.h"
#include "engine/userns.h"
#include "image/image.h"
#include "kernel/mount.h"
#include "kernel/open.h"
#include "runtime/id_map.h"
#include "volume/volume.h"

/* What the overlay is made of, as the container's own IDs or as they are on disk. */
struct stack {
	const int *lower;
	size_t lower_len;
	int dir;           /* has the writable layer, or -1 */
	const int *mounts; /* that they are on, if those are attached nowhere */
	size_t mounts_len;
};

/* A volatile overlay leaves a mark that keeps it from being mounted again, as a crash of the
 * machine may have lost some of it.  But what was mounted here before is the same container: `cp`
 * into it, a start that failed, a run whose monitor was killed. */
static void forget_volatile(int work)
{
	unlinkat(work, "work/incompat/volatile/dirty", 0);
	unlinkat(work, "work/incompat/volatile", AT_REMOVEDIR);
}

static int mount_layers(const struct state *s, const struct container *c, const struct stack *l,
			struct err *e)
{
	bool writable = l->dir >= 0;
	auto_close int upper = writable ? file_open_dir_at(l->dir, "upper", e) : -1;
	auto_close int work = -1;

	if (writable && upper < 0)
		return upper;
	work = writable ? file_open_dir_at(l->dir, "work", e) : -1;
	if (writable && work < 0)
		return work;
	if (writable && c->auto_remove)
		forget_volatile(work);
	return kernel_mount_overlay(
		&(struct kernel_overlay){
			.lower = l->lower,
			.lower_len = l->lower_len,
			.upper = upper,
			.work = work,
			.mounts = l->mounts,
			.mounts_len = l->mounts_len,
			.user_xattr = s->rootless,
			/* Nobody reads the writable layer of a container that goes when it ends. */
			.is_volatile = writable && c->auto_remove,
		},
		e);
}

static int mount_mapped(const struct state *s, struct arena *a, const struct container *c,
			const struct stack *l, struct err *e)
{
	auto_close int userns = id_map_userns(&c->uid_maps, &c->gid_maps, e);
	struct stack mapped = *l;
	size_t n = 0, wanted = l->lower_len + (l->dir >= 0);
	int *fds = arena_array(a, wanted, sizeof(*fds));
	int r = userns < 0 ? userns : 0;

	for (; r == 0 && n < wanted; n++) {
		fds[n] = userns_map_dir(n < l->lower_len ? l->lower[n] : l->dir, userns, e);
		if (fds[n] < 0) {
			r = fds[n];
			break;
		}
	}
	mapped.lower = mapped.mounts = fds;
	mapped.mounts_len = n;
	if (r == 0) {
		if (l->dir >= 0)
			mapped.dir = fds[l->lower_len];
		/* What overlayfs makes in the writable layer it makes as who mounted it. */
		r = userns_begin(c, e);
	}
	if (r == 0) {
		r = mount_layers(s, c, &mapped, e);
		userns_end();
	}
	image_close_layers(fds, n);
	return r;
}

static int mount_image(const struct state *s, struct arena *a, const struct container *c,
		       const struct image *image, int dir, bool mapped, struct err *e)
{
	struct stack l = { .dir = dir };
	int *layers, r = image_open_layers(s, a, image, &layers, &l.lower_len, e);

	if (r < 0)
		return r;
	l.lower = layers;
	r = mapped ? mount_mapped(s, a, c, &l, e) : mount_layers(s, c, &l, e);
	image_close_layers(layers, l.lower_len);
	return r;
}

int container_mount_image(const struct facts_about *about, struct arena *a,
			  const struct image *image, int dir, struct err *e)
{
	const struct container *c = about->container;

	return mount_image(about->state, a, c, image, dir, c->uid_maps.n > 0, e);
}

static int mount_own_image(const struct state *s, struct arena *a, const struct container *c,
			   bool mapped, struct err *e)
{
	auto_close int dir = state_dir(s, CONTAINERS, c->id, e);
	struct image *image;
	int r;

	if (dir < 0)
		return dir;
	r = image_load_layers(s, a, c->image_id, &image, e);
	if (r < 0)
		return err_wrap(e, "image of container %s", c->name);
	r = mount_image(s, a, c, image, dir, mapped, e);
	return r < 0 ? err_wrap(e, "mount the root of container %s", c->name) : r;
}

static int make_root(const struct state *s, struct arena *a, const struct container *c, bool mapped,
		     struct err *e)
{
	int r;

	if (!c->rootfs)
		return mount_own_image(s, a, c, mapped, e);
	r = kernel_mount_copy(AT_FDCWD, c->rootfs, true, e);
	return r < 0 ? err_wrap(e, "root %s", c->rootfs) : r;
}

int container_root(const struct state *s, struct arena *a, const struct container *c, struct err *e)
{
	return make_root(s, a, c, c->uid_maps.n > 0, e);
}

int container_root_unmapped(const struct state *s, struct arena *a, const struct container *c,
			    struct err *e)
{
	return make_root(s, a, c, false, e);
}

int container_open_volume(const struct facts_about *about, size_t i, struct err *e)
{
	if (about->volume_fds[i] >= 0)
		return file_open_dir_at(about->volume_fds[i], ".", e);
	return volume_open(about->state, about->container->mounts.v[i].source, e);
}

static int fill_volume(const struct facts_about *about, struct arena *a, size_t i, int root,
		       struct err *e)
{
	const struct container *c = about->container;
	const struct container_mount *m = &c->mounts.v[i];
	const struct state *s = about->state;
	auto_close int from = -1;
	auto_close int to = -1;
	struct volume *v;
	int r = volume_find(s, a, m->source, &v, e);

	if (r < 0 || !v->fresh || !volume_is_copied_up(v))
		return r;
	from = kernel_open_in(root, m->destination, O_RDONLY | O_DIRECTORY, e);
	if (from < 0 && from != -ENOENT && from != -ENOTDIR)
		return from;
	to = container_open_volume(about, i, e);
	if (to < 0)
		return to;
	if (from < 0) {
		r = userns_own(c, to, e);
		return r < 0 ? r : volume_used(s, a, m->source, e);
	}
	r = file_copy_tree(from, to, NULL, e);
	return r < 0 ? r : volume_used(s, a, m->source, e);
}

int container_fill_volumes(const struct facts_about *about, struct arena *a, int root,
			   struct err *e)
{
	const struct container *c = about->container;

	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct container_mount *m = &c->mounts.v[i];
		int r;

		if (strcmp(m->type, "volume") != 0 || !m->copy_up)
			continue;
		r = fill_volume(about, a, i, root, e);
		if (r < 0)
			return err_wrap(e, "fill volume %s from %s of the image", m->source,
					m->destination);
	}
	return 0;
}
