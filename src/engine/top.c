/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/top.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/units.h"
#include "engine/process.h"
#include "kernel/kernel.h"
#include "runtime/capability.h"

#define DATABASE_MAX (1 << 20) /* /etc/passwd, /etc/group */
#define NSEC_PER_SEC 1000000000LL

/* The files that give names to IDs. */
struct top_names {
	char *passwd, *group, *host_passwd, *host_group;
};

struct top_row {
	struct buf *out;
	struct arena *arena;
	const struct process *p;
	const struct top_names *names;
	int64_t now_nsec;
};

/* "name:x:ID:…" */
static void print_name(struct buf *out, const char *database, uint64_t id)
{
	for (const char *line = database; *line;) {
		size_t len = strcspn(line, "\n"), name = strcspn(line, ":\n");
		const char *at = name < len ? memchr(line + name + 1, ':', len - name - 1) : NULL;
		char *end;

		if (at && at[1] >= '0' && at[1] <= '9' && strtoull(at + 1, &end, 10) == id &&
		    *end == ':') {
			for (size_t i = 0; i < name; i++)
				buf_addc(out, (unsigned char)line[i] < 0x20 ? '?' : line[i]);
			return;
		}
		line += len + (line[len] == '\n');
	}
	buf_addf(out, "%" PRIu64, id);
}

static void print_user(struct top_row *r)
{
	print_name(r->out, r->names->passwd, process_map_id(r->p->uid_map, r->p->uid));
}

static void print_real_user(struct top_row *r)
{
	print_name(r->out, r->names->passwd, process_map_id(r->p->uid_map, r->p->real_uid));
}

static void print_host_user(struct top_row *r)
{
	print_name(r->out, r->names->host_passwd, r->p->uid);
}

static void print_group(struct top_row *r)
{
	print_name(r->out, r->names->group, process_map_id(r->p->gid_map, r->p->gid));
}

static void print_real_group(struct top_row *r)
{
	print_name(r->out, r->names->group, process_map_id(r->p->gid_map, r->p->real_gid));
}

static void print_host_group(struct top_row *r)
{
	print_name(r->out, r->names->host_group, r->p->gid);
}

static void print_groups(struct top_row *r)
{
	for (size_t i = 0; i < r->p->groups.n; i++) {
		uint64_t gid = strtoull(r->p->groups.v[i], NULL, 10);

		if (i > 0)
			buf_addc(r->out, ',');
		print_name(r->out, r->names->group, process_map_id(r->p->gid_map, gid));
	}
}

static void print_host_groups(struct top_row *r)
{
	for (size_t i = 0; i < r->p->groups.n; i++) {
		if (i > 0)
			buf_addc(r->out, ',');
		print_name(r->out, r->names->host_group, strtoull(r->p->groups.v[i], NULL, 10));
	}
}

static void print_set(struct top_row *r, uint64_t set)
{
	struct texts names = capability_names(r->arena, set);

	if (set == 0 || (set & capability_all()) == capability_all()) {
		buf_adds(r->out, set ? "full" : "none");
		return;
	}
	for (size_t i = 0; i < names.n; i++) {
		const char *name = text_after(names.v[i], "CAP_");

		buf_addf(r->out, "%s%s", i ? "," : "", name ? name : names.v[i]);
	}
}

static void print_ambient(struct top_row *r)
{
	print_set(r, r->p->ambient);
}

static void print_bounding(struct top_row *r)
{
	print_set(r, r->p->bounding);
}

static void print_effective(struct top_row *r)
{
	print_set(r, r->p->effective);
}

static void print_inheritable(struct top_row *r)
{
	print_set(r, r->p->inheritable);
}

static void print_permitted(struct top_row *r)
{
	print_set(r, r->p->permitted);
}

static void print_args(struct top_row *r)
{
	buf_adds(r->out, r->p->args);
}

static void print_command(struct top_row *r)
{
	buf_adds(r->out, r->p->name);
}

