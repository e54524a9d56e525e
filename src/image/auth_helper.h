/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Credential helpers: docker-credential-NAME, a program in PATH that is told get, store or erase
 * and gets and answers on its standard input and output
 * (github.com/docker/docker-credential-helpers). Private to auth.c.
 */
#pragma once

#include "image/auth.h"

/* None known: ret->user stays NULL. */
int auth_helper_get(struct arena *a, const char *helper, const char *server, struct auth *ret,
		    struct err *e);
int auth_helper_store(struct arena *a, const char *helper, const char *server, const char *user,
		      const char *password, struct err *e);
int auth_helper_erase(struct arena *a, const char *helper, const char *server, struct err *e);
