/* SPDX-License-Identifier: BSD-2-Clause */
/* What is in a volume, as seen from the host: mounted there, or as a tar stream. */
#include <fcntl.h>

#include "base/file.h"
#include "base/path.h"
#include "engine/export.h"
#include "engine/volumes.h"
#include "kernel/mount.h"

int volume_attach(const struct state *s, struct arena *a, const struct volume *v, struct err *e)
{
	auto_close int lock = -1;
	auto_close int data = -1;
	auto_close int mount = -1;

	if (!volume_is_mount(v))
		return 0;
	if (s->rootless)
		return err_set(e, ERR_UNSUPPORTED,
			       "volume %s: what a plain user mounts, the host does not see",
			       v->name);
	lock = state_lock(s, VOLUMES, v->name, e);
	if (lock < 0)
		return lock;
	data = volume_open(s, v->name, e);
	if (data < 0 || kernel_is_mount_root(data, ""))
		return data < 0 ? data : 0;
	mount = volume_open_shared(s, a, v, e);
	return mount < 0 ? mount : kernel_mount_attach(mount, data, NULL, e);
}

int volume_detach(const struct state *s, struct arena *a, const struct volume *v, struct err *e)
{
	auto_close int lock = state_lock(s, VOLUMES, v->name, e);
	auto_close int data = -1;

	if (lock < 0)
		return lock;
	data = volume_open(s, v->name, e);
	if (data < 0 || !kernel_is_mount_root(data, ""))
		return data < 0 ? data : 0;
	close_p(&data);
	if (umount2(volume_path(s, a, v->name), UMOUNT_NOFOLLOW) < 0)
		return err_sys(e, "unmount volume %s", v->name);
	return 0;
}

static int with_unpack(const struct state *s, struct arena *a, const struct volume *v,
		       struct unpack_start *how, struct err *e)
{
	auto_close int root = volume_open_shared(s, a, v, e);
	auto_close int dir = root < 0 ? root : file_open_dir_at(root, ".", e);
	char *program;
	int r;

	if (dir < 0)
		return dir;
	r = path_libexec(a, "unpack", &program, e);
	if (r < 0)
		return r;
	how->program = program;
	how->dir = dir;
	return container_pack(how, -1, e);
}

int volume_export(const struct state *s, struct arena *a, const struct volume *v, int fd,
		  struct err *e)
{
	struct unpack_start how = { .mode = UNPACK_PACK, .out = fd, .user_xattr = s->rootless };

	return with_unpack(s, a, v, &how, e);
}

int volume_import(const struct state *s, struct arena *a, const struct volume *v, int fd,
		  struct err *e)
{
	struct unpack_start how = { .mode = UNPACK_EXTRACT, .in = fd, .out = -1 };
	int r = with_unpack(s, a, v, &how, e);

	if (r == 0)
		r = volume_used(s, a, v->name, e);
	return r < 0 ? err_wrap(e, "import into volume %s", v->name) : 0;
}
