/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Containers that need others: whose namespaces they join, that were named as --requires, whose
 * volumes they took over.  Who is needed has a file for each that needs it, in dependents/ of its
 * directory; one whose container is not there (any more) means nothing.
 */
#pragma once

#include "engine/start.h"

/* Ids of the containers that must run for c to start. */
struct texts container_needs(struct arena *a, const struct container *c);
/* Whose network it has: the container that it joined (or that one did), else its own: itself. */
const struct container *container_networked(const struct state *s, struct arena *a,
					    const struct container *c);
/* Ids of those that need it, all of which are there. */
int container_dependents(const struct state *s, struct arena *a, const char *id, struct texts *ret,
			 struct err *e);
/* Notes a container in the making with those it needs, and forgets it again. */
int container_depend(const struct state *s, struct arena *a, const struct container *c,
		     struct err *e);
void container_undepend(const struct state *s, struct arena *a, const struct container *c);
/* Starts what it needs and does not run, and what that needs. */
int container_start_needs(const struct state *s, const struct container *c,
			  const struct container_start *how, struct err *e);
