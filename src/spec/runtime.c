/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/runtime.h"

#include <string.h>
#include <sys/resource.h>

const char *const oci_namespace_name[] = {
	[OCI_NS_NONE] = NULL,     [OCI_NS_PID] = "pid",       [OCI_NS_NETWORK] = "network",
	[OCI_NS_MOUNT] = "mount", [OCI_NS_IPC] = "ipc",       [OCI_NS_UTS] = "uts",
	[OCI_NS_USER] = "user",   [OCI_NS_CGROUP] = "cgroup", [OCI_NS_TIME] = "time",
};
_Static_assert(ARRAY_LEN(oci_namespace_name) == OCI_NS_TYPES, "every namespace has a name");

const char *const oci_seccomp_action_name[] = {
	[OCI_ACT_NONE] = NULL,
	[OCI_ACT_KILL] = "SCMP_ACT_KILL",
	[OCI_ACT_KILL_PROCESS] = "SCMP_ACT_KILL_PROCESS",
	[OCI_ACT_KILL_THREAD] = "SCMP_ACT_KILL_THREAD",
	[OCI_ACT_TRAP] = "SCMP_ACT_TRAP",
	[OCI_ACT_ERRNO] = "SCMP_ACT_ERRNO",
	[OCI_ACT_TRACE] = "SCMP_ACT_TRACE",
	[OCI_ACT_ALLOW] = "SCMP_ACT_ALLOW",
	[OCI_ACT_LOG] = "SCMP_ACT_LOG",
	[OCI_ACT_NOTIFY] = "SCMP_ACT_NOTIFY",
};
_Static_assert(ARRAY_LEN(oci_seccomp_action_name) == OCI_ACTS, "every action has a name");

const char *const oci_seccomp_op_name[] = {
	[OCI_CMP_NONE] = NULL,        [OCI_CMP_NE] = "SCMP_CMP_NE",
	[OCI_CMP_LT] = "SCMP_CMP_LT", [OCI_CMP_LE] = "SCMP_CMP_LE",
	[OCI_CMP_EQ] = "SCMP_CMP_EQ", [OCI_CMP_GE] = "SCMP_CMP_GE",
	[OCI_CMP_GT] = "SCMP_CMP_GT", [OCI_CMP_MASKED_EQ] = "SCMP_CMP_MASKED_EQ",
};
_Static_assert(ARRAY_LEN(oci_seccomp_op_name) == OCI_CMPS, "every operator has a name");

const char *const oci_scheduler_policy_name[] = {
	[OCI_SCHED_NONE] = NULL,           [OCI_SCHED_OTHER] = "SCHED_OTHER",
	[OCI_SCHED_FIFO] = "SCHED_FIFO",   [OCI_SCHED_RR] = "SCHED_RR",
	[OCI_SCHED_BATCH] = "SCHED_BATCH", [OCI_SCHED_ISO] = "SCHED_ISO",
	[OCI_SCHED_IDLE] = "SCHED_IDLE",   [OCI_SCHED_DEADLINE] = "SCHED_DEADLINE",
};
_Static_assert(ARRAY_LEN(oci_scheduler_policy_name) == OCI_SCHEDS, "every policy has a name");

const char *const oci_io_class_name[] = {
	[OCI_IO_NONE] = NULL,
	[OCI_IO_RT] = "IOPRIO_CLASS_RT",
	[OCI_IO_BE] = "IOPRIO_CLASS_BE",
	[OCI_IO_IDLE] = "IOPRIO_CLASS_IDLE",
};
_Static_assert(ARRAY_LEN(oci_io_class_name) == OCI_IO_CLASSES, "every class has a name");

const char *const oci_memory_mode_name[] = {
	[OCI_MPOL_NONE] = NULL,
	[OCI_MPOL_DEFAULT] = "MPOL_DEFAULT",
	[OCI_MPOL_BIND] = "MPOL_BIND",
	[OCI_MPOL_INTERLEAVE] = "MPOL_INTERLEAVE",
	[OCI_MPOL_WEIGHTED_INTERLEAVE] = "MPOL_WEIGHTED_INTERLEAVE",
	[OCI_MPOL_PREFERRED] = "MPOL_PREFERRED",
	[OCI_MPOL_PREFERRED_MANY] = "MPOL_PREFERRED_MANY",
	[OCI_MPOL_LOCAL] = "MPOL_LOCAL",
};
_Static_assert(ARRAY_LEN(oci_memory_mode_name) == OCI_MPOLS, "every mode has a name");

