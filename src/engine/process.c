/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/units.h"
#include "cgroup/cgroup.h"

#define PROC_FILE_MAX (128 << 10)
#define ARGS_MAX      4096 /* of what is shown */
#define NSEC_PER_SEC  1000000000LL
#define OVERFLOW_ID   65534 /* /proc/sys/kernel/overflowuid */

uint64_t process_map_id(const char *map, uint64_t id)
{
	uint64_t inside, outside, count;
	int n;

	for (; sscanf(map, "%" SCNu64 " %" SCNu64 " %" SCNu64 "%n", &inside, &outside, &count,
		      &n) == 3;
	     map += n)
		if (id >= outside && id - outside < count)
			return inside + (id - outside);
	return OVERFLOW_ID;
}

/* "" if it can't be read: the process may have ended. */
static char *read_proc(struct arena *a, int dir, const char *name, size_t *ret_len)
{
	auto_free char *text = NULL;
	size_t len = 0;

	if (file_read_at(dir, name, PROC_FILE_MAX, &text, &len, NULL) < 0)
		len = 0;
	if (ret_len)
		*ret_len = len;
	return text ? arena_copy(a, text, len + 1) : arena_strdup(a, "");
}

/* What follows "\nKey:\t" up to the line's end, or "". */
static const char *status_value(struct arena *a, const char *status, const char *key)
{
	const char *at = strstr(status, arena_printf(a, "\n%s:\t", key));

	if (!at)
		return "";
	at = strchr(at + 1, '\t') + 1;
	return arena_strndup(a, at, strcspn(at, "\n"));
}

static int64_t last_number(const char *s)
{
	const char *tab = strrchr(s, '\t');

	return strtoll(tab ? tab + 1 : s, NULL, 10);
}

static uint64_t hex_value(struct arena *a, const char *status, const char *key)
{
	return strtoull(status_value(a, status, key), NULL, 16);
}

static void take_status(struct arena *a, const char *status, struct process *p)
{
	const char *groups = status_value(a, status, "Groups");

	sscanf(status_value(a, status, "Uid"), "%" SCNu64 " %" SCNu64, &p->real_uid, &p->uid);
	sscanf(status_value(a, status, "Gid"), "%" SCNu64 " %" SCNu64, &p->real_gid, &p->gid);
	p->groups = (struct texts){ 0 };
	while (*groups) {
		size_t len = strcspn(groups, " ");

		if (len)
			texts_add(a, &p->groups, arena_strndup(a, groups, len));
		groups += len + (groups[len] == ' ');
	}
	p->pid = last_number(status_value(a, status, "NSpid"));
	p->pgid = last_number(status_value(a, status, "NSpgid"));
	p->inheritable = hex_value(a, status, "CapInh");
	p->permitted = hex_value(a, status, "CapPrm");
	p->effective = hex_value(a, status, "CapEff");
	p->bounding = hex_value(a, status, "CapBnd");
	p->ambient = hex_value(a, status, "CapAmb");
	p->seccomp = strtoll(status_value(a, status, "Seccomp"), NULL, 10);
	p->resident_kb = strtoll(status_value(a, status, "VmRSS"), NULL, 10);
	p->virtual_kb = strtoll(status_value(a, status, "VmSize"), NULL, 10);
}

/* proc_pid_stat(5): the name is in parentheses and may hold any character, also those. */
static bool take_stat(const char *stat, struct process *p)
{
	long ticks = sysconf(_SC_CLK_TCK);
	int64_t user, system, start;
	const char *end = strrchr(stat, ')');
	struct timespec boot;

	if (!end || ticks <= 0 ||
	    sscanf(end + 1,
		   " %c %" SCNd64 " %*d %*d %" SCNd64 " %*d %*u %*u %*u %*u %*u %" SCNd64
		   " %" SCNd64 " %*d %*d %*d %" SCNd64 " %*d %*d %" SCNd64,
		   &p->state, &p->host_ppid, &p->tty, &user, &system, &p->nice, &start) != 7)
		return false;
	clock_gettime(CLOCK_BOOTTIME, &boot);
	p->cpu_nsec = (user + system) * (NSEC_PER_SEC / ticks);
	p->started_sec = (clock_nsec() - boot.tv_sec * NSEC_PER_SEC - boot.tv_nsec +
			  start * (NSEC_PER_SEC / ticks)) /
			 NSEC_PER_SEC;
	return true;
}

