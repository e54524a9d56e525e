/* SPDX-License-Identifier: BSD-2-Clause */
#include "cgroup/cgroup.h"
#include "oci/record.h"

#define FREEZE_MS 10000

static int check_state(const struct record_at *at, bool pause, struct err *e)
{
	enum record_status s = record_status(at);

	if (!pause && s != RECORD_PAUSED)
		return err_set(e, ERR_CONFLICT, "container not paused");
	if (pause && s != RECORD_RUNNING && s != RECORD_CREATED)
		return err_set(e, ERR_CONFLICT, "container not running or created: %s",
			       record_status_name[s]);
	if (text_empty(at->r.cgroup))
		return err_set(e, ERR_UNSUPPORTED, "container %s has no cgroup to be paused by",
			       at->r.id);
	return 0;
}

static int change(struct oci_globals *g, const char *id, bool pause, struct err *e)
{
	AUTO(cgroup) c = NULL;
	struct record_at at;
	int r = record_open_locked(g, id, &at, e);

	if (r < 0)
		return r;
	r = check_state(&at, pause, e);
	if (r == 0)
		r = cgroup_open(at.r.cgroup_manager, at.r.cgroup, &c, e);
	if (r == 0)
		r = pause ? cgroup_freeze(c, FREEZE_MS, e) : cgroup_thaw(c, e);
	record_close(&at);
	return r;
}

static int run_pause(void *globals, void *args, int argc, const char **argv)
{
	struct err e;

	return change(globals, argv[0], true, &e) < 0 ? oci_fail(globals, &e) : 0;
}

static int run_resume(void *globals, void *args, int argc, const char **argv)
{
	struct err e;

	return change(globals, argv[0], false, &e) < 0 ? oci_fail(globals, &e) : 0;
}

const struct command oci_pause_command = {
	.name = "pause",
	.summary = "Suspend all processes of a container",
	.description = "Suspends all processes of a container, until `resume`",
	.usage = "ID",
	.examples = "web\n",
	.min_args = 1,
	.max_args = 1,
	.completes = "container",
	.run = run_pause,
};

const struct command oci_resume_command = {
	.name = "resume",
	.summary = "Let a paused container go on",
	.description = "Lets the processes of a paused container go on",
	.usage = "ID",
	.examples = "web\n",
	.min_args = 1,
	.max_args = 1,
	.completes = "container",
	.run = run_resume,
};
