/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "image/auth.h"
#include "image/registries.h"
#include "image/registry.h"

enum { ANSWER_MAX = 64 << 10 };

struct login_args {
	const char *user, *password, *authfile, *compat_authfile, *cert_dir;
	bool password_stdin, get_login, tls_verify, tls_verify_given, verbose;
};

/* One line, without its end; false when there is none. */
static bool read_line(struct arena *a, const char **ret)
{
	char text[ANSWER_MAX];

	if (!fgets(text, sizeof(text), stdin))
		return false;
	*ret = arena_strndup(a, text, strcspn(text, "\r\n"));
	return true;
}

static bool read_secret(struct arena *a, const char **ret)
{
	struct termios before, silent;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0, got;

	if (terminal) {
		silent = before;
		silent.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	}
	got = read_line(a, ret);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		putchar('\n');
	}
	return got;
}

/* All of standard input: a password may end with anything but line ends. */
static int read_all(struct arena *a, const char **ret, struct err *e)
{
	auto_buf text = BUF(ANSWER_MAX);
	ssize_t n;

	do
		n = buf_read(&text, STDIN_FILENO);
	while (n > 0);
	if (n < 0 && !text.failed)
		return err_from(e, (int)n, "read the password");
	if (buf_check(&text, "password", e) < 0)
		return -e->code;
	while (text.len > 0 && strchr("\r\n", text.data[text.len - 1]))
		text.len--;
	*ret = arena_strndup(a, buf_text(&text), text.len);
	return 0;
}

/* What the flags don't say is asked for; a name that is known is offered. */
static int ask(struct arena *a, const struct auth *known, struct source_access *access,
	       struct err *e)
{
	if (!access->user) {
		const char *answer;

		if (known->user)
			printf("Username (%s): ", known->user);
		else
			printf("Username: ");
		fflush(stdout);
		if (!read_line(a, &answer))
			return err_set(e, ERR_INVALID, "reading username: EOF");
		access->user = *answer ? answer : known->user;
		if (!access->user)
			return err_set(e, ERR_INVALID, "no username was given");
	}
	if (!access->password) {
		printf("Password: ");
		fflush(stdout);
		if (!read_secret(a, &access->password))
			return err_set(e, ERR_INVALID, "reading password: EOF");
	}
	return 0;
}

static int check_args(const struct login_args *args, struct err *e)
{
	if (args->password_stdin && args->password)
		return err_set(e, ERR_INVALID,
			       "Can't specify both --password-stdin and --password");
	if (args->password_stdin && !args->user)
		return err_set(e, ERR_INVALID, "must provide --username with --password-stdin");
	if (args->authfile && args->compat_authfile)
		return err_set(e, ERR_INVALID,
			       "options for paths to the credential file and to the "
			       "Docker-compatible credential file can not be set simultaneously");
	return 0;
}

/* Without an argument it is the registry that short names are looked for in first. */
static int default_registry(struct arena *a, const char **ret, struct err *e)
{
	struct registries conf;
	int r = registries_read(a, &conf, e);

	if (r < 0)
		return r;
	if (conf.search.n == 0)
		return err_set(
			e, ERR_INVALID,
			"no registries found in registries.conf, a registry must be provided");
	*ret = conf.search.v[0];
	return 0;
}

static int find_known(struct arena *a, const char *authfile, const char *key, struct auth *ret,
		      struct err *e)
{
	size_t host = strcspn(key, "/");
	struct auth_query q = {
		.authfile = authfile,
		.host = arena_strndup(a, key, host),
		.repository = key[host] ? key + host + 1 : NULL,
	};

	return auth_find(a, &q, ret, e);
}

static int get_login(struct arena *a, const char *authfile, const char *key, struct err *e)
{
	struct auth known = { 0 };
	int r = auth_check_file(authfile, e);

	if (r == 0)
		r = find_known(a, authfile, key, &known, e);
	if (r < 0)
		return r;
	if (!known.user)
		return err_set(e, ERR_NOT_FOUND, "not logged into %s", key);
	printf("%s\n", known.user);
	return 0;
}

