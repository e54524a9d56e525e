/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The configuration of a container, config.json of the OCI runtime specification 1.3.0 (POSIX and
 * Linux parts), as C structs.  One table per struct, in runtime.c, reads and writes it; unknown
 * members are ignored.  Everything lives in the arena it was read with, or that its maker used.
 * Optional scalars are pointers, NULL when absent; optional texts are NULL; optional enums are 0.
 * Where the specification says uint32 the value is held in 64 bits, and oci_config_check() has
 * checked its range.
 */
#pragma once

#include "base/json.h"

#define OCI_RUNTIME_VERSION "1.3.0"
/* The largest config.json that is read; podman's largest are some 100 kB. */
#define OCI_CONFIG_MAX (16U << 20)

enum oci_namespace_type {
	OCI_NS_NONE,
	OCI_NS_PID,
	OCI_NS_NETWORK,
	OCI_NS_MOUNT,
	OCI_NS_IPC,
	OCI_NS_UTS,
	OCI_NS_USER,
	OCI_NS_CGROUP,
	OCI_NS_TIME,
	OCI_NS_TYPES
};
extern const char *const oci_namespace_name[OCI_NS_TYPES];

enum oci_seccomp_action {
	OCI_ACT_NONE,
	OCI_ACT_KILL,
	OCI_ACT_KILL_PROCESS,
	OCI_ACT_KILL_THREAD,
	OCI_ACT_TRAP,
	OCI_ACT_ERRNO,
	OCI_ACT_TRACE,
	OCI_ACT_ALLOW,
	OCI_ACT_LOG,
	OCI_ACT_NOTIFY,
	OCI_ACTS
};
extern const char *const oci_seccomp_action_name[OCI_ACTS];

enum oci_seccomp_op {
	OCI_CMP_NONE,
	OCI_CMP_NE,
	OCI_CMP_LT,
	OCI_CMP_LE,
	OCI_CMP_EQ,
	OCI_CMP_GE,
	OCI_CMP_GT,
	OCI_CMP_MASKED_EQ,
	OCI_CMPS
};
extern const char *const oci_seccomp_op_name[OCI_CMPS];

enum oci_scheduler_policy {
	OCI_SCHED_NONE,
	OCI_SCHED_OTHER,
	OCI_SCHED_FIFO,
	OCI_SCHED_RR,
	OCI_SCHED_BATCH,
	OCI_SCHED_ISO,
	OCI_SCHED_IDLE,
	OCI_SCHED_DEADLINE,
	OCI_SCHEDS
};
extern const char *const oci_scheduler_policy_name[OCI_SCHEDS];

enum oci_io_class { OCI_IO_NONE, OCI_IO_RT, OCI_IO_BE, OCI_IO_IDLE, OCI_IO_CLASSES };
extern const char *const oci_io_class_name[OCI_IO_CLASSES];

enum oci_memory_mode {
	OCI_MPOL_NONE,
	OCI_MPOL_DEFAULT,
	OCI_MPOL_BIND,
	OCI_MPOL_INTERLEAVE,
	OCI_MPOL_WEIGHTED_INTERLEAVE,
	OCI_MPOL_PREFERRED,
	OCI_MPOL_PREFERRED_MANY,
	OCI_MPOL_LOCAL,
	OCI_MPOLS
};
extern const char *const oci_memory_mode_name[OCI_MPOLS];
enum oci_memory_mode oci_memory_mode(const char *name); /* OCI_MPOL_NONE: there is none */

/* root and mounts */

struct oci_root {
	const char *path; /* absolute, or relative to the bundle */
	bool read_only;
};

struct oci_id_map {
	uint64_t container_id, host_id, size;
};
struct oci_id_maps {
	struct oci_id_map *v;
	size_t n;
};

struct oci_mount {
	const char *destination, *type, *source;
	struct texts options;
	struct oci_id_maps uid_maps, gid_maps;
};
struct oci_mounts {
	struct oci_mount *v;
	size_t n;
};

/* process */

struct oci_console_size {
	uint64_t height, width; /* characters */
};

struct oci_user {
	uint64_t uid, gid;
	const uint64_t *umask;
	struct json_uints additional_gids;
	const char *username; /* Windows only; kept */
};

struct oci_capabilities {
	struct texts effective, bounding, inheritable, permitted, ambient; /* "CAP_CHOWN" */
};

