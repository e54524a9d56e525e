/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * {"auths": {KEY: {"auth": base64 of "user:password", "identitytoken": …}},
 *  "credHelpers": {HOST: NAME}, "credsStore": NAME}
 *
 * What we don't know in a file stays in it: Docker keeps other settings in the same.
 */
#include "image/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/identity.h"
#include "base/json.h"
#include "base/path.h"
#include "image/auth_helper.h"
#include "image/reference.h"

#define DOCKER_SERVER "https://index.docker.io/v1/"

enum { AUTHFILE_MAX = 1 << 20 };

const char *auth_key(struct arena *a, const char *registry)
{
	const char *rest = text_after(registry, "https://");

	if (!rest)
		rest = text_after(registry, "http://");
	if (rest) {
		/* Docker's keys are addresses: only the host counts. */
		registry = arena_strndup(a, rest, strcspn(rest, "/"));
	} else {
		size_t len = strlen(registry);

		while (len > 0 && registry[len - 1] == '/')
			len--;
		registry = arena_strndup(a, registry, len);
	}
	if (text_eq(registry, "index.docker.io") || text_eq(registry, "registry-1.docker.io"))
		return "docker.io";
	return registry;
}

int auth_parse_key(struct arena *a, const char *said, const char **ret, struct err *e)
{
	const char *key = auth_key(a, said);
	struct reference r = { 0 };
	bool good;

	if (strchr(key, '/'))
		good = reference_parse_name(a, key, &r, e) == 0 && !r.tag && !r.digest;
	else
		good = *key && !strpbrk(key, "@?# \t\r\n\"\\");
	if (!good)
		return err_set(e, ERR_INVALID,
			       "credentials key \"%.200s\" is not a registry's host, nor "
			       "host/repository without a tag",
			       said);
	*ret = key;
	return 0;
}

/* Files. */

static const char *named_file(const char *authfile)
{
	const char *named = authfile;

	if (text_empty(named))
		named = getenv("REGISTRY_AUTH_FILE");
	return text_empty(named) ? NULL : named;
}

int auth_check_file(const char *authfile, struct err *e)
{
	const char *named = named_file(authfile);

	if (!named || access(named, F_OK) == 0)
		return 0;
	return err_set(e, ERR_INVALID,
		       "credential file is not accessible: faccessat %s: no such file or directory",
		       named);
}

/* Where login keeps them: gone with the next boot. */
static const char *default_file(struct arena *a)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (!text_empty(runtime))
		return path_join(a, runtime, "containers/auth.json");
	return arena_printf(a, "/run/containers/%u/auth.json", (unsigned)identity_uid());
}

static struct texts files(struct arena *a, const char *authfile)
{
	const char *named = named_file(authfile), *home = getenv("HOME");
	const char *config = getenv("XDG_CONFIG_HOME"), *docker = getenv("DOCKER_CONFIG");
	struct texts all = { 0 };

	if (named) {
		texts_add(a, &all, named);
		return all;
	}
	texts_add(a, &all, default_file(a));
	if (!text_empty(config))
		texts_addf(a, &all, "%s/containers/auth.json", config);
	else if (!text_empty(home))
		texts_addf(a, &all, "%s/.config/containers/auth.json", home);
	if (!text_empty(docker))
		texts_addf(a, &all, "%s/config.json", docker);
	else if (!text_empty(home))
		texts_addf(a, &all, "%s/.docker/config.json", home);
	return all;
}

static int parse(const char *name, const char *text, size_t len, json_t **ret, struct err *e)
{
	json_t *tree;
	int r = json_parse(text, len, &tree, e);

	if (r == 0 && !json_is_object(tree)) {
		json_decref(tree);
		r = err_set(e, ERR_INVALID, "not an object");
	}
	if (r < 0)
		return err_wrap(e, "reading JSON file \"%s\"", name);
	*ret = tree;
	return 0;
}

/* 0 with *ret NULL when it isn't there, or is empty. */
static int load(const char *path, json_t **ret, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int r = file_read_at(AT_FDCWD, path, AUTHFILE_MAX, &text, &len, e);

	*ret = NULL;
	if (r == -ENOENT || r == -ENOTDIR || (r == 0 && len == 0))
		return 0;
	return r < 0 ? r : parse(path, text, len, ret, e);
}

/* Reading. */

