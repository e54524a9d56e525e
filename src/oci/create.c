/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/kernel.h"
#include "oci/making.h"

static const struct option *const options[] = { making_options, NULL };

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct making m = { .g = globals, .args = *(struct making_args *)args, .id = argv[0] };
	struct err e;
	int r = kernel_seal_self(&e);

	/* The process that waits to be started is this program, and guests may be there before. */
	if (r == 0)
		r = making_begin(&m, &e);

	if (r < 0)
		return oci_fail(m.g, &e);
	r = runtime_leave(&m.c, &e);
	if (r < 0) {
		making_abort(&m);
		return oci_fail(m.g, &e);
	}
	runtime_close(&m.c);
	record_close(&m.at);
	return 0;
}

const struct command oci_create_command = {
	.name = "create",
	.summary = "Create a container",
	.description = "Makes a container of a bundle, all but its program, which `start` executes",
	.usage = "ID",
	.examples = "--bundle /srv/web web\n--pid-file web.pid --console-socket tty.sock web\n",
	.options = options,
	.args_size = sizeof(struct making_args),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
