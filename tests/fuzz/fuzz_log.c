/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as a record of a log file: the text that is found lies within it. */
#include <stdlib.h>
#include <string.h>

#include "engine/logs_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(enum monitor_log log, const uint8_t *data, size_t len)
{
	char *record = malloc(len ? len : 1);
	struct logs_line line;

	if (!record)
		return;
	memcpy(record, data, len);
	if (logs_parse(log, record, len, &line) &&
	    (line.text < record || line.len > len || line.text + line.len > record + len))
		abort();
	free(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	check(MONITOR_LOG_K8S_FILE, data, len);
	check(MONITOR_LOG_JSON_FILE, data, len);
	return 0;
}
