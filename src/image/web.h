/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What `load` and `import` are given by its address: fetched by a `remote` process of its own into
 * a pipe.  Redirects are followed, from https never to http.
 */
#pragma once

#include "base/err.h"
#include "base/scope.h"

struct web;

bool web_is_url(const char *path);
/* Starts fetching; *ret_fd, the caller's, is where the bytes come out. */
int web_open(const char *url, struct web **ret, int *ret_fd, struct err *e);
/* After ret_fd was read as far as it is wanted, and before it is closed: whether all of it came.
 * r, e: how reading went. What the other end did wrong explains what the reader could not make
 * sense of, and so takes its place. */
int web_end(struct web *w, int r, struct err *e);
void web_free(struct web *w);
DEFINE_AUTO(web);
