/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets of netfilter of our own, known to one another by their port numbers: the kernel names
 * that of whoever asked in what it tells all listeners (linux/netlink.h, nlmsg_pid).  A port is
 * otherwise a PID, at most 2^22, or negative.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/scope.h"
#include "kernel/netfilter.h"

#define OWN_PORTS 0x42000000U
#define OWN_MASK  0xff000000U

void netfilter_own(int socket)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	uint32_t number;

	for (int i = 0; i < 4; i++) {
		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			return;
		address.nl_pid = OWN_PORTS | (number & ~OWN_MASK);
		/* Without it the kernel chooses one, and more is heard than had to be. */
		if (bind(socket, (struct sockaddr *)&address, sizeof(address)) == 0 ||
		    errno != EADDRINUSE)
			return;
	}
}

static int deafen_to_own(int socket)
{
	/* What a filter loads is in the network's order, and the message in ours. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_pid)),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, htonl(OWN_MASK)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(OWN_PORTS), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	};
	struct sock_fprog program = { ARRAY_LEN(code), code };

	return setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

int netfilter_watch(int netns, struct err *e)
{
	const int group = NFNLGRP_NFTABLES;
	auto_close int fd = netfilter_open(netns, e);

	if (fd < 0)
		return fd;
	if (deafen_to_own(fd) < 0 ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return err_sys(e, "watch the firewall");
	return take_fd(fd);
}
