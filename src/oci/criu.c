/* SPDX-License-Identifier: BSD-2-Clause */
#include "oci/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "base/child.h"
#include "base/file.h"
#include "base/path.h"
#include "kernel/kernel.h"

#define STREAMS_FILE "descriptors.json"
#define STREAMS_MAX  65536

static const char *const modes[] = { "soft", "full", "strict", "ignore", NULL };

const struct option criu_options[] = {
	OPTION_TEXT(criu_args, image_path, "image-path", 0, "DIR", "Folder of images (checkpoint)",
		    .completes = "file"),
	OPTION_TEXT(criu_args, work_path, "work-path", 0, "DIR",
		    "Folder of logs (that of the images)", .completes = "file"),
	OPTION_FLAG(criu_args, tcp_established, "tcp-established", 0, "Allow open TCP connections"),
	OPTION_FLAG(criu_args, ext_unix_sk, "ext-unix-sk", 0,
		    "Allow unix sockets whose other end is outside"),
	OPTION_FLAG(criu_args, shell_job, "shell-job", 0, "Allow jobs of a shell"),
	OPTION_FLAG(criu_args, file_locks, "file-locks", 0, "Keep file locks"),
	OPTION_CHOICE(criu_args, manage_cgroups, "manage-cgroups-mode", 0, "MODE",
		      "What becomes of control groups: soft, full, strict or ignore (soft)", modes),
	OPTION_TEXT(criu_args, network_lock, "network-lock", 0, "METHOD",
		    "How CRIU locks the network: iptables, nftables or skip"),
	OPTION_FLAG(criu_args, lazy_pages, "lazy-pages", 0, "Copy memory when it is used"),
	OPTION_FLAG(criu_args, auto_dedup, "auto-dedup", 0,
		    "Remove memory from parent images that later ones have"),
	OPTION_LIST(criu_args, empty_ns, "empty-ns", 0, "NAMESPACE",
		    "Restore this namespace empty"),
	{ 0 },
};

static void add(struct criu *c, const char *word)
{
	texts_add(c->g->arena, &c->argv, word);
}

static const char *absolute(struct arena *a, const char *path)
{
	char here[4096];

	return *path == '/' || !getcwd(here, sizeof(here)) ? path : path_join(a, here, path);
}

/* What is mounted from the host, and what is mounted to hide things, isn't in the images. */
static void add_mounts(struct criu *c, bool restore)
{
	struct arena *a = c->g->arena;
	const struct oci_config *config = c->config;

	for (size_t i = 0; i < config->mounts.n; i++) {
		const struct oci_mount *m = &config->mounts.v[i];

		if (!texts_has(&m->options, "bind") && !texts_has(&m->options, "rbind"))
			continue;
		add(c, "--external");
		add(c, arena_printf(a, "mnt[%s]:%s", m->destination,
				    restore ? absolute(a, m->source) : m->destination));
	}
	for (size_t i = 0; config->linux_part && i < config->linux_part->masked_paths.n; i++) {
		const char *path = config->linux_part->masked_paths.v[i];

		add(c, "--external");
		add(c, arena_printf(a, "mnt[%s]:/dev/null", path));
	}
}

static void add_flags(struct criu *c, const struct criu_args *args)
{
	const struct {
		bool on;
		const char *word;
	} flags[] = {
		{ args->tcp_established, "--tcp-established" },
		{ args->ext_unix_sk, "--ext-unix-sk" },
		{ args->shell_job, "--shell-job" },
		{ args->file_locks, "--file-locks" },
		{ args->lazy_pages, "--lazy-pages" },
		{ args->auto_dedup, "--auto-dedup" },
	};

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (flags[i].on)
			add(c, flags[i].word);
	for (size_t i = 0; i < args->empty_ns.n; i++) {
		add(c, "--empty-ns");
		add(c, strcmp(args->empty_ns.v[i], "network") == 0 ? "net" : args->empty_ns.v[i]);
	}
	add(c, arena_printf(c->g->arena, "--manage-cgroups=%s",
			    args->manage_cgroups ? args->manage_cgroups : "soft"));
	if (args->network_lock) {
		add(c, "--network-lock");
		add(c, args->network_lock);
	}
}

int criu_begin(struct criu *c, const struct oci_globals *g, const struct criu_args *args,
	       const struct oci_config *config, const char *verb, struct err *e)
{
	bool restore = strcmp(verb, "restore") == 0;
	int r;

	*c = (struct criu){ .g = g, .config = config };
	c->images =
		absolute(g->arena, text_empty(args->image_path) ? "checkpoint" : args->image_path);
	c->work = text_empty(args->work_path) ? c->images : absolute(g->arena, args->work_path);
	c->log = restore ? "restore.log" : "dump.log";
	r = restore ? 0 : file_mkdir_path(AT_FDCWD, c->images, 0700, e);
	if (r == 0)
		r = file_mkdir_path(AT_FDCWD, c->work, 0700, e);
	if (r < 0)
		return r;
	add(c, "criu");
	add(c, verb);
	add(c, "--images-dir");
	add(c, c->images);
	add(c, "--work-dir");
	add(c, c->work);
	add(c, "--log-file");
	add(c, c->log);
	add(c, "-v4");
	add_flags(c, args);
	add_mounts(c, restore);
	return 0;
}

