/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "base/json.h"
#include "image/auth.h"
#include "image/registries.h"
#include "image/registry_remote.h"

enum { PIPE_BYTES = 1 << 20, LIST_MAX = 4 << 20, TAGS_MAX = 100000, PLACE_NONE = -1 };

struct registry {
	struct source source; /* first */
	struct arena *arena;
	struct reference reference;
	struct source_access access;
	struct registries conf;
	struct registries_places places;
	struct registry_remote remote;
	int *servers; /* of each place; -1: not asked yet */
	int place;    /* the one that had the manifest, or PLACE_NONE */
	bool lost;    /* remote has ended */
};

/* What feeds a blob's pipe. */
struct feed {
	struct registry_fetch fetch;
	int watch; /* the pipe's other end has gone when this one hangs up */
};

static struct registry *registry_of(struct source *s)
{
	return (struct registry *)s;
}

/* Who we are at a place: what --creds says goes to the registry that was named, and to no other. */
static int who(struct registry *g, const struct registries_place *p, struct registry_server *v,
	       struct err *e)
{
	struct auth_query q = {
		.authfile = g->access.authfile,
		.host = p->reference.domain,
		.repository = p->reference.repository,
		.helpers = &g->conf.helpers,
	};
	struct auth found = { 0 };
	int r;

	if (g->access.user && text_eq(p->reference.domain, g->reference.domain)) {
		v->user = g->access.user;
		v->password = g->access.password;
		return 0;
	}
	r = auth_find(g->arena, &q, &found, e);
	if (r < 0)
		return err_wrap(e, "getting credentials for %s", p->reference.domain);
	v->user = found.user;
	v->password = found.password;
	v->token = found.token;
	return 0;
}

static int server_of(struct registry *g, size_t place, struct err *e)
{
	const struct registries_place *p = &g->places.v[place];
	bool skip = g->access.tls == SOURCE_TLS_SKIP ||
		    (g->access.tls == SOURCE_TLS_DEFAULT && p->insecure);
	struct registry_server v = {
		.host = p->reference.domain,
		.unverified = skip,
		.plain = skip                                  ? REMOTE_PLAIN_OK
			 : g->access.tls == SOURCE_TLS_DEFAULT ? REMOTE_PLAIN_LOCAL
							       : REMOTE_PLAIN_NEVER,
	};
	int r;

	if (g->servers[place] >= 0)
		return g->servers[place];
	r = who(g, p, &v, e);
	if (r == 0)
		r = registry_remote_server(&g->remote, &v, e);
	if (r >= 0)
		g->servers[place] = r;
	return r;
}

static struct remote_request request(struct arena *a, int server, const struct reference *r,
				     const char *path)
{
	return (struct remote_request){
		.server = server,
		.path = arena_printf(a, "%s/%s", r->repository, path),
		.scope = arena_printf(a, "repository:%s:pull", r->repository),
	};
}

static int manifest_at(struct registry *g, size_t place, struct arena *a, const char *digest,
		       struct buf *ret, const char **ret_media_type, struct err *e)
{
	const struct reference *r = &g->places.v[place].reference;
	const char *which = digest ? digest : r->digest ? r->digest : r->tag;
	const char *what = arena_printf(g->arena, "reading manifest %s in %s", which,
					reference_print_name(g->arena, r));
	struct remote_request q;
	struct remote_event end;
	int server = server_of(g, place, e);

	if (server < 0)
		return server;
	q = request(g->arena, server, r, arena_printf(g->arena, "manifests/%s", which));
	q.max = IMAGE_MANIFEST_MAX;
	texts_add(g->arena, &q.accept, IMAGE_TYPE_OCI_MANIFEST);
	texts_add(g->arena, &q.accept, IMAGE_TYPE_OCI_INDEX);
	texts_add(g->arena, &q.accept, IMAGE_TYPE_DOCKER_LIST);
	texts_add(g->arena, &q.accept, IMAGE_TYPE_DOCKER_MANIFEST);
	server = registry_remote_read(&g->remote, &q, what, ret, &end, e);
	if (server < 0 && e->kind == ERR_NOT_FOUND && text_after(e->msg, what) &&
	    !strstr(e->msg, "unknown"))
		/* Not all registries send their errors as documents. */
		return err_set(e, ERR_NOT_FOUND, "%s: manifest unknown", what);
	if (server < 0)
		return server;
	*ret_media_type = arena_strdup(a, end.type ? end.type : "");
	return 0;
}