enum oci_memory_mode oci_memory_mode(const char *name)
{
	for (int i = 1; i < OCI_MPOLS; i++)
		if (text_eq(name, oci_memory_mode_name[i]))
			return (enum oci_memory_mode)i;
	return OCI_MPOL_NONE;
}

const char *const oci_rlimit_name[] = {
	[RLIMIT_CPU] = "RLIMIT_CPU",           [RLIMIT_FSIZE] = "RLIMIT_FSIZE",
	[RLIMIT_DATA] = "RLIMIT_DATA",         [RLIMIT_STACK] = "RLIMIT_STACK",
	[RLIMIT_CORE] = "RLIMIT_CORE",         [RLIMIT_RSS] = "RLIMIT_RSS",
	[RLIMIT_NPROC] = "RLIMIT_NPROC",       [RLIMIT_NOFILE] = "RLIMIT_NOFILE",
	[RLIMIT_MEMLOCK] = "RLIMIT_MEMLOCK",   [RLIMIT_AS] = "RLIMIT_AS",
	[RLIMIT_LOCKS] = "RLIMIT_LOCKS",       [RLIMIT_SIGPENDING] = "RLIMIT_SIGPENDING",
	[RLIMIT_MSGQUEUE] = "RLIMIT_MSGQUEUE", [RLIMIT_NICE] = "RLIMIT_NICE",
	[RLIMIT_RTPRIO] = "RLIMIT_RTPRIO",     [RLIMIT_RTTIME] = "RLIMIT_RTTIME",
};
_Static_assert(ARRAY_LEN(oci_rlimit_name) == OCI_RLIMITS, "every limit has a name");

static const struct json_field root_fields[] = {
	JSON_TEXT(oci_root, path, "path", JSON_REQUIRED),
	JSON_BOOL(oci_root, read_only, "readonly", 0),
	{ 0 },
};
static const struct json_type root_json = JSON_TYPE(oci_root, root_fields);

static const struct json_field id_map_fields[] = {
	JSON_UINT(oci_id_map, container_id, "containerID", JSON_REQUIRED),
	JSON_UINT(oci_id_map, host_id, "hostID", JSON_REQUIRED),
	JSON_UINT(oci_id_map, size, "size", JSON_REQUIRED),
	{ 0 },
};
const struct json_type oci_id_map_json = JSON_TYPE(oci_id_map, id_map_fields);

static const struct json_field mount_fields[] = {
	JSON_TEXT(oci_mount, destination, "destination", JSON_REQUIRED),
	JSON_TEXT(oci_mount, type, "type", 0),
	JSON_TEXT(oci_mount, source, "source", 0),
	JSON_TEXTS(oci_mount, options, "options", 0),
	JSON_ARRAY(oci_mount, uid_maps, "uidMappings", 0, oci_id_map_json),
	JSON_ARRAY(oci_mount, gid_maps, "gidMappings", 0, oci_id_map_json),
	{ 0 },
};
static const struct json_type mount_json = JSON_TYPE(oci_mount, mount_fields);

static const struct json_field console_size_fields[] = {
	JSON_UINT(oci_console_size, height, "height", JSON_REQUIRED),
	JSON_UINT(oci_console_size, width, "width", JSON_REQUIRED),
	{ 0 },
};
static const struct json_type console_size_json = JSON_TYPE(oci_console_size, console_size_fields);

static const struct json_field user_fields[] = {
	JSON_UINT(oci_user, uid, "uid", JSON_ALWAYS),
	JSON_UINT(oci_user, gid, "gid", JSON_ALWAYS),
	JSON_UINT_PTR(oci_user, umask, "umask", 0),
	JSON_UINTS(oci_user, additional_gids, "additionalGids", 0),
	JSON_TEXT(oci_user, username, "username", 0),
	{ 0 },
};
static const struct json_type user_json = JSON_TYPE(oci_user, user_fields);

