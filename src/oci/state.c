/* SPDX-License-Identifier: BSD-2-Clause */
#include "oci/show.h"

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct oci_globals *g = globals;
	auto_buf out = BUF(4U << 20);
	struct record_at at;
	struct shown shown;
	struct err e;

	if (record_open(g, argv[0], &at, &e) < 0)
		return oci_fail(g, &e);
	show_fill(g, &at, &shown);
	json_write(&out, &shown_json, &shown, 2);
	buf_addc(&out, '\n');
	record_close(&at);
	return oci_print(g, &out);
}

const struct command oci_state_command = {
	.name = "state",
	.summary = "Print a container's state",
	.description = "Prints the state of a container as JSON, as the runtime specification "
		       "has it",
	.usage = "ID",
	.examples = "web\n",
	.min_args = 1,
	.max_args = 1,
	.completes = "container",
	.run = run,
};
