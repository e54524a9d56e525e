/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/ports.h"
#include "cli/select.h"
#include "engine/depend.h"
#include "engine/filter.h"
#include "engine/inspect.h"

#define OUTPUT_MAX ((size_t)64 << 20)
#define ZERO_TIME  (-62135596800LL) /* Go's, in Unix seconds */

struct ps_args {
	bool all, latest, no_trunc, no_heading, quiet, size, ns, pod, sync, external;
	int64_t last, watch;
	bool last_given, watch_given;
	const char *format, *sort;
	struct texts filters;
};

static const char *const sorts[] = { "command",    "created", "id",     "image", "names",
				     "runningfor", "size",    "status", NULL };

static const struct option ps_options[] = {
	OPTION_FLAG(ps_args, all, "all", 'a', "Show all the containers, not only running ones"),
	OPTION_FLAG(ps_args, external, "external", 0, "Show containers that are not berth's: none"),
	OPTION_ALIAS("storage", 0, "external"),
	OPTION_LIST(ps_args, filters, "filter", 'f', "FILTER", "Show those that match"),
	OPTION_TEXT(ps_args, format, "format", 0, "FORMAT", "json, or a Go template"),
	OPTION_INT(ps_args, last, "last", 'n', "N", "Show the N last created, in any state",
		   OPTION_GIVEN(ps_args, last_given)),
	OPTION_FLAG(ps_args, latest, "latest", 'l', "Show the last created, in any state"),
	OPTION_FLAG(ps_args, no_trunc, "no-trunc", 0, "Don't cut IDs and commands"),
	OPTION_FLAG(ps_args, no_heading, "noheading", 0, "No headings"),
	OPTION_FLAG(ps_args, ns, "ns", 0, "Show namespaces"),
	OPTION_ALIAS("namespace", 0, "ns"),
	OPTION_FLAG(ps_args, pod, "pod", 'p', "Show pods"),
	OPTION_FLAG(ps_args, quiet, "quiet", 'q', "IDs only"),
	OPTION_FLAG(ps_args, size, "size", 's', "Show sizes"),
	OPTION_CHOICE(ps_args, sort, "sort", 0, "BY", "Sort by this (created)", sorts),
	OPTION_IGNORED_FLAG("sync", 0, "No effect: there is nothing to sync with"),
	OPTION_INT(ps_args, watch, "watch", 'w', "SECONDS", "Show again and again",
		   OPTION_GIVEN(ps_args, watch_given)),
	{ 0 },
};

/* One line: what templates see. */
struct row {
	const char *id, *image, *image_id, *command, *created, *created_at, *running_for, *status,
		*state, *ports, *names, *pod, *pod_name, *size, *networks;
	const char *cgroupns, *ipc, *mnt, *net, *pidns, *userns, *uts;
	int64_t pid, exit_code, exited_at, started_at, restarts;
	bool auto_remove, exited, is_infra;
	struct text_map labels;
	struct texts mounts, exposed_ports, network_names;
	const char *cid_file;
	/* not for templates */
	const struct container *c, *networked; /* whose network it has */
	struct container_status st;
	int64_t rw, root;
};

static const struct json_field row_fields[] = {
	JSON_TEXT(row, id, "ID", 0),
	JSON_TEXT(row, image, "Image", 0),
	JSON_TEXT(row, image_id, "ImageID", 0),
	JSON_TEXT(row, command, "Command", 0),
	JSON_TEXT(row, created, "Created", 0),
	JSON_TEXT(row, created_at, "CreatedAt", 0),
	JSON_TEXT(row, running_for, "CreatedHuman", 0),
	JSON_TEXT(row, running_for, "RunningFor", 0),
	JSON_TEXT(row, status, "Status", 0),
	JSON_TEXT(row, state, "State", 0),
	JSON_TEXT(row, ports, "Ports", 0),
	JSON_TEXT(row, names, "Names", 0),
	JSON_TEXT(row, pod, "Pod", 0),
	JSON_TEXT(row, pod_name, "PodName", 0),
	JSON_TEXT(row, size, "Size", 0),
	JSON_TEXT(row, networks, "Networks", 0),
	JSON_TEXT(row, cgroupns, "CGROUPNS", 0),
	JSON_TEXT(row, ipc, "IPC", 0),
	JSON_TEXT(row, mnt, "MNT", 0),
	JSON_TEXT(row, net, "NET", 0),
	JSON_TEXT(row, pidns, "PIDNS", 0),
	JSON_TEXT(row, userns, "USERNS", 0),
	JSON_TEXT(row, uts, "UTS", 0),
	JSON_TEXT(row, cid_file, "CIDFile", 0),
	JSON_INT(row, pid, "Pid", JSON_ALWAYS),
	JSON_INT(row, exit_code, "ExitCode", JSON_ALWAYS),
	JSON_INT(row, exited_at, "ExitedAt", JSON_ALWAYS),
	JSON_INT(row, started_at, "StartedAt", JSON_ALWAYS),
	JSON_INT(row, restarts, "Restarts", JSON_ALWAYS),
	JSON_BOOL(row, auto_remove, "AutoRemove", JSON_ALWAYS),
	JSON_BOOL(row, exited, "Exited", JSON_ALWAYS),
	JSON_BOOL(row, is_infra, "IsInfra", JSON_ALWAYS),
	JSON_TEXT_MAP(row, labels, "Labels", 0),
	JSON_TEXTS(row, mounts, "Mounts", 0),
	JSON_TEXTS(row, exposed_ports, "ExposedPorts", 0),
	{ 0 },
};
static const struct json_type row_json = JSON_TYPE(row, row_fields);

