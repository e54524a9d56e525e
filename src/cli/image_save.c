/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "image/archive.h"

struct save_args {
	const char *output, *format;
	bool compress, uncompressed, multi, quiet;
};

static int add_name(struct arena *a, struct image_save_item *item, const char *said, struct err *e)
{
	struct reference r;
	int result = reference_parse_name(a, said, &r, e);

	if (result < 0)
		return result;
	reference_qualify(a, &r, "localhost");
	texts_add(a, &item->names, reference_print(a, &r));
	return 0;
}

/* Further arguments are further names of the first image; with -m further images. */
static int choose(struct session *s, const struct save_args *args, int argc, const char **argv,
		  struct image_save *how, struct err *e)
{
	struct image_save_item *items = arena_array(s->arena, (size_t)argc, sizeof(*items));
	size_t len = 0;

	for (int n = 0; n < argc; n++) {
		const char *name = NULL;
		struct image *i;
		int r;

		if (n > 0 && !args->multi) {
			r = add_name(s->arena, &items[0], argv[n], e);
			if (r < 0)
				return r;
			continue;
		}
		r = image_find(&s->state, s->arena, argv[n], &i, &name, e);
		if (r < 0)
			return r;
		items[len].image = i;
		if (name && !strchr(name, '@'))
			texts_add(s->arena, &items[len].names, name);
		len++;
	}
	how->items = items;
	how->items_len = len;
	return 0;
}

static int open_output(const char *path, bool directory, struct err *e)
{
	int fd;

	if (!directory) {
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		return fd < 0 ? err_sys(e, "create %s", path) : fd;
	}
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "create %s", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open %s", path) : fd;
}

static int save(struct session *s, const struct save_args *args, enum image_format format, int argc,
		const char **argv)
{
	AUTO(progress) p = progress_new(STDERR_FILENO, isatty(STDERR_FILENO), 0);
	bool directory = format == IMAGE_OCI_DIR || format == IMAGE_DOCKER_DIR;
	struct image_save how = {
		.format = format,
		.compress = args->compress,
		.out = STDOUT_FILENO,
		.progress = args->quiet ? NULL : progress_show,
		.progress_arg = p,
	};
	auto_close int out = -1;
	struct err e;

	if (choose(s, args, argc, argv, &how, &e) < 0)
		return cli_fail(&e);
	if (args->output) {
		out = open_output(args->output, directory, &e);
		if (out < 0)
			return cli_fail(&e);
		how.out = out;
	}
	if (image_save(&s->state, &how, &e) == 0)
		return 0;
	/* Half an archive is none. */
	if (args->output && !directory)
		unlink(args->output);
	return cli_fail(&e);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	const struct save_args *a = args;
	int format = text_index(a->format, image_format_name, IMAGE_FORMATS);
	struct session s;
	int code;

	if (format < 0)
		return cli_failf("format value must be one of oci-dir oci-archive docker-dir "
				 "docker-archive");
	if (a->compress && format != IMAGE_DOCKER_DIR)
		return cli_failf("--compress can only be set when --format is 'docker-dir'");
	if (a->multi && format != IMAGE_DOCKER_ARCHIVE)
		return cli_failf("unsupported format \"%s\" for saving multiple images (only "
				 "docker-archive)",
				 a->format);
	if (!a->output && (format == IMAGE_OCI_DIR || format == IMAGE_DOCKER_DIR))
		return cli_failf("--output is needed with --format %s", a->format);
	if (!a->output && isatty(STDOUT_FILENO))
		return cli_failf("refusing to save to terminal. Use -o flag or redirect");
	if (!session_open(globals, &s, &code))
		return code;
	code = save(&s, a, (enum image_format)format, argc, argv);
	session_close(&s);
	return code;
}

static void init(void *args)
{
	((struct save_args *)args)->format = "docker-archive";
}

static const struct option save_options[] = {
	OPTION_FLAG(save_args, compress, "compress", 0,
		    "Compress the layers by gzip, with --format docker-dir"),
	OPTION_TEXT(save_args, format, "format", 0, "FORMAT",
		    "docker-archive, oci-archive, oci-dir or docker-dir (docker-archive)"),
	OPTION_FLAG(save_args, multi, "multi-image-archive", 'm',
		    "Each argument is an image of its own"),
	OPTION_TEXT(save_args, output, "output", 'o', "FILE",
		    "File or folder to write instead of standard output", .completes = "file"),
	OPTION_FLAG(save_args, quiet, "quiet", 'q', "Show no progress"),
	OPTION_FLAG(save_args, uncompressed, "uncompressed", 0,
		    "Accepted: layers go out uncompressed"),
	OPTION_IGNORED("signature-policy", 0, "PATH", "Accepted", .flags = OPTION_HIDDEN),
	{ 0 },
};
static const struct option *const options[] = { save_options, NULL };

const struct command save_command = {
	.name = "save",
	.summary = "Save images to an archive",
	.description = "Saves an image to a docker-archive or oci-archive, or to a folder",
	.usage = "IMAGE [IMAGE...]",
	.examples = "--quiet -o myimage.tar imageID\n--format oci-archive -o alpine.tar alpine\n",
	.options = options,
	.args_size = sizeof(struct save_args),
	.min_args = 1,
	.max_args = -1,
	.completes = "image",
	.init = init,
	.run = run,
};
