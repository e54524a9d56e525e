/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/foreground.h"

#include <stdint.h>

#include "engine/attach.h"
#include "engine/start.h"
#include "engine/stop.h"

static int send_signal(void *arg, int number)
{
	const struct foreground *f = arg;
	const struct session *s = f->session;

	return container_signal(&s->state, s->arena, f->container, number, NULL);
}

int foreground_code(const struct err *e)
{
	return e->where == EXIT_NOT_FOUND || e->where == EXIT_NOT_EXECUTABLE ? e->where
									     : EXIT_ENGINE;
}

/* What the end leaves is removed before the caller hears of it: then the name is free again, and of
 * the container there are but files in the trash. */
static int clean_up(const struct foreground *f, struct state_trash *trash, struct err *e)
{
	const struct session *s = f->session;

	if (f->container->auto_remove)
		return container_remove(&s->state, s->arena, f->container,
					&(struct container_remove){
						.force = true,
						.volumes = true,
						.needed_too = true,
						.trash = trash,
					},
					e);
	return container_cleanup(&s->state, s->arena, f->container, e);
}

int foreground_attach(const struct foreground *f, int socket, int *ret_code, struct err *e)
{
	const struct container *c = f->container;
	struct attach_result end = { 0 };
	int r = attach_relay(socket,
			     &(struct attach_how){
				     .in = f->in && c->interactive ? STDIN_FILENO : -1,
				     .out = f->out ? STDOUT_FILENO : -1,
				     .err = f->err ? STDERR_FILENO : -1,
				     .terminal = c->tty,
				     .detach_keys = f->detach_keys,
				     .proxy_signals = f->sig_proxy,
				     .send_signal = send_signal,
				     .arg = (void *)(uintptr_t)f,
				     .owner = f->owner,
			     },
			     &end, e);

	if (r == 0 && end.end == ATTACH_LOST)
		r = err_set(e, ERR_SYSTEM, "the monitor of container %s is gone", c->id);
	*ret_code = end.end == ATTACH_DETACHED ? 0 : end.exit_code;
	if (r == 0 && end.end == ATTACH_ENDED && f->owner) {
		struct state_trash trash = { 0 };
		struct err why;

		if (clean_up(f, &trash, &why) < 0)
			cli_fail(&why);
		/* Deleting is the monitor's: nobody waits for it. */
		if (!attach_cleaned(socket, trash.lib, trash.run))
			state_delete(&f->session->state, &trash);
	}
	close(socket);
	return r;
}

int foreground_start(const struct foreground *f, int *ret_code, struct err *e)
{
	const struct session *s = f->session;
	int socket = -1;
	int r = container_start(&s->state, f->container,
				&(struct container_start){
					.program = s->globals->self,
					.cgroup_manager = s->globals->cgroup_manager,
					.foreground = true,
					.lock = f->lock,
					.netfilter = f->netfilter,
				},
				&socket, e);

	if (r < 0)
		return r;
	return foreground_attach(f, socket, ret_code, e);
}
