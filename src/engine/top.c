/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything comes from /proc as the host sees it: status for ids, namespaces' pids and
 * capabilities, stat for times.  Names of users and groups are the container's own.
 */
#include "engine/top.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/units.h"
#include "cgroup/cgroup.h"
#include "kernel/open.h"
#include "runtime/capability.h"

#define PROC_MAX ((size_t)1 << 20)
#define STAT_MAX 52

struct process {
	struct arena *arena;
	pid_t pid;
	const char *status, *cmdline; /* /proc/PID/status; the words joined by blanks */
	const char *comm;
	char state;
	long long stat[STAT_MAX];   /* by the field's number in proc(5) */
	const char *passwd, *group; /* the container's */
};

static long ticks(void)
{
	long n = sysconf(_SC_CLK_TCK);

	return n > 0 ? n : 100;
}

static const char *status_field(const struct process *p, const char *name)
{
	const char *line = strstr(p->status, name);

	if (!line)
		return "";
	line += strlen(name) + strspn(line + strlen(name), " \t");
	return arena_strndup(p->arena, line, strcspn(line, "\n"));
}

/* The n-th number of a line, from 0; the last for -1. */
static const char *nth(const struct process *p, const char *name, int n)
{
	struct texts l = texts_split(p->arena, status_field(p, name), '\t');

	if (l.n == 0)
		return "";
	return n < 0 ? l.v[l.n - 1] : (size_t)n < l.n ? l.v[n] : "";
}

/* NAME:x:ID: in a file of accounts; the number itself when it is not there. */
static const char *account(const struct process *p, const char *file, const char *id)
{
	struct texts lines = file ? texts_split(p->arena, file, '\n') : (struct texts){ 0 };

	for (size_t i = 0; i < lines.n; i++) {
		struct texts parts = texts_split(p->arena, lines.v[i], ':');

		if (parts.n > 2 && strcmp(parts.v[2], id) == 0)
			return parts.v[0];
	}
	return id;
}

static const char *groups(const struct process *p, const char *file)
{
	struct texts ids = texts_split(p->arena, status_field(p, "\nGroups:"), ' '), l = { 0 };

	for (size_t i = 0; i < ids.n; i++)
		if (*ids.v[i])
			texts_add(p->arena, &l, account(p, file, ids.v[i]));
	return texts_join(p->arena, &l, ",");
}

static const char *capabilities(const struct process *p, const char *field)
{
	uint64_t set = strtoull(status_field(p, field), NULL, 16);
	struct texts names, l = { 0 };

	if (set == 0)
		return "none";
	if (set == capability_all())
		return "full";
	names = capability_names(p->arena, set);
	for (size_t i = 0; i < names.n; i++) {
		const char *name = text_after(names.v[i], "CAP_");

		texts_add(p->arena, &l, name ? name : names.v[i]);
	}
	return texts_join(p->arena, &l, ",");
}

/* A duration as Go prints it, to the precision that there is. */
static const char *seconds(const struct process *p, double s)
{
	if (s < 60)
		return arena_printf(p->arena, "%.9gs", s);
	if (s < 3600)
		return arena_printf(p->arena, "%dm%.9gs", (int)s / 60, s - 60 * ((int)s / 60));
	return arena_printf(p->arena, "%dh%dm%.9gs", (int)s / 3600, (int)s / 60 % 60,
			    s - 60 * ((int)s / 60));
}

static double elapsed(const struct process *p)
{
	auto_free char *text = NULL;
	double uptime = 0;

	if (file_read_at(AT_FDCWD, "/proc/uptime", 256, &text, NULL, NULL) == 0)
		uptime = strtod(text, NULL);
	return uptime - (double)p->stat[22] / (double)ticks();
}

static double cpu(const struct process *p)
{
	return (double)(p->stat[14] + p->stat[15]) / (double)ticks();
}

