/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Four ways to name the layers of an overlay: by descriptor (6.13), one by one by their names below
 * /proc/self/fd (lowerdir+, 6.7), all in one value of 255 bytes, which holds some sixty when the
 * names are just "7:8:9", relative to /proc/self/fd, and all in one text of at most a page.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kernel/feature.h"
#include "kernel/mount.h"
#include "kernel/mount_private.h"
#include "kernel/open.h"
#include "kernel/process.h"

#define DATA_MAX  4096 /* the page that mount(2) copies */
#define VALUE_MAX 255

static int add_layer_fd(int config, const char *key, int fd)
{
	return config_set(config, CONFIG_FD, key, NULL, fd);
}

static int add_layer_path(int config, const char *key, int fd)
{
	return config_set(config, CONFIG_STRING, key, kernel_fd_path(fd).path, 0);
}

typedef int add_layer(int config, const char *key, int fd);

static int add_layers(int config, const struct kernel_overlay *o, add_layer *add, size_t *ret_added)
{
	for (*ret_added = 0; *ret_added < o->lower_len; ++*ret_added)
		if (add(config, "lowerdir+", o->lower[*ret_added]) < 0)
			return -errno;
	if (o->upper >= 0 &&
	    (add(config, "upperdir", o->upper) < 0 || add(config, "workdir", o->work) < 0))
		return -errno;
	return 0;
}

static int add_flags(int config, const struct kernel_overlay *o)
{
	/* What mount(8) shows as its device. */
	if (config_set(config, CONFIG_STRING, "source", "overlay", 0) < 0 ||
	    (o->user_xattr && config_set(config, CONFIG_FLAG, "userxattr", NULL, 0) < 0) ||
	    (o->is_volatile && config_set(config, CONFIG_FLAG, "volatile", NULL, 0) < 0))
		return -errno;
	for (size_t i = 0; i < o->options_len; i++) {
		const struct kernel_mount_option *x = &o->options[i];

		if (config_set(config, x->value ? CONFIG_STRING : CONFIG_FLAG, x->key, x->value,
			       0) < 0)
			return -errno;
	}
	return 0;
}

/* -ENOTSUP: the kernel doesn't know this way. */
static int mount_by(enum kernel_feature feature, add_layer *add, const struct kernel_overlay *o,
		    struct err *e)
{
	auto_close int config = -1;
	size_t added = 0;
	int r;

	if (!kernel_has(feature))
		return -ENOTSUP;
	config = config_open("overlay");
	if (config < 0)
		return err_sys(e, "overlay");
	r = add_layers(config, o, add, &added);
	/* EBADF: this kernel takes descriptors of layers, but not O_PATH ones.  Before 6.5 it
	 * gathers what it will refuse, until that is too much. */
	if (r == -EINVAL || (added == 0 && r == -EBADF)) {
		if (r == -EINVAL && added == 0)
			kernel_lacks(feature);
		return -ENOTSUP;
	}
	if (r == 0)
		r = add_flags(config, o);
	if (r < 0) {
		errno = -r;
		return config_error(config, e, "overlay");
	}
	r = config_mount(config, 0, "overlay", e);
	/* Before 6.5 overlay read its options only now: any was taken before, and is refused here.
	 * If it was another one that is wrong, the next way says so. */
	return r == -EINVAL ? -ENOTSUP : r;
}

struct text {
	char data[DATA_MAX];
	size_t len;
	bool full;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(t->data + t->len, sizeof(t->data) - t->len, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= sizeof(t->data) - t->len)
		t->full = true;
	else
		t->len += (size_t)n;
}

/* fsconfig(2) takes 255 bytes a value, which is some sixty layers; -ENOTSUP for more. */
static int set_lower(int config, const struct kernel_overlay *o)
{
	struct text t = { .len = 0 };

	for (size_t i = 0; i < o->lower_len; i++)
		add(&t, "%s%d", i ? ":" : "", o->lower[i]);
	if (t.full || t.len > VALUE_MAX)
		return -ENOTSUP;
	return config_set(config, CONFIG_STRING, "lowerdir", t.data, 0) < 0 ? -errno : 0;
}

