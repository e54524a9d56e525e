/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `answer PORT`: says "ok" to each HTTP request, on connections that stay, as fast as one process
 * can, so that what lies between is what is measured.  A request is what is read at once.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static const char reply[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

static void watch(int epoll, int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };

	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e);
}

static void serve(int epoll, int listener, int fd)
{
	char request[16384];
	int on = 1;

	if (fd == listener) {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0) {
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
			watch(epoll, fd);
		}
		return;
	}
	if (read(fd, request, sizeof(request)) <= 0 ||
	    write(fd, reply, sizeof(reply) - 1) != (ssize_t)sizeof(reply) - 1)
		close(fd);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int epoll = epoll_create1(EPOLL_CLOEXEC), on = 1;

	if (argc != 2)
		return 125;
	address.sin_port = htons((uint16_t)atoi(argv[1]));
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(listener, 128) < 0) {
		perror("answer");
		return 125;
	}
	watch(epoll, listener);
	for (;;) {
		struct epoll_event e[64];
		int n = epoll_wait(epoll, e, 64, -1);

		for (int i = 0; i < n; i++)
			serve(epoll, listener, e[i].data.fd);
	}
}
