/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/inspect.h"
#include "engine/depend.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/units.h"
#include "engine/exec.h"
#include "engine/inspect_private.h"
#include "engine/specify.h"
#include "image/image.h"
#include "runtime/capability.h"

json_t *inspect_texts(const struct texts *l)
{
	json_t *v = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(v, inspect_text(l->v[i]));
	return v;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

json_t *inspect_capabilities(struct arena *a, uint64_t set)
{
	struct texts names = capability_names(a, set);

	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), by_text);
	return inspect_texts(&names);
}

json_t *inspect_map(const struct text_map *m)
{
	json_t *v = json_object();

	for (size_t i = 0; i < m->n; i++)
		json_object_set_new(v, m->v[i].key, inspect_text(m->v[i].value));
	return v;
}

/* jansson takes no bytes that aren't UTF-8. */
json_t *inspect_text(const char *s)
{
	json_t *v = json_string(s ? s : "");

	return v ? v : json_string("");
}

json_t *inspect_time(int64_t nsec)
{
	auto_buf text = BUF(64);

	if (nsec == 0)
		return json_string("0001-01-01T00:00:00Z");
	time_print_rfc3339(&text, nsec, true);
	return json_string(buf_text(&text));
}

static json_t *inspect_state(const struct container_status *st)
{
	bool alive = container_is_alive(st);

	return json_pack("{ss ss sb sb sb sb sb sI sI si ss so so s{ss si sn} ss so so}",
			 "OciVersion", OCI_RUNTIME_VERSION, "Status",
			 container_state_name[st->state], "Running",
			 st->state == CONTAINER_RUNNING || st->state == CONTAINER_STOPPING,
			 "Paused", st->state == CONTAINER_PAUSED, "Restarting", 0, "OOMKilled",
			 st->oom_killed, "Dead", 0, "Pid", alive ? (json_int_t)st->run.pid : 0,
			 "ConmonPid", alive ? (json_int_t)st->run.monitor_pid : 0, "ExitCode",
			 (int)st->exit_code, "Error",
			 st->lost ? "it ended unseen: the machine or its monitor went down first"
				  : "",
			 "StartedAt", inspect_time(st->started_nsec), "FinishedAt",
			 inspect_time(st->finished_nsec), "Health", "Status", "", "FailingStreak",
			 0, "Log", "CgroupPath", st->run.cgroup ? st->run.cgroup : "",
			 "CheckpointedAt", inspect_time(0), "RestoredAt", inspect_time(0));
}

static json_t *inspect_driver(const struct state *s, struct arena *a, const struct container *c)
{
	struct texts lower = { 0 };
	struct image *image;

	if (c->image_id && image_load(s, a, c->image_id, &image, NULL) == 0)
		for (size_t i = image->layers.n; i > 0; i--)
			texts_addf(a, &lower, "%s/layers/%s/tree", s->lib_path,
				   image->layers.v[i - 1]);
	return json_pack(
		"{ss s{so so so}}", "Name", "overlay", "Data", "LowerDir",
		json_string(texts_join(a, &lower, ":")), "UpperDir",
		json_string(arena_printf(a, "%s/%s/%s/upper", s->lib_path, CONTAINERS, c->id)),
		"WorkDir",
		json_string(arena_printf(a, "%s/%s/%s/work", s->lib_path, CONTAINERS, c->id)));
}

static bool is_propagation(const char *s)
{
	return text_ends(s, "shared") || text_ends(s, "slave") || text_ends(s, "private") ||
	       text_ends(s, "unbindable");
}

static json_t *inspect_mount(const struct state *s, struct arena *a,
			     const struct container_mount *m)
{
	bool volume = strcmp(m->type, "volume") == 0;
	const char *propagation = "";
	struct texts options = { 0 };
	json_t *v = json_object();

	for (size_t i = 0; i < m->options.n; i++) {
		if (is_propagation(m->options.v[i]))
			propagation = m->options.v[i];
		else if (strcmp(m->options.v[i], "rw") != 0 && strcmp(m->options.v[i], "ro") != 0)
			texts_add(a, &options, m->options.v[i]);
	}
	json_object_set_new(v, "Type", json_string(m->type));
	if (volume)
		json_object_set_new(v, "Name", inspect_text(m->source));
	json_object_set_new(v, "Source",
			    volume ? json_string(arena_printf(a, "%s/volumes/%s/_data", s->lib_path,
							      m->source))
				   : inspect_text(m->source));
	json_object_set_new(v, "Destination", inspect_text(m->destination));
	json_object_set_new(v, "Driver", json_string(volume ? "local" : ""));
	json_object_set_new(v, "Mode", json_string(""));
	json_object_set_new(v, "Options", inspect_texts(&options));
	json_object_set_new(v, "RW", json_boolean(!texts_has(&m->options, "ro")));
	json_object_set_new(v, "Propagation", json_string(propagation));
	if (m->sub_path)
		json_object_set_new(v, "SubPath", inspect_text(m->sub_path));
	return v;
}

static json_t *inspect_mounts(const struct state *s, struct arena *a, const struct container *c)
{
	json_t *v = json_array();

	for (size_t i = 0; i < c->mounts.n; i++)
		if (strcmp(c->mounts.v[i].type, "tmpfs") != 0)
			json_array_append_new(v, inspect_mount(s, a, &c->mounts.v[i]));
	return v;
}

