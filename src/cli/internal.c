/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the monitor executes, never people: __start starts a container again in the process that was
 * its monitor, __cleanup removes what the last run left, __mend puts back what somebody took away
 * of the firewall, or killed of what serves it.  And what the keeper executes: __end does what a
 * killed monitor could not.
 */
#include "base/log.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "engine/start.h"
#include "engine/stop.h"
#include "engine/wiring.h"
#include "network/firewall.h"

static int start(struct session *s, const struct container *c, struct err *e)
{
	struct container_start how = {
		.program = s->globals->self,
		.cgroup_manager = s->globals->cgroup_manager,
		.in_place = true,
	};

	container_cleanup(&s->state, s->arena, c, NULL);
	return container_start(&s->state, c, &how, NULL, e);
}

static int cleanup(struct session *s, const struct container *c, struct err *e)
{
	if (c->auto_remove)
		return container_remove(&s->state, s->arena, c,
					&(struct container_remove){ .volumes = true,
								    .needed_too = true },
					e);
	return container_cleanup(&s->state, s->arena, c, e);
}

static int end(struct session *s, const struct container *c, struct err *e)
{
	struct container_status st;
	int r = container_end_lost(&s->state, s->arena, c, e);

	if (r == 0)
		r = container_status(&s->state, s->arena, c, &st, e);
	if (r)
		return r;
	/* What failed to start is not removed, as it has not ended. */
	return st.has_run ? cleanup(s, c, e) : container_cleanup(&s->state, s->arena, c, e);
}

static int with_container(void *globals, const char *id,
			  int (*fn)(struct session *s, const struct container *c, struct err *e))
{
	struct container *c;
	struct session s;
	struct err e;
	int code, r;

	if (!session_open(globals, &s, &code))
		return code;
	r = container_load(&s.state, s.arena, id, &c, &e);
	if (r == 0)
		r = fn(&s, c, &e);
	/* Already removed is what was wanted. */
	if (r < 0 && !state_exists(&s.state, CONTAINERS, id))
		r = 0;
	if (r < 0)
		log_at(LOG_ERROR, "%s", e.msg);
	session_close(&s);
	return r < 0 ? EXIT_ENGINE : 0;
}

static int run_start(void *globals, void *args, int argc, const char **argv)
{
	return with_container(globals, argv[0], start);
}

static int mend(struct session *s, const struct container *c, struct err *e)
{
	int r = firewall_mend(&s->state, e);

	return r < 0 ? r : wiring_serve(&s->state, s->arena, c, e);
}

static int run_mend(void *globals, void *args, int argc, const char **argv)
{
	return with_container(globals, argv[0], mend);
}

static int run_cleanup(void *globals, void *args, int argc, const char **argv)
{
	return with_container(globals, argv[0], cleanup);
}

static int run_end(void *globals, void *args, int argc, const char **argv)
{
	return with_container(globals, argv[0], end);
}

const struct command start_internal_command = {
	.name = "__start",
	.summary = "Start a container again",
	.usage = "ID",
	.min_args = 1,
	.max_args = 1,
	.hidden = true,
	.run = run_start,
};

const struct command cleanup_internal_command = {
	.name = "__cleanup",
	.summary = "Remove what a container's last run left",
	.usage = "ID",
	.min_args = 1,
	.max_args = 1,
	.hidden = true,
	.run = run_cleanup,
};

const struct command end_internal_command = {
	.name = "__end",
	.summary = "End a container whose monitor was killed",
	.usage = "ID",
	.min_args = 1,
	.max_args = 1,
	.hidden = true,
	.run = run_end,
};

const struct command mend_internal_command = {
	.name = "__mend",
	.summary = "Put back what somebody took away of a container's networks",
	.usage = "ID",
	.min_args = 1,
	.max_args = 1,
	.hidden = true,
	.run = run_mend,
};
