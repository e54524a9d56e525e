/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "runtime/rdt.h"

#define STATUS_MAX 4096

/* "L3:…", "L3DATA:…": a line of the resource; or none. */
static bool is_line_of(const char *line, const char *resource)
{
	return !line ||
	       (text_after(line, resource) && strchr(line, ':') && line[strlen(line) - 1] != ':');
}

static int check(const struct runtime_rdt_update *how, struct err *e)
{
	if (!is_line_of(how->l3_cache, "L3"))
		return err_set(e, ERR_INVALID,
			       "--l3-cache-schema: \"%.100s\" is not of the form L3:0=MASK;…",
			       how->l3_cache);
	if (!is_line_of(how->mem_bw, "MB:"))
		return err_set(e, ERR_INVALID,
			       "--mem-bw-schema: \"%.100s\" is not of the form MB:0=PERCENT;…",
			       how->mem_bw);
	return 0;
}

/* What the kernel has against what was written last, which errno doesn't tell. */
static void explain(int root, struct err *e)
{
	auto_free char *text = NULL;

	if (file_read_at(root, "info/last_cmd_status", STATUS_MAX, &text, NULL, NULL) == 0 &&
	    *text && !text_after(text, "ok")) {
		text[strcspn(text, "\n")] = '\0';
		err_wrap(e, "%s", text);
	}
}

/* A thread that has ended meanwhile needs no group. */
static int move_thread(int tasks, const char *number, struct err *e)
{
	return write(tasks, number, strlen(number)) < 0 && errno != ESRCH
		       ? err_sys(e, "Intel RDT: move process %s", number)
		       : 0;
}

static int move_process(int tasks, pid_t pid, struct err *e)
{
	char path[64];
	const struct dirent *d;
	DIR *threads;
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	threads = opendir(path);
	if (!threads)
		return errno == ENOENT ? 0 : err_sys(e, "%s", path);
	while (r == 0 && (d = readdir(threads)))
		if (d->d_name[0] != '.')
			r = move_thread(tasks, d->d_name, e);
	closedir(threads);
	return r;
}

static int move_all(int group, const struct runtime_rdt_update *how, struct err *e)
{
	auto_close int tasks = openat(group, "tasks", O_WRONLY | O_APPEND | O_CLOEXEC);
	int r = tasks < 0 ? err_sys(e, "Intel RDT: tasks") : 0;

	for (size_t i = 0; i < how->pids_len && r == 0; i++)
		r = move_process(tasks, how->pids[i], e);
	return r;
}

static const char *group_of(const struct oci_intel_rdt *its, const char *id)
{
	if (!its || text_empty(its->clos_id))
		return id;
	return strcmp(its->clos_id, "/") == 0 ? "." : its->clos_id;
}

int rdt_update(int root, const struct runtime_rdt_update *how, struct err *e)
{
	const struct oci_intel_rdt *its =
		how->config->linux_part ? how->config->linux_part->intel_rdt : NULL;
	const struct oci_intel_rdt want = { .l3_cache_schema = how->l3_cache,
					    .mem_bw_schema = how->mem_bw };
	const char *name = group_of(its, how->id);
	auto_close int group = -1;
	bool made = false;
	int r = check(how, e);

	if (r < 0)
		return r;
	/* One that is there is of an earlier update. */
	if (!its) {
		made = mkdirat(root, name, 0755) == 0;
		if (!made && errno != EEXIST)
			return err_sys(e, "Intel RDT: make the group %s", name);
	}
	group = openat(root, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = group < 0 ? err_sys(e, "Intel RDT: group %s", name) : rdt_write(group, &want, e);
	if (r < 0 && group >= 0)
		explain(root, e);
	if (r == 0 && !its)
		r = move_all(group, how, e);
	if (r < 0 && made)
		unlinkat(root, name, AT_REMOVEDIR);
	return r;
}

int runtime_update_rdt(const struct runtime_rdt_update *how, struct err *e)
{
	auto_close int root = rdt_open(e);

	if (root < 0)
		return err_wrap(e, "Intel RDT: %s schema is not enabled",
				how->l3_cache ? "l3 cache" : "memory bandwidth");
	return rdt_update(root, how, e);
}