static int set_number(int config, const char *key, int fd)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", fd);
	return config_set(config, CONFIG_STRING, key, text, 0) < 0 ? -errno : 0;
}

static int mount_here(const struct kernel_overlay *o, struct err *e)
{
	auto_close int config = config_open("overlay");
	int r;

	if (config < 0)
		return err_sys(e, "overlay");
	r = set_lower(config, o);
	if (r == 0 && o->upper >= 0)
		r = set_number(config, "upperdir", o->upper);
	if (r == 0 && o->upper >= 0)
		r = set_number(config, "workdir", o->work);
	if (r == 0)
		r = add_flags(config, o);
	if (r == 0)
		return config_mount(config, 0, "overlay", e);
	errno = -r;
	return r == -ENOTSUP ? r : config_error(config, e, "overlay");
}

/* The old options, a value each, and so in this mount namespace: kernels before 6.15 take no layer
 * that was opened in another. The working directory is where the kernel looks the names up. */
static int mount_by_values(const struct kernel_overlay *o, struct err *e)
{
	auto_close int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int fds = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fds < 0 || fchdir(fds) < 0)
		return err_sys(e, "/proc/self/fd");
	r = mount_here(o, e);
	if (here >= 0 && fchdir(here) < 0 && r >= 0) {
		close(r);
		return err_sys(e, "return to the working directory");
	}
	return r;
}

/* The layer that the descriptor is, in the mounts of this process's own namespace: overlayfs takes
 * no others.  Layers are ours, so that their names can be trusted. */
static int reopen(int fd)
{
	char name[PATH_MAX];
	ssize_t n = readlink(kernel_fd_path(fd).path, name, sizeof(name) - 1);
	auto_close int here = -1;

	if (n < 0)
		return -errno;
	name[n] = '\0';
	here = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* A mount that is attached nowhere has no name; it is good as it is. */
	if (here < 0)
		return errno == ENOENT ? 0 : -errno;
	return dup2(here, fd) < 0 ? -errno : 0;
}

/* To the child's own mounts, one on top of the other, where nobody looks them up by name.  A copy
 * is its original's peer: what is mounted on it would be on the original too, for all to see. */
static int attach_mounts(const struct kernel_overlay *o, struct err *e)
{
	struct kernel_mount_set alone = { .propagation = MS_PRIVATE };
	auto_close int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = top < 0 ? err_sys(e, "/") : 0;

	for (size_t i = 0; i < o->mounts_len && r == 0; i++)
		r = kernel_mount_attach(o->mounts[i], top, &alone, e);
	return r;
}

static int reopen_layers(const struct kernel_overlay *o)
{
	int r = 0;

	for (size_t i = 0; i < o->lower_len && r == 0; i++)
		r = reopen(o->lower[i]);
	if (r == 0 && o->upper >= 0)
		r = reopen(o->upper);
	if (r == 0 && o->upper >= 0)
		r = reopen(o->work);
	return r;
}

/* In a child with mounts of its own; /proc is as good a place as any to mount on for a moment. */
static int mount_and_copy(const struct kernel_overlay *o, const char *data, struct err *e)
{
	int r;

	if (mount_call(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(e, "make mounts private");
	if (o->mounts_len) {
		r = attach_mounts(o, e);
		if (r < 0)
			return r;
	} else {
		r = reopen_layers(o);
		if (r < 0)
			return err_from(e, r, "overlay: layer");
	}
	if (chdir("/proc/self/fd") < 0 || mount_call("overlay", "/proc", "overlay", 0, data) < 0)
		return err_sys(e, "overlay");
	return kernel_mount_copy(AT_FDCWD, "/proc", false, e);
}

struct report {
	struct err e;
	int r;
};

static void send_mount(int to, const struct report *report, int mount)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} c = { .bytes = { 0 } };
	struct iovec v = { (void *)report, sizeof(*report) };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	if (mount >= 0) {
		m.msg_control = &c;
		m.msg_controllen = sizeof(c);
		c.head.cmsg_level = SOL_SOCKET;
		c.head.cmsg_type = SCM_RIGHTS;
		c.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&c.head), &mount, sizeof(mount));
	}
	sendmsg(to, &m, MSG_NOSIGNAL);
}

