/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the option tables give beside parsing: scripts for shells (completion), and what may follow
 * the words typed so far (__complete, which those scripts ask).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/root.h"
#include "engine/container.h"
#include "image/image.h"
#include "network/network.h"
#include "volume/volume.h"

#define SCRIPT_MAX ((size_t)1 << 16)
#define OFFERS_MAX ((size_t)1 << 20)

static const char *const shells[] = { "bash", "fish", "zsh", NULL };

struct completion_args {
	const char *file;
	bool no_desc;
};

static const struct option completion_options[] = {
	OPTION_TEXT(completion_args, file, "file", 'f', "FILE",
		    "Write the script there rather than to standard output", .completes = "file"),
	OPTION_FLAG(completion_args, no_desc, "no-desc", 0,
		    "Accepted for compatibility: what is offered always says what it is"),
	{ 0 },
};
static const struct option *const completion_tables[] = { completion_options, NULL };

static int completion(void *globals, void *args, int argc, const char **argv)
{
	const struct completion_args *a = args;
	auto_buf out = BUF(SCRIPT_MAX);
	struct err e;

	if (text_index(argv[0], shells, ARRAY_LEN(shells) - 1) < 0)
		return cli_failf("invalid argument \"%s\" for \"berth completion\": it is bash, "
				 "fish or zsh",
				 argv[0]);
	if (option_completion(&out, "berth", argv[0], &e) < 0)
		return cli_fail(&e);
	if (!a->file)
		return cli_print(&out);
	if (file_replace_at(AT_FDCWD, a->file, out.data, out.len,
			    &(struct file_write){ .mode = 0644 }, &e) < 0)
		return cli_fail(&e);
	return 0;
}

const struct command completion_command = {
	.name = "completion",
	.summary = "Print the completion script of a shell",
	.description =
		"Prints what makes bash, fish or zsh complete the commands, options and names of berth",
	.usage = "SHELL",
	.examples = "bash\nfish --file ~/.config/fish/completions/berth.fish\n",
	.options = completion_tables,
	.args_size = sizeof(struct completion_args),
	.min_args = 1,
	.max_args = 1,
	.run = completion,
};

static void offer(struct buf *out, const char *name, const char *start, const char *help)
{
	if (name && text_after(name, start))
		buf_addf(out, "%s\t%s\n", name, help);
}

static void offer_containers(struct session *s, const char *start, struct buf *out)
{
	struct text_map names = { 0 };

	if (state_name_list(&s->state, CONTAINERS, s->arena, &names, NULL) < 0)
		return;
	for (size_t i = 0; i < names.n; i++)
		offer(out, names.v[i].key, start, "container");
}

static void offer_images(struct session *s, const char *start, struct buf *out)
{
	struct images list = { 0 };

	if (image_list(&s->state, s->arena, &list, NULL, NULL, NULL) < 0)
		return;
	for (size_t i = 0; i < list.n; i++)
		for (size_t n = 0; n < list.v[i]->names.n; n++)
			offer(out, list.v[i]->names.v[n], start, "image");
}

static void offer_volumes(struct session *s, const char *start, struct buf *out)
{
	struct volumes list = { 0 };

	if (volume_list(&s->state, s->arena, &list, NULL) < 0)
		return;
	for (size_t i = 0; i < list.n; i++)
		offer(out, list.v[i]->name, start, "volume");
}

static void offer_networks(struct session *s, const char *start, struct buf *out)
{
	struct networks list = { 0 };

	if (network_list(&s->state, s->arena, &list, NULL) < 0)
		return;
	for (size_t i = 0; i < list.n; i++)
		offer(out, list.v[i]->name, start, "network");
}

static void offer_objects(void *arg, const char *noun, const char *start, struct buf *out)
{
	if (text_eq(noun, "container"))
		offer_containers(arg, start, out);
	else if (text_eq(noun, "image"))
		offer_images(arg, start, out);
	else if (text_eq(noun, "volume"))
		offer_volumes(arg, start, out);
	else if (text_eq(noun, "network"))
		offer_networks(arg, start, out);
}

static int complete(void *globals, void *args, int argc, const char **argv)
{
	auto_buf out = BUF(OFFERS_MAX);
	struct session s;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	option_complete(&out, &root_command, argc, argv, offer_objects, &s);
	session_close(&s);
	return cli_print(&out);
}

const struct command complete_internal_command = {
	.name = "__complete",
	.summary = "What may follow these words",
	.usage = "WORD...",
	.max_args = -1,
	.options_end_at_arg = true,
	.hidden = true,
	.run = complete,
};
