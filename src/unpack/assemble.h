/* SPDX-License-Identifier: BSD-2-Clause */
/* A layer's very tar again, from its recipe and its tree. */
#pragma once

#include "unpack/outlet.h"

/* Checks that what came out is what the recipe was made from. */
int assemble_run(int recipe, int root, struct outlet *out, struct unpack_result *ret,
		 struct err *e);
