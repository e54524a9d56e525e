/* SPDX-License-Identifier: BSD-2-Clause */
/* A root with a static busybox, and configurations that run it, for tests that really start. */
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"
#include "cgroup/cgroup.h"
#include "kernel/kernel.h"
#include "runtime/runtime.h"
#include "unit.h"

#define BUSYBOX "/bin/busybox"

/* Applets by name, as tests call them. */
static const char *const applets[] = {
	"sh",  "cat",  "echo",  "id",       "ls",       "true",  "sleep", "mount", "pwd",  "tty",
	"env", "stty", "stat",  "ps",       "grep",     "ip",    "touch", "cut",   "find", "head",
	"sed", "tr",   "xargs", "readlink", "hostname", "mknod", "mkdir", "uniq",  "wc",   "test",
};

static inline bool have_busybox(void)
{
	return access(BUSYBOX, X_OK) == 0;
}

static inline void need_start(void)
{
	need_root();
	if (!have_busybox()) {
		print_message("needs a static " BUSYBOX "\n");
		skip();
	}
}

static inline void copy_file(const char *from, int dir, const char *to, mode_t mode)
{
	struct err e;
	auto_free char *bytes = NULL;
	size_t len;

	if (file_read_at(AT_FDCWD, from, 16 << 20, &bytes, &len, &e) < 0 ||
	    file_replace_at(dir, to, bytes, len, &(struct file_write){ .mode = mode }, &e) < 0)
		fail_msg("%s", e.msg);
}

/* A detached tmpfs that becomes the root. */
static inline int make_root(void)
{
	static const char *const dirs[] = { "bin",  "etc", "proc", "sys", "dev",
					    "home", "tmp", "data", "run" };
	struct kernel_mount_option mode = { "mode", "0755" };
	struct err e;
	int root = kernel_mount_new("tmpfs", "root", &mode, 1, 0, &e), bin;

	if (root < 0)
		fail_msg("%s", e.msg);
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		assert_int_equal(mkdirat(root, dirs[i], 0755), 0);
	bin = openat(root, "bin", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	copy_file(BUSYBOX, bin, "busybox", 0755);
	for (size_t i = 0; i < ARRAY_LEN(applets); i++)
		assert_int_equal(symlinkat("busybox", bin, applets[i]), 0);
	close(bin);
	return root;
}

/* What `spec` documents have, and more members of the process, of linux, and of the top. */
struct config_parts {
	const char *args, *process, *os, *top, *mounts, *namespaces;
};

#define NAMESPACES                                                                       \
	"{\"type\":\"pid\"},{\"type\":\"mount\"},{\"type\":\"ipc\"},{\"type\":\"uts\"}," \
	"{\"type\":\"network\"},{\"type\":\"cgroup\"}"
#define MOUNTS                                                                                         \
	"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\",\"options\":[\"nosuid\","    \
	"\"noexec\",\"nodev\"]},"                                                                      \
	"{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"nosuid\","   \
	"\"strictatime\",\"mode=755\",\"size=65536k\"]},"                                              \
	"{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":["        \
	"\"nosuid\",\"noexec\",\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\"]},"           \
	"{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\",\"options\":[\"nosuid\"," \
	"\"noexec\",\"nodev\",\"mode=1777\",\"size=65536k\"]},"                                        \
	"{\"destination\":\"/dev/mqueue\",\"type\":\"mqueue\",\"source\":\"mqueue\"},"                 \
	"{\"destination\":\"/sys\",\"type\":\"sysfs\",\"source\":\"sysfs\",\"options\":[\"nosuid\","   \
	"\"noexec\",\"nodev\",\"ro\"]}"
#define CAPABILITIES "\"CAP_CHOWN\",\"CAP_KILL\",\"CAP_SETUID\",\"CAP_SETGID\",\"CAP_DAC_OVERRIDE\""

static inline struct oci_config *make_config(struct arena *a, const struct config_parts *p)
{
	struct oci_config *c = ARENA_NEW(a, struct oci_config);
	struct err e;
	char *text = arena_printf(
		a,
		"{\"ociVersion\":\"1.3.0\",%s\"process\":{\"args\":[%s],\"cwd\":\"/\",\"env\":["
		"\"PATH=/bin\"],\"capabilities\":{\"bounding\":[" CAPABILITIES
		"],\"effective\":[" CAPABILITIES "],\"permitted\":[" CAPABILITIES "]}%s},"
		"\"mounts\":[%s],\"linux\":{\"namespaces\":[%s]%s}}",
		p->top ? p->top : "\"hostname\":\"box\",", p->args, p->process ? p->process : "",
		p->mounts ? p->mounts : MOUNTS, p->namespaces ? p->namespaces : NAMESPACES,
		p->os ? p->os : "");

	if (oci_config_read(a, text, strlen(text), c, &e) < 0)
		fail_msg("%s: %s", e.msg, text);
	return c;
}

/* Of this process's own: others may run the same test, and a group is killed with its container. */
static inline const char *test_id(const char *name)
{
	static char id[64];

	snprintf(id, sizeof(id), "berth-test-%s-%d", name, (int)getpid());
	return id;
}

/* Ends what still runs, and its cgroup. */
static inline void clean_up(struct runtime_container *c)
{
	AUTO(cgroup) g = NULL;
	struct err e;

	if (c->pidfd >= 0) {
		kernel_pidfd_send_signal(c->pidfd, SIGKILL);
		kernel_pidfd_wait(c->pidfd, NULL);
	}
	runtime_close(c);
	if (c->cgroup_path && cgroup_open(c->cgroup_manager, c->cgroup_path, &g, &e) == 0)
		cgroup_remove(g, 1000, &e);
}

struct outcome {
	int r, code;
	char out[8192];
};

static inline void read_output(int fd, struct outcome *o)
{
	size_t have = 0;
	ssize_t n;

	while (have < sizeof(o->out) - 1 &&
	       (n = read(fd, o->out + have, sizeof(o->out) - 1 - have)) > 0)
		have += (size_t)n;
	o->out[have] = '\0';
}

/* Starts, reads what it prints, waits. */
static inline struct outcome run_in(struct arena *a, const struct config_parts *parts, int root,
				    struct err *e)
{
	struct outcome o = { 0 };
	struct runtime_container c;
	int out[2], status = 0;
	struct runtime_create how = { .config = make_config(a, parts),
				      .root = root,
				      .id = test_id("start"),
				      .seccomp_cache = -1,
				      .die_with_parent = true };

	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	how.streams = (struct runtime_streams){ .in = -1, .out = out[1], .err = out[1] };
	o.r = runtime_start(&how, a, &c, e);
	close(out[1]);
	if (o.r == 0) {
		read_output(out[0], &o);
		assert_int_equal(kernel_pidfd_wait(c.pidfd, &status), 0);
		o.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		clean_up(&c);
	}
	close(out[0]);
	return o;
}
