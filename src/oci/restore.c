/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/path.h"
#include "cgroup/cgroup.h"
#include "kernel/kernel.h"
#include "oci/criu.h"
#include "oci/delete.h"
#include "oci/foreground.h"
#include "oci/handover.h"
#include "oci/making.h"
#include "oci/start.h"

struct restore_args {
	struct criu_args criu;
	struct making_args making;
	const char *lsm_profile, *lsm_mount_context;
	bool tcp_close;
};

static const struct option restore_options[] = {
	OPTION_TEXT(restore_args, making.bundle, "bundle", 'b', "DIR",
		    "Folder of config.json and of what it names (.)", .completes = "file"),
	OPTION_TEXT(restore_args, making.console_socket, "console-socket", 0, "SOCKET",
		    "Send the terminal's master to this unix socket", .completes = "file"),
	OPTION_TEXT(restore_args, making.pid_file, "pid-file", 0, "FILE",
		    "Write the first process's ID to this file", .completes = "file"),
	OPTION_FLAG(restore_args, making.detach, "detach", 'd',
		    "Return when the container is restored"),
	OPTION_FLAG(restore_args, making.no_subreaper, "no-subreaper", 0,
		    "Don't become the reaper of the container's orphans; needs --detach"),
	OPTION_IGNORED_FLAG("no-pivot", 0, "CRIU enters the root as it can: ignored"),
	OPTION_FLAG(restore_args, tcp_close, "tcp-close", 0, "Close TCP connections"),
	OPTION_TEXT(restore_args, lsm_profile, "lsm-profile", 0, "TYPE:NAME",
		    "AppArmor profile or SELinux label of the processes"),
	OPTION_TEXT(restore_args, lsm_mount_context, "lsm-mount-context", 0, "CONTEXT",
		    "SELinux context of mounts"),
	{ 0 },
};

static const struct option *const options[] = { criu_options, restore_options, NULL };

struct restoring {
	struct making m;
	struct restore_args *args;
	struct criu criu;
	struct cgroup *cgroup;
};

/* Where the images have their processes, so that CRIU finds it made and limited. */
static int make_cgroup(struct restoring *x, struct err *e)
{
	const struct oci_linux *os = x->m.config.linux_part;
	const char *path = os ? os->cgroups_path : NULL;
	int r = cgroup_create(
		&(struct cgroup_create){
			.manager = oci_cgroup_manager(x->m.g),
			.path = text_empty(path) && !x->m.g->is_rootless ? x->m.id : path,
			.id = x->m.id,
			.resources = os ? os->resources : NULL,
			.rootless = x->m.g->is_rootless,
			.annotations = &x->m.config.annotations,
		},
		&x->cgroup, e);

	if (r < 0)
		return r;
	x->m.at.r.cgroup = cgroup_path(x->cgroup);
	x->m.at.r.cgroup_manager = cgroup_manager(x->cgroup);
	return record_write(&x->m.at, e);
}

static int run_hooks(const struct restoring *x, const struct oci_hook_list *l, const char *kind,
		     struct err *e)
{
	return runtime_hooks(l, kind, &x->m.config, x->m.id, x->m.at.r.bundle, "creating",
			     x->m.c.pid, e);
}

/* Its namespaces are there, and nothing runs in them yet: what such hooks want at a creation. */
static int namespaces_made(struct restoring *x, pid_t pid, struct err *e)
{
	const struct oci_hooks *hooks = x->m.config.hooks;
	int r;

	x->m.c.pid = pid;
	if (!hooks)
		return 0;
	r = run_hooks(x, &hooks->prestart, "prestart", e);
	return r < 0 ? r : run_hooks(x, &hooks->create_runtime, "createRuntime", e);
}

static int take_terminal(struct restoring *x, struct criu_answer *a, struct err *e)
{
	if (a->fd < 0)
		return err_set(e, ERR_REMOTE, "criu sent no terminal");
	if (x->m.c.console >= 0)
		return err_set(e, ERR_UNSUPPORTED, "the container had more than one terminal");
	x->m.c.console = take_fd(a->fd);
	return 0;
}

static int hear(void *arg, struct criu_answer *a, struct err *e)
{
	struct restoring *x = arg;

	if (strcmp(a->stage, "setup-namespaces") == 0)
		return namespaces_made(x, a->pid, e);
	if (strcmp(a->stage, "orphan-pts-master") == 0)
		return take_terminal(x, a, e);
	return 0;
}

