/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel takes long for is done behind everybody's back: removing an interface waits until
 * no processor can still look at it, tens of milliseconds.  By then it is down, and nobody misses
 * it.  Closing a netfilter socket waits until what was deleted before is freed, for the same
 * reason, and lets nobody else change rules meanwhile: its last descriptor is here, and closed when
 * that should be over.  A bridge stays a second longer, as the next container may want it.  If this
 * process is killed, the namespace takes its interfaces with it all the same, and the next one that
 * leaves, the bridge.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

#include "kernel/open.h"
#include "network/network_private.h"
#include "network/usernet.h"

#define IDLE_MS 1000
#define WAITER  "idle.lock" /* in networks/NAME: one waits for each bridge */

struct ports {
	int bridge;
	bool any;
};

static int look_for_port(void *arg, const struct netlink_info *info)
{
	struct ports *p = arg;

	if (info->master == p->bridge)
		p->any = true;
	return p->any;
}

bool network_bridge_has_ports(struct netlink *host, int index)
{
	struct ports ports = { .bridge = index };

	return netlink_links(host, look_for_port, &ports, NULL) < 0 || ports.any;
}

static bool is_idle(const struct state *s, struct netlink *host, const struct network_endpoint *p,
		    struct netlink_info *ret)
{
	char own[BRIDGE_MARK_TEXT];

	if (netlink_link_find(host, p->bridge, 0, ret, NULL) < 0)
		return false;
	network_bridge_mark(s, p->network, own);
	return text_eq(ret->alias, own) && !network_bridge_has_ports(host, ret->index);
}

static bool wait_alone(const struct state *s, const char *network)
{
	struct timespec idle = { .tv_sec = IDLE_MS / 1000, .tv_nsec = IDLE_MS % 1000 * 1000000L };
	auto_close int dir = state_run_dir(s, NETWORKS, network, false, NULL);
	int fd = dir < 0 ? -1 : openat(dir, WAITER, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	/* The network was removed, when the bridge had its last port still: nobody wants it. */
	if (dir == -ENOENT)
		return true;
	/* Whoever waits already looks later than we would. */
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return false;
	nanosleep(&idle, NULL);
	/* Before the look: who ends from now on waits himself. */
	close(fd);
	return true;
}

static void remove_bridge(const struct state *s, struct netlink *host,
			  const struct network_endpoint *p)
{
	auto_close int lock = -1;
	struct netlink_info info;

	if (!is_idle(s, host, p, &info) || !wait_alone(s, p->network))
		return;
	/* While it waited its network may have been removed. */
	if (!is_idle(s, host, p, &info))
		return;
	lock = network_lock(s, p->network, LOCK_EX, NULL);
	if (lock >= 0 && is_idle(s, host, p, &info))
		netlink_link_remove(host, info.index, NULL);
}

/* From a bridge that was there before us and stays; one that is unmanaged got none. */
static void remove_gateways(struct netlink *host, int index, const struct network *n)
{
	for (size_t i = 0; network_mode(n) != NETWORK_UNMANAGED && i < n->subnets.n; i++) {
		const struct network_subnet *subnet = &n->subnets.v[i];
		struct address net, gateway;

		if (!subnet->gateway || !address_parse_net(subnet->subnet, &net) ||
		    !address_parse(subnet->gateway, &gateway))
			continue;
		gateway.prefix = net.prefix;
		netlink_address_remove(host, index, &gateway, NULL);
	}
}

void network_remove_bridge(const struct state *s, const struct network *n)
{
	const struct network_endpoint p = { .network = n->name, .bridge = n->network_interface };
	auto_close int netns = usernet_find(s);
	AUTO(netlink) host = NULL;
	struct netlink_info info;

	if (network_driver(n) != NETWORK_BRIDGE || netns == USERNET_NONE ||
	    netlink_open(netns, &host, NULL) < 0)
		return;
	if (is_idle(s, host, &p, &info))
		netlink_link_remove(host, info.index, NULL);
	else if (netlink_link_find(host, p.bridge, 0, &info, NULL) == 0 &&
		 !text_after(info.alias, BRIDGE_MARK))
		remove_gateways(host, info.index, n);
}

static void remove_all(const struct state *s, struct network_behind *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->ports[i].index)
			netlink_link_remove(b->host, b->ports[i].index, NULL);
	close_p(&b->netfilter);
	for (size_t i = 0; i < b->n; i++)
		if (b->ports[i].endpoint->bridge)
			remove_bridge(s, b->host, b->ports[i].endpoint);
}

/* Nobody's child, with nothing of its parent's open: who waits for the end of that must not wait
 * for this one's. */
static void be_alone(const struct state *s, const struct network_behind *b)
{
	int keep[] = { s->run, b->host ? netlink_fd(b->host) : -1, b->netfilter };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	for (int fd = 0; null >= 0 && fd < 3; fd++)
		dup2(null, fd);
	kernel_close_except(3, keep, ARRAY_LEN(keep));
}

static void fork_twice(const struct state *s, struct network_behind *b)
{
	pid_t pid = fork();

	if (pid < 0) {
		remove_all(s, b);
		return;
	}
	if (pid == 0) {
		/* Before the wait below is over: among what its parent has open are locks. */
		be_alone(s, b);
		if (fork() == 0)
			remove_all(s, b);
		_exit(0);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int network_behind_open(struct network_behind *b, int host_netns, struct err *e)
{
	return b->host ? 0 : netlink_open(host_netns, &b->host, e);
}

void network_behind_port(struct network_behind *b, int index, const struct network_endpoint *p)
{
	/* More than a container can have are in no record but a damaged one. */
	if (b->n == NETWORK_MAX)
		return;
	b->ports[b->n].index = index;
	b->ports[b->n++].endpoint = p;
}

void network_behind_do(const struct state *s, struct network_behind *b)
{
	if (b->n || b->netfilter >= 0)
		fork_twice(s, b);
	netlink_free(b->host);
	close_p(&b->netfilter);
	*b = NETWORK_BEHIND;
}
