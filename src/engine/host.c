/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/host.h"
#include "engine/host_network.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "base/file.h"
#include "cgroup/cgroup.h"
#include "engine/status.h"
#include "image/image.h"
#include "kernel/probe.h"
#include "runtime/capability.h"

#define OS_RELEASE_MAX 65536

static json_t *texts(const struct texts *l)
{
	json_t *v = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(v, json_string(l->v[i]));
	return v;
}

/* KEY=VALUE of /etc/os-release, without its quotes. */
static const char *os_release(struct arena *a, const char *key)
{
	auto_free char *text = NULL;
	struct texts lines;

	if (file_read_at(AT_FDCWD, "/etc/os-release", OS_RELEASE_MAX, &text, NULL, NULL) < 0)
		return "";
	lines = texts_split(a, text, '\n');
	for (size_t i = 0; i < lines.n; i++) {
		const char *value = text_after(lines.v[i], key);

		if (!value || *value != '=')
			continue;
		value += 1 + strspn(value + 1, "\"'");
		return arena_strndup(a, value, strcspn(value, "\"'"));
	}
	return "";
}

static json_t *memory(const char *key)
{
	auto_free char *text = NULL;
	const char *line;
	long long kib = 0;

	if (file_read_at(AT_FDCWD, "/proc/meminfo", 65536, &text, NULL, NULL) == 0) {
		line = strstr(text, key);
		if (line)
			sscanf(line + strlen(key), ": %lld", &kib);
	}
	return json_integer(kib * 1024);
}

static json_t *uptime(struct arena *a)
{
	struct sysinfo si;

	if (sysinfo(&si) < 0)
		return json_string("");
	return json_string(arena_printf(a, "%ldh %ldm %ld.00s", si.uptime / 3600,
					si.uptime / 60 % 60, si.uptime % 60));
}

static json_t *security(const struct state *s, struct arena *a)
{
	struct texts names = capability_names(a, CAPABILITY_DEFAULT);

	return json_pack("{sb so sb sb ss sb}", "apparmorEnabled",
			 access("/sys/kernel/security/apparmor", F_OK) == 0, "capabilities",
			 json_string(texts_join(a, &names, ",")), "rootless", s->rootless,
			 "seccompEnabled", 1, "seccompProfilePath", "", "selinuxEnabled",
			 access("/sys/fs/selinux/enforce", F_OK) == 0);
}

static json_t *host(const struct state *s, struct arena *a, const char *manager,
		    const struct cgroup_host *cg)
{
	static const char *const versions[CGROUP_VERSIONS] = { "none", "v1", "hybrid", "v2" };
	struct utsname u;

	uname(&u);
	return json_pack(
		"{ss ss so ss si s{ss ss ss} ss ss s{sn sn} ss ss so so s{ss ss ss ss} ss so sb so so so}",
		"arch", image_platform_host().architecture, "cgroupManager", manager,
		"cgroupControllers", texts(&cg->controllers), "cgroupVersion",
		versions[cg->version], "cpus", get_nprocs(), "distribution", "codename",
		os_release(a, "VERSION_CODENAME"), "distribution", os_release(a, "ID"), "version",
		os_release(a, "VERSION_ID"), "eventLogger", "none", "hostname", u.nodename,
		"idMappings", "gidmap", "uidmap", "kernel", u.release, "logDriver", "k8s-file",
		"memFree", memory("MemFree"), "memTotal", memory("MemTotal"), "ociRuntime", "name",
		"berth", "package", "", "path", "", "version", BERTH_VERSION, "os", "linux",
		"security", security(s, a), "serviceIsRemote", 0, "swapFree", memory("SwapFree"),
		"swapTotal", memory("SwapTotal"), "uptime", uptime(a));
}

struct counts {
	json_int_t all, paused, running, stopped;
};

