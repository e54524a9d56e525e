/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A registry: looked for once, logged in to for each scope.
 *
 * GET /v2/ tells three things: whether HTTPS is spoken, that it is a registry (200 or 401), and how
 * it wants to know who we are.  Basic goes along with each request.  Bearer means to fetch a token
 * for the scope from another server, the realm (distribution.github.io, spec/auth/token and
 * spec/auth/oauth); tokens are kept until they expire.
 */
#include "remote/session.h"

#include <errno.h>
#include <string.h>

#include "base/base64.h"
#include "base/units.h"

enum { TOKEN_LIFE_S = 60, TOKEN_MARGIN_S = 10, TOKEN_LIFE_MAX_S = 86400 };

static int start_ping(struct server *v, bool https, struct err *e);

void server_free(struct server *v)
{
	if (!v)
		return;
	exchange_cancel(v->exchange);
	trust_free(v->trust);
	arena_free(v->arena);
	free(v);
}

static const char *own(struct arena *a, const char *s)
{
	return arena_strdup(a, s);
}

static int check_request(const struct remote_request *q, const struct remote_fds *fds,
			 struct err *e)
{
	if (text_empty(q->host) || strpbrk(q->host, "/?#@ \t\r\n"))
		return err_set(e, ERR_INVALID, "%.200s: not a registry's host", q->host ?: "");
	if (q->authorities > REMOTE_FDS_MAX || q->clients > REMOTE_FDS_MAX ||
	    fds->n != q->authorities + 2 * q->clients)
		return err_set(e, ERR_INVALID, "%zu certificates came, not %llu", fds->n,
			       (unsigned long long)(q->authorities + 2 * q->clients));
	return 0;
}

int server_new(struct session *s, const struct remote_request *q, struct remote_fds *fds,
	       struct err *e)
{
	int r = check_request(q, fds, e);

	if (r < 0)
		return r;
	if (s->servers_len == REMOTE_SERVERS_MAX)
		return err_set(e, ERR_INVALID, "more than %d registries", REMOTE_SERVERS_MAX);

	struct server *v = calloc(1, sizeof(*v));
	if (!v)
		return err_set(e, ERR_SYSTEM, "no memory for a registry");
	v->session = s;
	v->arena = arena_new();
	v->id = q->id;
	v->asked = *q;
	v->asked.host = own(v->arena, q->host);
	v->asked.user = own(v->arena, q->user);
	v->asked.password = own(v->arena, q->password);
	v->asked.token = own(v->arena, q->token);
	v->tokens = arena_array(v->arena, TOKENS_MAX, sizeof(*v->tokens));
	r = trust_new(q, fds->v, &v->trust, e);
	if (r < 0) {
		server_free(v);
		return r;
	}
	s->servers[s->servers_len++] = v;
	return 0;
}

static int url_at(const struct server *v, struct arena *a, bool https, const char *path,
		  struct url *ret, struct err *e)
{
	return url_parse(a,
			 arena_printf(a, "%s://%s/v2/%s", https ? "https" : "http", v->asked.host,
				      path),
			 ret, e);
}

int server_url(const struct server *v, struct arena *a, const char *path, struct url *ret,
	       struct err *e)
{
	return url_at(v, a, v->https, path, ret, e);
}

bool server_is_at(const struct server *v, const struct url *u)
{
	AUTO(arena) a = arena_new();
	struct url own_url;
	struct err e;

	return url_at(v, a, u->https, "", &own_url, &e) == 0 && url_same_origin(&own_url, u);
}

static void ended(struct server *v, bool ready)
{
	v->exchange = NULL;
	v->state = ready ? SERVER_READY : SERVER_NEW;
	session_wake(v->session, v, ready);
}

/* Keeps why, for the fetches that wait. */
static void failed(struct server *v, int step, const struct exchange *x, const struct err *e)
{
	v->failure = *e;
	v->step = step;
	v->may_retry = x && x->may_retry;
	ended(v, false);
}

static void keep_challenges(struct server *v, const struct challenges *from)
{
	struct arena *a = v->arena;

	v->challenges = (struct challenges){ .v = arena_array(a, from->n + 1, sizeof(*from->v)) };
	for (size_t i = 0; i < from->n; i++) {
		const struct challenge *c = &from->v[i];

		v->challenges.v[v->challenges.n++] = (struct challenge){
			.scheme = c->scheme,
			.realm = own(a, c->realm),
			.service = own(a, c->service),
			.scope = own(a, c->scope),
		};
	}
}