static const char *const headings[] = { "ID",      "CONTAINER ID", "Pod",          "POD ID",
					"PodName", "PODNAME",      "CreatedHuman", "CREATED",
					"ImageID", "IMAGE ID",     "CGROUPNS",     "CGROUPNS",
					"PIDNS",   "PIDNS",        "USERNS",       "USERNS",
					NULL };

static int64_t seconds(int64_t nsec)
{
	return nsec ? nsec / 1000000000 : ZERO_TIME;
}

static const char *ago(struct arena *a, int64_t nsec, int64_t now, const char *behind)
{
	auto_buf text = BUF(128);

	duration_print(&text, now - nsec);
	return arena_printf(a, "%s%s", buf_text(&text), behind);
}

static const char *describe(struct arena *a, const struct container_status *st, int64_t now)
{
	switch (st->state) {
	case CONTAINER_RUNNING:
		return arena_printf(a, "Up %s", ago(a, st->started_nsec, now, ""));
	case CONTAINER_PAUSED:
		return "Paused";
	case CONTAINER_STOPPING:
		return "Stopping";
	case CONTAINER_EXITED:
		return arena_printf(a, "Exited (%lld) %s", (long long)st->exit_code,
				    st->finished_nsec ? ago(a, st->finished_nsec, now, " ago")
						      : "(unseen)");
	default:
		return "Created";
	}
}

static const char *show_command(struct arena *a, const struct container *c, bool whole)
{
	char *text = texts_join(a, &c->args, " ");

	if (!whole && strlen(text) > 17)
		return arena_printf(a, "%.17s...", text);
	return text;
}

static const char *show_size(struct arena *a, const struct row *r)
{
	auto_buf rw = BUF(64), root = BUF(64);

	size_print(&rw, r->rw, "");
	size_print(&root, r->root, "");
	return arena_printf(a, "%s (virtual %s)", buf_text(&rw), buf_text(&root));
}

static const char *namespace_of(struct arena *a, int64_t pid, const char *name)
{
	char path[64], target[64];
	const char *number;
	ssize_t n;

	if (pid <= 0)
		return "";
	snprintf(path, sizeof(path), "/proc/%lld/ns/%s", (long long)pid, name);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return "";
	target[n] = '\0';
	number = strchr(target, '[');
	return number ? arena_strndup(a, number + 1, strcspn(number + 1, "]")) : "";
}

static void add_namespaces(struct arena *a, struct row *r)
{
	r->cgroupns = namespace_of(a, r->pid, "cgroup");
	r->ipc = namespace_of(a, r->pid, "ipc");
	r->mnt = namespace_of(a, r->pid, "mnt");
	r->net = namespace_of(a, r->pid, "net");
	r->pidns = namespace_of(a, r->pid, "pid");
	r->userns = namespace_of(a, r->pid, "user");
	r->uts = namespace_of(a, r->pid, "uts");
}

static const char *show_image(const struct container *c)
{
	return c->rootfs ? c->rootfs : c->image_name ? c->image_name : c->image_id;
}