static const char *show_args(const struct process *p)
{
	return *p->cmdline ? p->cmdline : arena_printf(p->arena, "[%s]", p->comm);
}
static const char *show_comm(const struct process *p)
{
	return p->comm;
}
static const char *show_capbnd(const struct process *p)
{
	return capabilities(p, "\nCapBnd:");
}
static const char *show_capeff(const struct process *p)
{
	return capabilities(p, "\nCapEff:");
}
static const char *show_capinh(const struct process *p)
{
	return capabilities(p, "\nCapInh:");
}
static const char *show_capprm(const struct process *p)
{
	return capabilities(p, "\nCapPrm:");
}
static const char *show_etime(const struct process *p)
{
	return seconds(p, elapsed(p));
}
static const char *show_group(const struct process *p)
{
	return account(p, p->group, nth(p, "\nGid:", 1));
}
static const char *show_groups(const struct process *p)
{
	return groups(p, p->group);
}
static const char *show_hgroup(const struct process *p)
{
	const struct group *g = getgrgid((gid_t)strtoul(nth(p, "\nGid:", 1), NULL, 10));

	return g ? arena_strdup(p->arena, g->gr_name) : nth(p, "\nGid:", 1);
}
static const char *show_hgroups(const struct process *p)
{
	return groups(p, NULL);
}
static const char *show_hpid(const struct process *p)
{
	return arena_printf(p->arena, "%d", p->pid);
}
static const char *show_huser(const struct process *p)
{
	const struct passwd *u = getpwuid((uid_t)strtoul(nth(p, "\nUid:", 1), NULL, 10));

	return u ? arena_strdup(p->arena, u->pw_name) : nth(p, "\nUid:", 1);
}
static const char *show_label(const struct process *p)
{
	auto_free char *text = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/attr/current", p->pid);
	if (file_read_at(AT_FDCWD, path, 4096, &text, NULL, NULL) < 0 || !*text)
		return "?";
	return arena_strndup(p->arena, text, strcspn(text, "\n"));
}
static const char *show_nice(const struct process *p)
{
	return arena_printf(p->arena, "%lld", p->stat[19]);
}
static const char *show_pcpu(const struct process *p)
{
	double e = elapsed(p);

	return arena_printf(p->arena, "%.3f", e > 0 ? 100 * cpu(p) / e : 0);
}
static const char *show_pgid(const struct process *p)
{
	return nth(p, "\nNSpgid:", -1);
}
static const char *show_pid(const struct process *p)
{
	return nth(p, "\nNSpid:", -1);
}
/* The parent's pid inside; of what entered from outside there is none. */
static const char *show_ppid(const struct process *p)
{
	auto_free char *text = NULL;
	struct process parent = { .arena = p->arena };
	char path[64];

	if (strcmp(show_pid(p), "1") == 0)
		return "0";
	snprintf(path, sizeof(path), "/proc/%s/status", status_field(p, "\nPPid:"));
	if (file_read_at(AT_FDCWD, path, PROC_MAX, &text, NULL, NULL) < 0)
		return "0";
	parent.status = text;
	if (texts_split(p->arena, status_field(&parent, "\nNSpid:"), '\t').n <
	    texts_split(p->arena, status_field(p, "\nNSpid:"), '\t').n)
		return "0";
	return nth(&parent, "\nNSpid:", -1);
}
static const char *show_rgroup(const struct process *p)
{
	return account(p, p->group, nth(p, "\nGid:", 0));
}
static const char *show_ruser(const struct process *p)
{
	return account(p, p->passwd, nth(p, "\nUid:", 0));
}
static const char *show_rss(const struct process *p)
{
	return arena_printf(p->arena, "%lld", p->stat[24] * (sysconf(_SC_PAGESIZE) / 1024));
}
static const char *show_seccomp(const struct process *p)
{
	static const char *const modes[] = { "disabled", "strict", "filter" };
	unsigned long n = strtoul(status_field(p, "\nSeccomp:"), NULL, 10);

	return n < ARRAY_LEN(modes) ? modes[n] : "?";
}
static const char *show_state(const struct process *p)
{
	return arena_printf(p->arena, "%c", p->state);
}
static const char *show_stime(const struct process *p)
{
	auto_buf text = BUF(64);

	time_print_go(&text,
		      clock_nsec() / 1000000000 * 1000000000 - (int64_t)elapsed(p) * 1000000000);
	return arena_strdup(p->arena, buf_text(&text));
}
static const char *show_time(const struct process *p)
{
	return seconds(p, cpu(p));
}
static const char *show_tty(const struct process *p)
{
	unsigned major = (unsigned)p->stat[7] >> 8 & 0xfff;

	if (p->stat[7] == 0)
		return "?";
	if (major >= 136 && major <= 143)
		return arena_printf(p->arena, "pts/%lld",
				    (p->stat[7] & 0xff) | (p->stat[7] >> 12 & 0xfff00));
	return "?";
}
static const char *show_user(const struct process *p)
{
	return account(p, p->passwd, nth(p, "\nUid:", 1));
}
static const char *show_vsz(const struct process *p)
{
	return arena_printf(p->arena, "%lld", p->stat[23] / 1024);
}

