/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/container.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "monitor/monitor.h"

static const struct json_field mount_fields[] = {
	JSON_TEXT(container_mount, type, "type", JSON_REQUIRED),
	JSON_TEXT(container_mount, source, "source", 0),
	JSON_TEXT(container_mount, destination, "destination", JSON_REQUIRED),
	JSON_TEXTS(container_mount, options, "options", 0),
	JSON_BOOL(container_mount, anonymous, "anonymous", 0),
	JSON_BOOL(container_mount, copy_up, "copyUp", 0),
	JSON_BOOL(container_mount, overlay, "overlay", 0),
	JSON_BOOL(container_mount, chown, "chown", 0),
	JSON_TEXT(container_mount, sub_path, "subPath", 0),
	JSON_TEXT(container_mount, upper_dir, "upperDir", 0),
	JSON_TEXT(container_mount, work_dir, "workDir", 0),
	JSON_ARRAY(container_mount, uid_maps, "uidMappings", 0, oci_id_map_json),
	JSON_ARRAY(container_mount, gid_maps, "gidMappings", 0, oci_id_map_json),
	{ 0 },
};
static const struct json_type container_mount_json = JSON_TYPE(container_mount, mount_fields);

static const struct json_field ulimit_fields[] = {
	JSON_TEXT(container_ulimit, name, "name", JSON_REQUIRED),
	JSON_INT(container_ulimit, soft, "soft", JSON_ALWAYS),
	JSON_INT(container_ulimit, hard, "hard", JSON_ALWAYS),
	{ 0 },
};
static const struct json_type container_ulimit_json = JSON_TYPE(container_ulimit, ulimit_fields);

static const struct json_field device_fields[] = {
	JSON_TEXT(container_device, source, "source", JSON_REQUIRED),
	JSON_TEXT(container_device, destination, "destination", JSON_REQUIRED),
	JSON_TEXT(container_device, access, "access", JSON_REQUIRED),
	{ 0 },
};
static const struct json_type container_device_json = JSON_TYPE(container_device, device_fields);

static const struct json_field log_fields[] = {
	JSON_TEXT(container_log, driver, "driver", JSON_REQUIRED),
	JSON_TEXT(container_log, path, "path", 0),
	JSON_TEXT(container_log, tag, "tag", 0),
	JSON_INT(container_log, max_bytes, "maxBytes", 0),
	{ 0 },
};
static const struct json_type container_log_json = JSON_TYPE(container_log, log_fields);

static const struct json_field namespaces_fields[] = {
	JSON_TEXT(container_namespaces, pid, "pid", 0),
	JSON_TEXT(container_namespaces, ipc, "ipc", 0),
	JSON_TEXT(container_namespaces, uts, "uts", 0),
	JSON_TEXT(container_namespaces, network, "network", 0),
	JSON_TEXT(container_namespaces, user, "user", 0),
	JSON_TEXT(container_namespaces, cgroup, "cgroup", 0),
	{ 0 },
};
static const struct json_type container_namespaces_json =
	JSON_TYPE(container_namespaces, namespaces_fields);

