/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Without a pivot the old root's mounts stay in the container's namespace, out of reach and still
 * counted: with a procfs or sysfs among them that nothing covers, the kernel lets a further user
 * namespace mount one without the container's masks (mount_too_revealing() of fs/namespace.c).  So
 * they are taken off, or covered where they are locked.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "runtime/step.h"

#define MOUNTINFO_MAX (1U << 20)

struct hide {
	struct step s;
	char *text; /* MOUNTINFO_MAX */
};

static int read_mounts(const struct hide *h, size_t *ret_len, struct err *e)
{
	auto_close int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0 && len < MOUNTINFO_MAX - 1) {
		n = read(fd, h->text + len, MOUNTINFO_MAX - 1 - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (n < 0)
		return err_sys(e, "--no-pivot: /proc/self/mountinfo");
	if (n > 0)
		return err_set(e, ERR_UNSUPPORTED, "--no-pivot: there are too many mounts");
	h->text[len] = '\0';
	*ret_len = len;
	return 0;
}

/* Blanks and the like are \ooo. */
static void unescape(char *path)
{
	char *to = path;

	for (const char *p = path; *p; to++) {
		if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] && p[3]) {
			*to = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
			p += 4;
		} else {
			*to = *p++;
		}
	}
	*to = '\0';
}

/* id parent major:minor root PATH options [tags] - TYPE source … (proc(5)); NULL: another type. */
static char *revealing(char *line)
{
	const char *dash = strstr(line, " - ");
	char *path = line;

	if (!dash || (!text_after(dash, " - proc ") && !text_after(dash, " - sysfs ")))
		return NULL;
	for (int i = 0; i < 4 && path; i++) {
		path = strchr(path, ' ');
		path = path ? path + 1 : NULL;
	}
	if (!path)
		return NULL;
	path[strcspn(path, " ")] = '\0';
	unescape(path);
	return path;
}

/* The container's own mounts are listed as well, by their paths in it, and are not at these. */
static int hide_one(const char *path, struct err *e)
{
	if (!kernel_is_mount_root(AT_FDCWD, path) || umount2(path, MNT_DETACH) == 0)
		return 0;
	if ((errno == EINVAL || errno == EPERM) && mount("tmpfs", path, "tmpfs", 0, NULL) == 0)
		return 0;
	return err_sys(e, "--no-pivot: unmount %s of the host", path);
}

/* From the last, which may be mounted on an earlier one. */
static int hide(void *arg, struct err *e)
{
	const struct hide *h = arg;
	size_t len = 0;
	int r = read_mounts(h, &len, e);

	while (r == 0 && len > 0) {
		char *newline, *path;

		h->text[len - 1] = '\0';
		newline = strrchr(h->text, '\n');
		len = newline ? (size_t)(newline + 1 - h->text) : 0;
		path = revealing(h->text + len);
		r = path ? hide_one(path, e) : 0;
	}
	return r;
}

void no_pivot_plan(struct build *b)
{
	struct hide *h = ARENA_NEW(b->a, struct hide);

	*h = (struct hide){ .s = { b->c, "procfs, sysfs of the host" },
			    .text = arena_alloc(b->a, MOUNTINFO_MAX) };
	step_add(&b->child, "unmount", hide, h);
}