static const struct column {
	const char *name, *heading;
	const char *(*show)(const struct process *p);
} columns[] = {
	{ "args", "COMMAND", show_args },
	{ "capbnd", "BOUNDING CAPS", show_capbnd },
	{ "capeff", "EFFECTIVE CAPS", show_capeff },
	{ "capinh", "INHERITED CAPS", show_capinh },
	{ "capprm", "PERMITTED CAPS", show_capprm },
	{ "comm", "COMMAND", show_comm },
	{ "etime", "ELAPSED", show_etime },
	{ "group", "GROUP", show_group },
	{ "groups", "GROUPS", show_groups },
	{ "hgroup", "HGROUP", show_hgroup },
	{ "hgroups", "HGROUPS", show_hgroups },
	{ "hpid", "HPID", show_hpid },
	{ "huser", "HUSER", show_huser },
	{ "label", "LABEL", show_label },
	{ "nice", "NI", show_nice },
	{ "pcpu", "%CPU", show_pcpu },
	{ "pgid", "PGID", show_pgid },
	{ "pid", "PID", show_pid },
	{ "ppid", "PPID", show_ppid },
	{ "rgroup", "RGROUP", show_rgroup },
	{ "rss", "RSS", show_rss },
	{ "ruser", "RUSER", show_ruser },
	{ "seccomp", "SECCOMP", show_seccomp },
	{ "state", "STATE", show_state },
	{ "stime", "STIME", show_stime },
	{ "time", "TIME", show_time },
	{ "tty", "TTY", show_tty },
	{ "user", "USER", show_user },
	{ "vsz", "VSZ", show_vsz },
};

const char *const top_descriptors[] = {
	"args",   "capbnd", "capeff",  "capinh", "capprm", "comm",  "etime",   "group",
	"groups", "hgroup", "hgroups", "hpid",   "huser",  "label", "nice",    "pcpu",
	"pgid",   "pid",    "ppid",    "rgroup", "rss",    "ruser", "seccomp", "state",
	"stime",  "time",   "tty",     "user",   "vsz",    NULL,
};
_Static_assert(ARRAY_LEN(top_descriptors) == ARRAY_LEN(columns) + 1, "every column is listed");

static const struct column *find_column(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		if (strcmp(columns[i].name, name) == 0)
			return &columns[i];
	return NULL;
}

bool top_knows(const char *descriptor)
{
	return find_column(descriptor) != NULL;
}

/* "PID (comm) S n n …": comm may hold anything, so its end is the last parenthesis. */
static bool parse_stat(struct process *p, const char *text)
{
	const char *open = strchr(text, '('), *end = strrchr(text, ')');

	if (!open || !end || end < open || strlen(end) < 4)
		return false;
	p->comm = arena_strndup(p->arena, open + 1, (size_t)(end - open - 1));
	p->state = end[2];
	text = end + 3;
	for (int i = 4; i < STAT_MAX; i++) {
		char *rest;

		p->stat[i] = strtoll(text, &rest, 10);
		text = rest;
	}
	return true;
}