static void make_row(struct session *s, const struct ps_args *args, int64_t now, struct row *r)
{
	struct arena *a = s->arena;
	const struct container *c = r->c;
	auto_buf at = BUF(128);

	r->id = args->no_trunc ? c->id : arena_strndup(a, c->id, 12);
	r->image = show_image(c);
	r->image_id = c->image_id ? arena_strndup(a, c->image_id, args->no_trunc ? 64 : 12) : "";
	r->command = show_command(a, c, args->no_trunc);
	time_print_go(&at, c->created_nsec);
	r->created = r->created_at = arena_strdup(a, buf_text(&at));
	r->running_for = ago(a, c->created_nsec, now, " ago");
	r->status = describe(a, &r->st, now);
	/* podman's templates begin the state with a capital. */
	r->state = container_state_name[r->st.state];
	r->networked = container_networked(&s->state, a, c);
	r->ports = ports_show(a, r->networked);
	r->names = c->name;
	r->pod = r->pod_name = "";
	for (size_t i = 0; i < c->networks.n; i++)
		texts_add(a, &r->network_names, c->networks.v[i].network);
	r->networks = texts_join(a, &r->network_names, ",");
	r->pid = container_is_alive(&r->st) ? r->st.run.pid : 0;
	r->exit_code = r->st.exit_code;
	r->exited = r->st.state == CONTAINER_EXITED;
	r->exited_at = seconds(r->st.finished_nsec);
	r->started_at = seconds(r->st.started_nsec);
	r->restarts = r->st.run.restarts;
	r->auto_remove = c->auto_remove;
	r->labels = c->labels;
	r->cid_file = c->cid_file ? c->cid_file : "";
	r->exposed_ports = c->exposed_ports;
	for (size_t i = 0; i < c->mounts.n; i++)
		texts_add(a, &r->mounts, c->mounts.v[i].destination);
	if (args->size) {
		container_size(&s->state, a, c, &r->rw, &r->root, NULL);
		r->size = show_size(a, r);
	} else {
		r->size = "";
	}
	add_namespaces(a, r);
}

static int compare(const void *x, const void *y, void *by)
{
	const struct row *a = x, *b = y;
	const char *sort_by = by;

	if (strcmp(sort_by, "command") == 0)
		return strcmp(a->command, b->command);
	if (strcmp(sort_by, "id") == 0)
		return strcmp(a->id, b->id);
	if (strcmp(sort_by, "image") == 0)
		return strcmp(a->image, b->image);
	if (strcmp(sort_by, "names") == 0)
		return strcmp(a->names, b->names);
	if (strcmp(sort_by, "size") == 0)
		return a->rw < b->rw ? -1 : a->rw > b->rw;
	if (strcmp(sort_by, "status") == 0)
		return strcmp(a->status, b->status);
	if (strcmp(sort_by, "runningfor") == 0)
		return a->c->created_nsec < b->c->created_nsec ? 1 : -1;
	return a->c->created_nsec < b->c->created_nsec ? -1 : 1;
}

static int find_rows(struct session *s, const struct ps_args *args, struct row **ret, size_t *ret_n,
		     struct err *e)
{
	struct container_filter *filter;
	bool all = args->all || args->latest || args->last_given;
	int64_t now = clock_nsec(), last = args->latest ? 1 : args->last_given ? args->last : -1;
	struct containers l;
	struct row *rows;
	size_t n = 0;
	int r = container_filter_new(&s->state, s->arena, &args->filters, &filter, e);

	if (r == 0)
		r = container_list(&s->state, s->arena, &l, cli_warn_damaged, NULL, e);
	if (r < 0)
		return r;
	all = all || container_filter_wants_all(filter);
	rows = arena_array(s->arena, l.n, sizeof(*rows));
	for (size_t i = 0; i < l.n && (last < 0 || (int64_t)n < last); i++) {
		struct row *row = &rows[n];

		row->c = l.v[i];
		if (container_status(&s->state, s->arena, l.v[i], &row->st, NULL) < 0)
			continue;
		/* It may be that nobody was there to do so at its end. */
		if (!container_is_alive(&row->st) && !row->st.restarting)
			network_leave_dead(&s->state, l.v[i]->id);
		if (!all && !container_is_alive(&row->st))
			continue;
		if (!container_filter_matches(filter, l.v[i], &row->st))
			continue;
		make_row(s, args, now, row);
		n++;
	}
	if (n)
		qsort_r(rows, n, sizeof(*rows), compare,
			(void *)(uintptr_t)(args->sort ? args->sort : "created"));
	*ret = rows;
	*ret_n = n;
	return 0;
}

static json_t *json_texts(const struct texts *l)
{
	json_t *v = json_array();

	for (size_t i = 0; i < l->n; i++)
		json_array_append_new(v, json_string(l->v[i]));
	return v;
}

/* podman's JSON has other types than its templates. */
static json_t *json_row(const struct row *r)
{
	json_t *labels = r->c->labels.n ? json_object() : json_null();
	json_t *namespaces = json_object();
	const struct texts names = { .v = (const char *[]){ r->names }, .n = 1 };

	for (size_t i = 0; i < r->c->labels.n; i++)
		json_object_set_new(labels, r->c->labels.v[i].key,
				    json_string(r->c->labels.v[i].value));
	return json_pack(
		"{sb so ss sI ss sb sI sI so ss ss sb so so so so so sI ss ss so sI so sI ss "
		"ss}",
		"AutoRemove", r->auto_remove, "Command", json_texts(&r->c->args), "CreatedAt",
		r->running_for, "Created", (json_int_t)(r->c->created_nsec / 1000000000), "CIDFile",
		r->cid_file, "Exited", r->exited, "ExitedAt", (json_int_t)r->exited_at, "ExitCode",
		(json_int_t)r->exit_code, "ExposedPorts",
		r->exposed_ports.n ? json_texts(&r->exposed_ports) : json_null(), "Id", r->c->id,
		"Image", r->image, "IsInfra", 0, "ImageID",
		json_string(r->c->image_id ? r->c->image_id : ""), "Labels", labels, "Mounts",
		json_texts(&r->mounts), "Names", json_texts(&names), "Namespaces", namespaces,
		"Restarts", (json_int_t)r->restarts, "Pod", "", "PodName", "", "Ports",
		ports_json(r->networked), "Pid", (json_int_t)r->pid, "Networks",
		json_texts(&r->network_names), "StartedAt", (json_int_t)r->started_at, "State",
		r->state, "Status", r->status);
}

