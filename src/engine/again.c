/* SPDX-License-Identifier: BSD-2-Clause */
/* berth, called again for a container when the process that started it is long gone. */
#include "engine/start.h"

struct texts container_again(struct arena *a, const struct state *s,
			     const struct container_start *how, const char *command, const char *id)
{
	struct texts argv = { 0 };

	texts_add(a, &argv, how->program);
	texts_add(a, &argv, "--root");
	texts_add(a, &argv, s->lib_path);
	texts_add(a, &argv, "--runroot");
	texts_add(a, &argv, s->run_path);
	if (how->cgroup_manager) {
		texts_add(a, &argv, "--cgroup-manager");
		texts_add(a, &argv, how->cgroup_manager);
	}
	texts_add(a, &argv, command);
	texts_add(a, &argv, id);
	return argv;
}
