/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/registry_remote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/file.h"
#include "base/path.h"
#include "base/units.h"
#include "image/certs.h"

enum { RETRIES = 3, EVENTS_MAX = 1000 };

/* All of the environment that it has a use for. */
static const char *const environment[] = {
	"http_proxy",   "https_proxy",     "all_proxy",    "no_proxy",      "HTTP_PROXY",
	"HTTPS_PROXY",  "ALL_PROXY",       "NO_PROXY",     "SSL_CERT_FILE", "SSL_CERT_DIR",
	"RES_OPTIONS",  "LOCALDOMAIN",     "OPENSSL_CONF", "ASAN_OPTIONS",  "UBSAN_OPTIONS",
	"LSAN_OPTIONS", "LD_LIBRARY_PATH",
};

static char **its_environment(struct arena *a)
{
	struct texts env = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(environment); i++)
		if (getenv(environment[i]))
			texts_addf(a, &env, "%s=%s", environment[i], getenv(environment[i]));
	texts_add(a, &env, "LC_ALL=C");
	return (char **)env.v;
}

int registry_remote_start(struct arena *a, const struct source_access *access, const char *shown,
			  struct registry_remote *ret, struct err *e)
{
	struct registry_remote m = { .arena = a, .access = *access, .shown = shown };
	char *program;
	int pair[2];
	int r = path_libexec(a, "remote", &program, e);

	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "socket to remote");
	auto_close int ours = pair[0];
	auto_close int its = pair[1];

	r = child_spawn(&(struct child_spawn){ .path = program,
					       .argv = (char *[]){ "remote", NULL },
					       .env = its_environment(a),
					       .in = -1,
					       .out = -1,
					       .err = STDERR_FILENO,
					       .fds = &its,
					       .fds_len = 1,
					       .die_with_parent = true },
			&m.child, e);
	if (r < 0)
		return r;
	m.control = take_fd(ours);
	*ret = m;
	return 0;
}

void registry_remote_stop(struct registry_remote *m)
{
	/* It holds nothing that isn't said already. */
	close(m->control);
	child_kill(&m->child);
}

int registry_remote_server(struct registry_remote *m, const struct registry_server *v,
			   struct err *e)
{
	struct certs certs;
	struct remote_request q = {
		.op = REMOTE_SERVER,
		.id = m->servers,
		.host = text_eq(v->host, "docker.io") ? "registry-1.docker.io" : v->host,
		.user = v->user,
		.password = v->password,
		.token = v->token,
		.plain = v->plain,
		.unverified = v->unverified,
	};
	int r = certs_open(m->arena, m->access.cert_dir, v->host, &certs, e);

	if (r < 0)
		return r;
	q.authorities = certs.authorities;
	q.clients = certs.clients;
	r = remote_send_request(m->control, &q, certs.fds, certs.n, e);
	certs_close(&certs);
	return r < 0 ? r : (int)m->servers++;
}

static void add(struct registry_remote *m, struct registry_fetch *f)
{
	f->next = m->fetches;
	m->fetches = f;
}

static void forget(struct registry_remote *m, const struct registry_fetch *f)
{
	for (struct registry_fetch **at = &m->fetches; *at; at = &(*at)->next)
		if (*at == f) {
			*at = f->next;
			return;
		}
}

int registry_remote_fetch(struct registry_remote *m, struct remote_request *q, int fd,
			  struct registry_fetch *f, const char *what, struct err *e)
{
	int retries = m->access.retries;
	int r;

	q->op = REMOTE_FETCH;
	q->id = ++m->ids;
	q->retries = retries > 0 ? retries : retries < 0 ? 0 : RETRIES;
	q->delay_ms = m->access.retry_delay_nsec / 1000000;
	*f = (struct registry_fetch){ .id = q->id, .what = what };
	r = remote_send_request(m->control, q, &fd, fd >= 0, e);
	if (r == 0)
		add(m, f);
	return r;
}

/* What failed before the request itself was sent says so in its own words. */
static bool names_itself(const struct remote_event *v)
{
	return v->step == REMOTE_STEP_PING || (v->step == REMOTE_STEP_LOGIN && v->status == 0);
}

