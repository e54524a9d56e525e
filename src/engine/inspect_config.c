/* SPDX-License-Identifier: BSD-2-Clause */
/* Config and HostConfig of inspect. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/units.h"
#include "cgroup/cgroup.h"
#include "engine/inspect_private.h"
#include "engine/signals.h"
#include "runtime/capability.h"

static json_t *inspect_annotations(const struct container *c)
{
	json_t *v = inspect_map(&c->annotations);
	const struct {
		const char *key;
		bool on;
	} flags[] = {
		{ "io.podman.annotations.autoremove", c->auto_remove },
		{ "io.podman.annotations.init", c->init },
		{ "io.podman.annotations.privileged", c->privileged },
		{ "io.podman.annotations.publish-all", false },
	};

	json_object_set_new(v, "io.kubernetes.cri-o.TTY", json_string(c->tty ? "true" : "false"));
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		json_object_set_new(v, flags[i].key, json_string(flags[i].on ? "TRUE" : "FALSE"));
	return v;
}

json_t *inspect_config(struct arena *a, const struct container *c)
{
	struct texts env = container_env(a, c);
	char entrypoint[4096] = "";

	for (size_t i = 0; i < c->entrypoint.n; i++) {
		size_t n = strlen(entrypoint);

		snprintf(entrypoint + n, sizeof(entrypoint) - n, "%s%s", i ? " " : "",
			 c->entrypoint.v[i]);
	}
	return json_pack("{so so so sb sb sb sb sb sb so so so sn so so sn so so si ss so so sI sI "
			 "sb ss}",
			 "Hostname", inspect_text(c->hostname), "Domainname",
			 inspect_text(c->domainname), "User", inspect_text(c->user), "AttachStdin",
			 0, "AttachStdout", 0, "AttachStderr", 0, "Tty", c->tty, "OpenStdin",
			 c->interactive, "StdinOnce", 0, "Env", inspect_texts(&env), "Cmd",
			 inspect_texts(&c->command), "Image", inspect_text(c->image_name),
			 "Volumes", "WorkingDir",
			 inspect_text(text_empty(c->working_dir) ? "/" : c->working_dir),
			 "Entrypoint", inspect_text(entrypoint), "OnBuild", "Labels",
			 inspect_map(&c->labels), "Annotations", inspect_annotations(c),
			 "StopSignal", container_stop_signal(c), "HealthcheckOnFailureAction",
			 "none", "CreateCommand", inspect_texts(&c->create_command), "Umask",
			 inspect_text(c->umask ? c->umask : "0022"), "Timeout",
			 (json_int_t)c->timeout_sec, "StopTimeout", (json_int_t)c->stop_timeout_sec,
			 "Passwd", 1, "sdNotifyMode", "container");
}

static json_t *inspect_binds(struct arena *a, const struct container *c)
{
	json_t *v = json_array();

	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct container_mount *m = &c->mounts.v[i];

		if (strcmp(m->type, "bind") == 0 || strcmp(m->type, "volume") == 0)
			json_array_append_new(v, inspect_text(arena_printf(
							 a, "%s:%s:%s", m->source, m->destination,
							 texts_join(a, &m->options, ","))));
	}
	return v;
}

static json_t *inspect_tmpfs(struct arena *a, const struct container *c)
{
	json_t *v = json_object();

	for (size_t i = 0; i < c->mounts.n; i++)
		if (strcmp(c->mounts.v[i].type, "tmpfs") == 0)
			json_object_set_new(v, c->mounts.v[i].destination,
					    inspect_text(
						    texts_join(a, &c->mounts.v[i].options, ",")));
	return v;
}

/* podman compares with the set that its library of configurations begins with, which has three more
 * than containers get. */
#define COMPARED (CAPABILITY_DEFAULT | 1ULL << 13 | 1ULL << 27 | 1ULL << 29)

static json_t *inspect_cap_change(struct arena *a, const struct container *c, bool added)
{
	uint64_t set = CAPABILITY_DEFAULT;

	if (c->privileged)
		set = added ? capability_all() : COMPARED;
	else
		capability_choose(CAPABILITY_DEFAULT, &c->cap_add, &c->cap_drop, &set, NULL);
	return inspect_capabilities(a, added ? set & ~COMPARED : COMPARED & ~set);
}

