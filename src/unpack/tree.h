/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sink that makes a directory tree.  Nothing leads out of it: names are clean, the last
 * component is never followed, links on the way are resolved inside the root.
 */
#pragma once

#include "unpack/sink.h"

struct tree_new {
	int root, lower;                      /* the caller's; lower -1: none */
	const struct unpack_request *request; /* outlives it */
	struct report *report;
	struct recipe_writer *recipe; /* may be NULL */
	struct unpack_result *result;
};
struct sink *tree_new(const struct tree_new *how, struct err *e);