static int receive_mount(int from, struct err *e)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} c = { .bytes = { 0 } };
	struct report report = { .r = -EIO };
	struct iovec v = { &report, sizeof(report) };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c)
	};
	int mount = -1;

	if (recvmsg(from, &m, MSG_CMSG_CLOEXEC) != sizeof(report))
		return err_set(e, ERR_SYSTEM, "overlay: the mounting process died");
	if (report.r < 0) {
		if (e)
			*e = report.e;
		return report.r;
	}
	if (CMSG_FIRSTHDR(&m))
		memcpy(&mount, CMSG_DATA(&c.head), sizeof(mount));
	return mount;
}

static int overlay_in_child(const struct kernel_overlay *o, const char *data, struct err *e)
{
	struct kernel_clone how = { .flags = CLONE_NEWNS, .cgroup_fd = -1 };
	struct report report = { .r = -EIO };
	int ends[2], pidfd = -1, mount;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(e, "socketpair");
	pid = kernel_clone(&how, &pidfd, NULL, e);
	if (pid == 0) {
		mount = mount_and_copy(o, data, &report.e);
		report.r = mount < 0 ? mount : 0;
		send_mount(ends[1], &report, mount);
		_exit(0);
	}
	close(ends[1]);
	mount = pid < 0 ? pid : receive_mount(ends[0], e);
	close(ends[0]);
	if (pid > 0) {
		kernel_pidfd_wait(pidfd, NULL);
		close(pidfd);
	}
	return mount;
}

static int mount_by_text(const struct kernel_overlay *o, struct err *e)
{
	struct text t = { .len = 0 };

	for (size_t i = 0; i < o->lower_len; i++)
		add(&t, "%s%d", i ? ":" : "lowerdir=", o->lower[i]);
	if (o->upper >= 0)
		add(&t, ",upperdir=%d,workdir=%d", o->upper, o->work);
	add(&t, "%s%s", o->user_xattr ? ",userxattr" : "", o->is_volatile ? ",volatile" : "");
	for (size_t i = 0; i < o->options_len; i++)
		add(&t, o->options[i].value ? ",%s=%s" : ",%s", o->options[i].key,
		    o->options[i].value);
	if (t.full)
		return err_set(e, ERR_UNSUPPORTED,
			       "overlay: %zu layers are too many for this kernel; Linux 6.7 takes "
			       "500",
			       o->lower_len);
	return overlay_in_child(o, t.data, e);
}

/* An overlay wants two layers; one alone is shown as it is. */
static int mount_single(int layer, struct err *e)
{
	struct kernel_mount_set read_only = { .set = MOUNT_ATTR_RDONLY };
	auto_close int mount = kernel_mount_copy(layer, "", false, e);
	int r;

	if (mount < 0)
		return mount;
	r = kernel_mount_set(mount, &read_only, e);
	return r < 0 ? r : take_fd(mount);
}

int kernel_mount_overlay(const struct kernel_overlay *o, struct err *e)
{
	int r;

	if (o->lower_len == 0)
		return err_set(e, ERR_INVALID, "overlay: no layers");
	if (o->upper < 0 && o->lower_len == 1)
		return mount_single(o->lower[0], e);
	r = mount_by(KERNEL_OVERLAY_FD, add_layer_fd, o, e);
	if (r == -ENOTSUP && o->mounts_len)
		return mount_by_text(o, e);
	if (r == -ENOTSUP)
		r = mount_by(KERNEL_OVERLAY_PLUS, add_layer_path, o, e);
	if (r == -ENOTSUP)
		r = mount_by_values(o, e);
	if (r == -ENOTSUP)
		r = mount_by_text(o, e);
	return r;
}