static const char *find_program(const struct oci_globals *g)
{
	const char *path = getenv("PATH");
	struct texts dirs;

	if (!text_empty(g->criu) && strchr(g->criu, '/'))
		return g->criu;
	dirs = texts_split(g->arena, text_empty(path) ? "/usr/sbin:/usr/bin:/sbin:/bin" : path,
			   ':');
	for (size_t i = 0; i < dirs.n; i++) {
		const char *name =
			path_join(g->arena, dirs.v[i], text_empty(g->criu) ? "criu" : g->criu);

		if (*name == '/' && access(name, X_OK) == 0)
			return name;
	}
	return NULL;
}

/* CRIU wants a root that is a mount; here it is one for it alone. */
static int mount_root(const char *root, struct err *e)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_sys(e, "make a mount namespace for criu");
	if (mount(root, root, NULL, MS_BIND | MS_REC, NULL) < 0)
		return err_sys(e, "mount %s on itself", root);
	return 0;
}

static int spawn(const struct criu *c, const char *program, struct err *e)
{
	struct child child;
	int status, r;

	r = c->root ? mount_root(c->root, e) : 0;
	if (r == 0)
		r = child_spawn(&(struct child_spawn){ .path = program,
						       .argv = (char *const *)c->argv.v,
						       .in = -1,
						       .out = STDERR_FILENO,
						       .err = STDERR_FILENO,
						       .fds = c->fds,
						       .fds_len = c->fds_len },
				&child, e);
	if (r == 0)
		r = child_wait(&child, &status, e);
	if (r == 0 && status != 0)
		r = err_set(e, ERR_SYSTEM, "criu %s failed: exit status %d; see %s/%s",
			    c->argv.v[1], child_exit_code(status), c->work, c->log);
	return r;
}

int criu_run(struct criu *c, struct err *e)
{
	const char *program = find_program(c->g);
	int report[2], r;
	pid_t pid;

	if (!program)
		return err_set(e, ERR_UNSUPPORTED,
			       "%s: it takes the program criu, which is not installed (or named "
			       "by --criu)",
			       strcmp(c->argv.v[1], "restore") == 0 ? "restore" : "checkpoint");
	if (!c->root)
		return spawn(c, program, e);
	/* A process in between has that mount namespace, and what criu restores becomes ours. */
	if (pipe2(report, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	pid = fork();
	if (pid == 0) {
		struct err why = { 0 };

		if (spawn(c, program, &why) < 0)
			err_send(report[1], &why);
		_exit(0);
	}
	close(report[1]);
	r = pid < 0 ? err_sys(e, "fork") : err_recv(report[0], e);
	close(report[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return r;
}

int criu_note_streams(const struct criu *c, pid_t pid, struct err *e)
{
	auto_buf out = BUF(STREAMS_MAX);
	auto_close int dir = file_open_dir_at(AT_FDCWD, c->images, e);

	if (dir < 0)
		return dir;
	for (int i = 0; i < 3; i++) {
		char path[64], name[4096];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, i);
		n = readlink(path, name, sizeof(name));
		buf_addc(&out, i ? ',' : '[');
		json_quote(&out, name, n < 0 ? 0 : (size_t)n);
	}
	buf_addc(&out, ']');
	return file_replace_at(dir, STREAMS_FILE, out.data, out.len, NULL, e);
}

int criu_give_streams(struct criu *c, struct err *e)
{
	auto_close int dir = file_open_dir_at(AT_FDCWD, c->images, e);
	auto_free char *text = NULL;
	json_t *names = NULL;
	size_t len;
	int r = dir < 0 ? dir : file_read_at(dir, STREAMS_FILE, STREAMS_MAX, &text, &len, e);

	if (r == 0)
		r = json_parse(text, len, &names, e);
	if (r < 0)
		return err_wrap(e, "%s/" STREAMS_FILE, c->images);
	for (int i = 0; i < 3; i++) {
		const char *name = json_string_value(json_array_get(names, (size_t)i));

		/* Files are found by their names; pipes have none. */
		if (!name || !text_after(name, "pipe:"))
			continue;
		add(c, "--inherit-fd");
		add(c, arena_printf(c->g->arena, "fd[%zu]:%s", 3 + c->fds_len, name));
		c->fds[c->fds_len++] = i;
	}
	json_decref(names);
	return 0;
}