/* Plain HTTP may be what is spoken there. A certificate that fails means that it isn't. */
static bool may_be_plain(const struct server *v, const struct exchange *x)
{
	if (v->asked.plain == REMOTE_PLAIN_OK)
		return true;
	/* With a port in its name, another scheme won't make it listen. */
	return v->asked.plain == REMOTE_PLAIN_LOCAL && url_host_is_local(x->request.url.host) &&
	       !x->leaf && (x->no_tls_there || x->request.url.port == 443);
}

static void on_ping(void *arg, struct exchange *x, int r, const struct err *why)
{
	struct server *v = arg;
	struct err e = *why;

	v->exchange = NULL;
	if (r == 0 && (x->response.status == 200 || x->response.status == 401)) {
		v->answered = true;
		v->https = x->hops > 0 ? v->https : x->request.url.https;
		keep_challenges(v, &x->response.challenges);
		ended(v, true);
		return;
	}
	if (r < 0 && x->hops == 0 && x->request.url.https && may_be_plain(v, x) &&
	    start_ping(v, false, &e) == 0)
		return;
	if (r == 0)
		failure_of_response(x, &e);
	err_wrap(&e, "pinging container registry %s", v->asked.host);
	failed(v, REMOTE_STEP_PING, x, &e);
}

static int start_ping(struct server *v, bool https, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct exchange_request q = { .server = v, .done = on_ping, .arg = v };
	int r = url_at(v, a, https, "", &q.url, e);

	if (r < 0)
		return r;
	v->https = https;
	v->state = SERVER_BUSY;
	return exchange_start(v->session, &q, &v->exchange, e);
}

static struct token *find_token(const struct server *v, const char *scope)
{
	for (size_t i = 0; i < v->tokens_len; i++)
		if (strcmp(v->tokens[i].scope, scope ?: "") == 0)
			return &v->tokens[i];
	return NULL;
}

static bool token_holds(const struct token *t)
{
	return t && t->header && t->expires_usec > clock_monotonic_usec();
}

static void keep_token(struct server *v, const char *token, int64_t life_s)
{
	struct token *t = find_token(v, v->wanted);

	if (!t && v->tokens_len < TOKENS_MAX)
		t = &v->tokens[v->tokens_len++];
	if (!t)
		t = &v->tokens[0];
	if (life_s < TOKEN_LIFE_S)
		life_s = TOKEN_LIFE_S;
	if (life_s > TOKEN_LIFE_MAX_S)
		life_s = TOKEN_LIFE_MAX_S;
	*t = (struct token){
		.scope = v->wanted,
		.header = arena_printf(v->arena, "Bearer %s", token),
		.expires_usec = clock_monotonic_usec() + (life_s - TOKEN_MARGIN_S) * USEC_PER_SEC,
	};
}

/* What goes into a header must not end it. */
static bool is_header_value(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s > '~')
			return false;
	return true;
}

static int read_token(struct server *v, const struct exchange *x, struct err *e)
{
	json_t *tree;
	int r = buf_check(&x->document, "token", e);

	if (r < 0)
		return r;
	r = json_parse(buf_text(&x->document), x->document.len, &tree, e);
	if (r < 0)
		return err_wrap(e, "token");

	const char *token = json_string_value(json_object_get(tree, "token"));
	if (text_empty(token))
		token = json_string_value(json_object_get(tree, "access_token"));
	if (text_empty(token) || !is_header_value(token))
		r = err_set(e, ERR_REMOTE, "the answer has no token in it");
	else
		keep_token(v, token, json_integer_value(json_object_get(tree, "expires_in")));
	json_decref(tree);
	return r;
}

static int explain_token(struct exchange *x, struct err *e)
{
	long status = x->response.status;

	x->may_retry = failure_status_may_pass(status);
	if (status == 401 || status == 403) {
		failure_of_response(x, e);
		e->kind = ERR_DENIED;
		return err_wrap(e, "unable to retrieve auth token: invalid username/password");
	}
	failure_of_response(x, e);
	return err_wrap(e, "Requesting bearer token: invalid status code from registry %ld",
			status);
}

static void on_token(void *arg, struct exchange *x, int r, const struct err *why)
{
	struct server *v = arg;
	struct err e = *why;

	if (r == 0 && x->response.status != 200)
		r = explain_token(x, &e);
	else if (r == 0)
		r = read_token(v, x, &e);
	if (r < 0)
		failed(v, REMOTE_STEP_LOGIN, x, &e);
	else
		ended(v, true);
}

