/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/file.h"
#include "kernel/kernel.h"
#include "monitor/starter.h"

int world_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	strcpy(w->path, "/tmp/berth-monitor-XXXXXX");
	assert_non_null(mkdtemp(w->path));
	w->dir = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(w->dir, "run", 0700) | mkdirat(w->dir, "lib", 0700), 0);
	w->run = openat(w->dir, "run", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w->lib = openat(w->dir, "lib", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w->client = -1;
	w->h = MONITOR_HANDOVER;
	w->h.id = "0123456789abcdef";
	w->h.name = "web";
	w->h.log = MONITOR_LOG_K8S_FILE;
	w->h.log_path = "ctr.log";
	w->h.program = "/bin/sh";
	*state = w;
	return 0;
}

int world_teardown(void **state)
{
	struct world *w = *state;

	if (w->monitor > 0) {
		kill(w->monitor, SIGKILL);
		waitpid(w->monitor, NULL, 0);
	}
	if (w->client >= 0)
		close(w->client);
	close(w->run);
	close(w->lib);
	close(w->dir);
	file_remove_tree_at(AT_FDCWD, w->path, NULL);
	free(w);
	return 0;
}

void world_client(struct world *w, uint8_t wants)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	w->client = pair[0];
	w->h.client = pair[1];
	client_say(w->client, ATTACH_HELLO, &wants, 1);
}

static void child_run(const struct world *w, int in, int out, int err)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (w->terminal)
		setsid();
	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	syscall(SYS_close_range, 3, ~0U, 0);
	if (w->terminal && ioctl(0, TIOCSCTTY, 0) < 0)
		_exit(98);
	execl("/bin/sh", "sh", "-c", w->script, NULL);
	_exit(97);
}

static void starter(struct world *w)
{
	struct rlimit limit = { (rlim_t)w->file_size_max, (rlim_t)w->file_size_max };
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, err[2] = { -1, -1 };
	struct err e = { 0 };
	char pid[24], monitor[256];

	if (w->terminal) {
		w->h.terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		grantpt(w->h.terminal);
		unlockpt(w->h.terminal);
		in[0] = out[1] = err[1] = open(ptsname(w->h.terminal), O_RDWR | O_NOCTTY);
	} else {
		if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0 ||
		    pipe2(in, O_CLOEXEC) < 0)
			_exit(96);
		w->h.out = out[0];
		w->h.err = err[0];
		if (w->interactive)
			w->h.in = in[1];
		else
			in[0] = open("/dev/null", O_RDONLY);
	}
	w->h.run_dir = w->run;
	w->h.lib_dir = w->lib;
	w->h.listener = monitor_listen(w->run, &e);
	w->h.pid = fork();
	if (w->h.pid == 0)
		child_run(w, in[0], out[1], err[1]);
	w->h.pidfd = kernel_pidfd_open(w->h.pid);
	snprintf(pid, sizeof(pid), "%d", w->h.pid);
	file_replace_at(w->run, "pid", pid, strlen(pid), &(struct file_write){ 0 }, NULL);
	if (w->file_size_max)
		setrlimit(RLIMIT_FSIZE, &limit);
	setsid();
	snprintf(monitor, sizeof(monitor), "%s/monitor", getenv("BERTH_LIBEXEC"));
	monitor_exec(monitor, &w->h, &e);
	fprintf(stderr, "%s\n", e.msg);
	_exit(95);
}

void world_start(struct world *w, const char *script)
{
	auto_free char *pid = NULL;

	unlinkat(w->run, "pid", 0);
	w->script = script;
	w->monitor = fork();
	assert_true(w->monitor >= 0);
	if (w->monitor == 0)
		starter(w);
	if (w->h.client >= 0)
		close(w->h.client);
	world_until(world_has(w, "run/pid"));
	pid = world_read(w, "run/pid");
	w->child = atoi(pid);
}

int world_wait(struct world *w)
{
	int status;

	assert_int_equal(waitpid(w->monitor, &status, 0), w->monitor);
	w->monitor = 0;
	return status;
}

int world_connect(struct world *w)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/run/" ATTACH_SOCKET, w->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

int world_attach(struct world *w, uint8_t wants)
{
	const uint8_t hello[] = { ATTACH_HELLO, wants };
	int fd = world_connect(w);

	/* Of one that has ended the monitor may have said so, and closed, before it hears this. */
	if (send(fd, hello, sizeof(hello), MSG_NOSIGNAL) < 0)
		assert_int_equal(errno, EPIPE);
	return fd;
}

char *world_read(struct world *w, const char *name)
{
	char *text = NULL;

	if (file_read_at(w->dir, name, 1 << 30, &text, NULL, NULL) < 0)
		return strdup("");
	return text;
}

bool world_says(struct world *w, const char *name, const char *text)
{
	auto_free char *all = world_read(w, name);

	return strstr(all, text) != NULL;
}

bool world_has(struct world *w, const char *name)
{
	return faccessat(w->dir, name, F_OK, 0) == 0;
}

void client_say(int fd, char type, const void *data, size_t len)
{
	struct iovec v[] = { { &type, 1 }, { (void *)data, len } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };

	assert_int_equal(sendmsg(fd, &m, MSG_NOSIGNAL), len + 1);
}

char client_hear(int fd, char *payload, size_t *len)
{
	char type = 0;
	struct iovec v[] = { { &type, 1 }, { payload, ATTACH_PAYLOAD_MAX } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };
	ssize_t n = recvmsg(fd, &m, 0);

	if (n < 0 && errno == ECONNRESET)
		n = recvmsg(fd, &m, 0);
	assert_true(n >= 0);
	*len = n > 0 ? (size_t)n - 1 : 0;
	payload[*len] = '\0';
	return type;
}

char *client_hear_all(int fd, char type, size_t *len, struct attach_exit *end)
{
	static char packet[ATTACH_PAYLOAD_MAX + 1];
	struct buf all = BUF(1 << 28);
	size_t n;
	char t;

	while ((t = client_hear(fd, packet, &n)) != ATTACH_EXIT) {
		assert_int_not_equal(t, 0);
		if (t == type)
			buf_add(&all, packet, n);
	}
	assert_int_equal(n, sizeof(*end));
	memcpy(end, packet, n);
	if (len)
		*len = all.len;
	return all.data ? all.data : strdup("");
}
