/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/export.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "base/path.h"
#include "engine/facts.h"
#include "engine/userns.h"
#include "image/unpack.h"

static int open_of(int64_t pid, const char *what, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%lld/%s", (long long)pid, what);
	return open(path, flags | O_CLOEXEC);
}

int container_open_root(const struct state *s, struct arena *a, const struct container *c,
			int *ret_userns, struct err *e)
{
	auto_close int pidfd = -1;
	auto_close int root = -1;
	auto_close int userns = -1;
	struct container_status st;
	int r = container_status(s, a, c, &st, e);

	if (r < 0)
		return r;
	pidfd = container_pidfd(&st, NULL);
	if (pidfd >= 0)
		root = open_of(st.run.pid, "root", O_RDONLY | O_DIRECTORY);
	if (root >= 0 && c->uid_maps.n) {
		userns = open_of(st.run.pid, "ns/user", O_RDONLY);
		if (userns < 0)
			close_p(&root);
	}
	/* Only what was still that process is its root. */
	if (root >= 0 && container_status(s, a, c, &st, NULL) == 0 && container_is_alive(&st)) {
		*ret_userns = take_fd(userns);
		return take_fd(root);
	}
	close_p(&root);
	root = container_root_unmapped(s, a, c, e);
	if (root < 0)
		return root;
	r = file_open_dir_at(root, ".", e);
	if (r >= 0)
		*ret_userns = -1;
	return r;
}

static int pack(void *arg, struct err *e)
{
	struct unpack_result result;
	AUTO(arena) a = arena_new();

	return unpack_run(arg, a, NULL, &result, e);
}

int container_pack(const struct unpack_start *how, int userns, struct err *e)
{
	struct unpack_start start = *how;

	return userns < 0 ? pack(&start, e) : userns_run(userns, pack, &start, e);
}

int container_export(const struct state *s, struct arena *a, const struct container *c, int fd,
		     struct err *e)
{
	auto_close int userns = -1;
	auto_close int root = container_open_root(s, a, c, &userns, e);
	char *program;
	int r;

	if (root < 0)
		return root;
	r = path_libexec(a, "unpack", &program, e);
	if (r < 0)
		return r;
	return container_pack(
		&(struct unpack_start){
			.program = program,
			.mode = UNPACK_PACK,
			.out = fd,
			.dir = root,
			.one_file_system = true,
			.user_xattr = s->rootless,
		},
		userns, e);
}