static const char *basic(const struct server *v, struct arena *a)
{
	auto_buf both = BUF(64 << 10);

	buf_addf(&both, "%s:%s", v->asked.user, v->asked.password ?: "");
	return arena_printf(a, "Basic %s", base64_encode(a, both.data, both.len));
}

static void add_field(struct buf *to, const char *name, const char *value)
{
	if (text_empty(value))
		return;
	buf_addf(to, "%s%s=", to->len ? "&" : "", name);
	url_escape(to, value);
}

/* A user's name and password: a GET that carries them. */
static int ask_with_password(struct server *v, const struct challenge *c, struct arena *a,
			     struct exchange_request *q, struct err *e)
{
	auto_buf fields = BUF(16 << 10);

	add_field(&fields, "account", v->asked.user);
	add_field(&fields, "scope", v->wanted);
	add_field(&fields, "service", c->service);
	if (fields.len > 0)
		q->url.text = arena_printf(a, "%s%s%s", c->realm, strchr(c->realm, '?') ? "&" : "?",
					   buf_text(&fields));
	if (v->asked.user)
		q->authorization = basic(v, a);
	return buf_check(&fields, "scope", e) < 0 ? -EINVAL : url_parse(a, q->url.text, &q->url, e);
}

static int ask_with_identity(struct server *v, const struct challenge *c, struct arena *a,
			     struct exchange_request *q, struct err *e)
{
	auto_buf fields = BUF(64 << 10);

	add_field(&fields, "grant_type", "refresh_token");
	add_field(&fields, "client_id", "berth");
	add_field(&fields, "service", c->service);
	add_field(&fields, "scope", v->wanted);
	add_field(&fields, "refresh_token", v->asked.token);
	q->form = arena_strdup(a, buf_text(&fields));
	return buf_check(&fields, "identity token", e);
}

static int start_token(struct server *v, const struct challenge *c, const char *scope,
		       struct err *e)
{
	AUTO(arena) a = arena_new();
	struct exchange_request q = { .server = v, .done = on_token, .arg = v };
	int r = url_parse(a, c->realm, &q.url, e);

	if (r < 0)
		return err_wrap(e, "where to get a token");
	if (v->https && !q.url.https && !v->asked.unverified && (v->asked.user || v->asked.token))
		return err_set(e, ERR_REMOTE, "%s wants the password sent in the clear to %s",
			       v->asked.host, q.url.host);
	v->wanted = own(v->arena, scope ?: "");
	r = v->asked.token ? ask_with_identity(v, c, a, &q, e) : ask_with_password(v, c, a, &q, e);
	if (r < 0)
		return r;
	v->state = SERVER_BUSY;
	return exchange_start(v->session, &q, &v->exchange, e);
}

int server_prepare(struct server *v, const char *scope, struct err *e)
{
	const struct challenge *c;
	int r;

	if (v->state == SERVER_BUSY)
		return 0;
	if (!v->answered) {
		r = start_ping(v, true, e);
		return r < 0 ? r : 0;
	}
	c = challenge_pick(&v->challenges);
	if (!c || c->scheme == CHALLENGE_BASIC || token_holds(find_token(v, scope)))
		return 1;
	r = start_token(v, c, scope, e);
	return r < 0 ? r : 0;
}

const char *server_authorization(const struct server *v, struct arena *a, const char *scope)
{
	const struct challenge *c = challenge_pick(&v->challenges);
	const struct token *t = find_token(v, scope);

	if (!c)
		return NULL;
	if (c->scheme == CHALLENGE_BASIC)
		return v->asked.user ? basic(v, a) : NULL;
	return t ? t->header : NULL;
}

bool server_refused(struct server *v, const struct response *p, const char **scope)
{
	const struct challenge *before = challenge_pick(&v->challenges);
	const struct challenge *now = challenge_pick(&p->challenges);

	if (!now)
		return false;
	if (now->scheme == CHALLENGE_BASIC && before && before->scheme == CHALLENGE_BASIC)
		return false;
	keep_challenges(v, &p->challenges);
	now = challenge_pick(&v->challenges);
	if (now->scheme == CHALLENGE_BASIC)
		return v->asked.user;

	struct token *t = find_token(v, *scope);
	if (t)
		t->header = NULL;
	if (!text_empty(now->scope))
		*scope = now->scope;
	return true;
}