static void print_elapsed(struct top_row *r)
{
	duration_print_go(r->out, r->now_nsec - r->p->started_sec * NSEC_PER_SEC);
}

static void print_start(struct top_row *r)
{
	time_print_go(r->out, r->p->started_sec * NSEC_PER_SEC);
}

static void print_cpu_time(struct top_row *r)
{
	duration_print_go(r->out, r->p->cpu_nsec);
}

static void print_cpu(struct top_row *r)
{
	int64_t elapsed = r->now_nsec - r->p->started_sec * NSEC_PER_SEC;

	buf_addf(r->out, "%.3f",
		 elapsed > 0 ? 100.0 * (double)r->p->cpu_nsec / (double)elapsed : 0.0);
}

static void print_host_pid(struct top_row *r)
{
	buf_addf(r->out, "%" PRId64, r->p->host_pid);
}

static void print_pid(struct top_row *r)
{
	buf_addf(r->out, "%" PRId64, r->p->pid);
}

static void print_ppid(struct top_row *r)
{
	buf_addf(r->out, "%" PRId64, r->p->ppid);
}

static void print_pgid(struct top_row *r)
{
	buf_addf(r->out, "%" PRId64, r->p->pgid);
}

static void print_label(struct top_row *r)
{
	buf_adds(r->out, r->p->label ? r->p->label : "?");
}

static void print_nice(struct top_row *r)
{
	buf_addf(r->out, "%" PRId64, r->p->nice);
}

static void print_rss(struct top_row *r)
{
	buf_addf(r->out, "%" PRId64, r->p->resident_kb);
}

static void print_vsz(struct top_row *r)
{
	buf_addf(r->out, "%" PRId64, r->p->virtual_kb);
}

static void print_seccomp(struct top_row *r)
{
	static const char *const modes[] = { "disabled", "strict", "filter" };

	buf_adds(r->out, (uint64_t)r->p->seccomp < ARRAY_LEN(modes) ? modes[r->p->seccomp] : "?");
}

static void print_state(struct top_row *r)
{
	buf_addc(r->out, r->p->state);
}

/* Linux's numbers of terminals (Documentation/admin-guide/devices.txt). */
static void print_tty(struct top_row *r)
{
	unsigned major_number = major((dev_t)r->p->tty), minor_number = minor((dev_t)r->p->tty);

	if (major_number >= 136 && major_number <= 143)
		buf_addf(r->out, "pts/%u", (major_number - 136) * 256 + minor_number);
	else if (major_number == 4)
		buf_addf(r->out, minor_number < 64 ? "tty%u" : "ttyS%u", minor_number % 64);
	else
		buf_adds(r->out, "?");
}

static const struct top_column {
	const char *name, *code, *head;
	void (*print)(struct top_row *r);
} columns[] = {
	{ "args", "%a", "COMMAND", print_args },
	{ "capamb", NULL, "AMBIENT CAPS", print_ambient },
	{ "capbnd", NULL, "BOUNDING CAPS", print_bounding },
	{ "capeff", NULL, "EFFECTIVE CAPS", print_effective },
	{ "capinh", NULL, "INHERITED CAPS", print_inheritable },
	{ "capprm", NULL, "PERMITTED CAPS", print_permitted },
	{ "comm", "%c", "COMMAND", print_command },
	{ "etime", "%t", "ELAPSED", print_elapsed },
	{ "group", "%G", "GROUP", print_group },
	{ "groups", NULL, "GROUPS", print_groups },
	{ "hgroup", NULL, "HGROUP", print_host_group },
	{ "hgroups", NULL, "HGROUPS", print_host_groups },
	{ "hpid", NULL, "HPID", print_host_pid },
	{ "huser", NULL, "HUSER", print_host_user },
	{ "label", NULL, "LABEL", print_label },
	{ "nice", "%n", "NI", print_nice },
	{ "pcpu", "%C", "%CPU", print_cpu },
	{ "pgid", "%r", "PGID", print_pgid },
	{ "pid", "%p", "PID", print_pid },
	{ "ppid", "%P", "PPID", print_ppid },
	{ "rgroup", "%g", "RGROUP", print_real_group },
	{ "rss", NULL, "RSS", print_rss },
	{ "ruser", "%u", "RUSER", print_real_user },
	{ "seccomp", NULL, "SECCOMP", print_seccomp },
	{ "state", NULL, "STATE", print_state },
	{ "stime", NULL, "STIME", print_start },
	{ "time", "%x", "TIME", print_cpu_time },
	{ "tty", "%y", "TTY", print_tty },
	{ "user", "%U", "USER", print_user },
	{ "vsz", "%z", "VSZ", print_vsz },
};

