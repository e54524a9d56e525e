/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/cli.h"
#include "engine/rootless.h"
#include "network/network.h"

#define OUTPUT_MAX ((size_t)1 << 20)

bool session_open(const struct globals *g, struct session *ret, int *ret_exit)
{
	struct session s = { .arena = arena_new(),
			     .globals = g,
			     .state = { .lib = -1, .run = -1 } };
	struct err e;
	int r = state_open(s.arena, &(struct state_open){ .root = g->root, .runroot = g->runroot },
			   &s.state, &e);

	if (r == 0)
		r = rootless_enter(&s.state, s.arena, &e);
	if (r < 0) {
		state_close(&s.state);
		arena_free(s.arena);
		*ret_exit = cli_fail(&e);
		return false;
	}
	/* What a crash left goes with the next command, whichever it is. */
	state_sweep(&s.state);
	network_sweep(&s.state, true);
	*ret = s;
	return true;
}

void session_close(struct session *s)
{
	state_close(&s->state);
	arena_free(s->arena);
	s->arena = NULL;
}

void cli_warn_damaged(void *arg, const char *id, const struct err *why)
{
	log_at(LOG_WARN, "%s", why->msg);
}

int cli_failf(const char *fmt, ...)
{
	auto_buf out = BUF(OUTPUT_MAX);
	va_list args;

	va_start(args, fmt);
	buf_adds(&out, "Error: ");
	buf_vaddf(&out, fmt, args);
	buf_addc(&out, '\n');
	va_end(args);
	/* Where would a failure to complain be told? */
	(void)!file_write_all(STDERR_FILENO, buf_text(&out), out.len);
	return EXIT_ENGINE;
}

int cli_fail(const struct err *e)
{
	return cli_failf("%s", e->msg);
}

void failures_add(struct failures *f, const struct err *e, int exit_code)
{
	texts_add(f->arena, &f->messages, arena_strdup(f->arena, e->msg));
	f->exit = exit_code;
}

int failures_end(struct failures *f)
{
	auto_buf out = BUF(OUTPUT_MAX);

	if (f->messages.n == 0)
		return 0;
	if (f->as_list && f->messages.n > 1)
		buf_addf(&out, "Error: %zu errors occurred:\n", f->messages.n);
	for (size_t i = 0; i < f->messages.n; i++)
		buf_addf(&out, "%s %s\n",
			 f->as_list && f->messages.n > 1 ? "\t*" : "Error:", f->messages.v[i]);
	(void)!file_write_all(STDERR_FILENO, buf_text(&out), out.len);
	return f->exit;
}

int cli_print(const struct buf *out)
{
	int r = file_write_all(STDOUT_FILENO, buf_text(out), out->len);

	if (r < 0 && r != -EPIPE)
		return cli_failf("write to standard output: %s", strerror(-r));
	return 0;
}

int cli_open_output(const char *path, struct err *e)
{
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
		      : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);

	return fd < 0 ? err_sys(e, "write to %s", path ? path : "standard output") : fd;
}

bool cli_may_output(const char *path)
{
	if (path || !isatty(STDOUT_FILENO))
		return true;
	cli_failf("cannot write to terminal, use command-line redirection or the --output flag");
	return false;
}

bool cli_confirm(const char *question)
{
	char answer[16];

	fprintf(stderr, "%s [y/N] ", question);
	fflush(stderr);
	return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}
