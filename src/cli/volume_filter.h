/* SPDX-License-Identifier: BSD-2-Clause */
/* Which volumes a command is about, who has them, and what is told of them. */
#pragma once

#include <jansson.h>

#include "cli/cli.h"
#include "engine/container.h"
#include "volume/volume.h"

/* The volumes that match all filters; of one key any (labels: all). ERR_INVALID names a filter that
 * there is not. */
int volume_filter(struct session *s, const struct texts *filters, struct volumes *ret,
		  struct err *e);
/* Those of the containers that have it. */
struct texts volume_users(struct session *s, const struct containers *all, const char *name);
/* What inspect prints. */
json_t *volume_document(struct session *s, const struct containers *all, const struct volume *v);
