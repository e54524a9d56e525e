/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System call filters: the specification's linux.seccomp (config-linux.md, "Seccomp") compiled to
 * BPF by libseccomp, and the default profile of containers as data of our own.
 *
 * Compiling takes milliseconds, so programs are cached by the hash of what they were compiled from,
 * and a start reads one file and hands its bytes to seccomp(2).  A profile that answers calls it
 * does not name with EPERM still answers those that are newer than it with ENOSYS, so that C
 * libraries fall back to what they did before.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct oci_seccomp; /* spec/runtime.h */

/* What seccomp(2) takes, ready; lives in an arena, so that a child can load it without allocating.
 */
struct seccomp_filter {
	const void *program; /* struct sock_filter[]; NULL: no filter */
	size_t len;          /* instructions */
	unsigned flags;      /* SECCOMP_FILTER_FLAG_* */
	bool notifies;       /* loading gives a listener */
	bool cached;         /* it came from the cache */
};

/* Compiles, or finds in the cache. cache: a directory, or -1 for none; an unwritable or damaged one
 * only costs time. */
int seccomp_prepare(struct arena *a, const struct oci_seccomp *s, int cache,
		    struct seccomp_filter *ret, struct err *e);
/* In the child; allocates nothing. *ret_listener: the notification descriptor or -1.  It takes
 * no_new_privs or CAP_SYS_ADMIN: with no_new_privs it is the last thing before exec, without it
 * comes before the capabilities go, and the profile has to allow what follows. */
int seccomp_install(const struct seccomp_filter *f, int *ret_listener, struct err *e);
/* Hands the listener to the agent at `path` with the state document, as the specification's
 * "containerProcessState" wants it. */
int seccomp_send_listener(const char *path, int listener, const char *state, size_t len,
			  struct err *e);

/* The default profile for a container with these capabilities (mask of 1 << CAP_number). */
struct seccomp_for {
	uint64_t capabilities;
	const char *arch; /* "SCMP_ARCH_X86_64", ...; NULL: this machine's */
};
int seccomp_default(struct arena *a, const struct seccomp_for *who, const struct oci_seccomp **ret,
		    struct err *e);
/* A file of --security-opt seccomp=FILE: podman's and Docker's form (archMap, includes, excludes,
 * minKernel) reduced for `who`, or the specification's own. */
int seccomp_read(struct arena *a, const char *text, size_t len, const struct seccomp_for *who,
		 const struct oci_seccomp **ret, struct err *e);

/* What a profile does with each system call of its first architecture. */
struct seccomp_count {
	unsigned allowed, refused, errno_eperm, by_argument, total;
};
int seccomp_count(const struct oci_seccomp *s, struct seccomp_count *ret, struct err *e);
