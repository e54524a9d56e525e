/* SPDX-License-Identifier: BSD-2-Clause */
/* What the host's kernel has to be told beside rules: sysctl's net.*, of the host's namespace. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
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

/* A host that forwards stops believing routers' advertisements, and so would lose its own address
 * and default route; 2 says that it is to believe them all the same. */
static void keep_advertisements(void)
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

/* From 127.0.0.1 to the container. */
static bool publishes_on_loopback(const struct network_status *st)
{
	for (size_t i = 0; i < st->ports.n; i++) {
		const char *ip = st->ports.v[i].host_ip;

		if (text_empty(ip) || text_eq(ip, "0.0.0.0") || text_after(ip, "127."))
			return true;
	}
	return false;
}

static int let_pass(const struct network_status *st, const struct network_endpoint *p,
		    struct err *e)
{
	char path[128];
	int r = 0;

	if (!p->internal && has_family(p, false))
		r = set_flag(SYSCTL "ipv4/ip_forward", '1', e);
	if (r == 0 && !p->internal && has_family(p, true) &&
	    read_flag(SYSCTL "ipv6/conf/all/forwarding") != '1') {
		keep_advertisements();
		r = set_flag(SYSCTL "ipv6/conf/all/forwarding", '1', e);
	}
	if (r == 0 && has_family(p, false) && publishes_on_loopback(st)) {
		snprintf(path, sizeof(path), SYSCTL "ipv4/conf/%s/route_localnet", p->bridge);
		r = set_flag(path, '1', e);
	}
	return r;
}

int firewall_let_pass(const struct network_status *st, int host_netns, struct err *e)
{
	int own, r = kernel_netns_enter(host_netns, &own, e);

	for (size_t i = 0; r == 0 && i < st->endpoints.n; i++)
		if (text_eq(st->endpoints.v[i].driver, "bridge") && st->endpoints.v[i].bridge)
			r = let_pass(st, &st->endpoints.v[i], e);
	kernel_netns_back(own);
	return r;
}