static const struct json_field fields[] = {
	JSON_INT(container, version, "version", JSON_REQUIRED),
	JSON_TEXT(container, id, "id", JSON_REQUIRED),
	JSON_TEXT(container, name, "name", JSON_REQUIRED),
	JSON_INT(container, created_nsec, "created", JSON_REQUIRED),
	JSON_TEXTS(container, create_command, "createCommand", 0),
	JSON_TEXT(container, image_id, "imageID", 0),
	JSON_TEXT(container, image_name, "imageName", 0),
	JSON_TEXT(container, image_digest, "imageDigest", 0),
	JSON_TEXT(container, rootfs, "rootfs", 0),
	JSON_TEXTS(container, args, "args", JSON_REQUIRED),
	JSON_TEXTS(container, entrypoint, "entrypoint", 0),
	JSON_TEXTS(container, command, "command", 0),
	JSON_TEXTS(container, env, "env", 0),
	JSON_TEXT(container, working_dir, "workingDir", 0),
	JSON_BOOL(container, working_dir_asked, "workingDirAsked", 0),
	JSON_TEXT(container, user, "user", 0),
	JSON_TEXT(container, hostname, "hostname", 0),
	JSON_TEXT(container, domainname, "domainname", 0),
	JSON_TEXT_MAP(container, labels, "labels", 0),
	JSON_TEXT_MAP(container, annotations, "annotations", 0),
	JSON_TEXT(container, stop_signal, "stopSignal", 0),
	JSON_INT(container, stop_timeout_sec, "stopTimeout", JSON_ALWAYS),
	JSON_INT(container, timeout_sec, "timeout", 0),
	JSON_BOOL(container, tty, "tty", 0),
	JSON_BOOL(container, interactive, "interactive", 0),
	JSON_BOOL(container, auto_remove, "autoRemove", 0),
	JSON_BOOL(container, init, "init", 0),
	JSON_TEXT(container, init_path, "initPath", 0),
	JSON_BOOL(container, privileged, "privileged", 0),
	JSON_BOOL(container, read_only, "readOnly", 0),
	JSON_BOOL(container, read_only_tmpfs, "readOnlyTmpfs", 0),
	JSON_BOOL(container, no_new_privileges, "noNewPrivileges", 0),
	JSON_BOOL(container, no_hosts, "noHosts", 0),
	JSON_BOOL(container, no_hostname, "noHostname", 0),
	JSON_BOOL(container, oom_kill_disable, "oomKillDisable", 0),
	JSON_TEXT(container, umask, "umask", 0),
	JSON_TEXT(container, timezone, "timezone", 0),
	JSON_TEXT(container, personality, "personality", 0),
	JSON_BOOL(container, no_passwd, "noPasswd", 0),
	JSON_TEXT(container, passwd_entry, "passwdEntry", 0),
	JSON_TEXT(container, group_entry, "groupEntry", 0),
	JSON_TEXTS(container, host_users, "hostUsers", 0),
	JSON_BOOL(container, auto_remove_image, "autoRemoveImage", 0),
	JSON_TEXT(container, proc_options, "procOptions", 0),
	JSON_TEXT(container, restart, "restart", 0),
	JSON_INT(container, restart_max, "restartMax", 0),
	JSON_TEXTS(container, requires, "requires", 0),
	JSON_TEXTS(container, volumes_from, "volumesFrom", 0),
	JSON_TEXT(container, cid_file, "cidFile", 0),
	JSON_TEXT(container, pid_file, "pidFile", 0),
	JSON_TEXT(container, monitor_pid_file, "monitorPidFile", 0),
	JSON_OBJECT(container, log, "log", JSON_REQUIRED, container_log_json),
	JSON_TEXTS(container, cap_add, "capAdd", 0),
	JSON_TEXTS(container, cap_drop, "capDrop", 0),
	JSON_TEXTS(container, group_add, "groupAdd", 0),
	JSON_TEXT(container, seccomp, "seccomp", 0),
	JSON_TEXT(container, apparmor, "apparmor", 0),
	JSON_TEXT(container, selinux_label, "selinuxLabel", 0),
	JSON_TEXTS(container, security_options, "securityOptions", 0),
	JSON_TEXTS(container, mask, "mask", 0),
	JSON_TEXTS(container, unmask, "unmask", 0),
	JSON_OBJECT(container, namespaces, "namespaces", 0, container_namespaces_json),
	JSON_ARRAY(container, uid_maps, "uidMappings", 0, oci_id_map_json),
	JSON_ARRAY(container, gid_maps, "gidMappings", 0, oci_id_map_json),
	JSON_TEXT(container, cgroup_parent, "cgroupParent", 0),
	JSON_TEXT(container, cgroup_manager, "cgroupManager", 0),
	JSON_BOOL(container, cgroups_disabled, "cgroupsDisabled", 0),
	JSON_OBJECT_PTR(container, resources, "resources", 0, oci_linux_resources_json),
	JSON_ARRAY(container, ulimits, "ulimits", 0, container_ulimit_json),
	JSON_TEXT_MAP(container, sysctls, "sysctls", 0),
	JSON_INT(container, shm_bytes, "shmBytes", JSON_ALWAYS),
	JSON_INT_PTR(container, oom_score_adj, "oomScoreAdj", 0),
	JSON_ARRAY(container, devices, "devices", 0, container_device_json),
	JSON_TEXTS(container, device_rules, "deviceRules", 0),
	JSON_ARRAY(container, mounts, "mounts", 0, container_mount_json),
	JSON_ARRAY(container, networks, "networks", 0, network_attachment_json),
	JSON_ARRAY(container, ports, "ports", 0, network_port_json),
	JSON_TEXTS(container, exposed_ports, "exposedPorts", 0),
	JSON_TEXTS(container, dns, "dns", 0),
	JSON_TEXTS(container, dns_search, "dnsSearch", 0),
	JSON_TEXTS(container, dns_options, "dnsOptions", 0),
	JSON_TEXTS(container, add_hosts, "addHosts", 0),
	JSON_TEXT(container, os, "os", 0),
	JSON_TEXT(container, architecture, "architecture", 0),
	{ 0 },
};
const struct json_type container_json = JSON_TYPE(container, fields);

#define FORMAT_VERSION 1

int container_load(const struct state *s, struct arena *a, const char *id, struct container **ret,
		   struct err *e)
{
	auto_close int dir = state_dir(s, CONTAINERS, id, e);
	struct container *c = ARENA_NEW(a, struct container);
	int r;