/* False if it ended meanwhile. */
static bool read_process(struct process *p)
{
	auto_free char *stat = NULL;
	auto_free char *status = NULL;
	auto_free char *cmdline = NULL;
	char dir[32];
	size_t len = 0;
	auto_close int fd = -1;

	snprintf(dir, sizeof(dir), "/proc/%d", p->pid);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || file_read_at(fd, "stat", PROC_MAX, &stat, NULL, NULL) < 0 ||
	    file_read_at(fd, "status", PROC_MAX, &status, NULL, NULL) < 0 || !parse_stat(p, stat))
		return false;
	p->status = arena_strdup(p->arena, status);
	p->cmdline = "";
	if (file_read_at(fd, "cmdline", PROC_MAX, &cmdline, &len, NULL) == 0 && len > 0) {
		for (size_t i = 0; i + 1 < len; i++)
			if (!cmdline[i])
				cmdline[i] = ' ';
		p->cmdline = arena_strndup(p->arena, cmdline, len - 1);
	}
	return true;
}

static const char *read_inside(struct arena *a, int root, const char *path)
{
	auto_free char *text = NULL;
	auto_close int fd = kernel_open_in(root, path, O_RDONLY | O_NONBLOCK, NULL);

	if (fd < 0 || file_read_fd(fd, path, PROC_MAX, &text, NULL, NULL) < 0)
		return NULL;
	return arena_strdup(a, text);
}

static int by_pid(const void *a, const void *b)
{
	return *(const pid_t *)a - *(const pid_t *)b;
}

static int find_pids(struct arena *a, const struct container_status *st, pid_t **ret, size_t *ret_n,
		     struct err *e)
{
	AUTO(cgroup) group = NULL;
	int r;

	if (text_empty(st->run.cgroup)) {
		*ret = arena_alloc(a, sizeof(pid_t));
		**ret = (pid_t)st->run.pid;
		*ret_n = 1;
		return 0;
	}
	r = cgroup_open(st->run.cgroup_manager, st->run.cgroup, &group, e);
	if (r == 0)
		r = cgroup_pids(group, a, ret, ret_n, e);
	if (r == 0 && *ret_n)
		qsort(*ret, *ret_n, sizeof(**ret), by_pid);
	return r;
}

static void print_line(const struct process *p, const struct texts *names, struct buf *out)
{
	for (size_t i = 0; i < names->n; i++) {
		const struct column *c = find_column(names->v[i]);

		buf_addf(out, "%s%s", i ? "\t" : "", p ? c->show(p) : c->heading);
	}
	buf_addc(out, '\n');
}

int top_print(const struct state *s, struct arena *a, const struct container *c,
	      const struct texts *descriptors, struct buf *out, struct err *e)
{
	struct texts names = *descriptors;
	struct process base = { .arena = a };
	struct container_status st;
	auto_close int root = -1;
	char path[64];
	pid_t *pids;
	size_t n;
	int r = container_status(s, a, c, &st, e);

	if (r < 0)
		return r;
	if (!container_is_alive(&st))
		return err_set(e, ERR_CONFLICT, "top can only be used on running containers");
	if (names.n == 0)
		names = texts_split(a, "user pid ppid pcpu etime tty time args", ' ');
	r = find_pids(a, &st, &pids, &n, e);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/%lld/root", (long long)st.run.pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root >= 0) {
		base.passwd = read_inside(a, root, "/etc/passwd");
		base.group = read_inside(a, root, "/etc/group");
	}
	print_line(NULL, &names, out);
	for (size_t i = 0; i < n; i++) {
		struct process p = base;

		p.pid = pids[i];
		if (read_process(&p))
			print_line(&p, &names, out);
	}
	return 0;
}
