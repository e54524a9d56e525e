/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "base/child.h"
#include "base/file.h"
#include "base/text.h"

/* The configuration of a distribution's kernel is 300 kB. */
#define CONFIG_MAX (4 << 20)
#define PROC_MAX   (1 << 20)

const char *const kernel_support_name[KERNEL_SUPPORTS] = {
	[KERNEL_OK] = "ok",
	[KERNEL_MODULE] = "module",
	[KERNEL_MISSING] = "missing",
	[KERNEL_UNSURE] = "unknown",
};

static const struct {
	const char *name;
	bool needed;
	const char *without;
	const char *also; /* another option that serves as well */
} options[] = {
	{ "NAMESPACES", true, "containers" },
	{ "UTS_NS", true, "a host name of a container's own" },
	{ "IPC_NS", true, "message queues, semaphores and shared memory of a container's own" },
	{ "PID_NS", true, "processes that see only their own container" },
	{ "NET_NS", true, "networks of a container's own, also --network none" },
	{ "USER_NS", false, "running without root, --userns" },
	{ "TIME_NS", false, "--time-offset" },
	{ "CGROUPS", true, "limits, pause, stats, and ending all processes of a container" },
	{ "MEMCG", false, "--memory, --memory-swap, and noticing when memory runs out" },
	{ "BLK_CGROUP", false, "--blkio-weight, --device-read-bps and the like" },
	{ "CGROUP_WRITEBACK", false, "limits of buffered writes to disks" },
	{ "CGROUP_SCHED", false, "--cpu-shares" },
	{ "CFS_BANDWIDTH", false, "--cpus, --cpu-quota" },
	{ "CPUSETS", false, "--cpuset-cpus, --cpuset-mems" },
	{ "CGROUP_PIDS", false, "--pids-limit" },
	{ "CGROUP_RDMA", false, "limits of RDMA devices" },
	{ "CGROUP_FREEZER", false, "pause on cgroup v1" },
	{ "CGROUP_HUGETLB", false, "limits of huge pages" },
	{ "CGROUP_DEVICE", true, "keeping a container from the host's devices", "CGROUP_BPF" },
	{ "CGROUP_CPUACCT", false, "processor time in stats on cgroup v1" },
	{ "CGROUP_PERF", false, "perf by container" },
	{ "CGROUP_BPF", false, "device rules on cgroup v2" },
	{ "BPF_SYSCALL", false, "device rules on cgroup v2" },
	{ "SOCK_CGROUP_DATA", false, "firewall rules by container" },
	{ "NET_CLS_CGROUP", false, "traffic classes by container on cgroup v1" },
	{ "SECCOMP_FILTER", true,
	  "the seccomp profile; --security-opt seccomp=unconfined goes "
	  "without" },
	{ "SECURITY_LANDLOCK", false, "one of the confinements of unpack" },
	{ "OVERLAY_FS", true, "images that share their layers" },
	{ "EROFS_FS", false, "images mounted without unpacking" },
	{ "FUSE_FS", false, "FUSE file systems in containers" },
	{ "POSIX_MQUEUE", false, "/dev/mqueue" },
	{ "KEYS", false, "session keyrings of a container's own" },
	{ "VETH", false, "bridge networks" },
	{ "BRIDGE", false, "bridge networks" },
	{ "NF_TABLES", false, "published ports" },
	{ "MACVLAN", false, "macvlan networks" },
	{ "IPVLAN", false, "ipvlan networks" },
	{ "TUN", false, "networks without root" },
};

/* y, m, or 0 when it is not set. */
static char configured(const char *config, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = strstr(config, "CONFIG_"); at; at = strstr(at, "CONFIG_")) {
		bool starts_line = at == config || at[-1] == '\n';

		at += strlen("CONFIG_");
		if (starts_line && strncmp(at, name, len) == 0 && at[len] == '=')
			return at[len + 1] == 'y' || at[len + 1] == 'm' ? at[len + 1] : 0;
	}
	return 0;
}

static void judge(const char *config, kernel_probe *probe, struct kernel_option *o)
{
	int shown = probe(o->name);
	char built = config ? configured(config, o->name) : 0;

	o->note = "";
	if (shown == 1) {
		o->support = KERNEL_OK;
	} else if (shown < 0) {
		o->support = !config        ? KERNEL_UNSURE
			     : built == 'y' ? KERNEL_OK
			     : built == 'm' ? KERNEL_MODULE
					    : KERNEL_MISSING;
	} else {
		o->support = built == 'm' ? KERNEL_MODULE : KERNEL_MISSING;
		if (built == 'y')
			o->note = "built in, but switched off on this machine";
	}
}