/* Mirrors first.  Where all fail, the registry's own error counts. */
static int find_place(struct registry *g, struct arena *a, const char *digest, struct buf *ret,
		      const char **ret_media_type, struct err *e)
{
	auto_buf mirrors = BUF(sizeof(e->msg));
	int r = -ENOENT;

	for (size_t i = 0; i < g->places.n; i++) {
		r = manifest_at(g, i, a, digest, ret, ret_media_type, e);
		if (r == 0) {
			g->place = i;
			return 0;
		}
		if (g->places.v[i].mirror)
			buf_addf(&mirrors, "%s[%s: %s]", mirrors.len ? ", " : "",
				 reference_print(g->arena, &g->places.v[i].reference), e->msg);
	}
	if (mirrors.len)
		err_wrap(e, "(Mirrors also failed: %s)", buf_text(&mirrors));
	return r;
}

static int get_manifest(struct source *s, struct arena *a, const char *digest, struct buf *ret,
			const char **ret_media_type, struct err *e)
{
	struct registry *g = registry_of(s);

	if (g->place == PLACE_NONE)
		return find_place(g, a, digest, ret, ret_media_type, e);
	return manifest_at(g, g->place, a, digest, ret, ret_media_type, e);
}

static int start_blob(struct registry *g, const struct image_descriptor *d, int to, struct feed *f,
		      struct err *e)
{
	size_t place = g->place == PLACE_NONE ? g->places.n - 1 : (size_t)g->place;
	const struct reference *r = &g->places.v[place].reference;
	struct remote_request q;
	int server = server_of(g, place, e);

	if (server < 0)
		return server;
	q = request(g->arena, server, r, arena_printf(g->arena, "blobs/%s", d->digest));
	q.resume = true;
	q.size = q.max = d->size;
	return registry_remote_fetch(&g->remote, &q, to, &f->fetch,
				     arena_printf(g->arena, "reading blob %s", d->digest), e);
}

static int get_blob(struct source *s, const struct image_descriptor *d, struct source_blob *ret,
		    struct err *e)
{
	struct registry *g = registry_of(s);
	struct feed *f = ARENA_NEW(g->arena, struct feed);
	int pair[2], r;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	auto_close int from = pair[0];
	auto_close int to = pair[1];

	/* The default of 64 KiB means many more turns; when we may not have more, it will do. */
	fcntl(to, F_SETPIPE_SZ, PIPE_BYTES);
	f->watch = fcntl(from, F_DUPFD_CLOEXEC, 0);
	if (f->watch < 0)
		return err_sys(e, "pipe");
	r = start_blob(g, d, to, f, e);
	if (r < 0) {
		close(f->watch);
		return r;
	}
	*ret = (struct source_blob){ .fd = take_fd(from), .feeder = f };
	return 0;
}

/* Whether remote has closed its end, and so has said, or will say, how it went. */
static bool writer_has_gone(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR);
}

static int end_blob(struct source_blob *b, struct err *e)
{
	struct registry *g = registry_of(b->source);
	struct feed *f = b->feeder;
	bool gone = writer_has_gone(f->watch);

	if (b->fd >= 0)
		close(take_fd(b->fd));
	close(take_fd(f->watch));
	if (gone)
		return registry_remote_wait(&g->remote, &f->fetch, e);
	registry_remote_cancel(&g->remote, &f->fetch);
	return err_from(e, -EPIPE, "%s", f->fetch.what);
}

static int fd_of(const struct source *s)
{
	const struct registry *g = (const struct registry *)s;

	return g->lost ? -1 : g->remote.control;
}

static void hear(struct source *s)
{
	struct registry *g = registry_of(s);
	struct err e;

	/* That it has gone is told to whoever waits for a blob. */
	if (registry_remote_hear(&g->remote, &e) < 0)
		g->lost = true;
}

static void close_registry(struct source *s)
{
	registry_remote_stop(&registry_of(s)->remote);
}

