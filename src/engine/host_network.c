/* SPDX-License-Identifier: BSD-2-Clause */
/* What `info` says of networks. */
#include "engine/host_network.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "base/path.h"
#include "network/firewall.h"

#define SYSCTL "/proc/sys/net/"

static bool is_set(const char *path)
{
	auto_free char *text = NULL;

	return file_read_at(AT_FDCWD, path, 64, &text, NULL, NULL) == 0 && text[0] == '1';
}

/* The interfaces by which 127.0.0.1 may leave. */
static json_t *routes_localnet(void)
{
	DIR *dir = opendir(SYSCTL "ipv4/conf");
	json_t *v = json_array();
	struct dirent *d;
	char path[512];

	while (dir && (d = readdir(dir))) {
		snprintf(path, sizeof(path), SYSCTL "ipv4/conf/%s/route_localnet", d->d_name);
		if (d->d_name[0] != '.' && is_set(path))
			json_array_append_new(v, json_string(d->d_name));
	}
	if (dir)
		closedir(dir);
	return v;
}

/* Others' chains that drop what is forwarded, unless they have a rule about it. */
static json_t *droppers(struct arena *a)
{
	struct texts found = { 0 };
	json_t *v = json_array();

	firewall_obstacles(a, NULL, -1, NULL, &found, NULL);
	for (size_t i = 0; i < found.n; i++)
		json_array_append_new(v, json_string(found.v[i]));
	return v;
}

static const char *program(struct arena *a, const char *name)
{
	char *path;

	return path_program(a, name, &path, NULL) == 0 ? path : "";
}

void host_network(struct arena *a, json_t *host)
{
	json_object_set_new(host, "networkBackend", json_string("berth"));
	json_object_set_new(host, "networkBackendInfo",
			    json_pack("{ss ss ss s{ss}}", "backend", "berth", "version",
				      BERTH_VERSION, "firewall", "nftables", "dns", "path",
				      program(a, "dnsmasq")));
	json_object_set_new(host, "networkSettings",
			    json_pack("{sb sb so so}", "ipv4Forwarding",
				      is_set(SYSCTL "ipv4/ip_forward"), "ipv6Forwarding",
				      is_set(SYSCTL "ipv6/conf/all/forwarding"), "routeLocalnet",
				      routes_localnet(), "forwardDroppedBy", droppers(a)));
}