static void print_json(struct buf *out, const struct row *rows, size_t n)
{
	json_t *l = json_array();

	for (size_t i = 0; i < n; i++) {
		json_t *v = json_row(&rows[i]);

		if (v && rows[i].size && *rows[i].size)
			json_object_set_new(v, "Size",
					    json_pack("{sI sI}", "rootFsSize",
						      (json_int_t)rows[i].root, "rwSize",
						      (json_int_t)rows[i].rw));
		json_array_append_new(l, v);
	}
	json_print(out, l, 2);
	buf_addc(out, '\n');
	json_decref(l);
}

static int show(struct session *s, const struct ps_args *args, struct err *e)
{
	const struct format f = {
		.name = "ps",
		.row = &row_json,
		.headings = headings,
		.no_heading = args->no_heading,
	};
	const char *format = args->format;
	auto_buf out = BUF(OUTPUT_MAX);
	struct row *rows;
	size_t n;
	int r = find_rows(s, args, &rows, &n, e);

	if (r < 0)
		return r;
	if (format && format_is_json(format)) {
		print_json(&out, rows, n);
	} else {
		if (!format && args->quiet)
			format = "{{.ID}}";
		else if (!format && args->ns)
			format =
				"table {{.ID}} {{.Names}} {{.Pid}} {{.CGROUPNS}} {{.IPC}} {{.MNT}} "
				"{{.NET}} {{.PIDNS}} {{.USERNS}} {{.UTS}}";
		else if (!format)
			format = arena_printf(
				s->arena,
				"table {{.ID}} {{.Image}} {{.Command}} {{.CreatedHuman}} {{.Status}} "
				"{{.Ports}} {{.Names}}%s%s",
				args->pod ? " {{.Pod}} {{.PodName}}" : "",
				args->size ? " {{.Size}}" : "");
		r = format_rows(&out, &f, format, rows, n, e);
	}
	if (r < 0)
		return r;
	return cli_print(&out) ? -EIO : 0;
}

static int run_session(struct session *s, const struct ps_args *args, struct err *e)
{
	for (;;) {
		int r = show(s, args, e);

		if (r < 0 || !args->watch_given)
			return r;
		nanosleep(&(struct timespec){ .tv_sec = args->watch }, NULL);
		fputs("\033[2J\033[H", stdout);
		fflush(stdout);
	}
}

static int check(const struct ps_args *args, struct err *e)
{
	if (args->quiet && (args->size || args->ns))
		return err_set(e, ERR_INVALID, "quiet conflicts with size and namespace");
	if (args->last_given && args->latest)
		return err_set(e, ERR_INVALID, "last and latest are mutually exclusive");
	if (args->size && args->ns)
		return err_set(e, ERR_INVALID, "size and namespace options conflict");
	if (args->watch_given && args->watch <= 0)
		return err_set(e, ERR_INVALID, "--watch %lld: must be more than 0 seconds",
			       (long long)args->watch);
	return 0;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct session s;
	struct err e;
	int code;

	if (check(args, &e) < 0)
		return cli_fail(&e);
	if (!session_open(globals, &s, &code))
		return code;
	code = run_session(&s, args, &e) < 0 ? cli_fail(&e) : 0;
	session_close(&s);
	return code;
}

static const struct option *const options[] = { ps_options, NULL };
static const char *const aliases[] = { "list", NULL };

const struct command ps_command = {
	.name = "ps",
	.summary = "List containers",
	.description = "Lists the containers that run or, with --all, all of them",
	.examples = "-a\n-a --format \"{{.ID}}  {{.Image}}  {{.Labels}}  {{.Mounts}}\"\n"
		    "--size --sort names\n",
	.options = options,
	.args_size = sizeof(struct ps_args),
	.run = run,
};

/* The same as `container ls` and `container list`. */
const struct command ls_command = {
	.name = "ls",
	.aliases = aliases,
	.summary = "List containers",
	.description = "Lists the containers that run or, with --all, all of them",
	.options = options,
	.args_size = sizeof(struct ps_args),
	.run = run,
};
