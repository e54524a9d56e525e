/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/info.h"
#include "spec/image.h"

struct version_args {
	const char *format;
};

static const struct option version_options[] = {
	OPTION_TEXT(version_args, format, "format", 'f', "FORMAT", "json, or a Go template"),
	{ 0 },
};

json_t *version_document(struct arena *a)
{
	struct image_platform host = image_platform_host();

	/* podman's members: those that say what a Go program was built with are empty. */
	return json_pack("{ss ss ss ss ss si so ss}", "APIVersion", BERTH_VERSION, "Version",
			 BERTH_VERSION, "GoVersion", "", "GitCommit", "", "BuiltTime", "", "Built",
			 0, "OsArch", json_string(arena_printf(a, "linux/%s", host.architecture)),
			 "Os", "linux");
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	const struct version_args *given = args;
	AUTO(arena) a = arena_new();
	auto_buf out = BUF(65536);
	json_t *document = json_pack("{so}", "Client", version_document(a));
	struct err e;
	int r = 0;

	if (given->format && format_is_json(given->format)) {
		json_print(&out, document, 2);
		buf_addc(&out, '\n');
	} else if (given->format) {
		struct value v = value_tree(a, document, (const char *const[]){ "", NULL });

		r = format_value(&out, "version", given->format, &v, &e);
	} else {
		buf_addf(&out,
			 "Client:       Berth Engine\nVersion:      %s\nAPI Version:  %s\n"
			 "Go Version:   none\nOS/Arch:      linux/%s\n",
			 BERTH_VERSION, BERTH_VERSION, image_platform_host().architecture);
	}
	json_decref(document);
	return r < 0 ? cli_fail(&e) : cli_print(&out);
}

static const struct option *const options[] = { version_options, NULL };

const struct command version_command = {
	.name = "version",
	.summary = "Show the version of berth",
	.description = "Shows the version of berth",
	.options = options,
	.args_size = sizeof(struct version_args),
	.run = run,
};
