/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "image/auth.h"
#include "image/registries.h"

struct logout_args {
	const char *authfile, *compat_authfile;
	bool all;
};

static int log_out(struct arena *a, const struct logout_args *args, const char *said, struct err *e)
{
	const char *authfile = args->compat_authfile ? args->compat_authfile : args->authfile, *key;
	struct registries conf;
	int r = auth_check_file(authfile, e);

	if (r == 0 && !said) {
		r = registries_read(a, &conf, e);
		if (r == 0 && conf.search.n == 0)
			r = err_set(e, ERR_INVALID,
				    "no registries found in registries.conf, a registry must be "
				    "provided");
		if (r == 0)
			said = conf.search.v[0];
	}
	if (r == 0)
		r = auth_parse_key(a, said, &key, e);
	if (r == 0)
		r = auth_remove(a, authfile, key, e);
	if (r == 0)
		printf("Removed login credentials for %s\n", key);
	if (r < 0 && e->kind == ERR_CONFLICT) {
		/* It is Docker's, and no failure of ours. */
		printf("%s\n", e->msg);
		return 0;
	}
	return r;
}

static int log_out_all(struct arena *a, const struct logout_args *args, struct err *e)
{
	const char *authfile = args->compat_authfile ? args->compat_authfile : args->authfile;
	int r = auth_check_file(authfile, e);

	if (r == 0)
		r = auth_remove_all(a, authfile, e);
	if (r == 0)
		printf("Removed login credentials for all registries\n");
	return r;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	AUTO(arena) a = arena_new();
	const struct logout_args *how = args;
	struct err e = { 0 };
	int r;

	if (how->authfile && how->compat_authfile)
		return cli_failf("options for paths to the credential file and to the "
				 "Docker-compatible credential file can not be set simultaneously");
	if (how->all && argc > 0)
		return cli_failf("--all takes no arguments");
	r = how->all ? log_out_all(a, how, &e) : log_out(a, how, argc > 0 ? argv[0] : NULL, &e);
	return r < 0 ? cli_fail(&e) : 0;
}

static const struct option logout_options[] = {
	OPTION_FLAG(logout_args, all, "all", 'a', "Remove the credentials of all registries"),
	OPTION_TEXT(logout_args, authfile, "authfile", 0, "PATH",
		    "File with the credentials of registries", .completes = "file"),
	OPTION_TEXT(logout_args, compat_authfile, "compat-auth-file", 0, "PATH",
		    "File with the credentials of registries, as Docker keeps them",
		    .completes = "file"),
	{ 0 },
};
static const struct option *const options[] = { logout_options, NULL };

const struct command logout_command = {
	.name = "logout",
	.summary = "Log out of a registry",
	.description = "Removes the credentials of a registry that login kept",
	.usage = "[REGISTRY]",
	.examples = "quay.io\n--all\n",
	.options = options,
	.args_size = sizeof(struct logout_args),
	.max_args = 1,
	.run = run,
};