	if (dir < 0)
		return dir;
	r = json_read_at(a, dir, CONTAINER_FILE, CONTAINER_MAX, &container_json, c, e);
	/* Being removed by another command: it has left its place before it loses its files. */
	if (r == -ENOENT && !state_exists(s, CONTAINERS, id))
		return err_set(e, ERR_NOT_FOUND, "%s is not there", id);
	/* Else it is there, and whoever asks must not take it for missing. */
	if (r == -ENOENT)
		return err_set(e, ERR_INVALID, "container %.12s is damaged: %s is missing", id,
			       CONTAINER_FILE);
	if (r < 0)
		return err_wrap(e, "container %.12s is damaged", id);
	if (c->version != FORMAT_VERSION || strcmp(c->id, id) != 0)
		return err_set(e, ERR_INVALID, "container %.12s is damaged: %s", id,
			       c->version != FORMAT_VERSION ? "another version's format"
							    : "it has another id");
	*ret = c;
	return 0;
}

int container_save(const struct state *s, int dir, const struct container *c, bool durable,
		   struct err *e)
{
	return json_replace_at(dir, CONTAINER_FILE, CONTAINER_MAX, &container_json, c,
			       &(struct file_write){ .durable = durable, .fill_root = s->lib }, e);
}

static bool is_hex(const char *s)
{
	return *s && strspn(s, "0123456789abcdef") == strlen(s);
}

int container_find_id(const struct state *s, struct arena *a, const char *name, const char **ret,
		      struct err *e)
{
	const char *id, *found = NULL;
	struct texts ids;
	int r;

	if (strlen(name) == STATE_ID_LEN && is_hex(name) && state_exists(s, CONTAINERS, name)) {
		*ret = arena_strdup(a, name);
		return 0;
	}
	id = state_name_find(s, CONTAINERS, *name == '/' ? name + 1 : name, a);
	if (id && state_exists(s, CONTAINERS, id)) {
		*ret = id;
		return 0;
	}
	if (is_hex(name) && strlen(name) < STATE_ID_LEN) {
		r = state_list(s, CONTAINERS, a, &ids, e);
		if (r < 0)
			return r;
		for (size_t i = 0; i < ids.n; i++) {
			if (!text_after(ids.v[i], name))
				continue;
			if (found)
				return err_set(e, ERR_CONFLICT,
					       "more than one result for container ID %s: "
					       "container already exists",
					       name);
			found = ids.v[i];
		}
	}
	if (!found)
		return err_set(e, ERR_NOT_FOUND,
			       "no container with name or ID \"%s\" found: no such container",
			       name);
	*ret = found;
	return 0;
}

int container_find(const struct state *s, struct arena *a, const char *name, struct container **ret,
		   struct err *e)
{
	const char *id;
	int r = container_find_id(s, a, name, &id, e);

	if (r < 0)
		return r;
	r = container_load(s, a, id, ret, e);
	/* Removed between the two looks. */
	if (r < 0 && !state_exists(s, CONTAINERS, id))
		return err_set(e, ERR_NOT_FOUND,
			       "no container with name or ID \"%s\" found: no such container",
			       name);
	return r;
}

static int later_first(const void *a, const void *b)
{
	const struct container *x = *(struct container *const *)a;
	const struct container *y = *(struct container *const *)b;

	if (x->created_nsec != y->created_nsec)
		return x->created_nsec < y->created_nsec ? 1 : -1;
	return strcmp(x->id, y->id);
}

void container_skip_damaged(void *arg, const char *id, const struct err *why)
{
}

int container_list(const struct state *s, struct arena *a, struct containers *ret,
		   void (*damaged)(void *arg, const char *id, const struct err *why), void *arg,
		   struct err *e)
{
	struct containers l = { 0 };
	struct texts ids;
	int r = state_list(s, CONTAINERS, a, &ids, e);

	if (r < 0)
		return r;
	l.v = arena_array(a, ids.n, sizeof(*l.v));
	for (size_t i = 0; i < ids.n; i++) {
		struct err why;

		r = container_load(s, a, ids.v[i], &l.v[l.n], &why);
		if (r == 0) {
			l.n++;
		} else if (r != -ENOENT && damaged) {
			damaged(arg, ids.v[i], &why);
		} else if (r != -ENOENT) {
			if (e)
				*e = why;
			return r;
		}
	}
	if (l.n)
		qsort(l.v, l.n, sizeof(*l.v), later_first);
	*ret = l;
	return 0;
}

static bool uses_image(const struct container *c, const char *image_id)
{
	if (text_eq(c->image_id, image_id))
		return true;
	for (size_t i = 0; i < c->mounts.n; i++)
		if (strcmp(c->mounts.v[i].type, "image") == 0 &&
		    text_eq(c->mounts.v[i].source, image_id))
			return true;
	return false;
}

int container_users_of_image(void *arg, const char *image_id, struct arena *a,
			     struct texts *ret_ids, struct err *e)
{
	struct containers all;
	struct texts ids = { 0 };
	int r = container_list(arg, a, &all, NULL, NULL, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < all.n; i++)
		if (uses_image(all.v[i], image_id))
			texts_add(a, &ids, all.v[i]->id);
	*ret_ids = ids;
	return 0;
}

bool container_log_driver_known(const char *driver)
{
	return text_index(driver, monitor_log_name, MONITOR_LOGS) >= 0;
}

bool container_restart_known(const char *policy)
{
	return text_index(policy, monitor_restart_name, MONITOR_RESTARTS) >= 0;
}
