/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/log_source.h"

int container_logs(const struct state *s, struct arena *a, const struct container *c,
		   const struct logs_read *what, logs_fn *fn, void *arg, struct err *e)
{
	auto_close int dir = state_dir(s, CONTAINERS, c->id, e);
	auto_close int run = -1;
	struct container_status st;
	int r = dir < 0 ? dir : container_status(s, a, c, &st, e);

	if (r < 0)
		return r;
	if (container_is_alive(&st))
		run = state_run_dir(s, CONTAINERS, c->id, false, NULL);
	r = text_index(c->log.driver, monitor_log_name, MONITOR_LOGS);
	return logs_read(
		&(struct logs_source){
			.log = r < 0 ? MONITOR_LOG_NONE : (enum monitor_log)r,
			.lib_dir = dir,
			.path = c->log.path,
			.run_dir = run,
			.id = c->id,
		},
		what, fn, arg, e);
}