static int read_entry(struct arena *a, const json_t *entry, struct auth *ret, struct err *e)
{
	const char *text = json_string_value(json_object_get(entry, "auth"));
	const char *token = json_string_value(json_object_get(entry, "identitytoken"));
	char *both, *colon;
	size_t len;
	int r;

	if (!text_empty(token)) {
		ret->token = arena_strdup(a, token);
		return 0;
	}
	if (text_empty(text))
		return 0;
	r = base64_decode(a, text, &both, &len, e);
	if (r < 0)
		return r;
	colon = strchr(both, ':');
	if (!colon || strlen(both) != len)
		return err_set(e, ERR_INVALID, "not a user and a password");
	*colon = '\0';
	ret->user = both;
	ret->password = colon + 1;
	return 0;
}

/* The longest key that fits, from host/a/b/c down to host. */
static const json_t *find_entry(struct arena *a, const json_t *auths, const struct auth_query *q,
				const char **ret_key)
{
	char *key = q->repository ? arena_printf(a, "%s/%s", q->host, q->repository)
				  : arena_strdup(a, q->host);
	const char *name;
	json_t *value;

	for (char *slash = key; slash;) {
		const json_t *entry = json_object_get(auths, key);

		*ret_key = key;
		if (entry)
			return entry;
		slash = strrchr(key, '/');
		if (slash)
			*slash = '\0';
	}
	*ret_key = auth_key(a, q->host);
	json_object_foreach ((json_t *)auths, name, value)
		if (text_eq(auth_key(a, name), *ret_key))
			return value;
	return NULL;
}

static const char *docker_server(const char *host)
{
	return text_eq(host, "docker.io") ? DOCKER_SERVER : host;
}

static const char *helper_of(const json_t *tree, const char *key)
{
	const json_t *helpers = json_object_get(tree, "credHelpers");

	return json_string_value(json_object_get(helpers, key));
}

static int read_tree(struct arena *a, const char *name, const json_t *tree,
		     const struct auth_query *q, struct auth_found *ret, struct err *e)
{
	const char *key, *helper = helper_of(tree, q->host);
	const json_t *entry = find_entry(a, json_object_get(tree, "auths"), q, &key);
	int r = 0;

	ret->server = arena_strdup(a, q->host);
	if (!helper && entry)
		r = read_entry(a, entry, &ret->auth, e);
	if (r < 0)
		return err_wrap(e, "%s: %s", name, key);
	if (ret->auth.user || ret->auth.token) {
		ret->auth.from = arena_strdup(a, name);
		return 0;
	}
	if (!helper) {
		helper = json_string_value(json_object_get(tree, "credsStore"));
		ret->server = docker_server(ret->server);
	}
	ret->helper = arena_strdup(a, text_empty(helper) ? NULL : helper);
	return 0;
}

int auth_read(struct arena *a, const char *name, const char *text, size_t len,
	      const struct auth_query *q, struct auth_found *ret, struct err *e)
{
	struct auth_found found = { 0 };
	json_t *tree;
	int r = parse(name, text, len, &tree, e);

	if (r < 0)
		return r;
	r = read_tree(a, name, tree, q, &found, e);
	json_decref(tree);
	if (r == 0)
		*ret = found;
	return r;
}

static int find_in(struct arena *a, const char *path, const struct auth_query *q, struct auth *ret,
		   struct err *e)
{
	struct auth_found found = { 0 };
	json_t *tree;
	int r = load(path, &tree, e);

	if (r < 0 || !tree)
		return r;
	r = read_tree(a, path, tree, q, &found, e);
	json_decref(tree);
	if (r == 0 && found.helper)
		r = auth_helper_get(a, found.helper, found.server, &found.auth, e);
	if (r == 0)
		*ret = found.auth;
	return r;
}

int auth_find(struct arena *a, const struct auth_query *q, struct auth *ret, struct err *e)
{
	struct texts all = files(a, q->authfile);
	struct auth found = { 0 };
	int r = 0;

	for (size_t i = 0; i < all.n && r == 0 && !found.user && !found.token; i++)
		r = find_in(a, all.v[i], q, &found, e);
	for (size_t i = 0; q->helpers && i < q->helpers->n; i++) {
		if (r < 0 || found.user || found.token)
			break;
		/* This name stands for the files. */
		if (!text_eq(q->helpers->v[i], "containers-auth.json"))
			r = auth_helper_get(a, q->helpers->v[i], q->host, &found, e);
	}
	if (r == 0)
		*ret = found;
	return r;
}

/* Writing. */

struct edit {
	int dir;
	const char *path, *name;
	json_t *tree;
};

static void edit_close(struct edit *d)
{
	json_decref(d->tree);
	if (d->dir >= 0)
		close(d->dir);
}
#define auto_edit __attribute__((cleanup(edit_close))) struct edit

