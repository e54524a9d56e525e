/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "image/archive.h"

struct import_args {
	struct texts changes;
	const char *message, *os, *arch, *variant;
	bool quiet;
};

static int run(void *globals, void *args, int argc, const char **argv)
{
	const struct import_args *a = args;
	struct image_import how = {
		.path = argv[0],
		.name = argc > 1 ? argv[1] : NULL,
		.message = a->message,
		.changes = a->changes,
		.platform = { .os = a->os, .architecture = a->arch, .variant = a->variant },
	};
	char id[STATE_ID_LEN + 1];
	struct session s;
	struct err e;
	int code, r;

	if (text_eq(how.path, "-") && isatty(STDIN_FILENO))
		return cli_failf("cannot read from terminal, use command-line redirection");
	if (!session_open(globals, &s, &code))
		return code;
	r = image_import(&s.state, &how, id, &e);
	session_close(&s);
	if (r < 0)
		return cli_fail(&e);
	printf("sha256:%s\n", id);
	return 0;
}

static const struct option import_options[] = {
	OPTION_TEXT(import_args, arch, "arch", 0, "ARCH", "Architecture of the image"),
	OPTION_LIST(import_args, changes, "change", 'c', "INSTRUCTION",
		    "Apply CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME "
		    "or WORKDIR"),
	OPTION_TEXT(import_args, message, "message", 'm', "TEXT", "Comment of the image"),
	OPTION_TEXT(import_args, os, "os", 0, "OS", "Operating system of the image"),
	OPTION_FLAG(import_args, quiet, "quiet", 'q', "Show no progress"),
	OPTION_TEXT(import_args, variant, "variant", 0, "VARIANT", "Variant of the architecture"),
	OPTION_IGNORED("signature-policy", 0, "PATH", "Accepted", .flags = OPTION_HIDDEN),
	{ 0 },
};
static const struct option *const options[] = { import_options, NULL };

const struct command import_command = {
	.name = "import",
	.summary = "Make an image of a tarball",
	.description = "Makes an image of one layer from a tarball, compressed or not",
	.usage = "PATH|URL|- [REFERENCE]",
	.examples =
		"rootfs.tar myimage:latest\n--change CMD=/bin/sh - myimage < rootfs.tar.gz\nhttps://example.com/rootfs.tar.xz myimage\n",
	.options = options,
	.args_size = sizeof(struct import_args),
	.min_args = 1,
	.max_args = 2,
	.completes = "file",
	.run = run,
};
