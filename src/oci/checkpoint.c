/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "oci/criu.h"
#include "oci/delete.h"

struct checkpoint_args {
	struct criu_args criu;
	const char *parent_path, *page_server;
	int64_t status_fd;
	bool leave_running, pre_dump, skip_in_flight, link_remap;
};

static void defaults(void *args)
{
	((struct checkpoint_args *)args)->status_fd = -1;
}

static const struct option checkpoint_options[] = {
	OPTION_TEXT(checkpoint_args, parent_path, "parent-path", 0, "DIR",
		    "Images of a pre-dump, relative to those that are made"),
	OPTION_FLAG(checkpoint_args, leave_running, "leave-running", 0,
		    "Let the container go on afterwards"),
	OPTION_FLAG(checkpoint_args, pre_dump, "pre-dump", 0,
		    "Dump memory alone, and let the container go on"),
	OPTION_FLAG(checkpoint_args, skip_in_flight, "tcp-skip-in-flight", 0,
		    "Leave out TCP connections that are being made"),
	OPTION_FLAG(checkpoint_args, link_remap, "link-remap", 0,
		    "Allow removed files that are open"),
	OPTION_TEXT(checkpoint_args, page_server, "page-server", 0, "ADDRESS:PORT",
		    "Send memory to this page server"),
	OPTION_INT(checkpoint_args, status_fd, "status-fd", 0, "FD",
		   "CRIU writes a NUL byte to it when it is ready for lazy pages"),
	{ 0 },
};

static const struct option *const options[] = { criu_options, checkpoint_options, NULL };

static void add(struct criu *c, const char *word, const char *value)
{
	texts_add(c->g->arena, &c->argv, word);
	if (value)
		texts_add(c->g->arena, &c->argv, value);
}

static int add_parent(struct criu *c, const char *parent, struct err *e)
{
	auto_close int dir = open(c->images, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (*parent == '/')
		return err_set(e, ERR_INVALID,
			       "--parent-path: it is to be relative to --image-path");
	if (dir < 0 || fstatat(dir, parent, &st, 0) < 0)
		return err_sys(e, "invalid --parent-path %s", parent);
	add(c, "--prev-images-dir", parent);
	add(c, "--track-mem", NULL);
	return 0;
}

static int add_page_server(struct criu *c, const char *server, struct err *e)
{
	const char *colon = strrchr(server, ':');

	if (!colon || colon == server || !colon[1])
		return err_set(e, ERR_INVALID, "--page-server: use ADDRESS:PORT");
	add(c, "--page-server", NULL);
	add(c, "--address", arena_strndup(c->g->arena, server, (size_t)(colon - server)));
	add(c, "--port", colon + 1);
	return 0;
}

static int dump(struct oci_globals *g, struct checkpoint_args *a, const struct record_at *at,
		struct err *e)
{
	struct oci_config config;
	struct criu c;
	int r = record_config(at, &config, e);

	if (r == 0)
		r = criu_begin(&c, g, &a->criu, &config, a->pre_dump ? "pre-dump" : "dump", e);
	if (r < 0)
		return r;
	add(&c, "--tree", arena_printf(g->arena, "%d", (int)at->r.pid));
	add(&c, "--root", at->r.rootfs);
	if (a->leave_running || a->pre_dump)
		add(&c, a->pre_dump ? "--track-mem" : "--leave-running", NULL);
	if (a->skip_in_flight)
		add(&c, "--skip-in-flight", NULL);
	if (a->link_remap)
		add(&c, "--link-remap", NULL);
	if (!text_empty(a->parent_path))
		r = add_parent(&c, a->parent_path, e);
	if (r == 0 && !text_empty(a->page_server))
		r = add_page_server(&c, a->page_server, e);
	if (r == 0 && a->status_fd >= 0) {
		c.fds[c.fds_len++] = (int)a->status_fd;
		add(&c, "--status-fd", "3");
	}
	if (r == 0)
		r = criu_note_streams(&c, (pid_t)at->r.pid, e);
	return r < 0 ? r : criu_run(&c, e);
}

static int checkpoint(struct oci_globals *g, struct checkpoint_args *a, const char *id,
		      struct err *e)
{
	struct record_at at;
	int r = record_open_locked(g, id, &at, e);
	enum record_status s;

	if (r < 0)
		return r;
	s = record_status(&at);
	if (s != RECORD_RUNNING && s != RECORD_PAUSED)
		r = err_set(e, ERR_CONFLICT, "container cannot be checkpointed in %s state",
			    record_status_name[s]);
	if (r == 0)
		r = dump(g, a, &at, e);
	if (r == 0 && !a->leave_running && !a->pre_dump)
		r = delete_container(&at, true, e);
	record_close(&at);
	return r;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct err e;

	return checkpoint(globals, args, argv[0], &e) < 0 ? oci_fail(globals, &e) : 0;
}

const struct command oci_checkpoint_command = {
	.name = "checkpoint",
	.summary = "Save the state of a container's processes",
	.description = "Saves the processes of a running container as images, by CRIU, and removes "
		       "the container",
	.usage = "ID",
	.examples = "--image-path images web\n--leave-running --tcp-established web\n",
	.options = options,
	.args_size = sizeof(struct checkpoint_args),
	.min_args = 1,
	.max_args = 1,
	.completes = "container",
	.init = defaults,
	.run = run,
};
