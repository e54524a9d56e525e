/* SPDX-License-Identifier: BSD-2-Clause */
/* Seccomp profiles of users: reading, and compiling what was read. */
#include <stdint.h>

#include "runtime/capability.h"
#include "runtime/seccomp.h"

/* Compiling is slow; long rule lists are not where its bugs are. */
#define COMPILE_MAX 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena) a = arena_new();
	struct seccomp_for who = { .capabilities = CAPABILITY_DEFAULT };
	const struct oci_seccomp *s;
	struct seccomp_filter f;
	struct seccomp_count n;
	struct err e;

	if (seccomp_read(a, (const char *)data, len, &who, &s, &e) < 0)
		return 0;
	seccomp_count(s, &n, &e);
	if (len <= COMPILE_MAX)
		seccomp_prepare(a, s, -1, &f, &e);
	return 0;
}
