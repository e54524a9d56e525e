/* SPDX-License-Identifier: BSD-2-Clause */
/* Annotations of crun that are known and not honoured. */
#pragma once

#include "runtime/step.h"

/* ERR_UNSUPPORTED for one that asks for isolation of another kind. */
int annotations_plan(struct build *b, struct err *e);
/* What is said of the others, added to ret. */
void annotations_warn(const struct text_map *given, struct arena *a, struct texts *ret);