/* What others are told of the container that is back. */
static int tell(struct restoring *x, struct err *e)
{
	pid_t pid = x->criu.pid;
	int r;

	x->m.at.r.pid = pid;
	x->m.at.r.cgroup = cgroup_path(x->cgroup);
	x->m.c.pid = pid;
	x->m.c.pidfd = kernel_pidfd_open(pid);
	if (x->m.c.pidfd < 0)
		return err_from(e, x->m.c.pidfd, "open the restored process");
	kernel_start_time(pid, &x->m.at.r.start_time);
	r = record_write(&x->m.at, e);
	if (r == 0 && x->m.c.console >= 0)
		r = handover_terminal(&x->m.c.console, x->m.args.console_socket, e);
	if (r == 0 && !text_empty(x->m.args.pid_file))
		r = handover_pid(pid, x->m.args.pid_file, e);
	return r;
}

static void put_text(struct restoring *x, enum criu_option option, const char *value)
{
	if (!text_empty(value))
		criu_put_text(&x->criu.options, option, value);
}

static int restore(struct restoring *x, struct err *e)
{
	struct criu *c = &x->criu;
	int r = criu_join_namespaces(c, e);

	if (r == 0)
		r = criu_give_streams(c, e);
	if (r == 0)
		r = make_cgroup(x, e);
	if (r < 0)
		return r;
	c->root = x->m.at.r.rootfs;
	c->masks = path_join(x->m.g->arena, x->m.g->root, x->m.id);
	criu_give_masks(c);
	c->cgroup = x->cgroup;
	c->stage = hear;
	c->arg = x;
	criu_put_text(&c->options, CRIU_ROOT, x->m.at.r.rootfs);
	criu_put(&c->options, CRIU_RST_SIBLING, 1);
	if (x->args->tcp_close)
		criu_put(&c->options, CRIU_TCP_CLOSE, 1);
	put_text(x, CRIU_LSM_PROFILE, x->args->lsm_profile);
	put_text(x, CRIU_LSM_MOUNT_CONTEXT, x->args->lsm_mount_context);
	r = criu_run(c, e);
	return r < 0 ? r : tell(x, e);
}

static int begin(struct restoring *x, struct err *e)
{
	struct err ignored;
	int r = making_record(&x->m, e);

	if (r < 0)
		return r;
	r = making_check_terminal(&x->m, e);
	if (r == 0)
		r = criu_begin(&x->criu, x->m.g, &x->args->criu, &x->m.config, CRIU_RESTORE, e);
	if (r == 0)
		r = restore(x, e);
	criu_end(&x->criu);
	if (r < 0) {
		delete_container(&x->m.at, true, &ignored);
	} else {
		r = started(&x->m.at, &x->m.config, e);
	}
	if (r < 0)
		record_close(&x->m.at);
	return r;
}

/* The bundle is entered before CRIU's folders are looked for. */
static void make_absolute(struct arena *a, struct criu_args *c)
{
	char here[PATH_MAX];

	if (!getcwd(here, sizeof(here)))
		return;
	if (text_empty(c->image_path))
		c->image_path = "checkpoint";
	if (*c->image_path != '/')
		c->image_path = path_join(a, here, c->image_path);
	if (!text_empty(c->work_path) && *c->work_path != '/')
		c->work_path = path_join(a, here, c->work_path);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct restore_args *a = args;
	struct restoring x = { .args = a };
	struct err e;
	int code = 0, r;

	x.m = (struct making){
		.g = globals, .args = a->making, .id = argv[0], .stays = !a->making.detach
	};
	x.m.c = (struct runtime_container){ .pidfd = -1, .console = -1 };
	x.criu = (struct criu){ .images_dir = -1, .work_dir = -1 };
	make_absolute(x.m.g->arena, &a->criu);
	if (!a->making.detach && a->making.no_subreaper) {
		err_set(&e, ERR_INVALID, "--no-subreaper: needs --detach");
		return oci_fail(x.m.g, &e);
	}
	if (!a->making.detach)
		foreground_reap_orphans();
	r = begin(&x, &e);
	if (r == 0 && !a->making.detach) {
		record_unlock(&x.m.at);
		r = foreground_wait(&x.m.c, &code, &e);
		if (r == 0 && record_lock(&x.m.at, &e) == 0)
			r = delete_container(&x.m.at, true, &e);
	}
	if (r == 0)
		record_close(&x.m.at);
	cgroup_free(x.cgroup);
	runtime_close(&x.m.c);
	return r < 0 ? oci_fail(x.m.g, &e) : code;
}

const struct command oci_restore_command = {
	.name = "restore",
	.summary = "Make a container of saved processes",
	.description = "Makes a container of the bundle and the images of a checkpoint, by CRIU",
	.usage = "ID",
	.examples = "--image-path images --bundle /srv/web web\n--detach web\n",
	.options = options,
	.args_size = sizeof(struct restore_args),
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
