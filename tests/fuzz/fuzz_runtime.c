/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as config.json; what is accepted is accepted again after it was written. */
#include <stdio.h>

#include "spec/runtime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena) a = arena_new();
	auto_buf out = BUF(OCI_CONFIG_MAX);
	struct oci_config c, again;
	struct err e;

	if (oci_config_read(a, (const char *)data, len, &c, &e) < 0)
		return 0;
	oci_config_write(&out, &c, 0);
	if (out.failed)
		return 0;
	if (oci_config_read(a, out.data, out.len, &again, &e) < 0) {
		fprintf(stderr, "%s\n%s\n", e.msg, out.data);
		abort();
	}
	return 0;
}