static const struct kernel_option *row(const struct kernel_option *rows, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

void kernel_options_judge(struct arena *a, const char *config, kernel_probe *probe,
			  struct kernel_option **ret, size_t *ret_len)
{
	struct kernel_option *rows = arena_array(a, ARRAY_LEN(options), sizeof(*rows));

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		rows[i].name = options[i].name;
		rows[i].needed = options[i].needed;
		rows[i].without = options[i].without;
		judge(config, probe, &rows[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		const struct kernel_option *other =
			options[i].also ? row(rows, ARRAY_LEN(options), options[i].also) : NULL;

		if (rows[i].support != KERNEL_MISSING || !other || other->support != KERNEL_OK)
			continue;
		rows[i].needed = false;
		rows[i].note = arena_printf(a, "%s serves instead", other->name);
	}
	*ret = rows;
	*ret_len = ARRAY_LEN(options);
}

/* What the running kernel shows */

static int has_word_at(const char *file, const char *word, const char *ends)
{
	auto_free char *text = NULL;
	size_t len = strlen(word);
	struct err e;

	if (file_read_at(AT_FDCWD, file, PROC_MAX, &text, NULL, &e) < 0)
		return -1;
	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
		if ((at == text || strchr(" \t\n", at[-1])) && strchr(ends, at[len]))
			return 1;
	return 0;
}

/* A line of /proc/cgroups ends in 1 unless cgroup_disable= switched it off; since 6.14 the file may
 * leave out what v1 does not have. */
static int has_controller(const char *v1, const char *v2)
{
	auto_free char *text = NULL;
	struct err e;
	const char *line;

	if (v2 && has_word_at("/sys/fs/cgroup/cgroup.controllers", v2, " \n") == 1)
		return 1;
	if (file_read_at(AT_FDCWD, "/proc/cgroups", PROC_MAX, &text, NULL, &e) < 0)
		return -1;
	for (line = text; line; line = strchr(line, '\n')) {
		const char *end;

		line += *line == '\n';
		if (strncmp(line, v1, strlen(v1)) != 0 || line[strlen(v1)] != '\t')
			continue;
		end = line + strcspn(line, "\n");
		return end[-1] == '1';
	}
	return -1;
}

static int is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

static int has_seccomp(void)
{
	/* Nothing is loaded: the kernel looks at the mode before the program. */
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0);
	return errno == EFAULT;
}

static int has_device_programs(void)
{
	const struct bpf_insn allow[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uintptr_t)allow,
		.insn_cnt = ARRAY_LEN(allow),
		.license = (uintptr_t) "BSD",
	};
	int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	if (fd < 0)
		return errno == EPERM ? -1 : 0;
	close(fd);
	return 1;
}

static int has_bpf(void)
{
	union bpf_attr attr = { 0 };

	syscall(SYS_bpf, BPF_PROG_GET_NEXT_ID, &attr, sizeof(attr));
	return errno != ENOSYS;
}

static int has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 0;
}

/* Not yet: a file system as a module registers when it is first mounted. */
static int has_file_system(const char *name)
{
	return has_word_at("/proc/filesystems", name, "\n") == 1 ? 1 : -1;
}

static int probe_namespace(const char *option)
{
	static const char *const names[][2] = {
		{ "NAMESPACES", "/proc/self/ns/mnt" }, { "UTS_NS", "/proc/self/ns/uts" },
		{ "IPC_NS", "/proc/self/ns/ipc" },     { "PID_NS", "/proc/self/ns/pid" },
		{ "NET_NS", "/proc/self/ns/net" },     { "USER_NS", "/proc/self/ns/user" },
		{ "TIME_NS", "/proc/self/ns/time" },   { "CGROUPS", "/proc/self/cgroup" },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i][0], option) == 0)
			return is_there(names[i][1]);
	return -1;
}

static int probe_controller(const char *option)
{
	static const char *const names[][3] = {
		{ "MEMCG", "memory", "memory" },       { "BLK_CGROUP", "blkio", "io" },
		{ "CGROUP_SCHED", "cpu", "cpu" },      { "CPUSETS", "cpuset", "cpuset" },
		{ "CGROUP_PIDS", "pids", "pids" },     { "CGROUP_RDMA", "rdma", "rdma" },
		{ "CGROUP_FREEZER", "freezer", NULL }, { "CGROUP_HUGETLB", "hugetlb", "hugetlb" },
		{ "CGROUP_DEVICE", "devices", NULL },  { "CGROUP_CPUACCT", "cpuacct", NULL },
		{ "CGROUP_PERF", "perf_event", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i][0], option) == 0)
			return has_controller(names[i][1], names[i][2]);
	return -1;
}

