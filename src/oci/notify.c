/* SPDX-License-Identifier: BSD-2-Clause */
#include "oci/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define INSIDE      "/run/notify"
#define MESSAGE_MAX 4096

int notify_prepare(const struct record_at *at, const char *root, struct oci_config *c,
		   struct err *e)
{
	struct arena *a = at->arena;
	struct oci_mount *all;
	struct texts options = { 0 };
	static const char *const words[] = { "bind", "nosuid", "noexec", "nodev", "ro" };

	if (text_empty(getenv("NOTIFY_SOCKET")) || !c->process)
		return 0;
	if ((mkdirat(at->dir, "notify", 0755) < 0 && errno != EEXIST) ||
	    fchmodat(at->dir, "notify", 0755, 0) < 0)
		return err_sys(e, "make the folder of the notify socket");
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		texts_add(a, &options, words[i]);
	all = arena_array(a, c->mounts.n + 1, sizeof(*all));
	memcpy(all, c->mounts.v, c->mounts.n * sizeof(*all));
	all[c->mounts.n] = (struct oci_mount){
		.destination = INSIDE,
		.type = "bind",
		.source = arena_printf(a, "%s/%s/notify", root, at->r.id),
		.options = options,
	};
	c->mounts.v = all;
	c->mounts.n++;
	texts_set_env(a, &c->process->env, "NOTIFY_SOCKET=" INSIDE "/notify.sock");
	return 0;
}

int notify_listen(const struct record_at *at, int *ret, struct err *e)
{
	struct sockaddr_un here = { .sun_family = AF_UNIX };
	auto_close int fd = -1;

	*ret = -1;
	if (text_empty(getenv("NOTIFY_SOCKET")) || faccessat(at->dir, "notify", F_OK, 0) < 0)
		return 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(here.sun_path, sizeof(here.sun_path), "/proc/self/fd/%d/notify/notify.sock",
		 at->dir);
	if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof(here)) < 0)
		return err_sys(e, "make the notify socket");
	/* Whoever the program runs as. */
	if (fchmodat(at->dir, "notify/notify.sock", 0777, 0) < 0)
		return err_sys(e, "open the notify socket to the container");
	*ret = take_fd(fd);
	return 0;
}

/* To the socket that we were given; one that begins with @ is abstract. */
static void send_on(const char *text, size_t len)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t n = strlen(path);

	if (fd < 0 || n >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, n);
	if (*path == '@')
		to.sun_path[0] = '\0';
	/* A supervisor that is gone has nothing to be told. */
	(void)!sendto(fd, text, len, MSG_NOSIGNAL, (struct sockaddr *)&to,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
}

static bool has_ready(char *text)
{
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (strcmp(line, "READY=1") == 0)
			return true;
	return false;
}

void notify_relay(int socket, int pidfd, pid_t pid)
{
	struct pollfd p[] = { { .fd = socket, .events = POLLIN },
			      { .fd = pidfd, .events = POLLIN } };
	char text[MESSAGE_MAX + 1];
	ssize_t n;

	for (;;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return;
		if (p[0].revents & POLLIN) {
			n = recv(socket, text, MESSAGE_MAX, 0);
			text[n > 0 ? n : 0] = '\0';
			if (!has_ready(text))
				continue;
			n = snprintf(text, sizeof(text), "MAINPID=%d\nREADY=1\n", (int)pid);
			send_on(text, (size_t)n);
			return;
		}
		if (p[1].revents)
			return;
	}
}

void notify_relay_aside(int socket, int pidfd, pid_t pid)
{
	pid_t child = fork();

	if (child != 0)
		return;
	notify_relay(socket, pidfd, pid);
	_exit(0);
}