static const char *const default_columns[] = { "user",  "pid", "ppid", "pcpu",
					       "etime", "tty", "time", "args" };

const char *const top_descriptors[] = {
	"args",  "capamb", "capbnd", "capeff",  "capinh", "capprm", "comm",  "etime",
	"group", "groups", "hgroup", "hgroups", "hpid",   "huser",  "label", "nice",
	"pcpu",  "pgid",   "pid",    "ppid",    "rgroup", "rss",    "ruser", "seccomp",
	"state", "stime",  "time",   "tty",     "user",   "vsz",    NULL,
};
_Static_assert(ARRAY_LEN(top_descriptors) == ARRAY_LEN(columns) + 1, "every column is listed");

static const struct top_column *find_column(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		if (!strcasecmp(columns[i].name, name) || text_eq(columns[i].code, name))
			return &columns[i];
	return NULL;
}

bool top_knows(const char *descriptor)
{
	return find_column(descriptor) != NULL;
}

/* A line of the table; row NULL: the heads. */
static void print_line(const struct texts *descriptors, struct top_row *row, struct buf *out)
{
	for (size_t i = 0; i < descriptors->n; i++) {
		const struct top_column *c = find_column(descriptors->v[i]);

		if (i > 0)
			buf_addc(out, '\t');
		if (row)
			c->print(row);
		else
			buf_adds(out, c->head);
	}
	buf_addc(out, '\n');
}

static char *read_database(struct arena *a, int root, const char *path)
{
	auto_close int fd = kernel_open_in(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, NULL);
	auto_free char *text = NULL;

	if (fd < 0 || file_read_fd(fd, path, DATABASE_MAX, &text, NULL, NULL) < 0)
		return arena_strdup(a, "");
	return arena_strdup(a, text);
}

static void read_names(struct arena *a, const struct container_status *st, struct top_names *ret)
{
	auto_close int host = file_open_dir_at(AT_FDCWD, "/", NULL);
	auto_close int root = open(arena_printf(a, "/proc/%" PRId64 "/root", st->run.pid),
				   O_PATH | O_DIRECTORY | O_CLOEXEC);

	ret->passwd = read_database(a, root, "/etc/passwd");
	ret->group = read_database(a, root, "/etc/group");
	ret->host_passwd = read_database(a, host, "/etc/passwd");
	ret->host_group = read_database(a, host, "/etc/group");
}

int top_print(const struct state *s, struct arena *a, const struct container *c,
	      const struct texts *descriptors, struct buf *out, struct err *e)
{
	const struct texts usual = { .v = (const char **)default_columns,
				     .n = ARRAY_LEN(default_columns) };
	const struct texts *shown = descriptors->n ? descriptors : &usual;
	struct container_status st;
	struct processes l;
	struct top_names names;
	int r = container_status(s, a, c, &st, e);

	if (r < 0)
		return r;
	if (!container_is_alive(&st))
		return err_set(e, ERR_CONFLICT, "top can only be used on running containers");
	r = processes_read(a, &st, &l, e);
	if (r < 0)
		return r;
	read_names(a, &st, &names);
	print_line(shown, NULL, out);
	for (size_t i = 0; i < l.n; i++)
		print_line(shown,
			   &(struct top_row){ .out = out,
					      .arena = a,
					      .p = &l.v[i],
					      .names = &names,
					      .now_nsec = clock_nsec() },
			   out);
	return 0;
}
