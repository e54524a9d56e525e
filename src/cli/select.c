/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/select.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "engine/filter.h"

static void add(struct session *s, struct selection *l, struct container *c, const char *shown)
{
	struct selected *v;

	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].container->id, c->id) == 0)
			return;
	v = arena_array(s->arena, l->n + 1, sizeof(*v));
	if (l->n)
		memcpy(v, l->v, l->n * sizeof(*v));
	v[l->n++] = (struct selected){ c, shown };
	l->v = v;
}

static void add_unreadable(struct session *s, struct selection *l, const char *id,
			   const char *shown)
{
	struct container *c = ARENA_NEW(s->arena, struct container);

	c->id = id;
	c->name = id;
	c->stop_timeout_sec = 10;
	add(s, l, c, shown);
}

static void add_named(struct session *s, struct selection *l, const struct select_args *args,
		      const char *name, int missing_exit)
{
	struct container *c;
	const char *id;
	struct err e;
	int r = container_find(&s->state, s->arena, name, &c, &e);

	if (r == 0)
		add(s, l, c, name);
	else if (r == -EINVAL && args->damaged &&
		 container_find_id(&s->state, s->arena, name, &id, NULL) == 0)
		add_unreadable(s, l, id, name);
	else if (r != -ENOENT || !args->ignore)
		failures_add(&l->failures, &e, r == -ENOENT ? missing_exit : EXIT_ENGINE);
}

struct damaged {
	struct session *session;
	struct selection *selection;
	const struct select_args *args;
};

/* The others are acted on all the same. */
static void add_damaged(void *arg, const char *id, const struct err *why)
{
	struct damaged *d = arg;

	if (d->args->damaged)
		add_unreadable(d->session, d->selection, id, id);
	else
		failures_add(&d->selection->failures, why, EXIT_ENGINE);
}

static int add_matching(struct session *s, struct selection *l, const struct select_args *args,
			bool (*wants)(const struct container_status *st), struct err *e)
{
	struct damaged damaged = { s, l, args };
	struct container_filter *filter;
	struct containers all;
	int r = container_filter_new(&s->state, s->arena, &args->filters, &filter, e);

	if (r == 0)
		r = container_list(&s->state, s->arena, &all, add_damaged, &damaged, e);
	for (size_t i = 0; r == 0 && i < all.n; i++) {
		struct container_status st;

		if (args->latest && !args->filters.n) {
			add(s, l, all.v[i], all.v[i]->id);
			break;
		}
		if (container_status(&s->state, s->arena, all.v[i], &st, NULL) < 0)
			continue;
		if ((wants && !args->filters.n && !wants(&st)) ||
		    !container_filter_matches(filter, all.v[i], &st))
			continue;
		add(s, l, all.v[i], all.v[i]->id);
	}
	return r;
}

static int check_args(const struct select_args *args, int argc, struct err *e)
{
	if (args->all && args->latest)
		return err_set(e, ERR_INVALID, "--all and --latest cannot be used together");
	if (args->all && args->cid_files.n)
		return err_set(e, ERR_INVALID,
			       "--all, --latest, and --cidfile cannot be used together");
	if (args->latest && argc > 0)
		return err_set(e, ERR_INVALID, "--latest and containers cannot be used together");
	if (args->all && argc > 0)
		return err_set(e, ERR_INVALID, "no arguments are needed with --all");
	if (!args->all && !args->latest && !args->cid_files.n && !args->filters.n && argc == 0)
		return err_set(e, ERR_INVALID, "you must provide at least one name or id");
	return 0;
}

static int add_cid_files(struct session *s, struct selection *l, const struct select_args *args,
			 int missing_exit, struct err *e)
{
	for (size_t i = 0; i < args->cid_files.n; i++) {
		auto_free char *text = NULL;
		int r = file_read_at(AT_FDCWD, args->cid_files.v[i], 4096, &text, NULL, e);

		if (r == -ENOENT && args->ignore)
			continue;
		if (r < 0)
			return err_wrap(e, "reading CIDFile");
		text[strcspn(text, "\r\n")] = '\0';
		add_named(s, l, args, arena_strdup(s->arena, text), missing_exit);
	}
	return 0;
}

bool select_containers(struct session *s, const struct select_args *args, int argc,
		       const char **argv, bool (*wants)(const struct container_status *st),
		       int missing_exit, struct selection *ret, int *ret_exit)
{
	struct selection l = { .failures = { .arena = s->arena } };
	struct err e;
	int r = check_args(args, argc, &e);

	if (r == 0)
		r = add_cid_files(s, &l, args, missing_exit, &e);
	for (int i = 0; r == 0 && i < argc; i++)
		add_named(s, &l, args, argv[i], missing_exit);
	if (r == 0 && (args->all || args->latest || args->filters.n))
		r = add_matching(s, &l, args, wants, &e);
	if (r < 0) {
		*ret_exit = cli_fail(&e);
		return false;
	}
	*ret = l;
	return true;
}

struct container *select_one(struct session *s, bool latest, int argc, const char **argv,
			     struct err *e)
{
	struct container *c = NULL;
	struct containers all;

	if (!latest)
		return container_find(&s->state, s->arena, argv[0], &c, e) == 0 ? c : NULL;
	if (container_list(&s->state, s->arena, &all, cli_warn_damaged, NULL, e) < 0)
		return NULL;
	if (all.n == 0) {
		err_set(e, ERR_NOT_FOUND, "no containers to act on: no such container");
		return NULL;
	}
	return all.v[0];
}
