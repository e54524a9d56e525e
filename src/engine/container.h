/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A container as it was asked for: what container.json holds, durable and never changed by starting
 * or stopping (doc/formats/container.md).  What is so now, its pid and state, is status.h's.
 */
#pragma once

#include "network/network.h"
#include "spec/runtime.h"
#include "state/state.h"

#define CONTAINERS     "containers" /* the kind, for state.h */
#define CONTAINER_FILE "container.json"
#define CONTAINER_MAX  (4U << 20)

/* A mount that was asked for, by -v, --mount, --tmpfs or the image's VOLUME. */
struct container_mount {
	const char *type;   /* "bind", "volume", "tmpfs", "image", "devpts", "ramfs" */
	const char *source; /* bind: absolute path; volume: its name; image: its id */
	const char *destination;
	struct texts options; /* as the runtime takes them: "ro", "rslave", "noexec", "size=1m" */
	bool anonymous;       /* a volume that goes with the container */
	bool copy_up;         /* a volume or tmpfs gets the image's content on first use */
	bool overlay; /* what is written goes to the container, and away with its next start */
	bool chown;   /* it is to belong to the container's user */
	const char *sub_path;
	const char *upper_dir, *work_dir;      /* overlay: of the user's own, which stay */
	struct oci_id_maps uid_maps, gid_maps; /* it is shown with its IDs mapped so */
	/* Of a volume that is made with the container; not kept. */
	struct text_map volume_options, volume_labels;
};
struct container_mounts {
	struct container_mount *v;
	size_t n;
};

struct container_ulimit {
	const char *name;   /* "nofile" */
	int64_t soft, hard; /* -1: no limit */
};
struct container_ulimits {
	struct container_ulimit *v;
	size_t n;
};

struct container_device {
	const char *source, *destination, *access;
};
struct container_devices {
	struct container_device *v;
	size_t n;
};

struct container_log {
	const char *driver; /* "k8s-file" … */
	const char *path;   /* relative to the container's directory, or absolute */
	const char *tag;
	int64_t max_bytes; /* 0: the default, -1: unlimited */
};

/* How each namespace is had: "private", "host", "container:ID", "ns:PATH"; network also "none", and
 * "bridge": on `networks`;
 * ipc also "none", "shareable"; NULL: the default. */
struct container_namespaces {
	const char *pid, *ipc, *uts, *network, *user, *cgroup;
};

struct container {
	int64_t version; /* of the format: 1 */
	const char *id, *name;
	int64_t created_nsec; /* since 1970 */
	struct texts create_command;

	const char *image_id, *image_name, *image_digest; /* NULL with rootfs */
	const char *rootfs;                               /* a directory instead of an image */

	/* What runs: the image's and the user's wishes merged, so that a start needs no image
	 * configuration. */
	struct texts args; /* entrypoint + command */
	struct texts entrypoint, command;
	struct texts env; /* "K=V" */
	const char *working_dir, *user;
	bool working_dir_asked; /* must exist: it is the user's, not the image's */
	const char *hostname, *domainname;
	struct text_map labels, annotations;
	const char *stop_signal;
	int64_t stop_timeout_sec, timeout_sec;
	bool tty, interactive, auto_remove, init, privileged, read_only, read_only_tmpfs;
	bool no_new_privileges, no_hosts, no_hostname, oom_kill_disable;
	const char *init_path, *umask, *timezone, *personality;
	bool no_passwd;                         /* an unknown user gets no entry */
	const char *passwd_entry, *group_entry; /* templates of it; NULL: podman's */
	struct texts host_users;                /* of the host, to be known in there */
	bool auto_remove_image;
	const char *proc_options; /* for the mount of /proc */
	const char *restart;      /* "no", "on-failure", "always", "unless-stopped" */
	int64_t restart_max;
	struct texts requires;     /* ids of containers that are started before it */
	struct texts volumes_from; /* ids of those whose volumes are among `mounts` */
	const char *cid_file, *pid_file, *monitor_pid_file;
	struct container_log log;

	struct texts cap_add, cap_drop, group_add;
	const char *seccomp; /* NULL: the default profile; "unconfined"; or the path of a file */
	const char *apparmor, *selinux_label;
	struct texts security_options; /* as they were given, for inspect */
	struct texts mask, unmask;     /* paths; unmask may be "ALL" */

	struct container_namespaces namespaces;
	/* Of its own user namespace; both empty: it has none. */
	struct oci_id_maps uid_maps, gid_maps;
	const char *cgroup_parent, *cgroup_manager;
	bool cgroups_disabled;
	struct oci_linux_resources *resources; /* without devices */
	struct container_ulimits ulimits;
	struct text_map sysctls;
	int64_t shm_bytes; /* 0: unlimited */
	const int64_t *oom_score_adj;
	struct container_devices devices;
	struct texts device_rules; /* "c 10:200 rwm" */
	struct container_mounts mounts;
	struct network_attachments networks;                  /* in the order of eth0, eth1, … */
	struct network_ports ports;                           /* published */
	struct texts exposed_ports;                           /* "80/tcp" */
	struct texts dns, dns_search, dns_options, add_hosts; /* "NAME:IP" */
	const char *os, *architecture;
};

extern const struct json_type container_json;

/* By its whole id. ERR_NOT_FOUND; a damaged file is ERR_INVALID and names it. */
int container_load(const struct state *s, struct arena *a, const char *id, struct container **ret,
		   struct err *e);
/* By name, whole id or unique beginning of an id: ERR_NOT_FOUND "no container with name or ID
 * "x" found: no such container", ERR_CONFLICT when it is ambiguous. */
int container_find(const struct state *s, struct arena *a, const char *name, struct container **ret,
		   struct err *e);
/* Only the id of it. */
int container_find_id(const struct state *s, struct arena *a, const char *name, const char **ret,
		      struct err *e);

struct containers {
	struct container **v;
	size_t n;
};
/* All, the last created first.  One that cannot be read is left out and told to `damaged`; without
 * `damaged` it fails the call: whoever decides whether something is in use must see them all. */
int container_list(const struct state *s, struct arena *a, struct containers *ret,
		   void (*damaged)(void *arg, const char *id, const struct err *why), void *arg,
		   struct err *e);
/* A `damaged` for who only counts. */
void container_skip_damaged(void *arg, const char *id, const struct err *why);
/* Writes container.json into the container's directory, for create and rename. */
int container_save(const struct state *s, int dir, const struct container *c, bool durable,
		   struct err *e);
/* The containers of an image, for image_remove(): an image_users.find. arg: the state. */
int container_users_of_image(void *arg, const char *image_id, struct arena *a,
			     struct texts *ret_ids, struct err *e);
/* Whether there is such a --log-driver, and such a --restart policy (without its number). */
bool container_log_driver_known(const char *driver);
bool container_restart_known(const char *policy);
/* Checks a name against [a-zA-Z0-9][a-zA-Z0-9_.-]*. */
int container_name_check(const char *name, struct err *e);
/* A name nobody has: "brave_lovelace". */
int container_name_random(const struct state *s, struct arena *a, const char **ret, struct err *e);
