/* SPDX-License-Identifier: BSD-2-Clause */
/* Any text: what is accepted is a tree that prints. */
#include <stdint.h>

#include "base/json.h"
#include "base/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	auto_buf out = BUF(64 << 20);
	struct err e = { 0 };
	json_t *tree;

	if (toml_parse("fuzz", (const char *)data, len, &tree, &e) < 0) {
		if (!e.msg[0])
			abort();
		return 0;
	}
	if (!json_is_object(tree))
		abort();
	json_print(&out, tree, 0);
	json_decref(tree);
	return 0;
}
