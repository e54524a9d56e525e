/* SPDX-License-Identifier: BSD-2-Clause */
#include "oci/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/file.h"
#include "base/path.h"

/* What is closed at an exec can't be the caller's: it is ours, at a number that the caller left
 * free. */
static bool is_placeholder(int fd)
{
	int flags = fcntl(fd, F_GETFD);

	return flags < 0 || flags & FD_CLOEXEC;
}

int handover_begin(struct err *e)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR | O_CLOEXEC) != fd)
			return err_sys(e, "/dev/null");
	return 0;
}

int handover_streams(const struct oci_globals *g, int64_t sockets, int64_t preserved,
		     struct runtime_streams *ret, struct err *e)
{
	int64_t n = sockets + preserved;
	int *fds = arena_array(g->arena, (size_t)n, sizeof(*fds));

	for (int i = 0; i < n; i++) {
		fds[i] = is_placeholder(3 + i) ? -1 : 3 + i;
		if (fds[i] < 0 && i >= sockets && !g->as_crun)
			return err_set(e, ERR_INVALID,
				       "unable to stat preserved-fd %d (of %d): there is no "
				       "descriptor %d",
				       i - (int)sockets, (int)preserved, 3 + i);
	}
	*ret = (struct runtime_streams){
		.in = is_placeholder(0) ? -1 : 0,
		.out = is_placeholder(1) ? -1 : 1,
		.err = is_placeholder(2) ? -1 : 2,
		.fds = fds,
		.fds_len = (size_t)n,
	};
	return 0;
}

/* A path that is longer than a socket's address goes through its folder. */
static int connect_to(const char *path, struct err *e)
{
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), dir = -1;
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	AUTO(arena) a = arena_new();
	const char *name = path;

	if (fd < 0)
		return err_sys(e, "socket");
	if (strlen(path) >= sizeof(to.sun_path)) {
		size_t len = (size_t)(path_base(path) - path);

		dir = open(arena_strndup(a, path, len), O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			return err_sys(e, "connect to %s", path);
		name = arena_printf(a, "/proc/self/fd/%d/%s", dir, path_base(path));
	}
	if (strlen(name) >= sizeof(to.sun_path))
		return err_from(e, -ENAMETOOLONG, "connect to %s", path);
	memcpy(to.sun_path, name, strlen(name));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return err_sys(e, "connect to %s", path);
	return take_fd(fd);
}

static int send_to(const char *path, int fd, const char *name, struct err *e)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec v = { .iov_base = (void *)name, .iov_len = strlen(name) };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	auto_close int to = connect_to(path, e);
	ssize_t n;

	if (to < 0)
		return to;
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	do
		n = sendmsg(to, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_sys(e, "send to %s", path) : 0;
}

int handover_terminal(int *master, const char *path, struct err *e)
{
	char name[32];
	int number, r;

	if (text_empty(path))
		return 0;
	if (ioctl(*master, TIOCGPTN, &number) < 0)
		return err_sys(e, "the terminal's number");
	snprintf(name, sizeof(name), "/dev/pts/%d", number);
	r = send_to(path, *master, name, e);
	close(take_fd(*master));
	return r < 0 ? err_wrap(e, "console socket") : 0;
}

int handover_pidfd(int pidfd, const char *path, struct err *e)
{
	int r = send_to(path, pidfd, "pidfd", e);

	return r < 0 ? err_wrap(e, "pidfd socket") : 0;
}

int handover_pid(pid_t pid, const char *path, struct err *e)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", (int)pid), r;
	AUTO(arena) a = arena_new();
	const char *name = path_base(path);
	auto_close int dir = name == path ? open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
					  : open(arena_strndup(a, path, (size_t)(name - path)),
						 O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return err_sys(e, "pid file %s", path);
	r = file_replace_at(dir, name, text, (size_t)n, &(struct file_write){ .mode = 0644 }, e);
	return r < 0 ? err_wrap(e, "pid file %s", path) : 0;
}

bool handover_plain_lines(const struct oci_globals *g, bool stays)
{
	return !g->as_crun && !(stays && isatty(STDOUT_FILENO));
}
