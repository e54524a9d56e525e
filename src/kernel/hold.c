/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/json.h"
#include "kernel/process.h"

#define HOLD_MAX 4096

enum { DIES_WITHIN_MS = 2000 };

struct hold {
	int64_t pid;
	uint64_t start_time;
};
static const struct json_field hold_fields[] = {
	JSON_INT(hold, pid, "pid", JSON_REQUIRED),
	JSON_UINT(hold, start_time, "startTime", JSON_REQUIRED),
	{ 0 },
};
static const struct json_type hold_json = JSON_TYPE(hold, hold_fields);

static bool read_hold(struct arena *a, int dir, const char *file, struct hold *ret)
{
	return json_read_at(a, dir, file, HOLD_MAX, &hold_json, ret, NULL) == 0;
}

int hold_open(struct arena *a, int dir, const char *file, const char *namespace)
{
	struct hold h = { 0 };
	char path[64];
	int fd;

	if (!read_hold(a, dir, file, &h))
		return -ENOENT;
	snprintf(path, sizeof(path), "/proc/%lld/ns/%s", (long long)h.pid, namespace);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	/* Looked at again after it is open: then it is that process's. */
	if (fd >= 0 && kernel_is_alive((pid_t)h.pid, h.start_time))
		return fd;
	close_p(&fd);
	return -ENOENT;
}

static _Noreturn void be_holder(const struct hold_start *how, int ready, int go)
{
	char *const argv[] = { "berth-hold", "--hold", NULL };
	struct err e = { 0 };
	char byte;

	if (how->make(how->make_arg, &e) < 0) {
		err_send(ready, &e);
		_exit(1);
	}
	close(ready);
	if (read(go, &byte, 1) != 1)
		_exit(1);
	setsid();
	execv(how->program, argv);
	_exit(1);
}

/* Through one between, so that it is no child of a process that becomes a container's monitor. */
static pid_t fork_far(const struct hold_start *how, int ready, const int go[2])
{
	int told[2];
	pid_t pid, far = -1;

	if (pipe2(told, O_CLOEXEC) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		far = fork();
		if (far == 0) {
			close(go[1]);
			be_holder(how, ready, go[0]);
		}
		(void)!write(told[1], &far, sizeof(far));
		_exit(0);
	}
	close(told[1]);
	if (pid > 0 && read(told[0], &far, sizeof(far)) != sizeof(far))
		far = -1;
	close(told[0]);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return far;
}

static int note(int dir, const struct hold_start *how, pid_t pid, struct err *e)
{
	struct hold h = { .pid = pid };
	int r = kernel_start_time(pid, &h.start_time);

	if (r < 0)
		return err_from(e, r, "look at the process that holds a namespace");
	return json_replace_at(dir, how->file, HOLD_MAX, &hold_json, &h,
			       &(struct file_write){ .fill_root = how->fill_root }, e);
}

int hold_start(int dir, const struct hold_start *how, struct err *e)
{
	int ready[2], go[2], r;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	if (pipe2(go, O_CLOEXEC) < 0) {
		close(ready[0]);
		close(ready[1]);
		return err_sys(e, "make a pipe");
	}
	pid = fork_far(how, ready[1], go);
	close(ready[1]);
	close(go[0]);
	r = pid < 0 ? err_sys(e, "fork") : err_recv(ready[0], e);
	if (r == 0 && how->furnish)
		r = how->furnish(how->furnish_arg, pid, e);
	/* Noted before it is let go: it ends with us otherwise, and nobody has it for good. */
	if (r == 0)
		r = note(dir, how, pid, e);
	if (r == 0 && write(go[1], "", 1) != 1)
		r = err_sys(e, "start the process that holds a namespace");
	close(ready[0]);
	close(go[1]);
	return r;
}

void hold_end(struct arena *a, int dir, const char *file)
{
	struct hold h = { 0 };
	auto_close int pidfd = -1;

	if (read_hold(a, dir, file, &h))
		pidfd = kernel_pidfd_open((pid_t)h.pid);
	if (pidfd >= 0 && kernel_is_alive((pid_t)h.pid, h.start_time)) {
		kernel_pidfd_send_signal(pidfd, SIGKILL);
		poll(&(struct pollfd){ .fd = pidfd, .events = POLLIN }, 1, DIES_WITHIN_MS);
	}
	unlinkat(dir, file, 0);
}
