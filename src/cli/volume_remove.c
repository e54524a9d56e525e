/* SPDX-License-Identifier: BSD-2-Clause */
/* volume rm and volume prune. */
#include <errno.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/unused.h"
#include "cli/volume_filter.h"

struct rm_volume_args {
	bool all, force, dry_run, time_given;
	int64_t time_sec;
	struct texts filters;
};

static const struct option rm_options[] = {
	OPTION_FLAG(rm_volume_args, all, "all", 'a', "Remove all volumes"),
	OPTION_FLAG(rm_volume_args, force, "force", 'f', "Remove the containers that use it too"),
	OPTION_INT(rm_volume_args, time_sec, "time", 't', "SECONDS",
		   "With --force: wait before killing (10)",
		   OPTION_GIVEN(rm_volume_args, time_given)),
	OPTION_ALIAS("timeout", 0, "time"),
	{ 0 },
};
static const struct option prune_options[] = {
	OPTION_FLAG(rm_volume_args, all, "all", 'a', "Those that have a name, too"),
	OPTION_FLAG(rm_volume_args, dry_run, "dry-run", 0, "Print their names, and remove nothing"),
	OPTION_LIST(rm_volume_args, filters, "filter", 0, "FILTER", "Remove those that match"),
	OPTION_FLAG(rm_volume_args, force, "force", 'f', "Don't ask"),
	{ 0 },
};

static struct texts users_of(struct session *s, const struct containers *all, const void *what)
{
	return volume_users(s, all, what);
}

static int remove_volume(struct session *s, const void *what, struct err *e)
{
	return volume_remove(&s->state, what, e);
}

static int leave_volume(struct session *s, const void *what, struct err *e)
{
	return 0;
}

static int in_use(struct session *s, const char *name, const struct texts *users, struct err *e)
{
	return err_set(e, ERR_CONFLICT,
		       "volume %s is being used by the following container(s): %s: volume is being "
		       "used",
		       name, texts_join(s->arena, users, ", "));
}

static int remove_named(struct session *s, const char *name, const struct rm_volume_args *args,
			int *ret_exit, struct err *e)
{
	struct unused unused = { users_of, remove_volume, NULL };
	struct texts users;
	struct volume *v;
	int r = volume_find(&s->state, s->arena, name, &v, e);

	*ret_exit = r == -ENOENT ? 1 : EXIT_ENGINE;
	if (r < 0)
		return r == -ENOENT && args->force ? 0 : r;
	unused.what = v->name;
	r = args->force ? unused_remove_forced(s, &unused, args->time_given ? args->time_sec : -1,
					       &users, e)
			: unused_remove(s, &unused, &users, e);
	if (r != 1)
		return r;
	*ret_exit = 2;
	return in_use(s, v->name, &users, e);
}

static int remove_volumes(struct session *s, const struct rm_volume_args *args, int argc,
			  const char **argv)
{
	struct failures failures = { .arena = s->arena };
	struct volumes all = { 0 };
	struct err e;

	if (args->all && volume_list(&s->state, s->arena, &all, &e) < 0)
		return cli_fail(&e);
	for (size_t i = 0; i < (args->all ? all.n : (size_t)argc); i++) {
		const char *name = args->all ? all.v[i]->name : argv[i];
		int code;

		if (remove_named(s, name, args, &code, &e) < 0)
			failures_add(&failures, &e, code);
		else
			printf("%s\n", name);
	}
	return failures_end(&failures);
}

static int run_rm(void *globals, void *args, int argc, const char **argv)
{
	const struct rm_volume_args *a = args;
	struct session s;
	int code;

	if (a->all && argc)
		return cli_failf("no arguments are needed with --all");
	if (a->time_given && !a->force)
		return cli_failf("--force option must be specified to use the --time option");
	if (!a->all && !argc)
		return cli_failf("choose either one or more volumes or all");
	if (!session_open(globals, &s, &code))
		return code;
	code = remove_volumes(&s, a, argc, argv);
	session_close(&s);
	return code;
}

/* Whoever filters by it says himself which are meant. */
static bool asks_anonymous(const struct texts *filters)
{
	for (size_t i = 0; i < filters->n; i++)
		if (text_after(filters->v[i], "anonymous="))
			return true;
	return false;
}

static int prune(struct session *s, const struct rm_volume_args *args)
{
	bool all = args->all || asks_anonymous(&args->filters);
	struct volumes l;
	struct err e;

	if (volume_filter(s, &args->filters, &l, &e) < 0)
		return cli_fail(&e);
	for (size_t i = 0; i < l.n; i++) {
		struct unused unused = { users_of, args->dry_run ? leave_volume : remove_volume,
					 l.v[i]->name };
		struct texts users;
		int r;

		if (!all && !l.v[i]->anonymous)
			continue;
		r = unused_remove(s, &unused, &users, &e);
		if (r == 0)
			printf("%s\n", l.v[i]->name);
		/* Gone meanwhile is what was wanted. */
		else if (r < 0 && r != -ENOENT)
			return cli_fail(&e);
	}
	return 0;
}

static int run_prune(void *globals, void *args, int argc, const char **argv)
{
	const struct rm_volume_args *a = args;
	struct session s;
	int code;

	if (!a->force && !a->dry_run) {
		fprintf(stderr,
			"WARNING! This will remove all %svolumes not used by at least one "
			"container.\n",
			a->all ? "" : "anonymous ");
		if (!cli_confirm("Are you sure you want to continue?"))
			return 0;
	}
	if (!session_open(globals, &s, &code))
		return code;
	code = prune(&s, a);
	session_close(&s);
	return code;
}

static const struct option *const rm_tables[] = { rm_options, NULL };
static const struct option *const prune_tables[] = { prune_options, NULL };
static const char *const rm_aliases[] = { "remove", NULL };

const struct command volume_rm_command = {
	.name = "rm",
	.aliases = rm_aliases,
	.summary = "Remove volumes",
	.description =
		"Removes volumes and their contents. One that a container mounts stays, unless forced.",
	.usage = "VOLUME [VOLUME...]",
	.examples = "myvol1 myvol2\n--all\n--force myvol\n",
	.options = rm_tables,
	.args_size = sizeof(struct rm_volume_args),
	.max_args = -1,
	.completes = "volume",
	.run = run_rm,
};

const struct command volume_prune_command = {
	.name = "prune",
	.summary = "Remove unused volumes",
	.description =
		"Removes the anonymous volumes that no container mounts, with --all also those "
		"that have a name",
	.options = prune_tables,
	.args_size = sizeof(struct rm_volume_args),
	.run = run_prune,
};
