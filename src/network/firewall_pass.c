/* SPDX-License-Identifier: BSD-2-Clause */
/* What the host's kernel has to be told beside rules: sysctl's net.*, of the host's namespace. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "kernel/netlink.h"
#include "kernel/netns.h"
#include "network/firewall_private.h"

#define SYSCTL "/proc/sys/net/"

static char read_flag(const char *path)
{
	auto_free char *text = NULL;

	return file_read_at(AT_FDCWD, path, 64, &text, NULL, NULL) < 0 ? '\0' : text[0];
}

/* Writes it if it isn't so: where /proc/sys is read-only it may be right already. */
static int set_flag(const char *path, char value, struct err *e)
{
	char text[] = { value, '\0' };

	if (read_flag(path) == value)
		return 0;
	return file_poke_at(AT_FDCWD, path, text, e);
}

void firewall_keep_advertisements(void)
{
	DIR *dir = opendir(SYSCTL "ipv6/conf");
	struct dirent *d;
	char path[512];

	while (dir && (d = readdir(dir))) {
		snprintf(path, sizeof(path), SYSCTL "ipv6/conf/%s/accept_ra", d->d_name);
		if (d->d_name[0] != '.' && read_flag(path) == '1')
			set_flag(path, '2', NULL);
	}
	if (dir)
		closedir(dir);
}

static bool has_family(const struct network_endpoint *p, bool ipv6)
{
	for (size_t i = 0; i < p->addresses.n; i++)
		if (!strchr(p->addresses.v[i].ipnet, ':') == !ipv6)
			return true;
	return false;
}

/* From 127.0.0.1 or ::1 to the container. */
static bool publishes_on_loopback(const struct network_status *st, bool ipv6)
{
	for (size_t i = 0; i < st->ports.n; i++) {
		const char *ip = st->ports.v[i].host_ip;

		if (text_empty(ip) || (ipv6 ? text_eq(ip, "::") || text_eq(ip, "::1")
					    : text_eq(ip, "0.0.0.0") || text_after(ip, "127.")))
			return true;
	}
	return false;
}

/* Answers to ::1 come in by the bridge, and of such addresses the kernel looks for a route of that
 * very interface (RT6_LOOKUP_F_IFACE). It comes behind the loopback's own, and goes with the
 * bridge. What is addressed to ::1 on the wire is dropped before it gets so far. */
static int route_loopback6(const char *bridge, struct err *e)
{
	AUTO(netlink) n = NULL;
	struct netlink_info info;
	struct netlink_route r = { .type = RTN_LOCAL, .table = RT_TABLE_LOCAL, .metric = 2048 };
	int result = netlink_open(-1, &n, e);

	if (result == 0)
		result = netlink_link_find(n, bridge, 0, &info, e);
	if (result < 0)
		return result == -ENODEV ? err_from(e, result, "%s", bridge) : result;
	address_parse("::1", &r.destination);
	r.index = info.index;
	result = netlink_route_add(n, &r, e);
	return result == -EEXIST ? 0 : result;
}

static int let_pass(const struct network_status *st, const struct network_endpoint *p,
		    struct err *e)
{
	char path[128];
	int r = 0;

	if (has_family(p, false) && publishes_on_loopback(st, false)) {
		snprintf(path, sizeof(path), SYSCTL "ipv4/conf/%s/route_localnet", p->bridge);
		r = set_flag(path, '1', e);
	}
	if (r == 0 && has_family(p, true) && publishes_on_loopback(st, true))
		r = route_loopback6(p->bridge, e);
	return r;
}

static int let_all(void *arg, struct err *e)
{
	const struct network_status *st = arg;
	int r = 0;

	for (size_t i = 0; r == 0 && i < st->endpoints.n; i++)
		if (text_eq(st->endpoints.v[i].driver, "bridge") && st->endpoints.v[i].bridge)
			r = let_pass(st, &st->endpoints.v[i], e);
	return r;
}

int firewall_let_loopback(const struct network_status *st, int host_netns, struct err *e)
{
	return st->ports.n ? kernel_netns_run(host_netns, let_all, (void *)st, e) : 0;
}

struct loopback {
	const struct network_status *status;
	const struct network_target *target;
};

static int apply(void *arg, struct err *e)
{
	const struct loopback *op = arg;

	return firewall_let_loopback(op->status, op->target->host_netns, e);
}

static void print(const void *arg, struct buf *out)
{
	const struct network_status *st = ((const struct loopback *)arg)->status;

	for (size_t i = 0; i < st->endpoints.n; i++)
		if (st->endpoints.v[i].bridge)
			buf_addf(out, "%s%s", out->len ? " " : "", st->endpoints.v[i].bridge);
}

void firewall_plan_loopback(struct plan *p, const struct network_status *st,
			    const struct network_target *target)
{
	struct loopback *op = ARENA_NEW(p->arena, struct loopback);

	*op = (struct loopback){ st, target };
	plan_add(p, &(struct plan_op){
			    .verb = "loopback", .apply = apply, .print = print, .arg = op });
}
