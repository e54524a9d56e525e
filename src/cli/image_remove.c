/* SPDX-License-Identifier: BSD-2-Clause */
/* berth rmi. */
#include <errno.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "engine/stop.h"
#include "image/image.h"

enum {
	EXIT_MISSING = 1, /* an image does not exist */
	EXIT_IN_USE = 2,  /* containers use it */
};

struct remove_args {
	bool all, force, ignore, no_prune;
};

struct removal {
	struct session *session;
	const struct remove_args *args;
	struct failures failures;
	struct buf out;
};

static int remove_containers(struct session *s, const struct image *i, struct err *e)
{
	struct texts ids;
	int r = container_users_of_image(&s->state, i->id, s->arena, &ids, e);

	return r < 0 ? r
		     : container_remove_all(&s->state, s->arena, &ids,
					    &(struct container_remove){ .force = true,
									.volumes = true,
									.depend = true },
					    e);
}

static int remove_image(struct removal *m, const struct image *i, const char *name,
			struct image_removed *ret, struct err *e)
{
	struct session *s = m->session;
	struct image_users users = { container_users_of_image, &s->state };
	struct image_remove how = {
		.name = name,
		.force = m->args->force || m->args->all,
		.users = &users,
	};
	int r = image_remove(&s->state, s->arena, i, &how, ret, e);

	if (r == 0 || e->where != IMAGE_IN_USE || !m->args->force)
		return r;
	r = remove_containers(s, i, e);
	return r < 0 ? r : image_remove(&s->state, s->arena, i, &how, ret, e);
}

static void remove_one(struct removal *m, const struct image *i, const char *name)
{
	struct image_removed removed = { 0 };
	struct err e = { 0 };
	int r = remove_image(m, i, name, &removed, &e);

	for (size_t n = 0; n < removed.untagged.n; n++)
		buf_addf(&m->out, "Untagged: %s\n", removed.untagged.v[n]);
	if (removed.deleted)
		buf_addf(&m->out, "Deleted: %s\n", removed.deleted);
	if (r < 0) {
		int code = e.where == IMAGE_IN_USE ? EXIT_IN_USE : EXIT_ENGINE;

		/* Missing ones and used ones together are neither 1 nor 2. */
		if (m->failures.exit && m->failures.exit != code)
			code = EXIT_ENGINE;
		failures_add(&m->failures, &e, code);
	}
}

static void remove_named(struct removal *m, const char *said)
{
	struct session *s = m->session;
	const char *name = NULL;
	struct image *i;
	struct err e;
	int r = image_find(&s->state, s->arena, said, &i, &name, &e);

	if (r == 0) {
		remove_one(m, i, name);
		return;
	}
	if (r == -ENOENT && m->args->ignore)
		return;
	failures_add(&m->failures, &e,
		     r != -ENOENT || (m->failures.exit && m->failures.exit != EXIT_MISSING)
			     ? EXIT_ENGINE
			     : EXIT_MISSING);
}

static int remove_all(struct removal *m, struct err *e)
{
	struct session *s = m->session;
	struct images images;
	int r = image_list(&s->state, s->arena, &images, NULL, NULL, e);

	for (size_t n = 0; r == 0 && n < images.n; n++)
		remove_one(m, images.v[n], NULL);
	return r;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	const struct remove_args *a = args;
	struct session s;
	struct removal m = { .session = &s, .args = a, .out = BUF((size_t)16 << 20) };
	struct err e;
	int code;

	if (a->all && argc > 0)
		return cli_failf("when using the --all switch, you may not pass any images names "
				 "or IDs");
	if (!a->all && argc == 0)
		return cli_failf("image name or ID must be specified");
	if (!session_open(globals, &s, &code))
		return code;
	m.failures = (struct failures){ .arena = s.arena, .as_list = true };
	if (a->all && remove_all(&m, &e) < 0)
		failures_add(&m.failures, &e, EXIT_ENGINE);
	for (int n = 0; n < argc; n++)
		remove_named(&m, argv[n]);
	code = cli_print(&m.out);
	buf_free(&m.out);
	if (m.failures.messages.n)
		code = failures_end(&m.failures);
	session_close(&s);
	return code;
}

static const struct option remove_options[] = {
	OPTION_FLAG(remove_args, all, "all", 'a', "Remove all images"),
	OPTION_FLAG(remove_args, force, "force", 'f', "Remove the containers that use it first"),
	OPTION_FLAG(remove_args, ignore, "ignore", 'i', "Images that do not exist are no error"),
	OPTION_FLAG(remove_args, no_prune, "no-prune", 0,
		    "Accepted: layers are shared, and untagged parents do not exist here"),
	{ 0 },
};
static const struct option *const options[] = { remove_options, NULL };
static const char *const rm_aliases[] = { "remove", NULL };

#define REMOVE_COMMAND                                                                       \
	.summary = "Remove images",                                                          \
	.description = "Removes one or more images by name or ID. Of an image with several " \
		       "names only the name is removed",                                     \
	.usage = "IMAGE [IMAGE...]", .examples = "imageID\n--force alpine\n--all\n",         \
	.options = options, .args_size = sizeof(struct remove_args), .max_args = -1,         \
	.completes = "image", .run = run

const struct command rmi_command = { .name = "rmi", REMOVE_COMMAND };
const struct command image_rm_command = { .name = "rm", .aliases = rm_aliases, REMOVE_COMMAND };