/* True when what is known already holds. */
static bool already(struct arena *a, const char *key, const struct auth *known,
		    const struct source_access *access)
{
	struct source_access with = *access;
	struct err e;

	if (!known->user || access->user || access->password)
		return false;
	printf("Authenticating with existing credentials for %s\n", key);
	fflush(stdout);
	with.user = known->user;
	with.password = known->password;
	if (registry_login(a, key, &with, &e) < 0) {
		printf("Existing credentials are invalid, please enter valid username and password\n");
		return false;
	}
	printf("Existing credentials are valid. Already logged in to %s\n", key);
	return true;
}

static int log_in(struct arena *a, const struct login_args *args, const char *key, struct err *e)
{
	const char *authfile = args->compat_authfile ? args->compat_authfile : args->authfile;
	struct source_access access = {
		.user = args->user,
		.password = args->password,
		.cert_dir = args->cert_dir,
		.tls = !args->tls_verify_given ? SOURCE_TLS_DEFAULT
		       : args->tls_verify      ? SOURCE_TLS_VERIFY
					       : SOURCE_TLS_SKIP,
		.retries = -1,
	};
	struct auth known = { 0 };
	const char *file;
	int r = 0;

	if (args->get_login)
		return get_login(a, authfile, key, e);
	if (args->password_stdin)
		r = read_all(a, &access.password, e);
	if (r == 0)
		r = find_known(a, authfile, key, &known, e);
	if (r < 0 || already(a, key, &known, &access))
		return r;
	r = ask(a, &known, &access, e);
	if (r == 0)
		r = registry_login(a, key, &access, e);
	if (r == 0)
		r = auth_store(a, authfile, key, access.user, access.password, &file, e);
	if (r < 0)
		return r;
	if (args->verbose)
		printf("Used: %s\n", file);
	printf("Login Succeeded!\n");
	return 0;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	AUTO(arena) a = arena_new();
	const char *said = argc > 0 ? argv[0] : NULL, *key;
	struct err e = { 0 };
	int r = check_args(args, &e);

	if (r == 0 && !said)
		r = default_registry(a, &said, &e);
	if (r == 0)
		r = auth_parse_key(a, said, &key, &e);
	if (r == 0)
		r = log_in(a, args, key, &e);
	return r < 0 ? cli_fail(&e) : 0;
}

static void init(void *args)
{
	((struct login_args *)args)->tls_verify = true;
}

static const struct option login_options[] = {
	OPTION_TEXT(login_args, authfile, "authfile", 0, "PATH",
		    "File with the credentials of registries", .completes = "file"),
	OPTION_TEXT(login_args, cert_dir, "cert-dir", 0, "PATH",
		    "Folder with certificates of the registry (*.crt, *.cert, *.key)",
		    .completes = "file"),
	OPTION_TEXT(login_args, compat_authfile, "compat-auth-file", 0, "PATH",
		    "File with the credentials of registries, as Docker keeps them",
		    .completes = "file"),
	OPTION_FLAG(login_args, get_login, "get-login", 0,
		    "Print the user that is logged in to the registry"),
	OPTION_TEXT(login_args, password, "password", 'p', "PASSWORD", "Password for the registry"),
	OPTION_FLAG(login_args, password_stdin, "password-stdin", 0,
		    "Take the password from standard input"),
	OPTION_FLAG(login_args, tls_verify, "tls-verify", 0,
		    "Require HTTPS and verify certificates",
		    OPTION_GIVEN(login_args, tls_verify_given)),
	OPTION_TEXT(login_args, user, "username", 'u', "USER", "User name at the registry"),
	OPTION_FLAG(login_args, verbose, "verbose", 'v', "Say where the credentials are kept"),
	{ 0 },
};
static const struct option *const options[] = { login_options, NULL };

const struct command login_command = {
	.name = "login",
	.summary = "Log in to a registry",
	.description = "Checks a user name and password at a registry, and keeps them for later "
		       "pulls from it",
	.usage = "[REGISTRY]",
	.examples = "quay.io\n--username user --password-stdin localhost:5000\n",
	.options = options,
	.args_size = sizeof(struct login_args),
	.max_args = 1,
	.init = init,
	.run = run,
};