static const struct json_field capabilities_fields[] = {
	JSON_TEXTS(oci_capabilities, bounding, "bounding", 0),
	JSON_TEXTS(oci_capabilities, effective, "effective", 0),
	JSON_TEXTS(oci_capabilities, inheritable, "inheritable", 0),
	JSON_TEXTS(oci_capabilities, permitted, "permitted", 0),
	JSON_TEXTS(oci_capabilities, ambient, "ambient", 0),
	{ 0 },
};
static const struct json_type capabilities_json = JSON_TYPE(oci_capabilities, capabilities_fields);

static const struct json_field rlimit_fields[] = {
	JSON_NAME(oci_rlimit, type, "type", JSON_REQUIRED, oci_rlimit_name),
	JSON_UINT(oci_rlimit, hard, "hard", JSON_REQUIRED),
	JSON_UINT(oci_rlimit, soft, "soft", JSON_REQUIRED),
	{ 0 },
};
static const struct json_type rlimit_json = JSON_TYPE(oci_rlimit, rlimit_fields);

static const struct json_field scheduler_fields[] = {
	JSON_NAME(oci_scheduler, policy, "policy", JSON_REQUIRED, oci_scheduler_policy_name),
	JSON_INT(oci_scheduler, nice, "nice", 0),
	JSON_INT(oci_scheduler, priority, "priority", 0),
	JSON_TEXTS(oci_scheduler, flags, "flags", 0),
	JSON_UINT(oci_scheduler, runtime, "runtime", 0),
	JSON_UINT(oci_scheduler, deadline, "deadline", 0),
	JSON_UINT(oci_scheduler, period, "period", 0),
	{ 0 },
};
static const struct json_type scheduler_json = JSON_TYPE(oci_scheduler, scheduler_fields);

static const struct json_field io_priority_fields[] = {
	JSON_NAME(oci_io_priority, class, "class", JSON_REQUIRED, oci_io_class_name),
	JSON_INT(oci_io_priority, priority, "priority", JSON_ALWAYS),
	{ 0 },
};
static const struct json_type io_priority_json = JSON_TYPE(oci_io_priority, io_priority_fields);

static const struct json_field cpu_affinity_fields[] = {
	JSON_TEXT(oci_cpu_affinity, initial, "initial", 0),
	JSON_TEXT(oci_cpu_affinity, final, "final", 0),
	{ 0 },
};
static const struct json_type cpu_affinity_json = JSON_TYPE(oci_cpu_affinity, cpu_affinity_fields);

static const struct json_field process_fields[] = {
	JSON_BOOL(oci_process, terminal, "terminal", 0),
	JSON_OBJECT_PTR(oci_process, console_size, "consoleSize", 0, console_size_json),
	JSON_OBJECT(oci_process, user, "user", JSON_ALWAYS, user_json),
	JSON_TEXTS(oci_process, args, "args", 0),
	JSON_TEXTS(oci_process, env, "env", 0),
	JSON_TEXT(oci_process, cwd, "cwd", JSON_REQUIRED),
	JSON_OBJECT_PTR(oci_process, capabilities, "capabilities", 0, capabilities_json),
	JSON_ARRAY(oci_process, rlimits, "rlimits", 0, rlimit_json),
	JSON_BOOL(oci_process, no_new_privileges, "noNewPrivileges", 0),
	JSON_TEXT(oci_process, apparmor_profile, "apparmorProfile", 0),
	JSON_INT_PTR(oci_process, oom_score_adj, "oomScoreAdj", 0),
	JSON_OBJECT_PTR(oci_process, scheduler, "scheduler", 0, scheduler_json),
	JSON_TEXT(oci_process, selinux_label, "selinuxLabel", 0),
	JSON_OBJECT_PTR(oci_process, io_priority, "ioPriority", 0, io_priority_json),
	JSON_OBJECT_PTR(oci_process, exec_cpu_affinity, "execCPUAffinity", 0, cpu_affinity_json),
	{ 0 },
};
const struct json_type oci_process_json = JSON_TYPE(oci_process, process_fields);

static const struct json_field hook_fields[] = {
	JSON_TEXT(oci_hook, path, "path", JSON_REQUIRED),
	JSON_TEXTS(oci_hook, args, "args", 0),
	JSON_TEXTS(oci_hook, env, "env", 0),
	JSON_INT_PTR(oci_hook, timeout, "timeout", 0),
	{ 0 },
};
static const struct json_type hook_json = JSON_TYPE(oci_hook, hook_fields);

