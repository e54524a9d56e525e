/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/daemon.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/file.h"
#include "kernel/kernel.h"

#define CMDLINE_MAX (64 << 10)
#define WORDS_MAX   4096

enum { DIES_WITHIN_MS = 2000 };

/* One line of what it wrote, without its complaints that nobody keeps a system log. */
static void add_line(struct buf *out, const char *line, size_t len)
{
	if (!len || (len > 14 && memcmp(line, "Failed to send", 14) == 0))
		return;
	if (out->len)
		buf_adds(out, "; ");
	buf_add(out, line, len);
}

static int failed(int fd, int code, struct err *e)
{
	auto_buf words = BUF(WORDS_MAX);
	auto_buf line = BUF(WORDS_MAX);

	while (buf_read(&words, fd) > 0)
		;
	for (const char *at = buf_text(&words); *at; at += strspn(at, "\n")) {
		size_t len = strcspn(at, "\n");

		add_line(&line, at, len);
		at += len;
	}
	return err_set(e, ERR_SYSTEM, "%s (exit code %d)", line.len ? buf_text(&line) : "it failed",
		       code);
}

int daemon_start(const struct daemon_start *how, struct err *e)
{
	auto_close int from = -1;
	auto_close int to = -1;
	struct child child;
	int pipes[2], status, r;

	/* It is read when the process in front has ended: what stays behind may keep it open. */
	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(e, "make a pipe");
	from = pipes[0];
	to = pipes[1];
	r = child_spawn(
		&(struct child_spawn){
			.path = how->argv->v[0],
			.argv = (char *const *)how->argv->v,
			.env = how->env,
			.in = -1,
			.out = -1,
			.err = to,
			.fds = &how->fd,
			.fds_len = how->fd < 0 ? 0 : 1,
			.prepare = how->prepare,
			.prepare_arg = how->prepare_arg,
		},
		&child, e);
	if (r == 0)
		r = child_wait(&child, &status, e);
	if (r < 0)
		return r;
	return status ? failed(from, child_exit_code(status), e) : 0;
}

static bool read_pid(int dir, const char *name, pid_t *ret)
{
	auto_free char *text = NULL;
	int pid = 0;

	if (file_read_at(dir, name, 64, &text, NULL, NULL) < 0 || sscanf(text, "%d", &pid) != 1)
		return false;
	*ret = pid;
	return pid > 0;
}

static void wait_end(int pidfd)
{
	poll(&(struct pollfd){ .fd = pidfd, .events = POLLIN }, 1, DIES_WITHIN_MS);
}

/* A pidfd of that process, if it is the daemon. is_named: its file says so. */
static int open_if(struct arena *a, pid_t pid, const char *argument, bool is_named,
		   struct texts *ret_argv)
{
	auto_free char *cmdline = NULL;
	auto_close int pidfd = kernel_pidfd_open(pid);
	struct texts argv = { 0 };
	size_t len = 0;

	if (pidfd < 0 || file_read_at(AT_FDCWD, arena_printf(a, "/proc/%d/cmdline", pid),
				      CMDLINE_MAX, &cmdline, &len, NULL) < 0)
		return -1;
	/* It is about to be gone: what it holds may be there a little longer. */
	if (!len && is_named)
		wait_end(pidfd);
	for (const char *at = cmdline; at < cmdline + len; at += strlen(at) + 1)
		texts_add(a, &argv, arena_strdup(a, at));
	if (!texts_has(&argv, argument))
		return -1;
	if (ret_argv)
		*ret_argv = argv;
	return take_fd(pidfd);
}

int daemon_find(struct arena *a, int dir, const char *pid_name, const char *argument,
		struct texts *ret_argv)
{
	pid_t pid;

	return read_pid(dir, pid_name, &pid) ? open_if(a, pid, argument, true, ret_argv) : -1;
}

int daemon_netns(struct arena *a, int dir, const char *pid_name, const char *argument)
{
	auto_close int pidfd = daemon_find(a, dir, pid_name, argument, NULL);
	auto_close int netns = -1;
	pid_t pid;

	if (pidfd < 0 || !read_pid(dir, pid_name, &pid))
		return -1;
	netns = open(arena_printf(a, "/proc/%d/ns/net", pid), O_RDONLY | O_CLOEXEC);
	/* Still that very process. */
	return netns >= 0 && kernel_pidfd_send_signal(pidfd, 0) == 0 ? take_fd(netns) : -1;
}

/* What it held is free when it is gone; it is somebody else's child. */
static void end(int pidfd)
{
	kernel_pidfd_send_signal(pidfd, SIGKILL);
	wait_end(pidfd);
}

bool daemon_end_lost(struct arena *a, const char *argument)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	bool any = false;

	while (proc && (entry = readdir(proc))) {
		auto_close int pidfd = -1;
		int64_t pid;

		if (text_to_int(entry->d_name, 1, INT32_MAX, &pid, "", NULL) < 0)
			continue;
		pidfd = open_if(a, (pid_t)pid, argument, false, NULL);
		if (pidfd < 0)
			continue;
		end(pidfd);
		any = true;
	}
	if (proc)
		closedir(proc);
	return any;
}

void daemon_stop(struct arena *a, int dir, const char *pid_name, const char *argument)
{
	auto_close int pidfd = daemon_find(a, dir, pid_name, argument, NULL);

	if (pidfd >= 0)
		end(pidfd);
	unlinkat(dir, pid_name, 0);
}
