/* SPDX-License-Identifier: BSD-2-Clause */
/* For shells, as berth has it: runc and crun have no such command, so help does not show it. */
#include "oci/oci.h"
#include "oci/record.h"

#define OUTPUT_MAX (1U << 20)

static int completion(void *globals, void *args, int argc, const char **argv)
{
	struct oci_globals *g = globals;
	auto_buf out = BUF(OUTPUT_MAX);
	struct err e;

	if (option_completion(&out, oci_root_command.name, argv[0], &e) < 0)
		return oci_fail(g, &e);
	return oci_print(g, &out);
}

const struct command oci_completion_command = {
	.name = "completion",
	.summary = "Print the completion script of a shell",
	.usage = "SHELL",
	.min_args = 1,
	.max_args = 1,
	.hidden = true,
	.run = completion,
};

static void offer_containers(void *arg, const char *noun, const char *start, struct buf *out)
{
	struct texts ids;
	struct err ignored;

	if (!text_eq(noun, "container") || record_list(arg, &ids, &ignored) < 0)
		return;
	for (size_t i = 0; i < ids.n; i++)
		if (text_after(ids.v[i], start))
			buf_addf(out, "%s\tcontainer\n", ids.v[i]);
}

static int complete(void *globals, void *args, int argc, const char **argv)
{
	auto_buf out = BUF(OUTPUT_MAX);

	option_complete(&out, &oci_root_command, argc, argv, offer_containers, globals);
	return oci_print(globals, &out);
}

const struct command oci_complete_command = {
	.name = "__complete",
	.summary = "What may follow these words",
	.usage = "WORD...",
	.max_args = -1,
	.options_end_at_arg = true,
	.hidden = true,
	.run = complete,
};
