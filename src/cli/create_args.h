/* SPDX-License-Identifier: BSD-2-Clause */
/* The options that run and create share, and how they become a container. */
#pragma once

#include "cli/cli.h"
#include "engine/create.h"

struct create_args {
	/* Of run alone. */
	bool detach, sig_proxy, plan;
	const char *detach_keys;

	bool interactive, tty, remove, replace, init, privileged, read_only, read_only_tmpfs;
	bool no_hosts, no_hostname, rootfs, env_host, http_proxy, unset_env_all, oom_kill_disable;
	bool quiet, tls_verify, tls_verify_given;
	const char *name, *cid_file, *pid_file, *monitor_pid_file, *entrypoint, *working_dir, *user;
	bool entrypoint_given, working_dir_given;
	const char *hostname, *domainname, *stop_signal, *restart, *umask, *timezone, *init_path;
	const char *pid, *ipc, *uts, *cgroupns, *cgroups, *cgroup_parent, *userns;
	const char *log_driver, *pull, *platform, *arch, *os, *variant, *authfile, *cert_dir,
		*creds;
	const char *image_volume, *memory, *memory_reservation, *memory_swap, *shm_size;
	const char *cpuset_cpus, *cpuset_mems;
	struct texts attach, env, env_file, unset_env, label, label_file, annotation, group_add;
	struct texts volume, mount, tmpfs, volumes_from, cap_add, cap_drop, security_opt, device;
	struct texts device_cgroup_rule, sysctl, ulimit, log_opt, expose;
	struct texts requires, env_merge, host_user, blkio_weight_device, cgroup_conf;
	struct texts read_bps, write_bps, read_iops, write_iops;
	const char *passwd_entry, *group_entry, *personality, *subuid_name, *subgid_name;
	bool passwd, remove_image;
	struct texts network, network_alias, publish;
	const char *ip, *ip6, *mac_address;
	bool publish_all;
	struct texts dns, dns_search, dns_option, add_host, uid_map, gid_map;
	double cpus;
	int64_t stop_timeout, timeout, pids_limit, memory_swappiness, cpu_quota, oom_score_adj;
	int64_t retry;
	uint64_t cpu_shares, cpu_period, cpu_rt_period, blkio_weight;
	int64_t cpu_rt_runtime;
	bool memory_swappiness_given, cpu_quota_given, cpu_period_given, cpu_shares_given,
		oom_score_adj_given, pids_limit_given, blkio_weight_given, stop_timeout_given,
		cpu_rt_period_given, cpu_rt_runtime_given, cpus_given;
	int64_t retry_delay;
};

extern const struct option create_options[]; /* of both */
extern const struct option run_options[];    /* of run alone */
void create_args_init(void *args);

/* What the options and the words behind the image ask for. The image's name is argv[0]. */
int create_args_parse(struct arena *a, const struct create_args *args, int argc, const char **argv,
		      struct container_create *ret, struct err *e);
/* --env-file and --env, in this order; "K" takes the host's value, "K*" all that begin so. */
int env_args_parse(struct arena *a, const struct texts *files, const struct texts *env,
		   struct texts *ret, struct err *e);
/* --add-host, --dns…, --expose: into c. */
int create_args_network(struct arena *a, const struct create_args *args, struct container *c,
			struct err *e);
/* --network, --ip…, -p, -P: into how->want and how. */
int create_args_attach(struct arena *a, const struct create_args *args,
		       struct container_create *how, struct err *e);
/* The networks by their names: those that were asked for have to be there. */
int create_args_find_networks(const struct state *s, struct arena *a, struct container *c,
			      struct err *e);
/* -v, --mount, --tmpfs, --volumes-from: into c->mounts. */
int create_args_mounts(struct arena *a, const struct create_args *args, struct container *c,
		       struct err *e);
/* Block I/O and --cgroup-conf: into res. */
int create_args_io(struct arena *a, const struct create_args *args, struct oci_linux_resources *res,
		   struct err *e);
bool create_args_want_io(const struct create_args *args);
/* Limits: into c->resources and c->ulimits. */
int create_args_limits(struct arena *a, const struct create_args *args, struct container *c,
		       struct err *e);
/* --security-opt, capabilities: into c. */
int create_args_security(struct arena *a, const struct create_args *args, struct container *c,
			 struct err *e);
/* --userns, --uidmap, --gidmap: into how->want and how->userns_size. */
int create_args_userns(struct arena *a, const struct create_args *args,
		       struct container_create *how, struct err *e);
/* Finds the image, pulling it as --pull says, and makes the container. *ret_lock (may be NULL): its
 * lock, for whoever goes on to start it; -1 with --plan. */
int create_from_args(struct session *s, const struct create_args *args, int argc, const char **argv,
		     struct container **ret, int *ret_lock, struct err *e);