static void notice(const struct registry_remote *m, const struct registry_fetch *f,
		   const struct remote_event *v)
{
	AUTO(arena) a = arena_new();
	auto_buf pause = BUF(64);

	if (!m->access.notice)
		return;
	if (v->delay_ms % 1000 == 0)
		buf_addf(&pause, "%llus", (unsigned long long)v->delay_ms / 1000);
	else
		buf_addf(&pause, "%llums", (unsigned long long)v->delay_ms);
	m->access.notice(m->access.notice_arg,
			 arena_printf(a,
				      "Failed, retrying in %s ... (%llu/%llu). Error: initializing "
				      "source %s: %s%s%s",
				      buf_text(&pause), (unsigned long long)v->attempt,
				      (unsigned long long)v->attempts, m->shown,
				      names_itself(v) ? "" : f->what, names_itself(v) ? "" : ": ",
				      v->text ? v->text : ""));
}

static void on_event(struct registry_remote *m, const struct remote_event *v)
{
	for (struct registry_fetch *f = m->fetches; f; f = f->next) {
		if (f->id != v->id || f->over)
			continue;
		if (v->event == REMOTE_RETRY) {
			notice(m, f, v);
			continue;
		}
		f->last = *v;
		f->last.text = arena_strdup(m->arena, v->text);
		f->last.type = arena_strdup(m->arena, v->type);
		f->last.digest = arena_strdup(m->arena, v->digest);
		f->last.next = arena_strdup(m->arena, v->next);
		f->over = true;
	}
}

static int hear_one(struct registry_remote *m, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct remote_event v;
	int r = remote_receive_event(m->control, a, &v, e);

	if (r == 0 || r == -ECONNRESET)
		return err_set(e, ERR_SYSTEM, "the program remote has ended unexpectedly");
	if (r < 0)
		return r;
	on_event(m, &v);
	return 0;
}

int registry_remote_hear(struct registry_remote *m, struct err *e)
{
	for (int i = 0; i < EVENTS_MAX; i++) {
		struct pollfd p = { .fd = m->control, .events = POLLIN };
		int r;

		if (poll(&p, 1, 0) <= 0)
			return 0;
		r = hear_one(m, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int error_of(const struct registry_fetch *f, struct err *e)
{
	const struct remote_event *v = &f->last;

	*e = (struct err){ 0 };
	err_set(e, v->kind, "%s%s%s", names_itself(v) ? "" : f->what, names_itself(v) ? "" : ": ",
		v->text ? v->text : "");
	if (v->code > 0 && v->code < 4096)
		e->code = v->code;
	return -e->code;
}

int registry_remote_wait(struct registry_remote *m, struct registry_fetch *f, struct err *e)
{
	int r = 0;

	while (!f->over && r == 0)
		r = hear_one(m, e);
	forget(m, f);
	if (r < 0)
		return err_wrap(e, "%s", f->what);
	return f->last.event == REMOTE_ERROR ? error_of(f, e) : 0;
}

void registry_remote_cancel(struct registry_remote *m, struct registry_fetch *f)
{
	struct err ignored;

	forget(m, f);
	if (!f->over)
		remote_send_request(m->control,
				    &(struct remote_request){ .op = REMOTE_CANCEL, .id = f->id },
				    NULL, 0, &ignored);
}

int registry_remote_read(struct registry_remote *m, struct remote_request *q, const char *what,
			 struct buf *ret, struct remote_event *event, struct err *e)
{
	auto_close int memory = memfd_create("document", MFD_CLOEXEC);
	auto_free char *text = NULL;
	struct registry_fetch f;
	size_t len;
	int r;

	if (memory < 0)
		return err_sys(e, "%s", what);
	r = registry_remote_fetch(m, q, memory, &f, what, e);
	if (r == 0)
		r = registry_remote_wait(m, &f, e);
	if (r < 0)
		return r;
	if (lseek(memory, 0, SEEK_SET) < 0)
		return err_sys(e, "%s", what);
	r = file_read_fd(memory, what, q->max, &text, &len, e);
	if (r < 0)
		return r;
	if (event)
		*event = f.last;
	buf_add(ret, text, len);
	return 0;
}
