/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One sink for messages to people, set once by main.  Libraries log nothing above debug, but warn
 * of what somebody has to know although the command worked: an interface that came back without an
 * address, names that are still the old ones.
 */
#pragma once

#include <stdbool.h>

#include "base/scope.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_LEVELS };

extern const char *const log_level_name[LOG_LEVELS];

/* fd: where lines go; -1 drops them.  Lines are logrus's text form (time, level, msg). */
void log_open(int fd, enum log_level most);
/* From now on lines are objects: {"level":"error","msg":"…","time":"…"}. */
void log_as_json(void);
bool log_wants(enum log_level level);
void log_at(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define log_debug(...)                                  \
	do {                                            \
		if (log_wants(LOG_DEBUG))               \
			log_at(LOG_DEBUG, __VA_ARGS__); \
	} while (0)