int container_size(const struct state *s, struct arena *a, const struct container *c,
		   int64_t *ret_rw, int64_t *ret_root, struct err *e)
{
	auto_close int dir = state_dir(s, CONTAINERS, c->id, e);
	struct image *image;
	int r;

	if (dir < 0)
		return dir;
	*ret_rw = *ret_root = 0;
	if (c->rootfs)
		return file_tree_size(AT_FDCWD, c->rootfs, ret_root, e);
	r = file_tree_size(dir, "upper", ret_rw, e);
	if (r < 0)
		return r;
	if (image_load(s, a, c->image_id, &image, NULL) == 0)
		*ret_root = (int64_t)image->size + *ret_rw;
	return 0;
}

struct texts container_env(struct arena *a, const struct container *c)
{
	struct texts env = { 0 };

	texts_add(a, &env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
	if (c->tty)
		texts_add(a, &env, "TERM=xterm");
	texts_add(a, &env, "container=podman");
	for (size_t i = 0; i < c->env.n; i++)
		texts_set_env(a, &env, c->env.v[i]);
	return env;
}

static void add_capabilities(struct arena *a, const struct container *c, json_t *v)
{
	struct specify_facts f = { .capabilities = capability_bounding() & capability_all() };
	bool is_root = text_empty(c->user) || text_eq(c->user, "root") || text_eq(c->user, "0") ||
		       text_after(c->user, "0:") || text_after(c->user, "root:");
	uint64_t set = 0;

	container_capabilities(c, &f, &set, NULL);
	set &= f.capabilities;
	json_object_set_new(v, "EffectiveCaps", inspect_capabilities(a, is_root ? set : 0));
	json_object_set_new(v, "BoundingCaps", inspect_capabilities(a, set));
}

/* The paths of files that a start made; empty before. */
static void add_paths(const struct state *s, struct arena *a, const struct container *c,
		      const struct container_status *st, json_t *v)
{
	const char *lib = arena_printf(a, "%s/%s/%s", s->lib_path, CONTAINERS, c->id);
	const char *run = arena_printf(a, "%s/%s/%s", s->run_path, CONTAINERS, c->id);
	const char *names[] = { "ResolvConfPath", "resolv.conf", "HostnamePath",
				"hostname",       "HostsPath",   "hosts" };

	for (size_t i = 0; i < ARRAY_LEN(names); i += 2)
		json_object_set_new(v, names[i],
				    json_string(st->has_run ? arena_printf(a, "%s/%s", run,
									   names[i + 1])
							    : ""));
	json_object_set_new(v, "StaticDir", json_string(lib));
	json_object_set_new(v, "OCIRuntime", json_string("berth"));
	json_object_set_new(v, "ConmonPidFile", inspect_text(c->monitor_pid_file));
	json_object_set_new(v, "PidFile", inspect_text(c->pid_file));
}

int container_inspect(const struct state *s, struct arena *a, const struct container *c,
		      bool with_size, json_t **ret, struct err *e)
{
	struct container_status st;
	struct texts args = { .v = c->args.v + 1, .n = c->args.n - 1 }, ids, needs;
	json_t *v;
	int r = container_status(s, a, c, &st, e);

	if (r < 0)
		return r;
	v = json_pack("{ss so so so so so so so so ss}", "Id", c->id, "Created",
		      inspect_time(c->created_nsec), "Path", inspect_text(c->args.v[0]), "Args",
		      inspect_texts(&args), "State", inspect_state(&st), "Image",
		      inspect_text(c->image_id), "ImageDigest", inspect_text(c->image_digest),
		      "ImageName", inspect_text(c->image_name), "Rootfs", inspect_text(c->rootfs),
		      "Pod", "");
	add_paths(s, a, c, &st, v);
	json_object_set_new(v, "Name", json_string(c->name));
	json_object_set_new(v, "RestartCount", json_integer(st.run.restarts));
	json_object_set_new(v, "Driver", json_string("overlay"));
	json_object_set_new(v, "MountLabel", json_string(""));
	json_object_set_new(v, "ProcessLabel", inspect_text(c->selinux_label));
	json_object_set_new(v, "AppArmorProfile", inspect_text(c->apparmor));
	add_capabilities(a, c, v);
	needs = container_needs(a, c);
	container_exec_ids(s, a, c, &ids, NULL);
	json_object_set_new(v, "ExecIDs", inspect_texts(&ids));
	json_object_set_new(v, "GraphDriver", inspect_driver(s, a, c));
	json_object_set_new(v, "Mounts", inspect_mounts(s, a, c));
	json_object_set_new(v, "Dependencies", inspect_texts(&needs));
	json_object_set_new(v, "NetworkSettings", inspect_network_settings(s, a, c, &st));
	json_object_set_new(v, "Namespace", json_string(""));
	json_object_set_new(v, "IsInfra", json_false());
	json_object_set_new(v, "IsService", json_false());
	json_object_set_new(v, "Config", inspect_config(a, c));
	json_object_set_new(v, "HostConfig", inspect_host_config(s, a, c));
	if (with_size) {
		int64_t rw, root;

		if (container_size(s, a, c, &rw, &root, NULL) == 0) {
			json_object_set_new(v, "SizeRw", json_integer(rw));
			json_object_set_new(v, "SizeRootFs", json_integer(root));
		}
	}
	*ret = v;
	return 0;
}