static const struct json_field hooks_fields[] = {
	JSON_ARRAY(oci_hooks, prestart, "prestart", 0, hook_json),
	JSON_ARRAY(oci_hooks, create_runtime, "createRuntime", 0, hook_json),
	JSON_ARRAY(oci_hooks, create_container, "createContainer", 0, hook_json),
	JSON_ARRAY(oci_hooks, start_container, "startContainer", 0, hook_json),
	JSON_ARRAY(oci_hooks, poststart, "poststart", 0, hook_json),
	JSON_ARRAY(oci_hooks, poststop, "poststop", 0, hook_json),
	{ 0 },
};
static const struct json_type hooks_json = JSON_TYPE(oci_hooks, hooks_fields);

static const struct json_field namespace_fields[] = {
	JSON_NAME(oci_namespace, type, "type", JSON_REQUIRED, oci_namespace_name),
	JSON_TEXT(oci_namespace, path, "path", 0),
	{ 0 },
};
static const struct json_type namespace_json = JSON_TYPE(oci_namespace, namespace_fields);

static const struct json_field device_fields[] = {
	JSON_TEXT(oci_device, path, "path", JSON_REQUIRED),
	JSON_TEXT(oci_device, type, "type", JSON_REQUIRED),
	JSON_INT(oci_device, major, "major", JSON_ALWAYS),
	JSON_INT(oci_device, minor, "minor", JSON_ALWAYS),
	JSON_UINT_PTR(oci_device, file_mode, "fileMode", 0),
	JSON_UINT_PTR(oci_device, uid, "uid", 0),
	JSON_UINT_PTR(oci_device, gid, "gid", 0),
	{ 0 },
};
static const struct json_type device_json = JSON_TYPE(oci_device, device_fields);

static const struct json_field time_offset_fields[] = {
	JSON_INT(oci_time_offset, secs, "secs", 0),
	JSON_UINT(oci_time_offset, nanosecs, "nanosecs", 0),
	{ 0 },
};
static const struct json_type time_offset_json = JSON_TYPE(oci_time_offset, time_offset_fields);

static const struct json_field time_offsets_fields[] = {
	JSON_OBJECT_PTR(oci_time_offsets, monotonic, "monotonic", 0, time_offset_json),
	JSON_OBJECT_PTR(oci_time_offsets, boottime, "boottime", 0, time_offset_json),
	{ 0 },
};
static const struct json_type time_offsets_json = JSON_TYPE(oci_time_offsets, time_offsets_fields);

static const struct json_field net_device_fields[] = {
	JSON_TEXT(oci_net_device, name, "name", 0),
	{ 0 },
};
static const struct json_type net_device_json = JSON_TYPE(oci_net_device, net_device_fields);

static const struct json_field device_rule_fields[] = {
	JSON_BOOL(oci_device_rule, allow, "allow", JSON_ALWAYS),
	JSON_TEXT(oci_device_rule, type, "type", 0),
	JSON_INT_PTR(oci_device_rule, major, "major", 0),
	JSON_INT_PTR(oci_device_rule, minor, "minor", 0),
	JSON_TEXT(oci_device_rule, access, "access", 0),
	{ 0 },
};
static const struct json_type device_rule_json = JSON_TYPE(oci_device_rule, device_rule_fields);

static const struct json_field memory_fields[] = {
	JSON_INT_PTR(oci_memory, limit, "limit", 0),
	JSON_INT_PTR(oci_memory, reservation, "reservation", 0),
	JSON_INT_PTR(oci_memory, swap, "swap", 0),
	JSON_INT_PTR(oci_memory, kernel, "kernel", 0),
	JSON_INT_PTR(oci_memory, kernel_tcp, "kernelTCP", 0),
	JSON_UINT_PTR(oci_memory, swappiness, "swappiness", 0),
	JSON_BOOL_PTR(oci_memory, disable_oom_killer, "disableOOMKiller", 0),
	JSON_BOOL_PTR(oci_memory, use_hierarchy, "useHierarchy", 0),
	JSON_BOOL_PTR(oci_memory, check_before_update, "checkBeforeUpdate", 0),
	{ 0 },
};
static const struct json_type memory_json = JSON_TYPE(oci_memory, memory_fields);

