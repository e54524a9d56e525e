/* SPDX-License-Identifier: BSD-2-Clause */
/* --filter of ps and of the commands over several containers: podman-ps(1). */
#pragma once

#include "engine/status.h"

struct container_filter;

/* Filters are "key=value" or "key!=value"; the same key is an or, different keys an and, labels
 * always an and. ERR_INVALID names what is wrong with which. */
int container_filter_new(const struct state *s, struct arena *a, const struct texts *filters,
			 struct container_filter **ret, struct err *e);
bool container_filter_matches(const struct container_filter *f, const struct container *c,
			      const struct container_status *st);
/* Whether a state was asked for: then also those that don't run are meant. */
bool container_filter_wants_all(const struct container_filter *f);