/* The type is the resource of setrlimit(2). */
struct oci_rlimit {
	int type;
	uint64_t soft, hard;
};
struct oci_rlimits {
	struct oci_rlimit *v;
	size_t n;
};
#define OCI_RLIMITS 16
extern const char *const oci_rlimit_name[OCI_RLIMITS]; /* "RLIMIT_CORE", by resource */

struct oci_scheduler {
	int policy; /* enum oci_scheduler_policy */
	int64_t nice, priority;
	struct texts flags;                 /* "SCHED_FLAG_RESET_ON_FORK" */
	uint64_t runtime, deadline, period; /* nanoseconds */
};

struct oci_io_priority {
	int class; /* enum oci_io_class */
	int64_t priority;
};

struct oci_cpu_affinity {
	const char *initial, *final; /* "0-3,7" */
};

struct oci_process {
	bool terminal, no_new_privileges;
	struct oci_console_size *console_size;
	struct oci_user user;
	struct texts args, env;
	const char *cwd;
	struct oci_capabilities *capabilities; /* NULL: all sets empty */
	struct oci_rlimits rlimits;
	const char *apparmor_profile, *selinux_label;
	const int64_t *oom_score_adj;
	struct oci_scheduler *scheduler;
	struct oci_io_priority *io_priority;
	struct oci_cpu_affinity *exec_cpu_affinity;
};

/* hooks */

struct oci_hook {
	const char *path;
	struct texts args, env;
	const int64_t *timeout; /* seconds */
};
struct oci_hook_list {
	struct oci_hook *v;
	size_t n;
};

struct oci_hooks {
	struct oci_hook_list prestart, create_runtime, create_container, start_container, poststart,
		poststop;
};

/* linux */

struct oci_namespace {
	int type; /* enum oci_namespace_type */
	const char *path;
};
struct oci_namespaces {
	struct oci_namespace *v;
	size_t n;
};

struct oci_device {
	const char *type, *path; /* "c", "b", "u", "p" */
	int64_t major, minor;
	const uint64_t *file_mode, *uid, *gid;
};
struct oci_devices {
	struct oci_device *v;
	size_t n;
};

struct oci_time_offset {
	int64_t secs;
	uint64_t nanosecs;
};
struct oci_time_offsets {
	struct oci_time_offset *monotonic, *boottime;
};

struct oci_net_device {
	const char *key;  /* its name in the runtime's namespace */
	const char *name; /* inside; NULL: the same */
};
struct oci_net_devices {
	struct oci_net_device *v;
	size_t n;
};

struct oci_device_rule {
	bool allow;
	const char *type, *access;    /* "a", "b", "c"; "rwm" */
	const int64_t *major, *minor; /* NULL or -1: all */
};
struct oci_device_rules {
	struct oci_device_rule *v;
	size_t n;
};

struct oci_memory {
	const int64_t *limit, *reservation, *swap, *kernel, *kernel_tcp; /* bytes, -1: none */
	const uint64_t *swappiness;
	const bool *disable_oom_killer, *use_hierarchy, *check_before_update;
};

struct oci_cpu {
	const uint64_t *shares, *burst, *period, *realtime_period; /* microseconds but shares */
	const int64_t *quota, *realtime_runtime, *idle;
	const char *cpus, *mems; /* lists: "0-3,7" */
};

struct oci_pids {
	const int64_t *limit; /* -1: none */
};

struct oci_weight_device {
	int64_t major, minor;
	const uint64_t *weight, *leaf_weight;
};
struct oci_weight_devices {
	struct oci_weight_device *v;
	size_t n;
};
struct oci_throttle_device {
	int64_t major, minor;
	uint64_t rate; /* bytes or operations a second */
};
struct oci_throttle_devices {
	struct oci_throttle_device *v;
	size_t n;
};
struct oci_block_io {
	const uint64_t *weight, *leaf_weight;
	struct oci_weight_devices weight_devices;
	struct oci_throttle_devices read_bps, write_bps, read_iops, write_iops;
};

struct oci_hugepage_limit {
	const char *page_size; /* "2MB" */
	uint64_t limit;        /* bytes */
};
struct oci_hugepage_limits {
	struct oci_hugepage_limit *v;
	size_t n;
};