static const struct json_field cpu_fields[] = {
	JSON_UINT_PTR(oci_cpu, shares, "shares", 0),
	JSON_INT_PTR(oci_cpu, quota, "quota", 0),
	JSON_UINT_PTR(oci_cpu, burst, "burst", 0),
	JSON_UINT_PTR(oci_cpu, period, "period", 0),
	JSON_INT_PTR(oci_cpu, realtime_runtime, "realtimeRuntime", 0),
	JSON_UINT_PTR(oci_cpu, realtime_period, "realtimePeriod", 0),
	JSON_TEXT(oci_cpu, cpus, "cpus", 0),
	JSON_TEXT(oci_cpu, mems, "mems", 0),
	JSON_INT_PTR(oci_cpu, idle, "idle", 0),
	{ 0 },
};
static const struct json_type cpu_json = JSON_TYPE(oci_cpu, cpu_fields);

static const struct json_field pids_fields[] = {
	JSON_INT_PTR(oci_pids, limit, "limit", 0),
	{ 0 },
};
static const struct json_type pids_json = JSON_TYPE(oci_pids, pids_fields);

static const struct json_field weight_device_fields[] = {
	JSON_INT(oci_weight_device, major, "major", JSON_REQUIRED),
	JSON_INT(oci_weight_device, minor, "minor", JSON_REQUIRED),
	JSON_UINT_PTR(oci_weight_device, weight, "weight", 0),
	JSON_UINT_PTR(oci_weight_device, leaf_weight, "leafWeight", 0),
	{ 0 },
};
static const struct json_type weight_device_json =
	JSON_TYPE(oci_weight_device, weight_device_fields);

static const struct json_field throttle_device_fields[] = {
	JSON_INT(oci_throttle_device, major, "major", JSON_REQUIRED),
	JSON_INT(oci_throttle_device, minor, "minor", JSON_REQUIRED),
	JSON_UINT(oci_throttle_device, rate, "rate", JSON_REQUIRED),
	{ 0 },
};
static const struct json_type throttle_device_json =
	JSON_TYPE(oci_throttle_device, throttle_device_fields);

static const struct json_field block_io_fields[] = {
	JSON_UINT_PTR(oci_block_io, weight, "weight", 0),
	JSON_UINT_PTR(oci_block_io, leaf_weight, "leafWeight", 0),
	JSON_ARRAY(oci_block_io, weight_devices, "weightDevice", 0, weight_device_json),
	JSON_ARRAY(oci_block_io, read_bps, "throttleReadBpsDevice", 0, throttle_device_json),
	JSON_ARRAY(oci_block_io, write_bps, "throttleWriteBpsDevice", 0, throttle_device_json),
	JSON_ARRAY(oci_block_io, read_iops, "throttleReadIOPSDevice", 0, throttle_device_json),
	JSON_ARRAY(oci_block_io, write_iops, "throttleWriteIOPSDevice", 0, throttle_device_json),
	{ 0 },
};
static const struct json_type block_io_json = JSON_TYPE(oci_block_io, block_io_fields);

static const struct json_field hugepage_limit_fields[] = {
	JSON_TEXT(oci_hugepage_limit, page_size, "pageSize", JSON_REQUIRED),
	JSON_UINT(oci_hugepage_limit, limit, "limit", JSON_REQUIRED),
	{ 0 },
};
static const struct json_type hugepage_limit_json =
	JSON_TYPE(oci_hugepage_limit, hugepage_limit_fields);

static const struct json_field interface_priority_fields[] = {
	JSON_TEXT(oci_interface_priority, name, "name", JSON_REQUIRED),
	JSON_UINT(oci_interface_priority, priority, "priority", JSON_REQUIRED),
	{ 0 },
};
static const struct json_type interface_priority_json =
	JSON_TYPE(oci_interface_priority, interface_priority_fields);

static const struct json_field network_fields[] = {
	JSON_UINT_PTR(oci_network, class_id, "classID", 0),
	JSON_ARRAY(oci_network, priorities, "priorities", 0, interface_priority_json),
	{ 0 },
};
static const struct json_type network_json = JSON_TYPE(oci_network, network_fields);

static const struct json_field rdma_fields[] = {
	JSON_UINT_PTR(oci_rdma, hca_handles, "hcaHandles", 0),
	JSON_UINT_PTR(oci_rdma, hca_objects, "hcaObjects", 0),
	{ 0 },
};
static const struct json_type rdma_json = JSON_TYPE(oci_rdma, rdma_fields);

