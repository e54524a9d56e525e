/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors are told in one line of words alone on standard error, and to the log, where engines read
 * them as {"level":"error","msg":…}.  Nothing but what was asked for goes to standard output.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/identity.h"
#include "base/log.h"
#include "base/path.h"
#include "oci/command.h"
#include "oci/handover.h"
#include "oci/oci.h"
#include "spec/runtime.h"

enum { EXIT_UNKNOWN_COMMAND = 3 };

bool oci_is_called(const char *program)
{
	const char *name = program ? path_base(program) : "";

	return strstr(name, "berth-oci") || strstr(name, "runc") || strstr(name, "crun");
}

/* Of system calls, as Go's programs have them: callers know them by these. */
static void lower_errno(char *msg, int code)
{
	const char *words = strerror(code);
	size_t len = strlen(msg), n = strlen(words);
	char *at = msg + len - n;

	if (len < n || strcmp(at, words) != 0 || (at > msg && at[-1] != ' '))
		return;
	if (islower((unsigned char)at[1]))
		at[0] = (char)tolower((unsigned char)at[0]);
}

/* A program that isn't there, in the words of Go's os/exec, which callers look for. */
static void name_missing(struct err *told)
{
	static const char before[] = "executable file `", after[] = "` not found in $PATH";
	const struct err as_it_was = *told;
	const char *at = strstr(as_it_was.msg, before);
	const char *name = at ? at + strlen(before) : NULL, *end = at ? strstr(name, after) : NULL;

	if (end)
		err_set(told, as_it_was.kind,
			"%.*sexec: \"%.*s\": executable file not found in $PATH",
			(int)(at - as_it_was.msg), as_it_was.msg, (int)(end - name), name);
}

int oci_fail(const struct oci_globals *g, const struct err *e)
{
	struct err told = *e;
	bool to_file = !text_empty(g->log), json = text_eq(g->log_format, "json");

	if (!g->as_crun) {
		lower_errno(told.msg, told.code);
		name_missing(&told);
	}
	if (to_file || json)
		log_at(LOG_ERROR, "%s", told.msg);
	if (to_file || !json)
		fprintf(stderr, "%s\n", told.msg);
	return OCI_FAILED;
}

int oci_print(const struct oci_globals *g, const struct buf *out)
{
	struct err e;
	int r = buf_check(out, "the output", &e);

	if (r == 0 && out->len > 0) {
		r = file_write_all(STDOUT_FILENO, out->data, out->len);
		if (r < 0)
			err_from(&e, r, "write to standard output");
	}
	return r < 0 ? oci_fail(g, &e) : 0;
}

const char *oci_cgroup_manager(const struct oci_globals *g)
{
	if (g->cgroup_manager)
		return g->cgroup_manager;
	return g->systemd_cgroup ? "systemd" : "cgroupfs";
}

static int open_log(const struct oci_globals *g, struct err *e)
{
	enum log_level most = text_eq(g->log_level, "error") ? LOG_ERROR : LOG_WARN;
	int fd = STDERR_FILENO;

	if (g->debug || text_eq(g->log_level, "debug"))
		most = LOG_DEBUG;
	if (!text_empty(g->log)) {
		const char *file = text_after(g->log, "file:");

		if (text_after(g->log, "journald:") || text_after(g->log, "syslog:"))
			return err_set(e, ERR_UNSUPPORTED,
				       "--log %s: berth-oci logs to files only: file:PATH", g->log);
		file = file ? file : g->log;
		fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
		if (fd < 0)
			return err_sys(e, "--log %s", file);
	}
	log_open(fd, most);
	if (text_eq(g->log_format, "json"))
		log_as_json();
	return 0;
}

static int choose_root(struct oci_globals *g, struct err *e)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	char here[PATH_MAX];

	if (text_empty(g->root)) {
		g->root_given = false;
		g->root = identity_is_root() || text_empty(run)
				  ? "/run/berth-oci"
				  : path_join(g->arena, run, "berth-oci");
	}
	if (*g->root == '/')
		return 0;
	/* Commands go to other folders. */
	if (!getcwd(here, sizeof(here)))
		return err_sys(e, "the working directory");
	g->root = path_join(g->arena, here, g->root);
	return 0;
}

static int complete(struct oci_globals *g, struct err *e)
{
	if (!g->rootless || text_eq(g->rootless, "auto"))
		g->is_rootless = geteuid() != 0 || !identity_is_outside();
	else
		g->is_rootless = text_eq(g->rootless, "true");
	return choose_root(g, e);
}

static int print_version(const struct oci_globals *g)
{
	auto_buf out = BUF(4096);

	buf_addf(&out, "%s version %s\n", g->program, BERTH_VERSION);
	buf_addf(&out, "commit: berth-%s\n", BERTH_VERSION);
	buf_addf(&out, "spec: %s\n", OCI_RUNTIME_VERSION);
	return oci_print(g, &out);
}

/* It begins as runc's does. */
static int print_help(const struct oci_globals *g, const struct option_result *found)
{
	auto_buf out = BUF((size_t)1 << 20);

	buf_addf(&out, "NAME:\n   %s%s%s - %s\n\n", g->program, *found->path ? " " : "",
		 found->path, found->command->summary);
	option_help_rest(&out, g->program, found->path, found->command);
	return oci_print(g, &out);
}

/* Help was asked for something that isn't there, in runc's words. */
static void tell_no_topic(const struct oci_globals *g, int argc, char **argv, struct err *e)
{
	const char *word = strchr(e->msg, '`'), *end;
	bool asked = false;

	for (int i = 1; i < argc; i++)
		asked |= strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0;
	word = word ? strchr(word, ' ') : NULL;
	end = word ? strchr(word, '`') : NULL;
	if (asked && end)
		err_set(e, ERR_INVALID, "No help topic for '%.*s'", (int)(end - word - 1),
			arena_strdup(g->arena, word + 1));
}

static int tell_misuse(const struct oci_globals *g, int argc, char **argv, struct err *e)
{
	bool unknown = text_after(e->msg, "unrecognized command") && !g->as_crun;

	if (unknown)
		tell_no_topic(g, argc, argv, e);
	oci_fail(g, e);
	return unknown ? EXIT_UNKNOWN_COMMAND : OCI_FAILED;
}

static int dispatch(struct oci_globals *g, struct option_result *found)
{
	struct err e;

	if (complete(g, &e) < 0)
		return oci_fail(g, &e);
	if (open_log(g, &e) < 0) {
		g->log = NULL;
		return oci_fail(g, &e);
	}
	return found->command->run(g, found->args, (int)found->positional.n, found->positional.v);
}

int oci_main(int argc, char **argv)
{
	AUTO(arena) arena = arena_new();
	struct option_result found = { 0 };
	struct oci_globals g = { .arena = arena, .program = path_base(argv[0]) };
	struct err e;
	int r;

	g.as_crun = strstr(g.program, "crun");
	r = handover_begin(&e);
	if (r == 0)
		r = option_parse(arena, &oci_root_command, &g, argc, (const char *const *)argv,
				 &found, &e);
	if (g.version)
		return print_version(&g);
	if (found.help) {
		int printed = print_help(&g, &found);

		return r < 0 ? OCI_FAILED : printed;
	}
	if (r < 0)
		return tell_misuse(&g, argc, argv, &e);
	return dispatch(&g, &found);
}
