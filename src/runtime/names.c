/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Host name, domain name, and sysctls.  The latter are written through a procfs of our own before
 * it is attached anywhere, so that nothing the configuration or an image mounts or links can stand
 * in between.  It becomes the container's /proc if that is an ordinary one.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "runtime/step.h"
#include "runtime/sync.h"

static int set_host_name(void *arg, struct err *e)
{
	const struct step *s = arg;

	return sethostname(s->words, strlen(s->words)) < 0 ? err_sys(e, "hostname: %s", s->words)
							   : 0;
}

static int set_domain_name(void *arg, struct err *e)
{
	const struct step *s = arg;

	return setdomainname(s->words, strlen(s->words)) < 0
		       ? err_sys(e, "domainname: %s", s->words)
		       : 0;
}

int names_plan(struct build *b, struct err *e)
{
	if (!text_empty(b->config->hostname))
		step_add_plain(b, "hostname", set_host_name, b->config->hostname);
	if (!text_empty(b->config->domainname))
		step_add_plain(b, "domain", set_domain_name, b->config->domainname);
	return 0;
}

struct sysctls {
	struct step s;
	const struct text_map *values;
	const char **files; /* below /proc */
};

static int await_interfaces(void *arg, struct err *e)
{
	const struct child *c = ((struct step *)arg)->c;
	int r = sync_send(c->sync, SYNC_NETWORK, -1, e);

	return r < 0 ? r : sync_wait(c->sync, e);
}

static int write_sysctls(void *arg, struct err *e)
{
	const struct sysctls *t = arg;
	int proc = kernel_mount_new("proc", "proc", NULL, 0, 0, e);

	if (proc < 0)
		return err_wrap(e, "linux.sysctl");
	t->s.c->proc = proc;
	for (size_t i = 0; i < t->values->n; i++) {
		const struct text_pair *p = &t->values->v[i];
		auto_close int fd = path_goes_up(t->files[i])
					    ? err_from(e, -EACCES, "%s", t->files[i])
					    : kernel_open_in(proc, t->files[i], O_WRONLY, e);
		size_t len = strlen(p->value);

		if (fd < 0)
			return err_wrap(e, "linux.sysctl: %s", p->key);
		if (write(fd, p->value, len) != (ssize_t)len)
			return err_sys(e, "linux.sysctl: %s=%s", p->key, p->value);
	}
	return 0;
}

/* "net.ipv4.ip_forward" as a path; where slashes separate, dots belong to the names. */
static const char *sysctl_file(struct arena *a, const char *name)
{
	char *path = arena_printf(a, "sys/%s", name);
	char *p = path + strlen("sys/");

	if (p[strcspn(p, "./")] == '.')
		for (; *p; p++)
			*p = *p == '.' ? '/' : *p == '/' ? '.' : *p;
	return path;
}

struct own_check {
	const struct oci_namespaces *list;
	const struct text_map *values;
};

static bool needs_type(const struct text_map *m, enum oci_namespace_type type)
{
	for (size_t i = 0; i < m->n; i++)
		if (oci_sysctl_namespace(m->v[i].key) == type)
			return true;
	return false;
}

/* What is joined may be the caller's own, whose sysctls are not the container's to set. */
static int check_joined(void *arg, struct err *e)
{
	static const char *const files[OCI_NS_TYPES] = {
		[OCI_NS_NETWORK] = "/proc/self/ns/net",
		[OCI_NS_IPC] = "/proc/self/ns/ipc",
		[OCI_NS_UTS] = "/proc/self/ns/uts",
	};
	const struct own_check *t = arg;

	for (size_t i = 0; i < t->list->n; i++) {
		const struct oci_namespace *n = &t->list->v[i];
		struct stat own, other;

		if (text_empty(n->path) || !files[n->type] ||
		    !needs_type(t->values, (enum oci_namespace_type)n->type))
			continue;
		if (stat(files[n->type], &own) == 0 && stat(n->path, &other) == 0 &&
		    own.st_ino == other.st_ino && own.st_dev == other.st_dev)
			return err_set(e, ERR_INVALID,
				       "linux.sysctl: the %s namespace %s is the host's",
				       oci_namespace_name[n->type], n->path);
	}
	return 0;
}

static void plan_check(struct build *b)
{
	struct own_check *t = ARENA_NEW(b->a, struct own_check);
	const struct oci_namespaces *l = &b->os->namespaces;
	bool any = false;

	for (size_t i = 0; i < l->n; i++)
		any |= !text_empty(l->v[i].path);
	*t = (struct own_check){ l, &b->os->sysctl };
	if (any)
		plan_add(&b->before,
			 &(struct plan_op){ .verb = "check", .apply = check_joined, .arg = t });
}

/* "net.ipv4.conf.eth0.proxy_arp"; "default" as well, which new interfaces begin with. */
static bool has_interface(const struct text_map *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (fnmatch("net[./]*[./]conf[./]*", m->v[i].key, 0) == 0 ||
		    fnmatch("net[./]*[./]neigh[./]*", m->v[i].key, 0) == 0)
			return true;
	return false;
}

int sysctl_plan(struct build *b, struct err *e)
{
	const struct text_map *m = &b->os->sysctl;
	struct sysctls *t;
	auto_buf words = BUF(65536);

	if (m->n == 0)
		return 0;
	t = ARENA_NEW(b->a, struct sysctls);
	t->files = arena_array(b->a, m->n, sizeof(*t->files));
	for (size_t i = 0; i < m->n; i++) {
		t->files[i] = sysctl_file(b->a, m->v[i].key);
		buf_addf(&words, "%s%s=%s", i ? " " : "", m->v[i].key, m->v[i].value);
	}
	t->values = m;
	plan_check(b);
	if (b->create && b->create->connect && has_interface(m))
		step_add_plain(b, "wait", await_interfaces, "interfaces");
	t->s = (struct step){ b->c, arena_strdup(b->a, buf_text(&words)) };
	step_add(&b->child, "sysctl", write_sysctls, t);
	return 0;
}