static int count(const struct state *s, struct arena *a, struct counts *ret, struct err *e)
{
	struct containers l;
	int r = container_list(s, a, &l, container_skip_damaged, NULL, e);

	for (size_t i = 0; r == 0 && i < l.n; i++) {
		struct container_status st;

		if (container_status(s, a, l.v[i], &st, NULL) < 0)
			continue;
		ret->all++;
		if (st.state == CONTAINER_PAUSED)
			ret->paused++;
		else if (container_is_alive(&st))
			ret->running++;
		else
			ret->stopped++;
	}
	return r;
}

static const char *file_system(int fd)
{
	static const struct {
		unsigned long magic;
		const char *name;
	} known[] = {
		{ 0xEF53, "extfs" },     { 0x58465342, "xfs" },  { 0x9123683E, "btrfs" },
		{ 0x01021994, "tmpfs" }, { 0xF2F52010, "f2fs" }, { 0x794C7630, "overlayfs" },
		{ 0x24051905, "ubifs" }, { 0x2FC12FC1, "zfs" },
	};
	struct statfs st;

	if (fstatfs(fd, &st) == 0)
		for (size_t i = 0; i < ARRAY_LEN(known); i++)
			if ((unsigned long)st.f_type == known[i].magic)
				return known[i].name;
	return "unknown";
}

static int store(const struct state *s, struct arena *a, json_t **ret, struct err *e)
{
	struct counts n = { 0 };
	struct images images;
	struct statvfs st = { 0 };
	int r = count(s, a, &n, e);

	if (r == 0)
		r = image_list(s, a, &images, NULL, NULL, e);
	if (r < 0)
		return r;
	fstatvfs(s->lib, &st);
	*ret = json_pack("{ss s{sI sI sI sI} ss s{} ss sI sI s{ss} s{sI} ss so sb}", "configFile",
			 "", "containerStore", "number", n.all, "paused", n.paused, "running",
			 n.running, "stopped", n.stopped, "graphDriverName", "overlay",
			 "graphOptions", "graphRoot", s->lib_path, "graphRootAllocated",
			 (json_int_t)(st.f_blocks * st.f_frsize), "graphRootUsed",
			 (json_int_t)((st.f_blocks - st.f_bfree) * st.f_frsize), "graphStatus",
			 "Backing Filesystem", file_system(s->lib), "imageStore", "number",
			 (json_int_t)images.n, "runRoot", s->run_path, "volumePath",
			 json_string(arena_printf(a, "%s/volumes", s->lib_path)), "transientStore",
			 0);
	return 0;
}

int host_info(const struct state *s, struct arena *a, const char *cgroup_manager, json_t **ret,
	      struct err *e)
{
	struct cgroup_host cg = { 0 };
	json_t *v = NULL, *all;
	int r = cgroup_host_read(a, &cg, e);

	if (r == 0)
		r = store(s, a, &v, e);
	if (r < 0)
		return r;
	all = host(s, a, cgroup_manager ? cgroup_manager : cgroup_manager_default(), &cg);
	if (all)
		host_network(a, all);
	*ret = json_pack("{so so s{sn s[ss ss s] s[s s s s s s] s[s]} s{}}", "host", all, "store",
			 v, "plugins", "authorization", "log", "k8s-file", "json-file", "journald",
			 "none", "passthrough", "network", "bridge", "macvlan", "ipvlan",
			 "host-device", "none", "host", "volume", "local", "registries");
	return 0;
}

int host_check(struct arena *a, struct buf *out, bool *ret_complete, struct err *e)
{
	struct kernel_option *options;
	bool complete = true;
	size_t n;
	int r = kernel_options(a, &options, &n, e);

	if (r < 0)
		return r;
	buf_adds(out, "OPTION\tSTATE\tWITHOUT IT\n");
	for (size_t i = 0; i < n; i++) {
		const struct kernel_option *o = &options[i];
		bool missing = o->support == KERNEL_MISSING;

		buf_addf(out, "%s\t%s\t%s%s%s\n", o->name, kernel_support_name[o->support],
			 missing ? o->without : "", missing && !text_empty(o->note) ? ": " : "",
			 o->note ? o->note : "");
		complete = complete && !(missing && o->needed);
	}
	*ret_complete = complete;
	return 0;
}
