/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/logs_life.h"

#include "engine/attach.h"
#include "monitor/monitor.h"

#define RECONNECTS 100 /* a restart that takes longer has failed */

static bool is_restarting(int run_dir)
{
	AUTO(arena) a = arena_new();
	struct monitor_exit x;

	return monitor_exit_read(run_dir, a, &x, NULL) == 0 && x.restarting;
}

void life_look(struct life *l)
{
	struct attach_result end;

	if (l->watch < 0) {
		l->watch = l->run_dir < 0 ? -1 : attach_watch(l->run_dir, NULL);
		if (l->watch < 0 &&
		    (l->run_dir < 0 || l->tries++ >= RECONNECTS || !is_restarting(l->run_dir)))
			l->over = true;
		return;
	}
	if (attach_told(l->watch, &end) == 0)
		return;
	close_p(&l->watch);
	if (end.end == ATTACH_ENDED && end.restarting)
		l->tries = 0;
	l->over = end.end == ATTACH_ENDED && !end.restarting;
}
