/* SPDX-License-Identifier: BSD-2-Clause */
/* berth image prune: images without a name, or (-a) without a container. */
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/image_filter.h"
#include "engine/container.h"

struct prune_args {
	bool all, force, build_cache, external;
	struct texts filter;
};

static int prune_one(struct session *s, const struct image *i, struct buf *out, struct err *e)
{
	struct image_users users = { container_users_of_image, &s->state };
	struct image_removed removed = { 0 };
	int r = image_remove(&s->state, s->arena, i,
			     &(struct image_remove){ .force = true, .users = &users }, &removed, e);

	/* In use is not to be pruned. */
	if (r < 0 && e->where == IMAGE_IN_USE)
		return 0;
	if (r == 0 && removed.deleted)
		buf_addf(out, "%s\n", removed.deleted);
	return r;
}

static int prune(struct session *s, const struct prune_args *args)
{
	auto_buf out = BUF((size_t)16 << 20);
	struct image_filter *filter;
	struct images images;
	uint64_t bytes;
	struct err e = { 0 };
	int r = image_filter_new(s, &args->filter, &filter, &e);

	if (r == 0)
		r = image_list(&s->state, s->arena, &images, NULL, NULL, &e);
	for (size_t n = 0; r == 0 && n < images.n; n++) {
		const struct image *i = images.v[n];

		if (i->names.n && !args->all)
			continue;
		r = image_filter_matches(filter, i, &e);
		r = r > 0 ? prune_one(s, i, &out, &e) : r;
	}
	/* Also what pulls left that did not end. */
	if (r == 0)
		r = layer_collect(&s->state, &bytes, &e);
	state_sweep(&s->state);
	cli_print(&out);
	return r < 0 ? cli_fail(&e) : 0;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	const struct prune_args *a = args;
	struct session s;
	int code;

	if (!a->force &&
	    !cli_confirm(a->all ? "WARNING! This command removes all images without at least one "
				  "container associated with them.\n"
				  "Are you sure you want to continue?"
				: "WARNING! This command removes all dangling images.\n"
				  "Are you sure you want to continue?"))
		return 0;
	if (!session_open(globals, &s, &code))
		return code;
	code = prune(&s, a);
	session_close(&s);
	return code;
}

static const struct option prune_options[] = {
	OPTION_FLAG(prune_args, all, "all", 'a', "Remove all images that no container uses"),
	OPTION_FLAG(prune_args, build_cache, "build-cache", 0, "Accepted: there is no such cache"),
	OPTION_FLAG(prune_args, external, "external", 0, "Accepted: nothing else uses the store"),
	OPTION_LIST(prune_args, filter, "filter", 0, "FILTER",
		    "Only what matches: until=TIME, label=KEY[=VALUE]"),
	OPTION_FLAG(prune_args, force, "force", 'f', "Do not ask"),
	{ 0 },
};
static const struct option *const options[] = { prune_options, NULL };

const struct command image_prune_command = {
	.name = "prune",
	.summary = "Remove unused images",
	.description = "Removes images without a name, or with --all those that no container uses",
	.examples = "--all --force\n--filter until=24h\n",
	.options = options,
	.args_size = sizeof(struct prune_args),
	.run = run,
};