static const struct source_ops registry_ops = {
	.manifest = get_manifest,
	.blob = get_blob,
	.blob_end = end_blob,
	.fd = fd_of,
	.hear = hear,
	.close = close_registry,
};

static int open_registry(struct arena *a, const struct reference *r,
			 const struct source_access *access, struct registry **ret, struct err *e)
{
	struct registry *g = ARENA_NEW(a, struct registry);
	const char *shown = arena_printf(a, "docker://%s", reference_print(a, r));
	int result = registries_read(a, &g->conf, e);

	if (result == 0)
		result = registries_places(a, &g->conf, r, &g->places, e);
	if (result == 0)
		result = registry_remote_start(a, access, shown, &g->remote, e);
	if (result < 0)
		return result;
	g->source = (struct source){ .ops = &registry_ops, .shown = shown };
	g->arena = a;
	g->reference = *r;
	g->access = *access;
	g->place = PLACE_NONE;
	g->servers = arena_array(a, g->places.n, sizeof(*g->servers));
	for (size_t i = 0; i < g->places.n; i++)
		g->servers[i] = -1;
	*ret = g;
	return 0;
}

int registry_source_open(struct arena *a, const struct reference *r,
			 const struct source_access *access, struct source **ret, struct err *e)
{
	struct registry *g;
	int result = auth_check_file(access->authfile, e);

	if (result == 0)
		result = open_registry(a, r, access, &g, e);
	if (result == 0)
		*ret = &g->source;
	return result;
}

/* {"name": …, "tags": [ … ]} */
static int add_tags(struct arena *a, const struct buf *text, struct texts *ret, struct err *e)
{
	json_t *tree, *tag;
	size_t i;
	int r = json_parse(buf_text(text), text->len, &tree, e);

	if (r < 0)
		return r;
	json_array_foreach (json_object_get(tree, "tags"), i, tag) {
		const char *name = json_string_value(tag);

		if (ret->n == TAGS_MAX)
			break;
		if (name && reference_tag_valid(name))
			texts_add(a, ret, arena_strdup(a, name));
	}
	json_decref(tree);
	return 0;
}

static int read_tags(struct registry *g, struct texts *ret, struct err *e)
{
	size_t place = g->places.n - 1;
	const struct reference *r = &g->places.v[place].reference;
	int result = server_of(g, place, e);
	struct remote_request q;

	if (result < 0)
		return result;
	q = request(g->arena, result, r, "tags/list?n=1000");
	q.max = LIST_MAX;
	while (q.path && ret->n < TAGS_MAX) {
		auto_buf text = BUF(LIST_MAX);
		struct remote_event end;

		result = registry_remote_read(&g->remote, &q, "fetching tags list", &text, &end, e);
		if (result == 0)
			result = add_tags(g->arena, &text, ret, e);
		if (result < 0)
			return result;
		q.path = end.next;
	}
	return 0;
}

int registry_tags(struct arena *a, const struct reference *r, const struct source_access *access,
		  struct texts *ret, struct err *e)
{
	struct texts tags = { 0 };
	struct registry *g;
	int result = auth_check_file(access->authfile, e);

	if (result == 0)
		result = open_registry(a, r, access, &g, e);
	if (result < 0)
		return result;
	result = read_tags(g, &tags, e);
	close_registry(&g->source);
	if (result == 0)
		*ret = tags;
	return result;
}

int registry_login(struct arena *a, const char *host, const struct source_access *access,
		   struct err *e)
{
	struct reference r = { .domain = arena_strndup(a, host, strcspn(host, "/")),
			       .repository = "",
			       .tag = "" };
	auto_buf text = BUF(LIST_MAX);
	struct remote_request q = { .path = "", .max = LIST_MAX };
	struct registry *g;
	int result = open_registry(a, &r, access, &g, e);

	if (result < 0)
		return result;
	result = server_of(g, g->places.n - 1, e);
	if (result >= 0) {
		q.server = result;
		result = registry_remote_read(&g->remote, &q, "checking the login", &text, NULL, e);
	}
	close_registry(&g->source);
	if (result < 0 && e->kind == ERR_DENIED)
		return err_set(e, ERR_DENIED, "logging into \"%s\": invalid username/password",
			       host);
	return result < 0 ? err_wrap(e, "authenticating creds for \"%s\"", host) : 0;
}