/* What a container chose may not move a cursor, nor end a cell of the table. */
static char *printable(char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			s[i] = s[i] == '\0' ? ' ' : '?';
	while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\n'))
		len--;
	s[len] = '\0';
	return s;
}

static void take_names(struct arena *a, int dir, struct process *p)
{
	size_t len;
	char *text = read_proc(a, dir, "comm", &len);

	p->name = printable(text, len > 0 ? len - 1 : 0);
	text = read_proc(a, dir, "cmdline", &len);
	p->args = len ? printable(text, len < ARGS_MAX ? len : ARGS_MAX)
		      : arena_printf(a, "[%s]", p->name);
	text = read_proc(a, dir, "attr/current", &len);
	text[strcspn(text, "\n")] = '\0';
	p->label = *text ? printable(text, strlen(text)) : NULL;
}

static bool is_in_our_namespace(int dir)
{
	struct stat ours, its;

	return stat("/proc/self/ns/user", &ours) == 0 && fstatat(dir, "ns/user", &its, 0) == 0 &&
	       ours.st_ino == its.st_ino && ours.st_dev == its.st_dev;
}

static bool read_process(struct arena *a, int proc, pid_t pid, struct process *ret)
{
	auto_close int dir = file_open_dir_at(proc, arena_printf(a, "%d", pid), NULL);
	struct process p = { .host_pid = pid };
	const char *status;

	if (dir < 0)
		return false;
	status = read_proc(a, dir, "status", NULL);
	if (!*status || !take_stat(read_proc(a, dir, "stat", NULL), &p))
		return false;
	take_status(a, status, &p);
	take_names(a, dir, &p);
	/* In our own user namespace the ids of status are inside ids already. */
	if (is_in_our_namespace(dir)) {
		p.uid_map = p.gid_map = "0 0 4294967295";
	} else {
		p.uid_map = read_proc(a, dir, "uid_map", NULL);
		p.gid_map = read_proc(a, dir, "gid_map", NULL);
	}
	*ret = p;
	return true;
}

static int by_pid(const void *x, const void *y)
{
	const struct process *a = x, *b = y;

	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static void find_parents(struct processes *l)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->n; k++)
			if (l->v[k].host_pid == l->v[i].host_ppid)
				l->v[i].ppid = l->v[k].pid;
}

/* Without a cgroup of its own the first process is all that is known of it. */
static int list_pids(struct arena *a, const struct container_status *st, pid_t **ret, size_t *ret_n,
		     struct err *e)
{
	AUTO(cgroup) group = NULL;
	int r;

	if (!text_empty(st->run.cgroup)) {
		r = cgroup_open(st->run.cgroup_manager, st->run.cgroup, &group, e);
		return r < 0 ? r : cgroup_pids(group, a, ret, ret_n, e);
	}
	*ret = ARENA_NEW(a, pid_t);
	**ret = (pid_t)st->run.pid;
	*ret_n = 1;
	return 0;
}

int processes_read(struct arena *a, const struct container_status *st, struct processes *ret,
		   struct err *e)
{
	auto_close int proc = file_open_dir_at(AT_FDCWD, "/proc", e);
	struct processes l = { 0 };
	pid_t *pids;
	size_t n;
	int r = proc < 0 ? proc : list_pids(a, st, &pids, &n, e);

	if (r < 0)
		return r;
	l.v = arena_array(a, n + 1, sizeof(*l.v));
	for (size_t i = 0; i < n; i++)
		if (pids[i] > 0 && read_process(a, proc, pids[i], &l.v[l.n]))
			l.n++;
	qsort(l.v, l.n, sizeof(*l.v), by_pid);
	find_parents(&l);
	*ret = l;
	return 0;
}