static int probe_file(const char *option)
{
	static const char *const file_systems[][2] = {
		{ "OVERLAY_FS", "overlay" },
		{ "EROFS_FS", "erofs" },
		{ "FUSE_FS", "fuse" },
		{ "POSIX_MQUEUE", "mqueue" },
	};
	static const char *const modules[][2] = {
		{ "VETH", "/sys/module/veth" },
		{ "BRIDGE", "/sys/module/bridge" },
		{ "MACVLAN", "/sys/module/macvlan" },
		{ "IPVLAN", "/sys/module/ipvlan" },
		{ "NF_TABLES", "/sys/module/nf_tables" },
		{ "TUN", "/sys/module/tun" },
		{ "KEYS", "/proc/keys" },
	};

	for (size_t i = 0; i < ARRAY_LEN(file_systems); i++)
		if (strcmp(file_systems[i][0], option) == 0)
			return has_file_system(file_systems[i][1]);
	for (size_t i = 0; i < ARRAY_LEN(modules); i++)
		if (strcmp(modules[i][0], option) == 0)
			return is_there(modules[i][1]) ? 1 : -1;
	return -1;
}

static int probe(const char *option)
{
	int r;

	if (strcmp(option, "SECCOMP_FILTER") == 0)
		return has_seccomp();
	if (strcmp(option, "SECURITY_LANDLOCK") == 0)
		return has_landlock();
	if (strcmp(option, "CGROUP_BPF") == 0)
		return has_device_programs();
	if (strcmp(option, "BPF_SYSCALL") == 0)
		return has_bpf();
	r = probe_namespace(option);
	if (r < 0)
		r = probe_controller(option);
	return r < 0 ? probe_file(option) : r;
}

/* The configuration */

static char *unpack(struct arena *a, const char *path)
{
	static const char *const programs[] = { "/usr/bin/gzip", "/bin/gzip", "/bin/busybox" };
	char *argv[] = { (char *)"gzip", (char *)"-dc", NULL };
	auto_close int packed = open(path, O_RDONLY | O_CLOEXEC);
	auto_free char *text = NULL;
	int ends[2], status;
	struct child child;
	struct err e;

	for (size_t i = 0; packed >= 0 && i < ARRAY_LEN(programs); i++) {
		int r;

		if (!is_there(programs[i]))
			continue;
		if (pipe2(ends, O_CLOEXEC) < 0)
			return NULL;
		r = child_spawn(&(struct child_spawn){ .path = programs[i],
						       .argv = argv,
						       .in = packed,
						       .out = ends[1],
						       .err = -1 },
				&child, &e);
		close(ends[1]);
		if (r == 0)
			r = file_read_fd(ends[0], path, CONFIG_MAX, &text, NULL, &e);
		close(ends[0]);
		if (r == 0 && child_wait(&child, &status, &e) == 0 && status == 0)
			return arena_strdup(a, text);
		return NULL;
	}
	return NULL;
}

static char *read_config(struct arena *a)
{
	struct utsname u;
	const char *const places[] = { "/boot/config-%s", "/lib/modules/%s/config",
				       "/usr/lib/modules/%s/config", "/usr/lib/kernel/config-%s",
				       "/lib/modules/%s/build/.config" };
	char *packed = unpack(a, "/proc/config.gz");

	if (packed || uname(&u) < 0)
		return packed;
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const char *blank = strstr(places[i], "%s");
		auto_free char *text = NULL;
		struct err e;

		if (file_read_at(AT_FDCWD,
				 arena_printf(a, "%.*s%s%s", (int)(blank - places[i]), places[i],
					      u.release, blank + 2),
				 CONFIG_MAX, &text, NULL, &e) == 0)
			return arena_strdup(a, text);
	}
	return NULL;
}

static uint64_t number_at(const char *file, uint64_t otherwise)
{
	auto_free char *text = NULL;
	struct err e;

	if (file_read_at(AT_FDCWD, file, 64, &text, NULL, &e) < 0)
		return otherwise;
	return strtoull(text, NULL, 10);
}

/* Settings that forbid what the kernel could. */
static void look_at_settings(struct kernel_option *user_ns)
{
	if (number_at("/proc/sys/user/max_user_namespaces", 1) == 0)
		user_ns->note = "switched off: the sysctl user.max_user_namespaces is 0";
	else if (number_at("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0)
		user_ns->note = "for root only: the sysctl kernel.unprivileged_userns_clone is 0";
	else if (number_at("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) == 1)
		user_ns->note = "AppArmor restricts it: the sysctl "
				"kernel.apparmor_restrict_unprivileged_userns is 1";
}

int kernel_options(struct arena *a, struct kernel_option **ret, size_t *ret_len, struct err *e)
{
	struct kernel_option *rows;
	size_t n;

	kernel_options_judge(a, read_config(a), probe, &rows, &n);
	look_at_settings((struct kernel_option *)row(rows, n, "USER_NS"));
	*ret = rows;
	*ret_len = n;
	return 0;
}