static const struct json_field resources_fields[] = {
	JSON_ARRAY(oci_linux_resources, devices, "devices", 0, device_rule_json),
	JSON_OBJECT_PTR(oci_linux_resources, memory, "memory", 0, memory_json),
	JSON_OBJECT_PTR(oci_linux_resources, cpu, "cpu", 0, cpu_json),
	JSON_OBJECT_PTR(oci_linux_resources, pids, "pids", 0, pids_json),
	JSON_OBJECT_PTR(oci_linux_resources, block_io, "blockIO", 0, block_io_json),
	JSON_ARRAY(oci_linux_resources, hugepage_limits, "hugepageLimits", 0, hugepage_limit_json),
	JSON_OBJECT_PTR(oci_linux_resources, network, "network", 0, network_json),
	JSON_MAP(oci_linux_resources, rdma, "rdma", 0, rdma_json),
	JSON_TEXT_MAP(oci_linux_resources, unified, "unified", 0),
	{ 0 },
};
const struct json_type oci_linux_resources_json = JSON_TYPE(oci_linux_resources, resources_fields);

static const struct json_field seccomp_arg_fields[] = {
	JSON_UINT(oci_seccomp_arg, index, "index", JSON_REQUIRED),
	JSON_UINT(oci_seccomp_arg, value, "value", JSON_REQUIRED),
	JSON_UINT(oci_seccomp_arg, value_two, "valueTwo", 0),
	JSON_NAME(oci_seccomp_arg, op, "op", JSON_REQUIRED, oci_seccomp_op_name),
	{ 0 },
};
static const struct json_type seccomp_arg_json = JSON_TYPE(oci_seccomp_arg, seccomp_arg_fields);

static const struct json_field seccomp_rule_fields[] = {
	JSON_TEXTS(oci_seccomp_rule, names, "names", JSON_REQUIRED),
	JSON_NAME(oci_seccomp_rule, action, "action", JSON_REQUIRED, oci_seccomp_action_name),
	JSON_UINT_PTR(oci_seccomp_rule, errno_ret, "errnoRet", 0),
	JSON_ARRAY(oci_seccomp_rule, args, "args", 0, seccomp_arg_json),
	{ 0 },
};
static const struct json_type seccomp_rule_json = JSON_TYPE(oci_seccomp_rule, seccomp_rule_fields);

static const struct json_field seccomp_fields[] = {
	JSON_NAME(oci_seccomp, default_action, "defaultAction", JSON_REQUIRED,
		  oci_seccomp_action_name),
	JSON_UINT_PTR(oci_seccomp, default_errno_ret, "defaultErrnoRet", 0),
	JSON_TEXTS(oci_seccomp, architectures, "architectures", 0),
	JSON_TEXTS(oci_seccomp, flags, "flags", 0),
	JSON_TEXT(oci_seccomp, listener_path, "listenerPath", 0),
	JSON_TEXT(oci_seccomp, listener_metadata, "listenerMetadata", 0),
	JSON_ARRAY(oci_seccomp, syscalls, "syscalls", 0, seccomp_rule_json),
	{ 0 },
};
const struct json_type oci_seccomp_json = JSON_TYPE(oci_seccomp, seccomp_fields);

static const struct json_field intel_rdt_fields[] = {
	JSON_TEXT(oci_intel_rdt, clos_id, "closID", 0),
	JSON_TEXTS(oci_intel_rdt, schemata, "schemata", 0),
	JSON_TEXT(oci_intel_rdt, l3_cache_schema, "l3CacheSchema", 0),
	JSON_TEXT(oci_intel_rdt, mem_bw_schema, "memBwSchema", 0),
	JSON_BOOL(oci_intel_rdt, enable_monitoring, "enableMonitoring", 0),
	JSON_BOOL(oci_intel_rdt, enable_cmt, "enableCMT", 0),
	JSON_BOOL(oci_intel_rdt, enable_mbm, "enableMBM", 0),
	{ 0 },
};
static const struct json_type intel_rdt_json = JSON_TYPE(oci_intel_rdt, intel_rdt_fields);

