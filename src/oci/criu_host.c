/* SPDX-License-Identifier: BSD-2-Clause */
/* What of the host's a container holds, besides mounts: standard streams and namespaces. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "kernel/kernel.h"
#include "oci/criu.h"

#define STREAMS_FILE "descriptors.json"
#define STREAMS_MAX  65536
#define PROC_MAX     (1 << 20)
#define MEMORY_MAJOR 1 /* of /dev/null and its kin */

/* "mnt_id:\t25" of fdinfo; 0 if it doesn't say. */
static unsigned long mount_of(pid_t pid, int fd)
{
	auto_free char *text = NULL;
	char path[64];
	const char *line;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, fd);
	if (file_read_at(AT_FDCWD, path, PROC_MAX, &text, NULL, NULL) < 0)
		return 0;
	line = strstr(text, "mnt_id:");
	return line ? strtoul(line + strlen("mnt_id:"), NULL, 10) : 0;
}

/* Is that mount one of the container's? */
static bool is_mounted(pid_t pid, unsigned long mount)
{
	auto_free char *text = NULL;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	if (file_read_at(AT_FDCWD, path, PROC_MAX, &text, NULL, NULL) < 0)
		return false;
	for (const char *line = text; line && *line;) {
		if (strtoul(line, NULL, 10) == mount)
			return true;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return false;
}

/* A file that was opened outside, of which CRIU is told, as it can't find it by its name. */
static bool is_hosts(pid_t pid, int fd, const char *path, char *ret, size_t size)
{
	unsigned long mount = mount_of(pid, fd);
	struct stat st;

	if (stat(path, &st) < 0 || !mount || is_mounted(pid, mount))
		return false;
	if (!S_ISREG(st.st_mode) && !(S_ISCHR(st.st_mode) && major(st.st_rdev) == MEMORY_MAJOR))
		return false;
	snprintf(ret, size, "file[%lx:%" PRIx64 "]", mount, (uint64_t)st.st_ino);
	return true;
}

int criu_note_streams(struct criu *c, pid_t pid, struct err *e)
{
	auto_buf out = BUF(STREAMS_MAX);

	for (int i = 0; i < 3; i++) {
		char path[64], name[4096];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, i);
		n = readlink(path, name, sizeof(name));
		if (n > 0 && is_hosts(pid, i, path, name, sizeof(name))) {
			n = (ssize_t)strlen(name);
			criu_put_text(&c->options, CRIU_EXTERNAL, name);
		}
		buf_addc(&out, i ? ',' : '[');
		json_quote(&out, name, n < 0 ? 0 : (size_t)n);
	}
	buf_addc(&out, ']');
	return file_replace_at(c->images_dir, STREAMS_FILE, out.data, out.len, NULL, e);
}

int criu_give_streams(struct criu *c, struct err *e)
{
	auto_free char *text = NULL;
	json_t *names = NULL;
	size_t len;
	int r = file_read_at(c->images_dir, STREAMS_FILE, STREAMS_MAX, &text, &len, e);

	if (r == 0)
		r = json_parse(text, len, &names, e);
	if (r < 0)
		return err_wrap(e, "%s/" STREAMS_FILE, c->images);
	for (int i = 0; i < 3 && r == 0; i++) {
		const char *name = json_string_value(json_array_get(names, (size_t)i));

		/* Others are found by their names. */
		if (name && (text_after(name, "pipe:") || text_after(name, "file[")))
			r = criu_inherit(c, name, i, e);
	}
	json_decref(names);
	return r;
}

/* runc's name for what hides a file; its directories are hidden by file systems that CRIU can save.
 */
#define MASKED_FILE      "/dev/null"
#define MASKED_DIRECTORY "masked-directory"

void criu_note_masks(struct criu *c, pid_t pid)
{
	const struct oci_linux *os = c->config->linux_part;
	auto_close int root = -1;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; root >= 0 && os && i < os->masked_paths.n; i++) {
		const char *name = os->masked_paths.v[i];
		auto_close int fd = kernel_open_in(root, name, O_PATH, NULL);
		struct stat st;

		if (fd >= 0 && fstat(fd, &st) == 0)
			criu_external(c, name,
				      S_ISDIR(st.st_mode) ? MASKED_DIRECTORY : MASKED_FILE);
	}
}

void criu_give_masks(struct criu *c)
{
	criu_external(c, MASKED_FILE, path_join(c->g->arena, c->masks, CRIU_MASK_FILE));
	criu_external(c, MASKED_DIRECTORY, path_join(c->g->arena, c->masks, CRIU_MASK_DIRECTORY));
}

/* The two that CRIU keeps out of the images, and their names there. */
static const char *external_name(int type)
{
	return type == OCI_NS_NETWORK ? "extRootNetNS" : type == OCI_NS_PID ? "extRootPidNS" : NULL;
}

static const char *short_name(int type)
{
	return type == OCI_NS_NETWORK ? "net"
	       : type == OCI_NS_MOUNT ? "mnt"
				      : oci_namespace_name[type];
}

int criu_note_namespaces(struct criu *c, struct err *e)
{
	const struct oci_linux *os = c->config->linux_part;

	for (size_t i = 0; os && i < os->namespaces.n; i++) {
		const struct oci_namespace *n = &os->namespaces.v[i];
		const char *name = external_name(n->type);
		struct stat st;

		if (text_empty(n->path) || !name)
			continue;
		if (stat(n->path, &st) < 0)
			return err_sys(e, "linux.namespaces: %s", n->path);
		criu_put_text(&c->options, CRIU_EXTERNAL,
			      arena_printf(c->g->arena, "%s[%ju]:%s", short_name(n->type),
					   (uintmax_t)st.st_ino, name));
	}
	return 0;
}

static int join(struct criu *c, const struct oci_namespace *n, struct err *e)
{
	const char *name = external_name(n->type);
	int fd;

	if (n->type == OCI_NS_CGROUP)
		return err_set(e, ERR_UNSUPPORTED,
			       "linux.namespaces: criu cannot join a control group namespace");
	if (!name) {
		criu_put_pair(&c->options, CRIU_JOIN_NS, short_name(n->type), n->path);
		return 0;
	}
	fd = open(n->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "linux.namespaces: %s", n->path);
	return criu_inherit(c, name, fd, e);
}

int criu_join_namespaces(struct criu *c, struct err *e)
{
	const struct oci_linux *os = c->config->linux_part;
	int r = 0;

	for (size_t i = 0; os && i < os->namespaces.n && r == 0; i++)
		if (!text_empty(os->namespaces.v[i].path))
			r = join(c, &os->namespaces.v[i], e);
	return r;
}
