/* SPDX-License-Identifier: BSD-2-Clause */
/* berth system check: whether what is stored is whole, and its repair. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "engine/stop.h"
#include "image/verify.h"
#include "volume/volume.h"

struct check_args {
	bool quick, repair, force;
	int64_t max_age_nsec;
};

/* One look at all of it. */
struct look {
	struct session *session;
	const struct check_args *args;
	size_t wrong;
	bool quiet;
	struct texts bad_images, bad_containers, bad_names;
};

static void tell(void *arg, const char *what, const char *id, const char *why)
{
	struct look *l = arg;

	l->wrong++;
	if (strcmp(what, "name") == 0)
		texts_add(l->session->arena, &l->bad_names, id);
	if (!l->quiet)
		printf("%s %s: %s\n", what, id, why);
}

static void tell_container(void *arg, const char *id, const struct err *why)
{
	struct look *l = arg;

	tell(l, "container", id, why->msg);
	/* Only what is surely damaged may be removed, not what could not be read just now. */
	if (why->kind == ERR_INVALID)
		texts_add(l->session->arena, &l->bad_containers, id);
}

static void look_at_container(struct look *l, const struct container *c)
{
	struct session *s = l->session;
	auto_close int dir = state_dir(&s->state, CONTAINERS, c->id, NULL);
	const char *why = NULL;

	/* Removed meanwhile. */
	if (dir < 0)
		return;
	if (!text_empty(c->image_id) && !state_exists(&s->state, "images", c->image_id))
		why = arena_printf(s->arena, "its image %s is not there", c->image_id);
	else if (!text_empty(c->image_id) && faccessat(dir, "upper", F_OK, 0) < 0)
		why = "its writable layer is missing";
	if (!why)
		return;
	tell(l, "container", c->id, why);
	texts_add(s->arena, &l->bad_containers, c->id);
}

static int look_at_volumes(struct look *l, struct err *e)
{
	struct session *s = l->session;
	struct texts names;
	int r = state_list(&s->state, VOLUMES, s->arena, &names, e);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		struct volume *v;
		struct err why;
		int data = volume_find(&s->state, s->arena, names.v[i], &v, &why);

		if (data == 0)
			data = volume_open(&s->state, names.v[i], &why);
		if (data < 0 && state_exists(&s->state, VOLUMES, names.v[i]))
			tell(l, "volume", names.v[i], why.msg);
		close_p(&data);
	}
	return r;
}

static int look(struct look *l, struct err *e)
{
	struct session *s = l->session;
	struct containers all;
	int r = image_verify(&s->state, s->arena,
			     &(struct image_verify){
				     .quick = l->args->quick,
				     .layer_age_nsec = l->args->max_age_nsec,
				     .bad_images = &l->bad_images,
				     .wrong = tell,
				     .arg = l,
			     },
			     e);

	if (r == 0)
		r = container_list(&s->state, s->arena, &all, tell_container, l, e);
	for (size_t i = 0; r == 0 && i < all.n; i++)
		look_at_container(l, all.v[i]);
	return r < 0 ? r : look_at_volumes(l, e);
}

static int remove_container(struct session *s, const char *id, struct err *e)
{
	const struct container c = { .id = id, .name = id, .stop_timeout_sec = 10 };
	struct container *whole;
	int r = container_load(&s->state, s->arena, id, &whole, NULL);

	r = container_remove(&s->state, s->arena, r == 0 ? whole : &c,
			     &(struct container_remove){
				     .force = true, .volumes = true, .timeout_sec = -1 },
			     e);
	if (r == 0)
		printf("removed container %s\n", id);
	return r < 0 ? r : 0;
}

static int remove_users(struct session *s, const char *image_id, struct err *e)
{
	struct texts ids;
	int r = container_users_of_image(&s->state, image_id, s->arena, &ids, e);

	for (size_t i = 0; r == 0 && i < ids.n; i++)
		r = remove_container(s, ids.v[i], e);
	return r;
}

static int remove_image(struct session *s, const char *id, bool force, struct err *e)
{
	const struct image damaged = { .id = id };
	struct image_users users = { container_users_of_image, &s->state };
	struct image_removed removed = { 0 };
	int r = force ? remove_users(s, id, e) : 0;

	if (r == 0)
		r = image_remove(&s->state, s->arena, &damaged,
				 &(struct image_remove){ .force = true, .users = &users }, &removed,
				 e);
	/* Its layers go when the last image that can't be read has gone. */
	if (removed.deleted)
		printf("removed image %s\n", id);
	return removed.deleted ? 0 : r;
}

/* Containers that are damaged first: of them it isn't known which image they have. */
static void repair(struct look *l, struct failures *failures)
{
	struct session *s = l->session;
	uint64_t bytes;
	struct err e;

	for (size_t i = 0; l->args->force && i < l->bad_containers.n; i++)
		if (remove_container(s, l->bad_containers.v[i], &e) < 0)
			failures_add(failures, &e, EXIT_ENGINE);
	for (size_t i = 0; i < l->bad_images.n; i++)
		if (remove_image(s, l->bad_images.v[i], l->args->force, &e) < 0)
			failures_add(failures, &e, EXIT_ENGINE);
	for (size_t i = 0; i < l->bad_names.n; i++)
		if (image_name_forget(&s->state, s->arena, l->bad_names.v[i], &e) < 0)
			failures_add(failures, &e, EXIT_ENGINE);
	if (layer_collect(&s->state, &bytes, &e) < 0)
		failures_add(failures, &e, EXIT_ENGINE);
}

static int check(struct session *s, const struct check_args *args)
{
	struct failures failures = { .arena = s->arena };
	struct look first = { .session = s, .args = args };
	struct look again = { .session = s, .args = args, .quiet = true };
	struct err e;

	if (look(&first, &e) < 0)
		return cli_fail(&e);
	if (first.wrong == 0)
		return 0;
	if (!args->repair)
		return cli_failf("damage detected in local storage");
	repair(&first, &failures);
	if (look(&again, &e) < 0)
		return cli_fail(&e);
	if (failures.messages.n)
		return failures_end(&failures);
	return again.wrong ? cli_failf("damage is left in local storage") : 0;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct session s;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	code = check(&s, args);
	session_close(&s);
	return code;
}

static void init(void *args)
{
	((struct check_args *)args)->max_age_nsec = 24 * 3600 * INT64_C(1000000000);
}

static const struct option check_options[] = {
	OPTION_FLAG(check_args, force, "force", 'f',
		    "With --repair: remove damaged containers, and those of damaged images"),
	OPTION_DURATION(check_args, max_age_nsec, "max", 'm', "TIME",
			"How old a layer may be that no image refers to (24h)"),
	OPTION_FLAG(check_args, quick, "quick", 'q', "Don't read the contents of layers"),
	OPTION_FLAG(check_args, repair, "repair", 'r', "Remove damaged images"),
	{ 0 },
};
static const struct option *const options[] = { check_options, NULL };

const struct command system_check_command = {
	.name = "check",
	.summary = "Check whether what is stored is whole",
	.description = "Checks images, layers, containers and volumes, and tells what is damaged",
	.examples = "--quick\n--repair --force\n",
	.options = options,
	.args_size = sizeof(struct check_args),
	.init = init,
	.run = run,
};
