/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests share that start containers one after another: an arena, an error, a root to use up,
 * and a folder of the host's at a path. */
#pragma once

#include "start.h"

#define MAYBE_UNUSED __attribute__((unused))

static struct arena *a;
static struct err e;
static int root;
static char host[32];

/* As root with a busybox; without, need_start() skips the tests. */
static int place_open(void)
{
	a = arena_new();
	memset(&e, 0, sizeof(e));
	root = -1;
	strcpy(host, "/tmp/berth-runtime-XXXXXX");
	if (geteuid() != 0 || !have_busybox())
		return 0;
	root = make_root();
	return mkdtemp(host) ? 0 : -1;
}

static int place_close(void)
{
	if (root >= 0) {
		close(root);
		rmdir(host);
	}
	arena_free(a);
	return 0;
}

/* A start uses the root up. */
static void again(void)
{
	close(root);
	root = make_root();
}

/* A file of the host's folder. */
MAYBE_UNUSED static void host_file(const char *name, const char *text, uid_t owner)
{
	int fd = open(arena_printf(a, "%s/%s", host, name), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchown(fd, owner, owner), 0);
	close(fd);
}

static const char *script(const char *text)
{
	return arena_printf(a, "\"sh\",\"-c\",\"%s\"", text);
}

static void expect(const struct config_parts *p, const char *out)
{
	struct outcome o = run_in(a, p, root, &e);

	if (o.r < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(o.out, out);
}

/* MOUNTS and one more. */
MAYBE_UNUSED static const char *and_mount(const char *fmt, ...)
{
	va_list args;
	char *more;

	va_start(args, fmt);
	more = arena_vprintf(a, fmt, args);
	va_end(args);
	return arena_printf(a, "%s,%s", MOUNTS, more);
}
