/* SPDX-License-Identifier: BSD-2-Clause */
#include "oci/start.h"

#include "oci/delete.h"
#include "oci/notify.h"
#include "runtime/runtime.h"

static int check_created(const struct record_at *at, struct err *e)
{
	enum record_status s = record_status(at);

	if (s == RECORD_CREATED)
		return 0;
	if (s == RECORD_STOPPED)
		return err_set(e, ERR_CONFLICT, "cannot start a container that has stopped");
	if (s == RECORD_PAUSED)
		return err_set(e, ERR_CONFLICT, "cannot start a paused container");
	return err_set(e, ERR_CONFLICT, "cannot start an already running container");
}

int started(struct record_at *at, const struct oci_config *c, struct err *e)
{
	struct err ignored;
	int r;

	if (!c->hooks)
		return 0;
	r = runtime_hooks(&c->hooks->poststart, "poststart", c, at->r.id, at->r.bundle, "running",
			  (pid_t)at->r.pid, e);
	if (r < 0)
		delete_container(at, true, &ignored);
	return r;
}

static int resume(struct record_at *at, const struct oci_config *c, struct err *e)
{
	auto_close int pidfd = record_pidfd(at, e), notify = -1, socket = -1;
	int r = pidfd < 0 ? pidfd : notify_listen(at, &notify, e);

	if (r < 0)
		return r;
	socket = record_connect(at, e);
	if (socket < 0)
		return socket;
	r = runtime_resume(
		&(struct runtime_resume){
			.config = c,
			.id = at->r.id,
			.bundle = at->r.bundle,
			.pid = (pid_t)at->r.pid,
			.pidfd = pidfd,
			.socket = socket,
		},
		at->arena, e);
	if (r == 0)
		r = started(at, c, e);
	if (r == 0 && notify >= 0) {
		record_unlock(at);
		notify_relay(notify, pidfd, (pid_t)at->r.pid);
	}
	return r;
}

static int start(struct oci_globals *g, const char *id, struct err *e)
{
	struct record_at at;
	struct oci_config c;
	int r = record_open_locked(g, id, &at, e);

	if (r < 0)
		return r;
	r = check_created(&at, e);
	if (r == 0)
		r = record_config(&at, &c, e);
	if (r == 0)
		r = resume(&at, &c, e);
	record_close(&at);
	return r;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct err e;

	return start(globals, argv[0], &e) < 0 ? oci_fail(globals, &e) : 0;
}

const struct command oci_start_command = {
	.name = "start",
	.summary = "Start a created container",
	.description = "Executes the program of a container that was created",
	.usage = "ID",
	.examples = "web\n",
	.min_args = 1,
	.max_args = 1,
	.completes = "container",
	.run = run,
};
