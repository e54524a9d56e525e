/* SPDX-License-Identifier: BSD-2-Clause */
/* The starter's side: becoming the monitor. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"
#include "kernel/kernel.h"
#include "monitor/options.h"
#include "monitor/protocol.h"

#define ATTACH_BACKLOG 128

const char *const monitor_log_name[] = {
	[MONITOR_LOG_NONE] = "none",
	[MONITOR_LOG_K8S_FILE] = "k8s-file",
	[MONITOR_LOG_JSON_FILE] = "json-file",
	[MONITOR_LOG_JOURNALD] = "journald",
	[MONITOR_LOG_PASSTHROUGH] = "passthrough",
};
_Static_assert(ARRAY_LEN(monitor_log_name) == MONITOR_LOGS, "every log driver has a name");

const char *const monitor_restart_name[] = {
	[MONITOR_RESTART_NO] = "no",
	[MONITOR_RESTART_ON_FAILURE] = "on-failure",
	[MONITOR_RESTART_ALWAYS] = "always",
	[MONITOR_RESTART_UNLESS_STOPPED] = "unless-stopped",
};
_Static_assert(ARRAY_LEN(monitor_restart_name) == MONITOR_RESTARTS, "every policy has a name");

/* What berth looks at when it is executed again; the rest of a user's environment would be memory
 * that each container keeps. */
static const char *const kept_variables[] = {
	"PATH=",   "HOME=", "USER=",  "LANG=",       "TZ=",
	"TMPDIR=", "XDG_",  "BERTH_", "CONTAINERS_", "DBUS_SYSTEM_",
};

int monitor_listen(int run_dir, struct err *e)
{
	static const char fresh[] = "." ATTACH_SOCKET ".new";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return err_sys(e, "make the attach socket");

	/* Through /proc, because the directory's own path may be longer than an address. */
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", kernel_fd_path(run_dir).path,
		 fresh);
	unlinkat(run_dir, fresh, 0);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, ATTACH_BACKLOG) < 0 || renameat(run_dir, fresh, run_dir, ATTACH_SOCKET) < 0)
		return err_sys(e, "make the attach socket");
	return take_fd(fd);
}

static const void *handover_member(const struct monitor_handover *h, size_t offset)
{
	return (const char *)h + offset;
}

/* Above the standard streams, and kept over exec. */
static int handover_keep(int fd, struct err *e)
{
	if (fd <= STDERR_FILENO) {
		fd = fcntl(fd, F_DUPFD, STDERR_FILENO + 1);
		if (fd < 0)
			return err_sys(e, "hand over a descriptor");
	}
	if (fcntl(fd, F_SETFD, 0) < 0)
		return err_sys(e, "hand over descriptor %d", fd);
	return fd;
}

static void handover_argv(struct arena *a, struct texts *out, const char *name,
			  const char *const *argv)
{
	size_t n = 0;

	while (argv[n])
		n++;
	texts_addf(a, out, "%s=%zu", name, n);
	for (size_t i = 0; i < n; i++)
		texts_add(a, out, argv[i]);
	texts_add(a, out, "");
}

static int handover_add(struct arena *a, struct texts *out, const struct monitor_handover *h,
			const struct handover_option *o, struct err *e)
{
	const void *member = handover_member(h, o->offset);
	const char *text;
	const char *const *argv;
	int fd;

	switch (o->kind) {
	case HANDOVER_TEXT:
		text = *(const char *const *)member;
		if (text)
			texts_addf(a, out, "%s=%s", o->name, text);
		break;
	case HANDOVER_INT:
		texts_addf(a, out, "%s=%d", o->name, *(const int *)member);
		break;
	case HANDOVER_INT64:
		texts_addf(a, out, "%s=%" PRId64, o->name, *(const int64_t *)member);
		break;
	case HANDOVER_FD:
		fd = *(const int *)member;
		if (fd < 0)
			break;
		fd = handover_keep(fd, e);
		if (fd < 0)
			return fd;
		texts_addf(a, out, "%s=%d", o->name, fd);
		break;
	case HANDOVER_ARGV:
		argv = *(const char *const *const *)member;
		if (argv)
			handover_argv(a, out, o->name, argv);
		break;
	}
	return 0;
}

char *const *monitor_environment(struct arena *a)
{
	static char *const none[] = { NULL };
	struct texts kept = { 0 };

	for (char **v = environ; *v; v++) {
		for (size_t i = 0; i < ARRAY_LEN(kept_variables); i++) {
			if (text_after(*v, kept_variables[i])) {
				texts_add(a, &kept, *v);
				break;
			}
		}
	}
	return kept.n ? (char *const *)kept.v : none;
}

int monitor_exec(const char *monitor, const struct monitor_handover *h, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct texts argv = { 0 };
	int r;

	r = kernel_cloexec_from(STDERR_FILENO + 1);
	if (r < 0)
		return err_from(e, r, "close descriptors on exec");

	texts_add(a, &argv, "berth-monitor");
	for (size_t i = 0; i < ARRAY_LEN(handover_options); i++) {
		r = handover_add(a, &argv, h, &handover_options[i], e);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < h->held_len; i++)
		if (fcntl(h->held[i], F_SETFD, 0) < 0)
			return err_sys(e, "hand over descriptor %d", h->held[i]);
	execve(monitor, (char *const *)argv.v, monitor_environment(a));
	return err_sys(e, "execute %s", monitor);
}
