/* SPDX-License-Identifier: BSD-2-Clause */
#include "runtime/rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "runtime/step.h"

#define MOUNTINFO_MAX (16U << 20)
#define SCHEMATA_MAX  65536

bool rdt_find(const char *mountinfo, char *ret, size_t size)
{
	for (const char *line = mountinfo; *line; line += *line != '\0') {
		size_t len = strcspn(line, "\n"), at = 0;
		const char *rest = memmem(line, len, " - resctrl ", strlen(" - resctrl "));
		const char *p = line;

		line += len;
		/* The fifth field; names with blanks are escaped, and nobody has one here. */
		for (int i = 0; i < 4 && p; i++) {
			p = memchr(p, ' ', (size_t)(line - p));
			p = p ? p + 1 : NULL;
		}
		at = p ? strcspn(p, " \n") : 0;
		if (!rest || !p || at == 0 || at >= size)
			continue;
		memcpy(ret, p, at);
		ret[at] = '\0';
		return true;
	}
	return false;
}

/* The value of cache ID `id` in "0=7f0;1=1f" (to the end of the line), or NULL. */
static const char *value_of(const char *list, unsigned long id)
{
	while (*list && *list != '\n') {
		char *end;
		unsigned long n = strtoul(list, &end, 10);

		if (end == list || *end != '=')
			return NULL;
		if (n == id)
			return end + 1;
		list = end + strcspn(end, ";\n");
		list += *list == ';';
	}
	return NULL;
}

static bool same_value(const char *a, const char *b)
{
	size_t n, m;

	a += strspn(a, " 0");
	b += strspn(b, " 0");
	n = strcspn(a, ";\n");
	m = strcspn(b, ";\n");
	return n == m && strncasecmp(a, b, n) == 0;
}

/* The line of a resource, "L3:", without it; lines are indented to align. */
static const char *line_of(const char *schemata, const char *resource, size_t len)
{
	for (const char *p = schemata; *p; p += strcspn(p, "\n"), p += *p != '\0') {
		const char *start = p + strspn(p, " ");

		if (strncmp(start, resource, len) == 0)
			return start + len;
	}
	return NULL;
}

bool rdt_matches(const char *schemata, const char *line)
{
	const char *colon = strchr(line, ':'), *there;

	if (!colon)
		return false;
	there = line_of(schemata, line, (size_t)(colon - line) + 1);
	for (const char *p = colon + 1; there && *p;) {
		char *end;
		unsigned long id = strtoul(p, &end, 10);
		const char *value = end != p && *end == '=' ? value_of(there, id) : NULL;

		if (!value || !same_value(value, end + 1))
			return false;
		p = end + strcspn(end, ";");
		p += *p == ';';
	}
	return there;
}

static bool has_schemata(const struct oci_intel_rdt *want)
{
	return !text_empty(want->l3_cache_schema) || !text_empty(want->mem_bw_schema) ||
	       want->schemata.n;
}

/* Those of its own first, "schemata" last. */
static int each_line(const struct oci_intel_rdt *want, int (*each)(void *arg, const char *line),
		     void *arg)
{
	int r = text_empty(want->l3_cache_schema) ? 0 : each(arg, want->l3_cache_schema);

	if (r == 0 && !text_empty(want->mem_bw_schema))
		r = each(arg, want->mem_bw_schema);
	for (size_t i = 0; i < want->schemata.n && r == 0; i++)
		r = each(arg, want->schemata.v[i]);
	return r;
}

static int write_line(void *arg, const char *line)
{
	char text[4096];
	int n = snprintf(text, sizeof(text), "%s\n", line);

	if (n < 0 || (size_t)n >= sizeof(text))
		return -E2BIG;
	return write(*(int *)arg, text, (size_t)n) == n ? 0 : -errno;
}

static int check_line(void *arg, const char *line)
{
	return rdt_matches(arg, line) ? 0 : -EEXIST;
}