static char *folder_of(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return arena_strdup(a, ".");
	return slash == path ? arena_strdup(a, "/") : arena_strndup(a, path, slash - path);
}

/* Locks the folder: two logins at once both count. */
static int edit_open(struct arena *a, const char *authfile, struct edit *d, struct err *e)
{
	const char *folder;
	int r;

	d->path = named_file(authfile);
	if (!d->path)
		d->path = default_file(a);
	d->name = path_base(d->path);
	folder = folder_of(a, d->path);
	r = file_mkdir_path(AT_FDCWD, folder, 0700, e);
	if (r < 0)
		return r;
	d->dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->dir < 0 || flock(d->dir, LOCK_EX) < 0)
		return err_sys(e, "%s", folder);
	r = load(d->path, &d->tree, e);
	if (r == 0 && !d->tree)
		d->tree = json_object();
	return r;
}

static int edit_save(const struct edit *d, struct err *e)
{
	auto_buf text = BUF(AUTHFILE_MAX);
	int r;

	json_print(&text, d->tree, 8);
	r = buf_check(&text, d->path, e);
	if (r < 0)
		return r;
	return file_replace_at(d->dir, d->name, text.data, text.len,
			       &(struct file_write){ .mode = 0600 }, e);
}

static json_t *auths_of(struct edit *d)
{
	json_t *auths = json_object_get(d->tree, "auths");

	if (json_is_object(auths))
		return auths;
	auths = json_object();
	json_object_set_new(d->tree, "auths", auths);
	return auths;
}

static const char *host_of(struct arena *a, const char *key)
{
	return arena_strndup(a, key, strcspn(key, "/"));
}

int auth_store(struct arena *a, const char *authfile, const char *key, const char *user,
	       const char *password, const char **ret_file, struct err *e)
{
	auto_edit d = { .dir = -1 };
	auto_buf both = BUF(AUTHFILE_MAX);
	const char *helper;
	int r = edit_open(a, authfile, &d, e);

	if (r < 0)
		return r;
	helper = helper_of(d.tree, host_of(a, key));
	if (helper) {
		*ret_file = arena_printf(a, "docker-credential-%s", helper);
		return auth_helper_store(a, helper, key, user, password, e);
	}
	buf_addf(&both, "%s:%s", user, password);

	json_t *entry = json_object();
	json_object_set_new(entry, "auth", json_string(base64_encode(a, both.data, both.len)));
	json_object_set_new(auths_of(&d), key, entry);
	r = edit_save(&d, e);
	if (r == 0)
		*ret_file = d.path;
	return r;
}

/* Podman's words for what only Docker knows. */
static int not_logged_in(struct arena *a, const char *authfile, const char *key, struct err *e)
{
	struct auth_query q = { .authfile = authfile, .host = key };
	struct auth found;

	if (auth_find(a, &q, &found, e) == 0 && (found.user || found.token) &&
	    text_ends(found.from, "config.json"))
		return err_set(e, ERR_CONFLICT,
			       "Not logged into %s with current tool. Existing credentials were "
			       "established via docker login. Please use docker logout instead.",
			       key);
	return err_set(e, ERR_NOT_FOUND, "not logged into %s", key);
}

int auth_remove(struct arena *a, const char *authfile, const char *key, struct err *e)
{
	auto_edit d = { .dir = -1 };
	const char *helper, *name;
	json_t *auths, *value;
	int r = edit_open(a, authfile, &d, e);

	if (r < 0)
		return r;
	helper = helper_of(d.tree, host_of(a, key));
	if (helper)
		return auth_helper_erase(a, helper, key, e);
	auths = auths_of(&d);
	if (json_object_del(auths, key) == 0)
		return edit_save(&d, e);
	json_object_foreach (auths, name, value) {
		if (!text_eq(auth_key(a, name), key))
			continue;
		json_object_del(auths, name);
		return edit_save(&d, e);
	}
	return not_logged_in(a, authfile, key, e);
}

int auth_remove_all(struct arena *a, const char *authfile, struct err *e)
{
	auto_edit d = { .dir = -1 };
	const char *name;
	json_t *value;
	int r = edit_open(a, authfile, &d, e);

	if (r < 0)
		return r;
	json_object_foreach (json_object_get(d.tree, "credHelpers"), name, value) {
		struct err ignored;

		if (json_is_string(value))
			auth_helper_erase(a, json_string_value(value), name, &ignored);
	}
	json_object_set_new(d.tree, "auths", json_object());
	return edit_save(&d, e);
}
