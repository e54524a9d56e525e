/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/export.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "base/path.h"
#include "engine/facts.h"
#include "image/unpack.h"

int container_open_root(const struct state *s, struct arena *a, const struct container *c,
			struct err *e)
{
	auto_close int pidfd = -1;
	auto_close int root = -1;
	struct container_status st;
	char path[64];
	int r = container_status(s, a, c, &st, e);

	if (r < 0)
		return r;
	pidfd = container_pidfd(&st, NULL);
	if (pidfd >= 0) {
		snprintf(path, sizeof(path), "/proc/%lld/root", (long long)st.run.pid);
		root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	/* Only what was still that process is its root. */
	if (root >= 0 && container_status(s, a, c, &st, NULL) == 0 && container_is_alive(&st))
		return take_fd(root);
	close_p(&root);
	root = container_root_unmapped(s, a, c, e);
	return root < 0 ? root : file_open_dir_at(root, ".", e);
}

int container_export(const struct state *s, struct arena *a, const struct container *c, int fd,
		     struct err *e)
{
	auto_close int root = container_open_root(s, a, c, e);
	struct unpack_result result;
	char *program;
	int r;

	if (root < 0)
		return root;
	r = path_libexec(a, "unpack", &program, e);
	if (r < 0)
		return r;
	return unpack_run(
		&(struct unpack_start){
			.program = program,
			.mode = UNPACK_PACK,
			.out = fd,
			.dir = root,
			.one_file_system = true,
			.user_xattr = s->rootless,
		},
		a, NULL, &result, e);
}