static const struct json_field personality_fields[] = {
	JSON_TEXT(oci_personality, domain, "domain", JSON_REQUIRED),
	JSON_TEXTS(oci_personality, flags, "flags", 0),
	{ 0 },
};
static const struct json_type personality_json = JSON_TYPE(oci_personality, personality_fields);

static const struct json_field memory_policy_fields[] = {
	JSON_TEXT(oci_memory_policy, mode, "mode", 0),
	JSON_TEXT(oci_memory_policy, nodes, "nodes", 0),
	JSON_TEXTS(oci_memory_policy, flags, "flags", 0),
	{ 0 },
};
static const struct json_type memory_policy_json =
	JSON_TYPE(oci_memory_policy, memory_policy_fields);

static const struct json_field linux_fields[] = {
	JSON_ARRAY(oci_linux, uid_maps, "uidMappings", 0, oci_id_map_json),
	JSON_ARRAY(oci_linux, gid_maps, "gidMappings", 0, oci_id_map_json),
	JSON_TEXT_MAP(oci_linux, sysctl, "sysctl", 0),
	JSON_OBJECT_PTR(oci_linux, resources, "resources", 0, oci_linux_resources_json),
	JSON_TEXT(oci_linux, cgroups_path, "cgroupsPath", 0),
	JSON_ARRAY(oci_linux, namespaces, "namespaces", 0, namespace_json),
	JSON_ARRAY(oci_linux, devices, "devices", 0, device_json),
	JSON_MAP(oci_linux, net_devices, "netDevices", 0, net_device_json),
	JSON_OBJECT_PTR(oci_linux, seccomp, "seccomp", 0, oci_seccomp_json),
	JSON_TEXT(oci_linux, rootfs_propagation, "rootfsPropagation", 0),
	JSON_TEXTS(oci_linux, masked_paths, "maskedPaths", 0),
	JSON_TEXTS(oci_linux, readonly_paths, "readonlyPaths", 0),
	JSON_TEXT(oci_linux, mount_label, "mountLabel", 0),
	JSON_OBJECT_PTR(oci_linux, intel_rdt, "intelRdt", 0, intel_rdt_json),
	JSON_OBJECT_PTR(oci_linux, memory_policy, "memoryPolicy", 0, memory_policy_json),
	JSON_OBJECT_PTR(oci_linux, personality, "personality", 0, personality_json),
	JSON_OBJECT_PTR(oci_linux, time_offsets, "timeOffsets", 0, time_offsets_json),
	{ 0 },
};
const struct json_type oci_linux_json = JSON_TYPE(oci_linux, linux_fields);

static const struct json_field config_fields[] = {
	JSON_TEXT(oci_config, version, "ociVersion", JSON_REQUIRED),
	JSON_OBJECT_PTR(oci_config, process, "process", 0, oci_process_json),
	JSON_OBJECT_PTR(oci_config, root, "root", 0, root_json),
	JSON_TEXT(oci_config, hostname, "hostname", 0),
	JSON_TEXT(oci_config, domainname, "domainname", 0),
	JSON_ARRAY(oci_config, mounts, "mounts", 0, mount_json),
	JSON_OBJECT_PTR(oci_config, hooks, "hooks", 0, hooks_json),
	JSON_TEXT_MAP(oci_config, annotations, "annotations", 0),
	JSON_OBJECT_PTR(oci_config, linux_part, "linux", 0, oci_linux_json),
	{ 0 },
};
const struct json_type oci_config_json = JSON_TYPE(oci_config, config_fields);

int oci_config_read(struct arena *a, const char *text, size_t len, struct oci_config *ret,
		    struct err *e)
{
	struct oci_config c = { 0 };
	int r = json_read(a, text, len, &oci_config_json, &c, e);

	if (r < 0)
		return r;
	r = oci_config_check(&c, e);
	if (r < 0)
		return r;
	*ret = c;
	return 0;
}

void oci_config_write(struct buf *out, const struct oci_config *c, unsigned indent)
{
	json_write(out, &oci_config_json, c, indent);
}

const struct oci_namespace *oci_namespace_find(const struct oci_config *c,
					       enum oci_namespace_type type)
{
	if (!c->linux_part)
		return NULL;
	for (size_t i = 0; i < c->linux_part->namespaces.n; i++)
		if (c->linux_part->namespaces.v[i].type == (int)type)
			return &c->linux_part->namespaces.v[i];
	return NULL;
}
