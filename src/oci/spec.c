/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cgroup/cgroup.h"
#include "oci/command.h"
#include "spec/runtime.h"

struct spec_args {
	const char *bundle, *file;
	bool rootless;
};

static const struct option spec_options[] = {
	OPTION_TEXT(spec_args, bundle, "bundle", 'b', "DIR", "Folder to write to (.)",
		    .completes = "file"),
	OPTION_TEXT(spec_args, file, "file", 'f', "FILE", "Name of the file (config.json)",
		    .completes = "file"),
	OPTION_FLAG(spec_args, rootless, "rootless", 0, "For a plain user, in a user namespace"),
	{ 0 },
};

#define THREE "[\"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"]"

/* Callers change it with jq, so that its shape matters. */
static const char standard[] =
	"{\"ociVersion\": \"" OCI_RUNTIME_VERSION "\", \"process\": {\"terminal\": true,"
	"\"user\": {\"uid\": 0, \"gid\": 0}, \"args\": [\"sh\"],"
	"\"env\": [\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\","
	"\"TERM=xterm\"], \"cwd\": \"/\", \"capabilities\": {\"bounding\": " THREE
	", \"effective\": " THREE ", \"permitted\": " THREE "},"
	"\"rlimits\": [{\"type\": \"RLIMIT_NOFILE\", \"hard\": 1024, \"soft\": 1024}],"
	"\"noNewPrivileges\": true}, \"root\": {\"path\": \"rootfs\", \"readonly\": true},"
	"\"hostname\": \"berth\", \"mounts\": ["
	"{\"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\"},"
	"{\"destination\": \"/dev\", \"type\": \"tmpfs\", \"source\": \"tmpfs\","
	"\"options\": [\"nosuid\", \"strictatime\", \"mode=755\", \"size=65536k\"]},"
	"{\"destination\": \"/dev/pts\", \"type\": \"devpts\", \"source\": \"devpts\","
	"\"options\": [\"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\","
	"\"mode=0620\", \"gid=5\"]},"
	"{\"destination\": \"/dev/shm\", \"type\": \"tmpfs\", \"source\": \"shm\","
	"\"options\": [\"nosuid\", \"noexec\", \"nodev\", \"mode=1777\", \"size=65536k\"]},"
	"{\"destination\": \"/dev/mqueue\", \"type\": \"mqueue\", \"source\": \"mqueue\","
	"\"options\": [\"nosuid\", \"noexec\", \"nodev\"]},"
	"{\"destination\": \"/sys\", \"type\": \"sysfs\", \"source\": \"sysfs\","
	"\"options\": [\"nosuid\", \"noexec\", \"nodev\", \"ro\"]},"
	"{\"destination\": \"/sys/fs/cgroup\", \"type\": \"cgroup\", \"source\": \"cgroup\","
	"\"options\": [\"nosuid\", \"noexec\", \"nodev\", \"relatime\", \"ro\"]}],"
	"\"linux\": {\"resources\": {\"devices\": [{\"allow\": false, \"access\": \"rwm\"}]},"
	"\"namespaces\": [{\"type\": \"pid\"}, {\"type\": \"network\"}, {\"type\": \"ipc\"},"
	"{\"type\": \"uts\"}, {\"type\": \"mount\"}, {\"type\": \"cgroup\"}],"
	"\"maskedPaths\": [\"/proc/acpi\", \"/proc/asound\", \"/proc/kcore\", \"/proc/keys\","
	"\"/proc/latency_stats\", \"/proc/timer_list\", \"/proc/timer_stats\","
	"\"/proc/sched_debug\", \"/sys/firmware\", \"/proc/scsi\"],"
	"\"readonlyPaths\": [\"/proc/bus\", \"/proc/fs\", \"/proc/irq\", \"/proc/sys\","
	"\"/proc/sysrq-trigger\"]}}";

static struct oci_id_maps map_root_to(struct arena *a, uint64_t id)
{
	struct oci_id_map *m = ARENA_NEW(a, struct oci_id_map);

	*m = (struct oci_id_map){ .host_id = id, .size = 1 };
	return (struct oci_id_maps){ m, 1 };
}

/* A plain user may mount no sysfs without a network namespace, and knows no group 5. */
static void change_mounts(struct arena *a, struct oci_mounts *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct oci_mount *m = &l->v[i];
		struct texts kept = { 0 };

		if (strcmp(m->destination, "/sys") == 0) {
			m->type = "none";
			m->source = "/sys";
			texts_add(a, &kept, "rbind");
		}
		for (size_t j = 0; j < m->options.n; j++)
			if (strcmp(m->options.v[j], "gid=5") != 0)
				texts_add(a, &kept, m->options.v[j]);
		m->options = kept;
	}
}

static void make_rootless(struct arena *a, struct oci_config *c)
{
	struct oci_linux *os = c->linux_part;

	for (size_t i = 0; i < os->namespaces.n; i++)
		if (os->namespaces.v[i].type == OCI_NS_NETWORK)
			os->namespaces.v[i].type = OCI_NS_USER;
	os->uid_maps = map_root_to(a, geteuid());
	os->gid_maps = map_root_to(a, getegid());
	os->resources = NULL;
	change_mounts(a, &c->mounts);
}

/* Separate hierarchies are mounted for a container as they are, so that no namespace of them is
 * asked for: as runc and crun do. */
static int share_cgroups(struct arena *a, struct oci_config *c, struct err *e)
{
	struct oci_namespaces *l = &c->linux_part->namespaces;
	struct cgroup_host host;
	int r = cgroup_host_read(a, &host, e);

	if (r < 0 || host.version == CGROUP_V2)
		return r;
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].type == OCI_NS_CGROUP)
			l->v[i] = l->v[--l->n];
	return 0;
}

static int spec(struct oci_globals *g, const struct spec_args *args, struct err *e)
{
	const char *name = text_empty(args->file) ? "config.json" : args->file;
	auto_buf out = BUF(1U << 20);
	auto_close int dir = -1;
	struct oci_config c = { 0 };
	int r = oci_config_read(g->arena, standard, strlen(standard), &c, e);

	if (r < 0)
		return r;
	r = share_cgroups(g->arena, &c, e);
	if (r < 0)
		return r;
	c.hostname = g->program;
	if (args->rootless)
		make_rootless(g->arena, &c);
	oci_config_write(&out, &c, 4);
	buf_addc(&out, '\n');
	dir = file_open_dir_at(AT_FDCWD, text_empty(args->bundle) ? "." : args->bundle, e);
	if (dir < 0)
		return dir;
	if (file_is_there(dir, name))
		return err_set(e, ERR_CONFLICT, "File %s exists. Remove it first", name);
	return file_replace_at(dir, name, out.data, out.len,
			       &(struct file_write){ .mode = 0644, .exclusive = true }, e);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct err e;

	return spec(globals, args, &e) < 0 ? oci_fail(globals, &e) : 0;
}

static const struct option *const options[] = { spec_options, NULL };

const struct command oci_spec_command = {
	.name = "spec",
	.summary = "Write a configuration to begin with",
	.description = "Writes config.json for a bundle whose root is the folder rootfs",
	.examples = "\n--bundle /srv/web --rootless\n",
	.options = options,
	.args_size = sizeof(struct spec_args),
	.run = run,
};
