/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Go's text/template, the part that --format needs: fields, variables, pipelines, parentheses,
 * literals, comments, trimming, if/else if/else, range/else, with, break and continue, and the
 * functions of podman and Docker.  There are no define, template and block.  Errors have Go's
 *words:
 *
 *	template: ps:1:2: executing "ps" at <.Bogus>: can't evaluate field Bogus in type ps
 */
#pragma once

#include "cli/value.h"

#define TEMPLATE_TEXT_MAX (64 << 10) /* of the template itself */

struct template;

/* name is what errors call it. Everything lives in the arena; text is copied. */
int template_parse(struct arena *a, const char *name, const char *text, struct template **ret,
		   struct err *e);
/* Appends what the template makes of dot.  An endless amount of work is ERR_INVALID, as is output
 * over the buffer's maximum; out has then got a part. */
int template_run(const struct template *t, const struct value *dot, struct buf *out, struct err *e);
