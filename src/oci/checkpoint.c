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

static int add_parent(struct criu *c, const char *parent, struct err *e)
{
	struct stat st;

	if (*parent == '/')
		return err_set(e, ERR_INVALID,
			       "--parent-path: it is to be relative to --image-path");
	if (fstatat(c->images_dir, parent, &st, 0) < 0)
		return err_sys(e, "invalid --parent-path %s", parent);
	criu_put_text(&c->options, CRIU_PARENT_IMG, parent);
	return 0;
}

static int add_page_server(struct criu *c, const char *server, struct err *e)
{
	const char *colon = strrchr(server, ':');
	int64_t port;
	int r;

	if (!colon || colon == server || !colon[1])
		return err_set(e, ERR_INVALID, "--page-server: use ADDRESS:PORT");
	r = text_to_int(colon + 1, 1, 65535, &port, "--page-server: the port", e);
	if (r == 0)
		criu_put_number_of(&c->options, CRIU_PAGE_SERVER,
				   arena_strndup(c->g->arena, server, (size_t)(colon - server)),
				   (uint64_t)port);
	return r;
}

/* A paused container can be dumped as well, if CRIU knows by what it is frozen. */
static int add_freezer(struct criu *c, const struct record_at *at, struct err *e)
{
	AUTO(cgroup) group = NULL;
	struct cgroup_host host;
	int r = cgroup_host_read(c->g->arena, &host, e);

	if (r < 0 || text_empty(at->r.cgroup))
		return r;
	r = cgroup_open(at->r.cgroup_manager, at->r.cgroup, &group, e);
	for (size_t i = 0; r == 0 && i < host.hierarchies_len; i++) {
		const struct cgroup_hierarchy *h = &host.hierarchies[i];
		const char *path = cgroup_path_in(group, h->controllers);

		if (strcmp(h->controllers, host.version == CGROUP_V2 ? "" : "freezer") == 0 &&
		    *path)
			criu_put_text(&c->options, CRIU_FREEZE_CGROUP,
				      arena_printf(c->g->arena, "%s%s", h->mount, path));
	}
	return r;
}

/* A NUL byte says that pages can be asked for. */
static int tell_status(void *arg, struct criu_answer *a, struct err *e)
{
	const struct checkpoint_args *args = arg;

	if (args->status_fd >= 0 && strcmp(a->stage, "status-ready") == 0 &&
	    write((int)args->status_fd, "", 1) != 1)
		return err_sys(e, "--status-fd %d", (int)args->status_fd);
	return 0;
}

static void add_flags(struct criu *c, const struct checkpoint_args *a)
{
	if (a->leave_running)
		criu_put(&c->options, CRIU_LEAVE_RUNNING, 1);
	if (a->pre_dump || !text_empty(a->parent_path))
		criu_put(&c->options, CRIU_TRACK_MEM, 1);
	if (a->skip_in_flight)
		criu_put(&c->options, CRIU_SKIP_IN_FLIGHT, 1);
	if (a->link_remap)
		criu_put(&c->options, CRIU_LINK_REMAP, 1);
}

static int dump_to(struct criu *c, struct checkpoint_args *a, const struct record_at *at,
		   struct err *e)
{
	int r = 0;

	criu_put(&c->options, CRIU_PID, (uint64_t)at->r.pid);
	criu_put_text(&c->options, CRIU_ROOT, at->r.rootfs);
	add_flags(c, a);
	c->stage = tell_status;
	c->arg = a;
	if (!text_empty(a->parent_path))
		r = add_parent(c, a->parent_path, e);
	if (r == 0 && !text_empty(a->page_server))
		r = add_page_server(c, a->page_server, e);
	if (r == 0)
		r = add_freezer(c, at, e);
	if (r == 0)
		r = criu_note_namespaces(c, e);
	if (r == 0 && !a->pre_dump)
		criu_note_masks(c, (pid_t)at->r.pid);
	if (r == 0 && !a->pre_dump)
		r = criu_note_streams(c, (pid_t)at->r.pid, e);
	return r < 0 ? r : criu_run(c, e);
}

static int dump(struct oci_globals *g, struct checkpoint_args *a, const struct record_at *at,
		struct err *e)
{
	struct oci_config config;
	struct criu c;
	int r = record_config(at, &config, e);

	if (r < 0)
		return r;
	r = criu_begin(&c, g, &a->criu, &config, a->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP, e);
	if (r == 0)
		r = dump_to(&c, a, at, e);
	criu_end(&c);
	return r;
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
