/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /run/netns/NAME for ip-netns(8).  A link to /proc/PID/ns/net serves it as well as the mount that
 * it makes itself, and can't keep a namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "kernel/process.h"
#include "network/op.h"

#define FOLDER "/run/netns"

static void link_text(char *ret, size_t size, pid_t pid)
{
	snprintf(ret, size, "/proc/%d/ns/net", (int)pid);
}

/* Of a process that is gone: whoever made it, it is of no use. */
static bool is_stale(int dir, const char *name)
{
	char text[64];
	ssize_t n = readlinkat(dir, name, text, sizeof(text) - 1);
	int pid, end = 0;

	if (n <= 0)
		return false;
	text[n] = 0;
	return sscanf(text, "/proc/%d/ns/net%n", &pid, &end) == 1 && end == n && kill(pid, 0) < 0 &&
	       errno == ESRCH;
}

/* So that whoever takes it back knows which is ours. */
static int remember(const struct op_about *about, struct err *e)
{
	struct network_status *st = about->st;
	int r = kernel_start_time(about->target->pid, &st->start_time);

	if (r < 0)
		return err_from(e, r, "look at process %d", (int)about->target->pid);
	st->pid = about->target->pid;
	return network_record_save(about->target->lock, st, e);
}

bool network_name(const char *name, pid_t pid)
{
	auto_close int dir = -1;
	char text[64];

	if (mkdir(FOLDER, 0755) < 0 && errno != EEXIST) {
		log_debug("create " FOLDER ": %s", strerror(errno));
		return false;
	}
	dir = open(FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return false;
	link_text(text, sizeof(text), pid);
	if (symlinkat(text, dir, name) == 0)
		return true;
	if (errno != EEXIST || !is_stale(dir, name))
		return false;
	unlinkat(dir, name, 0);
	return symlinkat(text, dir, name) == 0;
}

static int apply_name(void *arg, struct err *e)
{
	const struct op_about *about = arg;
	int r = remember(about, e);

	if (r == 0)
		about->st->named = network_name(about->st->name, about->target->pid);
	return r;
}

void network_unname(const char *name, pid_t pid)
{
	auto_close int dir = open(FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char text[64], there[64];
	ssize_t n = dir < 0 ? -1 : readlinkat(dir, name, there, sizeof(there));

	if (n <= 0)
		return;
	link_text(text, sizeof(text), pid);
	if ((n == (ssize_t)strlen(text) && memcmp(there, text, (size_t)n) == 0) ||
	    is_stale(dir, name))
		unlinkat(dir, name, 0);
}

void name_remove(const struct network_status *st)
{
	if (st->name)
		network_unname(st->name, (pid_t)st->pid);
}

static void undo_name(void *arg)
{
	const struct op_about *about = arg;

	network_unname(about->st->name, about->target->pid);
	about->st->named = false;
}

static void print_name(const void *arg, struct buf *out)
{
	buf_addf(out, FOLDER "/%s", ((const struct op_about *)arg)->st->name);
}

void op_name(struct plan *p, const struct op_about *about)
{
	plan_add(p, &(struct plan_op){ .verb = "netns",
				       .apply = apply_name,
				       .undo = undo_name,
				       .print = print_name,
				       .arg = arena_copy(p->arena, about, sizeof(*about)) });
}
