/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading the record that the monitor writes (record.c). */
#include <errno.h>

#include "base/file.h"
#include "base/json.h"
#include "monitor/monitor.h"

#define EXIT_RECORD_MAX 4096

static const struct json_field monitor_exit_fields[] = {
	JSON_INT(monitor_exit, pid, "pid", 0),
	JSON_INT(monitor_exit, exit_code, "exitCode", JSON_REQUIRED),
	JSON_INT(monitor_exit, signal, "signal", 0),
	JSON_BOOL(monitor_exit, oom_killed, "oomKilled", 0),
	JSON_BOOL(monitor_exit, timed_out, "timedOut", 0),
	JSON_BOOL(monitor_exit, stopped, "stopped", 0),
	JSON_BOOL(monitor_exit, restarting, "restarting", 0),
	JSON_INT(monitor_exit, restarts, "restarts", 0),
	JSON_INT(monitor_exit, next_delay_ms, "nextDelayMs", 0),
	JSON_INT(monitor_exit, dropped_lines, "droppedLines", 0),
	JSON_TEXT(monitor_exit, started_at, "startedAt", 0),
	JSON_TEXT(monitor_exit, finished_at, "finishedAt", 0),
	{ 0 },
};
static const struct json_type monitor_exit_json = JSON_TYPE(monitor_exit, monitor_exit_fields);

int monitor_exit_read(int dir, struct arena *a, struct monitor_exit *ret, struct err *e)
{
	struct monitor_exit record = { 0 };
	auto_free char *text = NULL;
	size_t len;
	int r;

	r = file_read_at(dir, MONITOR_EXIT, EXIT_RECORD_MAX, &text, &len, e);
	if (r == -ENOENT)
		return err_set(e, ERR_NOT_FOUND, "no exit is recorded");
	if (r < 0)
		return r;
	r = json_read(a, text, len, &monitor_exit_json, &record, e);
	if (r < 0)
		return err_wrap(e, MONITOR_EXIT);

	*ret = record;
	return 0;
}
