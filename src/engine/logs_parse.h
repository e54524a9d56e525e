/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The records of log files, which containers have a hand in: k8s-file (CRI: time, stream, P or F,
 * text) and json-file (Docker's {"log":…,"stream":…,"time":…}).
 */
#pragma once

#include "engine/logs.h"

/* One record, without its newline. ret->text may point into `record`, which is overwritten. False
 * if it is none; continues and gap are not set. */
bool logs_parse(enum monitor_log log, char *record, size_t len, struct logs_line *ret);
/* RFC 3339: as much of s as is needed; returns its length, 0 if it is none. */
size_t logs_parse_time(const char *s, size_t len, int64_t *ret_nsec);