struct oci_interface_priority {
	const char *name;
	uint64_t priority;
};
struct oci_interface_priorities {
	struct oci_interface_priority *v;
	size_t n;
};
struct oci_network {
	const uint64_t *class_id;
	struct oci_interface_priorities priorities;
};

struct oci_rdma {
	const char *key; /* the device */
	const uint64_t *hca_handles, *hca_objects;
};
struct oci_rdmas {
	struct oci_rdma *v;
	size_t n;
};

struct oci_linux_resources {
	struct oci_device_rules devices;
	struct oci_memory *memory;
	struct oci_cpu *cpu;
	struct oci_pids *pids;
	struct oci_block_io *block_io;
	struct oci_hugepage_limits hugepage_limits;
	struct oci_network *network;
	struct oci_rdmas rdma;
	struct text_map unified; /* cgroup v2 file: content */
};

struct oci_seccomp_arg {
	uint64_t index, value, value_two;
	int op; /* enum oci_seccomp_op */
};
struct oci_seccomp_args {
	struct oci_seccomp_arg *v;
	size_t n;
};
struct oci_seccomp_rule {
	struct texts names;
	int action; /* enum oci_seccomp_action */
	const uint64_t *errno_ret;
	struct oci_seccomp_args args;
};
struct oci_seccomp_rules {
	struct oci_seccomp_rule *v;
	size_t n;
};
struct oci_seccomp {
	int default_action; /* enum oci_seccomp_action */
	const uint64_t *default_errno_ret;
	struct texts architectures; /* "SCMP_ARCH_X86_64" */
	struct texts flags;         /* v NULL: unset, which means SPEC_ALLOW where supported */
	const char *listener_path, *listener_metadata;
	struct oci_seccomp_rules syscalls;
};

struct oci_intel_rdt {
	const char *clos_id, *l3_cache_schema, *mem_bw_schema;
	struct texts schemata;
	bool enable_monitoring;
	bool enable_cmt, enable_mbm; /* until 1.2 */
};

struct oci_personality {
	const char *domain; /* "LINUX", "LINUX32" */
	struct texts flags;
};

struct oci_memory_policy {
	const char *mode; /* checked: oci_memory_mode() */
	const char *nodes;
	struct texts flags; /* "MPOL_F_STATIC_NODES" */
};

struct oci_linux {
	struct oci_namespaces namespaces;
	struct oci_id_maps uid_maps, gid_maps;
	struct oci_time_offsets *time_offsets;
	struct oci_devices devices;
	struct oci_net_devices net_devices;
	const char *cgroups_path;
	struct oci_linux_resources *resources;
	struct oci_intel_rdt *intel_rdt;
	struct oci_memory_policy *memory_policy;
	struct text_map sysctl;
	struct oci_seccomp *seccomp;
	const char *rootfs_propagation; /* "shared", "slave", "private", "unbindable", "rslave"… */
	struct texts masked_paths, readonly_paths;
	const char *mount_label;
	struct oci_personality *personality;
};

struct oci_config {
	const char *version; /* ociVersion */
	struct oci_process *process;
	struct oci_root *root;
	const char *hostname, *domainname;
	struct oci_mounts mounts;
	struct oci_hooks *hooks;
	struct text_map annotations;
	struct oci_linux *linux_part; /* "linux"; NULL: none, all inherited */
};

extern const struct json_type oci_config_json, oci_process_json, oci_linux_resources_json,
	oci_id_map_json, oci_seccomp_json, oci_linux_json;

/* Reads and checks a document. */
int oci_config_read(struct arena *a, const char *text, size_t len, struct oci_config *ret,
		    struct err *e);
void oci_config_write(struct buf *out, const struct oci_config *c, unsigned indent);
/* What the tables can't say: ranges, what needs or excludes what. Errors name the JSON path. */
int oci_config_check(const struct oci_config *c, struct err *e);
/* The parts of it that are also read alone: process.json of exec, a seccomp profile. */
int oci_process_check(const struct oci_process *p, struct err *e);
int oci_seccomp_check(const struct oci_seccomp *s, struct err *e);

/* The namespace that a sysctl belongs to, by its name with dots or slashes; OCI_NS_NONE: none. */
enum oci_namespace_type oci_sysctl_namespace(const char *name);
/* The namespace of that type that the config asks for, or NULL: the caller's. */
const struct oci_namespace *oci_namespace_find(const struct oci_config *c,
					       enum oci_namespace_type type);
