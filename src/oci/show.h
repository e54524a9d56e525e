/* SPDX-License-Identifier: BSD-2-Clause */
/* A container as `state` and `list` show it. */
#pragma once

#include "oci/record.h"

struct shown {
	const char *oci_version, *id, *status, *bundle, *rootfs, *created, *owner, *scope;
	int64_t pid;
	struct text_map annotations;
};
extern const struct json_type shown_json;

/* Locks nothing. */
void show_fill(const struct oci_globals *g, const struct record_at *at, struct shown *ret);
