/* SPDX-License-Identifier: BSD-2-Clause */
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "image/archive.h"

struct load_args {
	const char *input;
	bool quiet;
};

static int load(struct session *s, const struct load_args *args)
{
	AUTO(progress) p = progress_new(STDERR_FILENO, isatty(STDERR_FILENO), 0);
	struct image_pull how = { .progress = args->quiet ? NULL : progress_show,
				  .progress_arg = p };
	auto_buf out = BUF(1 << 20);
	struct texts names;
	struct err e;

	if (image_load_files(&s->state, s->arena, args->input ? args->input : "-", &how, &names,
			     &e) < 0)
		return cli_fail(&e);
	for (size_t n = 0; n < names.n; n++)
		buf_addf(&out, "Loaded image: %s\n", names.v[n]);
	return cli_print(&out);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	const struct load_args *a = args;
	struct session s;
	int code;

	if (!a->input && isatty(STDIN_FILENO))
		return cli_failf("cannot read from terminal, use command-line redirection or the "
				 "--input flag");
	if (!session_open(globals, &s, &code))
		return code;
	code = load(&s, a);
	session_close(&s);
	return code;
}

static const struct option load_options[] = {
	OPTION_TEXT(load_args, input, "input", 'i', "FILE",
		    "Archive, folder or URL to read instead of standard input",
		    .completes = "file"),
	OPTION_FLAG(load_args, quiet, "quiet", 'q', "Show no progress"),
	OPTION_IGNORED("signature-policy", 0, "PATH", "Accepted", .flags = OPTION_HIDDEN),
	{ 0 },
};
static const struct option *const options[] = { load_options, NULL };

const struct command load_command = {
	.name = "load",
	.summary = "Load images from an archive",
	.description =
		"Loads the images of a docker-archive, an oci-archive or a folder of either, "
		"compressed or not",
	.examples = "--input image.tar\n< image.tar.gz\n",
	.options = options,
	.args_size = sizeof(struct load_args),
	.run = run,
};
