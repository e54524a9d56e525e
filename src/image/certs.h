/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Certificates for one registry: certs.d/HOST[:PORT]/ with *.crt (authorities), *.cert and *.key
 * (ours), containers-certs.d(5).  Opened here, where they may be read, and handed to `remote`.
 */
#pragma once

#include "base/text.h"

enum { CERTS_MAX = 28 };

struct certs {
	int fds[CERTS_MAX]; /* authorities, then our certificates, each with its key behind it */
	size_t n, authorities, clients;
};

/* dir NULL: the first certs.d that has a folder for host. None is no error. */
int certs_open(struct arena *a, const char *dir, const char *host, struct certs *ret,
	       struct err *e);
void certs_close(struct certs *c);
