/* SPDX-License-Identifier: BSD-2-Clause */
/* What CRIU may say. */
#include <stdint.h>
#include <string.h>

#include "oci/criu_rpc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct criu_answer a;

	if (criu_parse((const char *)data, len, &a, NULL) < 0)
		return 0;
	if (strlen(a.words) + strlen(a.stage) > len || a.fd != -1)
		__builtin_trap();
	return 0;
}