static json_t *inspect_ulimits(struct arena *a, const struct container *c)
{
	json_t *v = json_array();

	for (size_t i = 0; i < c->ulimits.n; i++) {
		char name[64];

		snprintf(name, sizeof(name), "RLIMIT_%s", c->ulimits.v[i].name);
		for (char *p = name + 7; *p; p++)
			*p = (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
		json_array_append_new(v, json_pack("{ss sI sI}", "Name", name, "Soft",
						   (json_int_t)c->ulimits.v[i].soft, "Hard",
						   (json_int_t)c->ulimits.v[i].hard));
	}
	return v;
}

static json_t *inspect_devices(const struct container *c)
{
	json_t *v = json_array();

	for (size_t i = 0; i < c->devices.n; i++)
		json_array_append_new(v, json_pack("{so so so}", "PathOnHost",
						   inspect_text(c->devices.v[i].source),
						   "PathInContainer",
						   inspect_text(c->devices.v[i].destination),
						   "CgroupPermissions",
						   inspect_text(c->devices.v[i].access)));
	return v;
}

static json_t *inspect_log(const struct state *s, struct arena *a, const struct container *c)
{
	const char *path = c->log.path ? c->log.path : "";
	auto_buf size = BUF(64);

	if (*path && *path != '/')
		path = arena_printf(a, "%s/%s/%s/%s", s->lib_path, CONTAINERS, c->id, path);
	size_print(&size, c->log.max_bytes < 0 ? 0 : c->log.max_bytes, "");
	return json_pack("{ss sn so so so}", "Type", c->log.driver, "Config", "Path",
			 inspect_text(path), "Tag", inspect_text(c->log.tag), "Size",
			 json_string(buf_text(&size)));
}

static json_int_t number(const int64_t *v)
{
	return v ? (json_int_t)*v : 0;
}

static json_int_t natural(const uint64_t *v)
{
	return v ? (json_int_t)*v : 0;
}

static void add_resources(const struct container *c, json_t *v)
{
	static const struct oci_linux_resources none;
	static const struct oci_memory no_memory;
	static const struct oci_cpu no_cpu;
	const struct oci_linux_resources *res = c->resources ? c->resources : &none;
	const struct oci_memory *m = res->memory ? res->memory : &no_memory;
	const struct oci_cpu *cpu = res->cpu ? res->cpu : &no_cpu;
	json_int_t period = natural(cpu->period), quota = number(cpu->quota);
	const struct {
		const char *key;
		json_int_t value;
	} numbers[] = {
		{ "CpuShares", natural(cpu->shares) },
		{ "Memory", number(m->limit) },
		{ "NanoCpus", period > 0 && quota > 0 ? quota * 1000000000 / period : 0 },
		{ "BlkioWeight", res->block_io ? natural(res->block_io->weight) : 0 },
		{ "CpuPeriod", period },
		{ "CpuQuota", quota },
		{ "CpuRealtimePeriod", natural(cpu->realtime_period) },
		{ "CpuRealtimeRuntime", number(cpu->realtime_runtime) },
		{ "DiskQuota", 0 },
		{ "KernelMemory", 0 },
		{ "MemoryReservation", number(m->reservation) },
		{ "MemorySwap", number(m->swap) },
		{ "MemorySwappiness", m->swappiness ? natural(m->swappiness) : 0 },
		{ "PidsLimit", res->pids ? number(res->pids->limit) : 0 },
		{ "CpuCount", 0 },
		{ "CpuPercent", 0 },
		{ "IOMaximumIOps", 0 },
		{ "IOMaximumBandwidth", 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		json_object_set_new(v, numbers[i].key, json_integer(numbers[i].value));
	json_object_set_new(v, "CpusetCpus", inspect_text(cpu->cpus));
	json_object_set_new(v, "CpusetMems", inspect_text(cpu->mems));
	json_object_set_new(v, "OomKillDisable", json_boolean(c->oom_kill_disable));
	json_object_set_new(v, "Init", json_boolean(c->init));
}

static const char *mode(const char *m)
{
	return m ? m : "private";
}

json_t *inspect_host_config(const struct state *s, struct arena *a, const struct container *c)
{
	const char *manager = c->cgroup_manager ? c->cgroup_manager : cgroup_manager_default();
	json_t *v = json_pack(
		"{so ss so so so ss so s{ss si} sb ss so so so so so so so so ss ss ss sI ss sb sb sb so so ss ss "
		"sI ss s[ii] ss so so so}",
		"Binds", inspect_binds(a, c), "CgroupManager", manager, "CgroupMode",
		inspect_text(mode(c->namespaces.cgroup)), "ContainerIDFile",
		inspect_text(c->cid_file), "LogConfig", inspect_log(s, a, c), "NetworkMode",
		c->namespaces.network ? c->namespaces.network : "none", "PortBindings",
		inspect_bindings(a, c), "RestartPolicy", "Name", c->restart ? c->restart : "",
		"MaximumRetryCount", (int)c->restart_max, "AutoRemove", c->auto_remove,
		"VolumeDriver", "", "VolumesFrom",
		c->volumes_from.n ? inspect_texts(&c->volumes_from) : json_null(), "CapAdd",
		inspect_cap_change(a, c, true), "CapDrop", inspect_cap_change(a, c, false), "Dns",
		inspect_texts(&c->dns), "DnsOptions", inspect_texts(&c->dns_options), "DnsSearch",
		inspect_texts(&c->dns_search), "ExtraHosts", inspect_texts(&c->add_hosts),
		"GroupAdd", inspect_texts(&c->group_add), "IpcMode",
		c->namespaces.ipc ? c->namespaces.ipc : "shareable", "Cgroup", "", "Cgroups",
		c->cgroups_disabled ? "disabled" : "default", "OomScoreAdj",
		number(c->oom_score_adj), "PidMode", mode(c->namespaces.pid), "Privileged",
		c->privileged, "PublishAllPorts", 0, "ReadonlyRootfs", c->read_only, "SecurityOpt",
		inspect_texts(&c->security_options), "Tmpfs", inspect_tmpfs(a, c), "UTSMode",
		mode(c->namespaces.uts), "UsernsMode", c->namespaces.user ? c->namespaces.user : "",
		"ShmSize", (json_int_t)c->shm_bytes, "Runtime", "oci", "ConsoleSize", 0, 0,
		"Isolation", "", "CgroupParent", inspect_text(c->cgroup_parent), "Devices",
		inspect_devices(c), "Ulimits", inspect_ulimits(a, c));

	if (v)
		add_resources(c, v);
	return v;
}
