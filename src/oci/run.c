/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"
#include "oci/delete.h"
#include "oci/foreground.h"
#include "oci/making.h"
#include "oci/notify.h"
#include "oci/start.h"

static const struct option run_options[] = {
	OPTION_FLAG(making_args, detach, "detach", 'd', "Return when the container was started"),
	OPTION_FLAG(making_args, keep, "keep", 0, "Keep the container when it has ended"),
	{ 0 },
};

static const struct option *const options[] = { making_options, run_options, NULL };

/* Whatever became of it, nothing is left, unless that was asked for. */
static int end(struct making *m, struct err *e)
{
	int r = m->args.keep ? 0 : delete_container(&m->at, true, e);

	record_close(&m->at);
	return r;
}

static int run_container(struct making *m, int *ret_code, struct err *e)
{
	auto_close int notify = -1;
	struct err ignored;
	int r = making_begin(m, e);

	if (r < 0)
		return r;
	r = notify_listen(&m->at, &notify, e);
	if (r == 0)
		r = runtime_go(&m->c, e);
	if (r < 0) {
		delete_container(&m->at, true, &ignored);
		record_close(&m->at);
		return r;
	}
	log_debug("init: closing the pipe to signal completion: the program was executed");
	r = started(&m->at, &m->config, e);
	record_unlock(&m->at);
	if (r == 0 && notify >= 0 && m->stays)
		notify_relay_aside(notify, m->c.pidfd, m->c.pid);
	else if (r == 0 && notify >= 0)
		notify_relay(notify, m->c.pidfd, m->c.pid);
	if (r < 0 || !m->stays) {
		record_close(&m->at);
		return r;
	}
	r = foreground_wait(&m->c, ret_code, e);
	/* Somebody may have deleted it meanwhile. */
	if (r == 0 && record_lock(&m->at, &ignored) == 0)
		r = end(m, e);
	else
		record_close(&m->at);
	return r;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct making m = { .g = globals, .args = *(struct making_args *)args, .id = argv[0] };
	struct err e;
	int code = 0, r;

	m.starts = true;
	m.stays = !m.args.detach;
	if (m.stays && !m.args.no_subreaper)
		foreground_reap_orphans();
	r = run_container(&m, &code, &e);
	runtime_close(&m.c);
	return r < 0 ? oci_fail(m.g, &e) : code;
}

const struct command oci_run_command = {
	.name = "run",
	.summary = "Create and start a container",
	.description = "Makes a container of a bundle, executes its program, waits for its end "
		       "and removes it",
	.usage = "ID",
	.examples = "web\n--detach --bundle /srv/web web\n",
	.options = options,
	.args_size = sizeof(struct making_args),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
