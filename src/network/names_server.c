/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process that serves names.  It parses what comes from containers and from the world, so it
 * runs as nobody and sees, in a mount namespace of its own, its folder in place of /sys: the
 * folders above it are for root alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "kernel/kernel.h"
#include "network/daemon.h"
#include "network/names.h"
#include "network/pasta.h"
#include "network/usernet.h"

#define HOSTS_MAX  (1 << 20)
#define RESOLV_MAX (1 << 20)

struct server {
	struct arena *arena;
	const struct state *state;
	const struct network *network;
	const char *path; /* of its folder, locked as long as dir is open */
	int dir, host_netns;
	struct texts argv;
};

static const char *own_argument(const struct server *v)
{
	return arena_printf(v->arena, "--pid-file=%s/pid", v->path);
}

static bool is_same(const struct texts *a, const struct texts *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (i >= b->n || !text_eq(a->v[i], b->v[i]))
			return false;
	return a->n == b->n;
}

static int enter(void *arg, struct err *e)
{
	const struct server *v = arg;
	auto_close int mount_fd = -1;
	auto_close int seen = -1;

	if (v->host_netns >= 0 && setns(v->host_netns, CLONE_NEWNET) < 0)
		return err_sys(e, "enter the network namespace of %s", v->network->name);
	/* Here: the folder's mount is none of the new namespace. */
	mount_fd = kernel_mount_copy(v->dir, "", false, e);
	if (mount_fd < 0)
		return mount_fd;
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_sys(e, "make a mount namespace");
	seen = open(NAMES_SEEN, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (seen < 0)
		return err_sys(e, "open " NAMES_SEEN);
	return kernel_mount_attach(mount_fd, seen, NULL, e);
}

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
					      &(struct file_write){ .mode = 0644,
								    .fill_root = v->state->run },
					      e)
			    : 0;
}

/* The loopback of a plain user's bridges is not the host's, where its resolver may listen
 * (systemd-resolved): pasta leads there. */
static const char *choose_resolver(const struct server *v)
{
	auto_free char *text = NULL;

	if (!v->state->rootless || v->host_netns < 0 ||
	    file_read_at(AT_FDCWD, "/etc/resolv.conf", RESOLV_MAX, &text, NULL, NULL) < 0)
		return NULL;
	return names_only_local(text) ? PASTA_DNS : NULL;
}

static int start(struct server *v, struct err *e)
{
	return daemon_start(&(struct daemon_start){ .argv = &v->argv,
						    .fd = -1,
						    .prepare = enter,
						    .prepare_arg = v },
			    e);
}

static int serve(struct server *v, const struct network_statuses *all, struct err *e)
{
	struct texts running_argv;
	auto_close int running = -1;
	bool changed;
	char *program;
	int r = path_program(v->arena, "dnsmasq", &program, e);

	if (r < 0)
		return err_wrap(e,
				"network %s has names for its containers, which dnsmasq serves; "
				"install it, or create the network with --disable-dns",
				v->network->name);
	v->argv = names_arguments(v->arena, v->network,
				  &(struct names_server){
					  .program = program,
					  .dir = v->path,
					  .resolver = choose_resolver(v),
					  .single_id = v->state->single_id,
				  });
	/* dnsmasq, as nobody, is to read what is in here. */
	if (fchmod(v->dir, 0755) < 0)
		return err_sys(e, "change the mode of %s", v->path);
	r = write_hosts(v, all, &changed, e);
	if (r < 0)
		return r;
	running = daemon_find(v->arena, v->dir, "pid", own_argument(v), &running_argv);
	if (running >= 0 && is_same(&running_argv, &v->argv))
		return changed ? kernel_pidfd_send_signal(running, SIGHUP) : 0;
	daemon_stop(v->arena, v->dir, "pid", own_argument(v));
	r = start(v, e);
	if (r < 0 && daemon_end_lost(v->arena, own_argument(v)))
		r = start(v, e);
	return r < 0 ? err_wrap(e, "serve names on network %s", v->network->name) : 0;
}

/* Who waited may have got one that was removed meanwhile. */
static int lock_folder(const struct state *s, const char *network, struct err *e)
{
	for (;;) {
		auto_close int dir = state_run_dir(s, NAMES, network, true, e);
		struct stat st;

		if (dir < 0)
			return dir;
		if (flock(dir, LOCK_EX) < 0 || fstat(dir, &st) < 0)
			return err_sys(e, "lock the names of network %s", network);
		if (st.st_nlink)
			return take_fd(dir);
	}
}

static int stop(struct server *v, const char *network, struct err *e)
{
	daemon_stop(v->arena, v->dir, "pid", own_argument(v));
	return state_remove_run(v->state, NAMES, network, e);
}

static int update(const struct state *s, const char *network, int host_netns, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct network_statuses all = { 0 };
	struct network *n;
	struct server v = { .arena = a, .state = s, .host_netns = host_netns };
	auto_close int dir = lock_folder(s, network, e);
	int r;

	if (dir < 0)
		return dir;
	v.dir = dir;
	v.path = arena_printf(a, "%s/" NAMES "/%s", s->run_path, network);
	r = network_find(s, a, network, &n, e);
	if (r == -ENOENT)
		return stop(&v, network, e);
	if (r == 0)
		r = network_status_list(s, a, &all, e);
	if (r < 0)
		return r;
	v.network = n;
	return host_netns != USERNET_NONE && names_any(n, &all) ? serve(&v, &all, e)
								: stop(&v, network, e);
}

int names_update(const struct state *s, const char *network, int host_netns, struct err *e)
{
	auto_close int own = host_netns == -1 ? usernet_find(s) : -1;

	return update(s, network, host_netns == -1 ? own : host_netns, e);
}

const char *names_pid_path(const struct state *s, struct arena *a, const char *network)
{
	return arena_printf(a, "%s/" NAMES "/%s/pid", s->run_path, network);
}

int names_netns(const struct state *s, struct arena *a, const char *network)
{
	auto_close int dir = state_run_dir(s, NAMES, network, false, NULL);
	struct server v = { .arena = a,
			    .path = arena_printf(a, "%s/" NAMES "/%s", s->run_path, network) };

	return dir < 0 ? -1 : daemon_netns(a, dir, "pid", own_argument(&v));
}
