/* SPDX-License-Identifier: BSD-2-Clause */
#include "oci/delete.h"

#include <errno.h>
#include <signal.h>

#include "base/log.h"
#include "cgroup/cgroup.h"
#include "kernel/kernel.h"
#include "runtime/runtime.h"

#define END_MS 10000

/* The group ends with all that is in it, also what its first process left behind. */
static int end_processes(struct record_at *at, struct err *e)
{
	auto_close int pidfd = record_pidfd(at, NULL);
	AUTO(cgroup) c = NULL;
	int r = 0;

	if (pidfd >= 0)
		kernel_pidfd_send_signal(pidfd, SIGKILL);
	if (!text_empty(at->r.cgroup)) {
		r = cgroup_open(at->r.cgroup_manager, at->r.cgroup, &c, e);
		if (r == 0)
			r = cgroup_remove(c, END_MS, e);
		if (r == -ENOENT)
			r = 0;
	}
	if (record_wait_end(at, END_MS) == -ETIMEDOUT)
		return err_set(e, ERR_SYSTEM, "container %s: its process does not end", at->r.id);
	return r < 0 ? err_wrap(e, "container %s", at->r.id) : 0;
}

/* What the configuration alone knows of. */
static int clean_up(struct record_at *at, struct err *e)
{
	struct oci_config c;
	struct err why;

	if (record_config(at, &c, &why) < 0) {
		log_at(LOG_WARN, "%s", why.msg);
		return 0;
	}
	if (at->r.rdt && c.linux_part && !c.linux_part->intel_rdt)
		c.linux_part->intel_rdt = ARENA_NEW(at->arena, struct oci_intel_rdt);
	if (runtime_remove_rdt(&c, at->r.id, &why) < 0)
		log_at(LOG_WARN, "%s", why.msg);
	if (!c.hooks)
		return 0;
	return runtime_hooks(&c.hooks->poststop, "poststop", &c, at->r.id, at->r.bundle, "stopped",
			     0, e);
}

int delete_container(struct record_at *at, bool force, struct err *e)
{
	enum record_status s = record_status(at);
	struct err failed;
	int hooks, r;

	if (!force && s != RECORD_STOPPED && s != RECORD_CREATED)
		return err_set(e, ERR_CONFLICT,
			       "cannot delete container %s that is not stopped: %s", at->r.id,
			       record_status_name[s]);
	r = end_processes(at, e);
	if (r < 0)
		return r;
	hooks = clean_up(at, &failed);
	r = record_remove(at, e);
	if (r == 0 && hooks < 0)
		log_at(LOG_WARN, "%s", failed.msg);
	return r;
}

struct delete_args {
	bool force, regex;
};

static const struct option delete_options[] = {
	OPTION_FLAG(delete_args, force, "force", 'f',
		    "End it first if it runs; one that isn't there is no error"),
	OPTION_FLAG(delete_args, regex, "regex", 'r', "ID is a regular expression: all that match"),
	{ 0 },
};

static int delete_one(struct oci_globals *g, const char *id, bool force, struct err *e)
{
	struct record_at at;
	int r = record_open_locked(g, id, &at, e);

	if (r == -ENOENT) {
		record_sweep(g, id);
		return force ? 0 : r;
	}
	if (r < 0)
		return r;
	r = delete_container(&at, force, e);
	record_close(&at);
	return r;
}

static int delete_matching(struct oci_globals *g, const char *pattern, bool force, struct err *e)
{
	struct texts ids;
	int r = record_list_matching(g, pattern, &ids, e), failed = 0;

	if (r < 0)
		return r;
	for (size_t i = 0; i < ids.n; i++)
		if (delete_one(g, ids.v[i], force, e) < 0)
			failed = -e->code;
	return failed;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	const struct delete_args *a = args;
	struct err e;
	int r = a->regex ? delete_matching(globals, argv[0], a->force, &e)
			 : delete_one(globals, argv[0], a->force, &e);

	return r < 0 ? oci_fail(globals, &e) : 0;
}

static const struct option *const options[] = { delete_options, NULL };

const struct command oci_delete_command = {
	.name = "delete",
	.summary = "Delete a container",
	.description = "Removes a container that has ended, or was only created, and what it held",
	.usage = "ID",
	.examples = "web\n--force web\n--regex '^test-'\n",
	.options = options,
	.args_size = sizeof(struct delete_args),
	.min_args = 1,
	.max_args = 1,
	.completes = "container",
	.run = run,
};