int rdt_write(int group, const struct oci_intel_rdt *want, struct err *e)
{
	auto_close int fd = openat(group, "schemata", O_WRONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_sys(e, "linux.intelRdt: schemata");
	r = each_line(want, write_line, &fd);
	return r < 0 ? err_from(e, r, "linux.intelRdt: write schemata") : 0;
}

static int compare_schemata(int group, const struct oci_intel_rdt *want, struct err *e)
{
	auto_free char *text = NULL;
	int r = file_read_at(group, "schemata", SCHEMATA_MAX, &text, NULL, e);

	if (r < 0)
		return err_wrap(e, "linux.intelRdt");
	return each_line(want, check_line, text) < 0
		       ? err_set(e, ERR_CONFLICT,
				 "linux.intelRdt.closID: %s is there and has other schemata",
				 want->clos_id)
		       : 0;
}

static int open_tasks(int group, int *ret, struct err *e)
{
	*ret = openat(group, "tasks", O_WRONLY | O_CLOEXEC);
	return *ret < 0 ? err_sys(e, "linux.intelRdt: tasks") : 0;
}

static int make_monitor(int group, struct rdt *r, struct err *e)
{
	auto_close int groups = openat(group, "mon_groups", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int own = -1;

	if (groups < 0)
		return err_sys(e, "linux.intelRdt.enableMonitoring");
	if (mkdirat(groups, r->id, 0755) < 0)
		return err_sys(e, "linux.intelRdt.enableMonitoring: make mon_groups/%s", r->id);
	r->made_monitor = true;
	own = openat(groups, r->id, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return own < 0 ? err_sys(e, "linux.intelRdt.enableMonitoring")
		       : open_tasks(own, &r->monitor_tasks, e);
}

/* A group that was named is made only for schemata of its own; one that is the container's always
 * is. */
static int open_group(struct rdt *r, const struct oci_intel_rdt *want, bool *ret_made,
		      struct err *e)
{
	bool named = !text_empty(want->clos_id);
	int fd;

	*ret_made = false;
	if (!named || has_schemata(want)) {
		*ret_made = mkdirat(r->root, r->group, 0755) == 0;
		if (!*ret_made && (errno != EEXIST || !named))
			return err_sys(e, "linux.intelRdt: make the group %s", r->group);
	}
	r->made = *ret_made && !named;
	fd = openat(r->root, r->group, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		err_sys(e, "linux.intelRdt.closID: group %s", r->group);
		if (*ret_made)
			unlinkat(r->root, r->group, AT_REMOVEDIR);
		return -(e ? e->code : EIO);
	}
	return fd;
}

static int prepare(struct rdt *r, const struct oci_intel_rdt *want, struct err *e)
{
	auto_close int group = -1;
	bool made;
	int n = 0;

	group = open_group(r, want, &made, e);
	if (group < 0)
		return group;
	if (has_schemata(want))
		n = made ? rdt_write(group, want, e) : compare_schemata(group, want, e);
	if (n == 0)
		n = open_tasks(group, &r->tasks, e);
	if (n == 0 && want->enable_monitoring)
		n = make_monitor(group, r, e);
	/* Not even one that would have stayed. */
	if (n < 0 && made && !r->made)
		unlinkat(r->root, r->group, AT_REMOVEDIR);
	return n;
}

int rdt_prepare(int root, const struct oci_intel_rdt *want, const char *id, struct rdt *r,
		struct err *e)
{
	const char *clos = want->clos_id;
	int n;

	*r = (struct rdt){ .root = root, .tasks = -1, .monitor_tasks = -1, .id = id };
	r->group = text_empty(clos) ? id : strcmp(clos, "/") == 0 ? "." : clos;
	n = prepare(r, want, e);
	if (n < 0)
		rdt_undo(r);
	return n;
}

void rdt_undo(struct rdt *r)
{
	char path[512];

	if (r->made_monitor &&
	    snprintf(path, sizeof(path), "%s/mon_groups/%s", r->group, r->id) < (int)sizeof(path))
		unlinkat(r->root, path, AT_REMOVEDIR);
	if (r->made)
		unlinkat(r->root, r->group, AT_REMOVEDIR);
	close_p(&r->tasks);
	close_p(&r->monitor_tasks);
	close_p(&r->root);
	*r = (struct rdt){ .root = -1, .tasks = -1, .monitor_tasks = -1 };
}

int rdt_join(const struct rdt *r, struct err *e)
{
	if (write(r->tasks, "0", 1) != 1 ||
	    (r->monitor_tasks >= 0 && write(r->monitor_tasks, "0", 1) != 1))
		return err_sys(e, "linux.intelRdt: join the group %s", r->group);
	return 0;
}

int rdt_open(struct err *e)
{
	auto_free char *text = NULL;
	char path[4096];
	int r = file_read_at(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL, e), fd;

	if (r < 0)
		return r;
	if (!rdt_find(text, path, sizeof(path)))
		return err_set(e, ERR_UNSUPPORTED, "linux.intelRdt: no resctrl is mounted");
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "linux.intelRdt: %s", path) : fd;
}

struct rdt_step {
	struct step s;
	const struct oci_intel_rdt *want;
	const char *id;
	struct rdt rdt;
};

static int open_step(void *arg, struct err *e)
{
	struct rdt_step *t = arg;
	int root = rdt_open(e);

	return root < 0 ? root : rdt_prepare(root, t->want, t->id, &t->rdt, e);
}

static void undo_step(void *arg)
{
	rdt_undo(&((struct rdt_step *)arg)->rdt);
}

static int join_step(void *arg, struct err *e)
{
	return rdt_join(&((struct rdt_step *)arg)->rdt, e);
}

int rdt_plan(struct build *b, struct err *e)
{
	struct rdt_step *t;

	if (!b->os->intel_rdt)
		return 0;
	t = ARENA_NEW(b->a, struct rdt_step);
	*t = (struct rdt_step){
		.s = { b->c,
		       text_empty(b->os->intel_rdt->clos_id) ? b->id : b->os->intel_rdt->clos_id },
		.want = b->os->intel_rdt,
		.id = b->id,
		.rdt = { .root = -1, .tasks = -1, .monitor_tasks = -1 },
	};
	plan_add(&b->before, &(struct plan_op){ .verb = "resctrl",
						.apply = open_step,
						.undo = undo_step,
						.print = step_print,
						.arg = t });
	step_hold(b, &t->rdt.tasks);
	step_hold(b, &t->rdt.monitor_tasks);
	step_add(&b->child, "resctrl", join_step, t);
	return 0;
}

int runtime_remove_rdt(const struct oci_config *c, const char *id, struct err *e)
{
	const struct oci_intel_rdt *want = c->linux_part ? c->linux_part->intel_rdt : NULL;
	struct rdt r = { .tasks = -1, .monitor_tasks = -1, .id = id };

	if (!want)
		return 0;
	r.root = rdt_open(e);
	if (r.root < 0)
		return r.root;
	r.made = text_empty(want->clos_id);
	r.made_monitor = want->enable_monitoring;
	r.group = r.made ? id : strcmp(want->clos_id, "/") == 0 ? "." : want->clos_id;
	rdt_undo(&r);
	return 0;
}
