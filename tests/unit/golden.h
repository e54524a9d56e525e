/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Expected text in a file beside the test, mostly plans:
 *
 *	assert_golden("runtime/read_only_root.plan", buf_text(&out));
 *
 * tools/plan-diff --accept rewrites the files on purpose (BERTH_ACCEPT=1).  Include it after
 * cmocka.h.
 */
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

#define GOLDEN_MAX (1 << 20)

static inline int golden_folder(void)
{
	const char *tests = getenv("BERTH_TESTS");

	return open(tests ? tests : "tests/unit", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Says where the two part, line by line, as a person wants to read it. */
static inline void golden_tell(const char *name, const char *expected, const char *got)
{
	size_t line = 1, at = 0;

	for (size_t i = 0; expected[i] && expected[i] == got[i]; i++) {
		if (expected[i] == '\n') {
			line++;
			at = i + 1;
		}
	}
	print_error("%s:%zu\n  expected: %.*s\n  got:      %.*s\n", name, line,
		    (int)strcspn(expected + at, "\n"), expected + at, (int)strcspn(got + at, "\n"),
		    got + at);
}

static inline void assert_golden(const char *name, const char *got)
{
	auto_close int tests = golden_folder();
	auto_free char *expected = NULL;
	struct err e = { 0 };

	if (getenv("BERTH_ACCEPT")) {
		auto_close int fd = openat(tests, name, O_WRONLY | O_CREAT | O_TRUNC, 0644);

		if (fd < 0 || file_write_all(fd, got, strlen(got)) < 0)
			fail_msg("cannot write %s", name);
		return;
	}
	if (file_read_at(tests, name, GOLDEN_MAX, &expected, NULL, &e) < 0)
		fail_msg("%s (tools/plan-diff --accept makes it)", e.msg);
	if (strcmp(expected, got)) {
		golden_tell(name, expected, got);
		fail_msg("%s differs", name);
	}
}
