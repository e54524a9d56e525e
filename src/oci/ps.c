/* SPDX-License-Identifier: BSD-2-Clause */
/* ps(1) knows how to show processes; here its lines are kept that are of the container. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/child.h"
#include "base/file.h"
#include "cgroup/cgroup.h"
#include "oci/record.h"

#define OUTPUT_MAX (16U << 20)

struct ps_args {
	const char *format;
};

static const struct option ps_options[] = {
	OPTION_TEXT(ps_args, format, "format", 'f', "FORMAT", "table or json (table)"),
	{ 0 },
};

struct pids {
	pid_t *v;
	size_t n;
};

static int collect(struct oci_globals *g, const char *id, struct pids *ret, struct err *e)
{
	AUTO(cgroup) c = NULL;
	struct record_at at;
	int r = record_open(g, id, &at, e);

	*ret = (struct pids){ 0 };
	if (r < 0)
		return r;
	if (!record_is_alive(&at) && !at.r.shared_pids) {
		record_close(&at);
		return 0;
	}
	r = text_empty(at.r.cgroup) ? -ENOENT
				    : cgroup_open(at.r.cgroup_manager, at.r.cgroup, &c, e);
	record_close(&at);
	if (r == 0)
		return cgroup_pids(c, g->arena, &ret->v, &ret->n, e);
	if (r == -ENOENT && text_empty(at.r.cgroup))
		return err_set(e, ERR_UNSUPPORTED,
			       "container %s has no cgroup by which its processes are known", id);
	return r == -ENOENT ? 0 : r;
}

static bool has(const struct pids *p, long pid)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i] == pid)
			return true;
	return false;
}

static int run_ps(struct arena *a, int argc, const char **argv, char **ret, struct err *e)
{
	static const char *const programs[] = { "/usr/bin/ps", "/bin/ps" };
	struct texts args = { 0 };
	struct child child;
	int out[2], r = -ENOENT, status;

	texts_add(a, &args, "ps");
	for (int i = 0; i < argc; i++)
		texts_add(a, &args, argv[i]);
	if (argc == 0)
		texts_add(a, &args, "-ef");
	if (pipe2(out, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	for (size_t i = 0; i < ARRAY_LEN(programs) && r == -ENOENT; i++)
		r = child_spawn(&(struct child_spawn){ .path = programs[i],
						       .argv = (char *const *)args.v,
						       .in = -1,
						       .out = out[1],
						       .err = STDERR_FILENO },
				&child, e);
	close(out[1]);
	if (r == 0) {
		r = file_read_fd(out[0], "the output of ps", OUTPUT_MAX, ret, NULL, e);
		if (child_wait(&child, &status, NULL) == 0 && status != 0 && r == 0) {
			free(take_ptr(*ret));
			r = err_set(e, ERR_INVALID, "ps: exit status %d", child_exit_code(status));
		}
	}
	close(out[0]);
	return r;
}

/* The number of the word PID in the heading, or -1. */
static int pid_column(const char *line, size_t len)
{
	int column = 0;

	for (size_t i = 0; i < len; column++) {
		size_t word;

		while (i < len && line[i] == ' ')
			i++;
		word = i;
		while (i < len && line[i] != ' ')
			i++;
		if (i - word == 3 && memcmp(line + word, "PID", 3) == 0)
			return column;
	}
	return -1;
}

static long number_in(const char *line, int column)
{
	for (; column > 0; column--) {
		line += strspn(line, " ");
		line += strcspn(line, " \n");
	}
	return strtol(line, NULL, 10);
}

static int filter(const char *text, const struct pids *pids, struct buf *out, struct err *e)
{
	size_t len = strcspn(text, "\n");
	int column = pid_column(text, len);

	if (column < 0)
		return err_set(e, ERR_INVALID, "couldn't find PID field in ps output");
	buf_add(out, text, len);
	buf_addc(out, '\n');
	for (text += len; *text++ == '\n' && *text; text += len) {
		len = strcspn(text, "\n");
		if (has(pids, number_in(text, column))) {
			buf_add(out, text, len);
			buf_addc(out, '\n');
		}
	}
	return 0;
}

static int by_number(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	const struct ps_args *a = args;
	struct oci_globals *g = globals;
	auto_buf out = BUF(OUTPUT_MAX);
	auto_free char *text = NULL;
	struct pids pids;
	struct err e;
	bool json = text_eq(a->format, "json");
	int r;

	if (!json && !text_empty(a->format) && !text_eq(a->format, "table")) {
		err_set(&e, ERR_INVALID, "invalid format option");
		return oci_fail(g, &e);
	}
	r = collect(g, argv[0], &pids, &e);
	if (r == 0 && pids.n)
		qsort(pids.v, pids.n, sizeof(*pids.v), by_number);
	if (r == 0 && json) {
		buf_addc(&out, '[');
		for (size_t i = 0; i < pids.n; i++)
			buf_addf(&out, "%s%d", i ? "," : "", (int)pids.v[i]);
		buf_adds(&out, "]\n");
	} else if (r == 0) {
		r = run_ps(g->arena, argc - 1, argv + 1, &text, &e);
		if (r == 0)
			r = filter(text, &pids, &out, &e);
	}
	return r < 0 ? oci_fail(g, &e) : oci_print(g, &out);
}

static const struct option *const options[] = { ps_options, NULL };

const struct command oci_ps_command = {
	.name = "ps",
	.summary = "Show the processes of a container",
	.description = "Shows the processes of a container; what follows the ID is ps's (-ef)",
	.usage = "ID [PS-OPTION...]",
	.examples = "web\n--format json web\nweb -e -o pid,comm\n",
	.options = options,
	.args_size = sizeof(struct ps_args),
	.min_args = 1,
	.max_args = -1,
	.options_end_at_arg = true,
	.completes = "container",
	.run = run,
};
