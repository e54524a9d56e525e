/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process that serves names.  It parses what comes from containers and from the world, so it
 * runs as nobody and sees, in a mount namespace of its own, its folder in place of /tmp: the
 * folders above it are for root alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/file.h"
#include "base/path.h"
#include "kernel/kernel.h"
#include "network/names.h"

#define HOSTS_MAX   (1 << 20)
#define CMDLINE_MAX (64 << 10)

enum { DIED_WITHIN_MS = 2000 };

struct server {
	struct arena *arena;
	const struct state *state;
	const struct network *network;
	const char *path; /* of its folder, locked as long as dir is open */
	int dir, host_netns;
	struct texts argv;
};

/* --- one that runs --------------------------------------------------------------- */

static bool read_pid(const struct server *v, pid_t *ret)
{
	auto_free char *text = NULL;
	int pid = 0;

	if (file_read_at(v->dir, "pid", 64, &text, NULL, NULL) < 0 || sscanf(text, "%d", &pid) != 1)
		return false;
	*ret = pid;
	return pid > 0;
}

static bool has_argument(const char *cmdline, size_t len, const char *wanted)
{
	for (const char *at = cmdline; at < cmdline + len; at += strlen(at) + 1)
		if (text_eq(at, wanted))
			return true;
	return false;
}

static bool same_arguments(const char *cmdline, size_t len, const struct texts *argv)
{
	const char *at = cmdline;

	for (size_t i = 0; i < argv->n; i++, at += strlen(at) + 1)
		if (at >= cmdline + len || !text_eq(at, argv->v[i]))
			return false;
	return at >= cmdline + len;
}

/* Its pidfd, or -1: nobody serves, or the number is another process's by now. */
static int find_running(const struct server *v, bool *ret_same)
{
	auto_free char *cmdline = NULL;
	auto_close int pidfd = -1;
	size_t len = 0;
	pid_t pid;

	if (!read_pid(v, &pid))
		return -1;
	pidfd = kernel_pidfd_open(pid);
	if (pidfd < 0 ||
	    file_read_at(AT_FDCWD, arena_printf(v->arena, "/proc/%d/cmdline", pid), CMDLINE_MAX,
			 &cmdline, &len, NULL) < 0 ||
	    !has_argument(cmdline, len, arena_printf(v->arena, "--pid-file=%s/pid", v->path)))
		return -1;
	*ret_same = same_arguments(cmdline, len, &v->argv);
	return take_fd(pidfd);
}

static void stop_running(const struct server *v)
{
	bool same;
	auto_close int pidfd = find_running(v, &same);

	if (pidfd >= 0) {
		kernel_pidfd_send_signal(pidfd, SIGKILL);
		/* Its port is free when it is gone; it is somebody else's child. */
		poll(&(struct pollfd){ .fd = pidfd, .events = POLLIN }, 1, DIED_WITHIN_MS);
	}
	unlinkat(v->dir, "pid", 0);
}

/* --- a new one ------------------------------------------------------------------- */

static int enter(void *arg, struct err *e)
{
	const struct server *v = arg;
	auto_close int mount_fd = -1;
	auto_close int seen = -1;

	if (v->host_netns >= 0 && setns(v->host_netns, CLONE_NEWNET) < 0)
		return err_sys(e, "enter the network namespace of %s", v->network->name);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_sys(e, "make a mount namespace");
	mount_fd = kernel_mount_copy(v->dir, "", false, e);
	if (mount_fd < 0)
		return mount_fd;
	seen = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (seen < 0)
		return err_sys(e, "open /tmp");
	return kernel_mount_attach(mount_fd, seen, NULL, e);
}

/* What it said while it started: it does not go on in the background until it serves. */
static int said(int fd, int code, const struct network *n, struct err *e)
{
	auto_buf words = BUF(4096);

	while (buf_read(&words, fd) > 0)
		;
	for (char *at = words.data; at && (at = strchr(at, '\n'));)
		*at = at[1] ? ' ' : '\0';
	return err_set(e, ERR_SYSTEM, "serve names on network %s: %s (exit code %d)", n->name,
		       words.len ? buf_text(&words) : "dnsmasq failed", code);
}

static int start(struct server *v, struct err *e)
{
	auto_close int from = -1;
	auto_close int to = -1;
	struct child child;
	int pipes[2], status, r;

	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_sys(e, "make a pipe");
	from = pipes[0];
	to = pipes[1];
	r = child_spawn(
		&(struct child_spawn){
			.path = v->argv.v[0],
			.argv = (char *const *)v->argv.v,
			.in = -1,
			.out = -1,
			.err = to,
			.prepare = enter,
			.prepare_arg = v,
		},
		&child, e);
	if (r == 0)
		r = child_wait(&child, &status, e);
	if (r < 0)
		return err_wrap(e, "serve names on network %s", v->network->name);
	return status ? said(from, child_exit_code(status), v->network, e) : 0;
}

/* --- from what is to what is to be ----------------------------------------------- */

static int write_hosts(const struct server *v, const struct network_statuses *all,
		       bool *ret_changed, struct err *e)
{
	auto_buf hosts = BUF(HOSTS_MAX);
	auto_free char *old = NULL;
	int r;

	names_hosts(&hosts, v->network, all);
	r = buf_check(&hosts, "the names", e);
	if (r < 0)
		return r;
	*ret_changed = file_read_at(v->dir, "hosts", HOSTS_MAX, &old, NULL, NULL) < 0 ||
		       !text_eq(old, buf_text(&hosts));
	return *ret_changed ? file_replace_at(v->dir, "hosts", buf_text(&hosts), hosts.len,
					      &(struct file_write){ .mode = 0644 }, e)
			    : 0;
}

static int serve(struct server *v, const struct network_statuses *all, struct err *e)
{
	bool changed, same = false;
	auto_close int running = -1;
	char *program;
	int r = path_program(v->arena, "dnsmasq", &program, e);

	if (r < 0)
		return err_wrap(e,
				"network %s has names for its containers, which dnsmasq serves; "
				"install it, or create the network with --disable-dns",
				v->network->name);
	v->argv = names_arguments(v->arena, v->network, program, v->path);
	/* dnsmasq, as nobody, is to read what is in here. */
	if (fchmod(v->dir, 0755) < 0)
		return err_sys(e, "change the mode of %s", v->path);
	r = write_hosts(v, all, &changed, e);
	if (r < 0)
		return r;
	running = find_running(v, &same);
	if (running >= 0 && same)
		return changed ? kernel_pidfd_send_signal(running, SIGHUP) : 0;
	stop_running(v);
	return start(v, e);
}

int names_update(const struct state *s, const struct network *n, int host_netns, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct network_statuses all = { 0 };
	auto_close int dir = -1;
	struct server v = { .arena = a, .state = s, .network = n, .host_netns = host_netns };
	int r;

	if (!n->dns_enabled)
		return 0;
	dir = state_run_dir(s, "dns", n->name, true, e);
	if (dir < 0)
		return dir;
	if (flock(dir, LOCK_EX) < 0)
		return err_sys(e, "lock the names of network %s", n->name);
	v.dir = dir;
	v.path = arena_printf(a, "%s/dns/%s", s->run_path, n->name);
	r = network_status_list(s, a, &all, e);
	if (r < 0)
		return r;
	if (names_any(n, &all))
		return serve(&v, &all, e);
	stop_running(&v);
	unlinkat(dir, "hosts", 0);
	return 0;
}
