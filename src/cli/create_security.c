/* SPDX-License-Identifier: BSD-2-Clause */
/* --security-opt, capabilities and devices. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/create_args.h"

static void add_paths(struct arena *a, struct texts *l, const char *text)
{
	struct texts paths = texts_split(a, text, ':');

	for (size_t i = 0; i < paths.n; i++)
		texts_add(a, l, paths.v[i]);
}

/* Without SELinux its labels are accepted as podman does; with it, they are not yet ours. */
static int check_label(const char *text, struct err *e)
{
	if (access("/sys/fs/selinux/enforce", F_OK) != 0 || strcmp(text, "disable") == 0)
		return 0;
	return err_set(e, ERR_UNSUPPORTED, "--security-opt label=%s: SELinux is not supported",
		       text);
}

/* The file is read at each start, from wherever that is. */
static int take_seccomp(struct arena *a, const char *v, struct container *c, struct err *e)
{
	auto_free char *full = NULL;

	if (strcmp(v, "unconfined") == 0) {
		c->seccomp = v;
		return 0;
	}
	full = realpath(v, NULL);
	if (!full)
		return err_sys(e, "opening seccomp profile failed: open %s", v);
	c->seccomp = arena_strdup(a, full);
	return 0;
}

static int take_apparmor(const char *v, struct container *c, struct err *e)
{
	auto_free char *enabled = NULL;

	if (strcmp(v, "unconfined") != 0 &&
	    (file_read_at(AT_FDCWD, "/sys/module/apparmor/parameters/enabled", 16, &enabled, NULL,
			  NULL) < 0 ||
	     *enabled != 'Y'))
		return err_set(e, ERR_UNSUPPORTED,
			       "apparmor profile \"%s\" specified, but Apparmor is not enabled on "
			       "this system",
			       v);
	c->apparmor = v;
	return 0;
}

static int parse_option(struct arena *a, const char *text, struct container *c, struct err *e)
{
	const char *v;

	if (strcmp(text, "no-new-privileges") == 0) {
		c->no_new_privileges = true;
	} else if ((v = text_after(text, "no-new-privileges=")) ||
		   (v = text_after(text, "no-new-privileges:"))) {
		c->no_new_privileges = strcmp(v, "true") == 0;
	} else if ((v = text_after(text, "seccomp=")) || (v = text_after(text, "seccomp:"))) {
		return take_seccomp(a, v, c, e);
	} else if ((v = text_after(text, "apparmor=")) || (v = text_after(text, "apparmor:"))) {
		return take_apparmor(v, c, e);
	} else if ((v = text_after(text, "label=")) || (v = text_after(text, "label:"))) {
		return check_label(v, e);
	} else if ((v = text_after(text, "unmask="))) {
		add_paths(a, &c->unmask, v);
	} else if ((v = text_after(text, "mask="))) {
		add_paths(a, &c->mask, v);
	} else if ((v = text_after(text, "proc-opts="))) {
		c->proc_options = v;
	} else if (strcmp(text, "systempaths=unconfined") == 0) {
		texts_add(a, &c->unmask, "ALL");
	} else {
		return err_set(e, ERR_INVALID, "invalid --security-opt %d: \"%s\"",
			       strchr(text, '=') ? 2 : 1, text);
	}
	return 0;
}

static bool is_access(const char *s)
{
	return *s && strlen(s) <= 3 && strspn(s, "rwm") == strlen(s);
}

/* SRC[:DST][:rwm] */
static int parse_device(struct arena *a, const char *text, struct container_device *ret,
			struct err *e)
{
	struct texts parts = texts_split(a, text, ':');

	*ret = (struct container_device){ .access = "rwm" };
	if (parts.n < 1 || parts.n > 3 || text_empty(parts.v[0]))
		return err_set(e, ERR_INVALID, "invalid device specification: %s", text);
	ret->source = ret->destination = parts.v[0];
	if (parts.n == 2 && is_access(parts.v[1]))
		ret->access = parts.v[1];
	else if (parts.n >= 2)
		ret->destination = parts.v[1];
	if (parts.n == 3) {
		if (!is_access(parts.v[2]))
			return err_set(e, ERR_INVALID, "invalid device mode: %s", parts.v[2]);
		ret->access = parts.v[2];
	}
	if (*ret->destination != '/')
		return err_set(e, ERR_INVALID, "invalid device mode: %s", ret->destination);
	return 0;
}

int create_args_security(struct arena *a, const struct create_args *args, struct container *c,
			 struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < args->security_opt.n; i++)
		r = parse_option(a, args->security_opt.v[i], c, e);
	c->security_options = args->security_opt;
	c->cap_add = args->cap_add;
	c->cap_drop = args->cap_drop;
	c->devices.v = arena_array(a, args->device.n, sizeof(*c->devices.v));
	for (size_t i = 0; r == 0 && i < args->device.n; i++)
		r = parse_device(a, args->device.v[i], &c->devices.v[c->devices.n++], e);
	return r;
}
