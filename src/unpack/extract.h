/* SPDX-License-Identifier: BSD-2-Clause */
/* Members of an archive into a sink, as a layer or as they are. */
#pragma once

#include "unpack/recipe.h"
#include "unpack/sink.h"

struct extract {
	struct source *source;
	struct reader *reader;
	struct sink *sink;
	const struct unpack_request *request;
	struct recipe_writer *recipe; /* may be NULL */
	struct unpack_result *result;
};
int extract_run(const struct extract *x, struct err *e);
