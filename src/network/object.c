/* SPDX-License-Identifier: BSD-2-Clause */
/* Networks on disk.  The default one is never stored: it is the same everywhere. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/sha256.h"
#include "base/units.h"
#include "network/network_private.h"

#define NETWORK_FILE      "network.json"
#define NETWORK_FILE_MAX  (1U << 20)
#define NETWORK_VERSION   1
#define NETWORK_NAME_MAX  200
#define DEFAULT_INTERFACE "podman0"
#define DEFAULT_SUBNET    "10.88.0.0/16"
#define DEFAULT_GATEWAY   "10.88.0.1"

struct stored {
	int64_t version;
	struct network network;
};
static const struct json_field stored_fields[] = {
	JSON_INT(stored, version, "version", JSON_REQUIRED),
	JSON_OBJECT(stored, network, "network", JSON_REQUIRED, network_json),
	{ 0 },
};
static const struct json_type stored_json = JSON_TYPE(stored, stored_fields);

bool network_is_user_mode(const char *name)
{
	return text_eq(name, NETWORK_PASTA) || text_eq(name, NETWORK_SLIRP);
}

bool network_is_default(const char *name)
{
	return text_eq(name, NETWORK_DEFAULT) || text_eq(name, "bridge") ||
	       text_eq(name, "default");
}

static const char *time_now(struct arena *a)
{
	auto_buf text = BUF(64);

	time_print_rfc3339(&text, clock_nsec(), true);
	return arena_strdup(a, buf_text(&text));
}

static struct network *make_default(struct arena *a)
{
	struct network *n = ARENA_NEW(a, struct network);
	char id[SHA256_TEXT];

	/* podman's id of it is made of its name. */
	sha256_text(id, NETWORK_DEFAULT, strlen(NETWORK_DEFAULT));
	*n = (struct network){
		.name = NETWORK_DEFAULT,
		.id = arena_strdup(a, id + strlen("sha256:")),
		.driver = "bridge",
		.network_interface = DEFAULT_INTERFACE,
		.created = time_now(a),
	};
	n->subnets.v = ARENA_NEW(a, struct network_subnet);
	n->subnets.n = 1;
	n->subnets.v[0].subnet = DEFAULT_SUBNET;
	n->subnets.v[0].gateway = DEFAULT_GATEWAY;
	text_map_set(a, &n->ipam_options, "driver", "host-local");
	return n;
}

static int save(const struct state *s, int dir, const struct network *n, struct err *e)
{
	struct stored stored = { .version = NETWORK_VERSION, .network = *n };

	return json_replace_at(dir, NETWORK_FILE, NETWORK_FILE_MAX, &stored_json, &stored,
			       &(struct file_write){ .durable = true, .fill_root = s->lib }, e);
}

static int load(const struct state *s, struct arena *a, const char *name, struct network **ret,
		struct err *e)
{
	auto_close int dir = state_dir(s, NETWORKS, name, e);
	struct stored *stored = ARENA_NEW(a, struct stored);
	int r;

	if (dir < 0)
		return dir;
	r = json_read_at(a, dir, NETWORK_FILE, NETWORK_FILE_MAX, &stored_json, stored, e);
	if (r == 0 && stored->version != NETWORK_VERSION)
		r = err_set(e, ERR_INVALID, "another version's format");
	if (r == 0 && !text_eq(stored->network.name, name))
		r = err_set(e, ERR_INVALID, "it is called %s inside", stored->network.name);
	if (r < 0)
		return err_wrap(e, "network %s is damaged", name);
	*ret = &stored->network;
	return 0;
}

int network_list(const struct state *s, struct arena *a, struct networks *ret, struct err *e)
{
	struct networks l = { 0 };
	struct texts names;
	int r = state_list(s, NETWORKS, a, &names, e);
	bool told = false;

	if (r < 0)
		return r;
	l.v = arena_array(a, names.n + 1, sizeof(struct network *));
	for (size_t i = 0; i < names.n; i++) {
		if (!told && strcmp(names.v[i], NETWORK_DEFAULT) > 0) {
			l.v[l.n++] = make_default(a);
			told = true;
		}
		if (load(s, a, names.v[i], &l.v[l.n], NULL) == 0)
			l.n++;
	}
	if (!told)
		l.v[l.n++] = make_default(a);
	*ret = l;
	return 0;
}

static int not_found(const char *name, struct err *e)
{
	return err_set(e, ERR_NOT_FOUND,
		       "unable to find network with name or ID %s: network not found", name);
}

int network_find(const struct state *s, struct arena *a, const char *name, struct network **ret,
		 struct err *e)
{
	struct network *found = NULL;
	struct networks all;
	int r;

	if (*name && !strchr(name, '/') && state_exists(s, NETWORKS, name))
		return load(s, a, name, ret, e);
	if (network_is_default(name)) {
		*ret = make_default(a);
		return 0;
	}
	r = network_list(s, a, &all, e);
	for (size_t i = 0; r == 0 && *name && i < all.n; i++) {
		if (!text_after(all.v[i]->id, name))
			continue;
		if (found)
			return err_set(
				e, ERR_CONFLICT,
				"more than one result for network ID %s: network already exists",
				name);
		found = all.v[i];
	}
	if (r < 0)
		return r;
	if (!found)
		return not_found(name, e);
	*ret = found;
	return 0;
}

/* Who makes a network chooses among what is free: one at a time. */
static int lock_all(const struct state *s, struct err *e)
{
	auto_close int fd = -1;

	if (mkdirat(s->lib, NETWORKS, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "create %s/%s", s->lib_path, NETWORKS);
	fd = openat(s->lib, NETWORKS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open %s/%s", s->lib_path, NETWORKS);
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_sys(e, "lock %s/%s", s->lib_path, NETWORKS);
	return take_fd(fd);
}

static bool is_name(const char *s)
{
	static const char more[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	return *s && !strchr("_.-", *s) && strspn(s, more) == strlen(s);
}

static int check_name(const struct state *s, const char *name, struct err *e)
{
	static const char *const modes[] = { "bridge", "container",   "default", "host", "none",
					     "ns",     "slirp4netns", "private", "pasta" };

	if (!is_name(name))
		return err_set(e, ERR_INVALID,
			       "network name %s invalid: names must match "
			       "[a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument",
			       name);
	if (strlen(name) > NETWORK_NAME_MAX)
		return err_set(e, ERR_INVALID, "network name %.20s… is longer than %d characters",
			       name, NETWORK_NAME_MAX);
	if (text_index(name, modes, ARRAY_LEN(modes)) >= 0)
		return err_set(e, ERR_INVALID,
			       "cannot create network with name \"%s\" because it conflicts with a "
			       "valid network mode",
			       name);
	if (text_eq(name, NETWORK_DEFAULT) || state_exists(s, NETWORKS, name))
		return err_set(e, ERR_CONFLICT,
			       "network name %s already used: network already exists", name);
	return 0;
}

static int store(const struct state *s, const struct network *n, struct err *e)
{
	auto_close int dir = state_begin(s, NETWORKS, n->name, e);
	int r;

	if (dir < 0)
		return err_wrap(e, "create network %s", n->name);
	r = save(s, dir, n, e);
	if (r == 0)
		r = state_commit(s, NETWORKS, n->name, dir, true, e);
	if (r < 0) {
		state_abandon(s, NETWORKS, n->name);
		return err_wrap(e, "create network %s", n->name);
	}
	return 0;
}

int network_create(const struct state *s, struct arena *a, struct network *n, struct err *e)
{
	char id[STATE_ID_LEN + 1];
	struct network_world w;
	auto_close int lock = -1;
	int r = n->name ? check_name(s, n->name, e) : 0;

	if (r < 0)
		return r;
	lock = lock_all(s, e);
	if (lock < 0)
		return lock;
	r = network_world(s, a, &w, e);
	if (r == 0)
		r = network_complete(a, n, &w, e);
	/* Another one may have been faster, and a name that was left open is known only now. */
	if (r == 0)
		r = check_name(s, n->name, e);
	if (r < 0)
		return r;
	state_new_id(id);
	n->id = arena_strdup(a, id);
	n->created = time_now(a);
	return store(s, n, e);
}

int network_update(const struct state *s, struct arena *a, const char *name,
		   const struct texts *add_dns, const struct texts *drop_dns, struct err *e)
{
	struct network *n;
	struct texts servers = { 0 };
	auto_close int lock = -1;
	int r = network_find(s, a, name, &n, e);

	if (r < 0)
		return r;
	if (text_eq(n->name, NETWORK_DEFAULT))
		return err_set(e, ERR_DENIED, "default network %s cannot be updated", n->name);
	lock = state_lock(s, NETWORKS, n->name, e);
	if (lock < 0)
		return lock;
	r = load(s, a, n->name, &n, e);
	if (r < 0)
		return r;
	if (!n->dns_enabled)
		return err_set(e, ERR_INVALID,
			       "unable to update dns of network %s: dns is disabled", n->name);
	for (size_t i = 0; i < n->dns_servers.n; i++)
		if (!texts_has(drop_dns, n->dns_servers.v[i]))
			texts_add(a, &servers, n->dns_servers.v[i]);
	for (size_t i = 0; i < add_dns->n; i++)
		if (!texts_has(&servers, add_dns->v[i]))
			texts_add(a, &servers, add_dns->v[i]);
	n->dns_servers = servers;
	return save(s, lock, n, e);
}

int network_remove(const struct state *s, struct arena *a, const char *name, struct err *e)
{
	struct network *n;
	auto_close int lock = -1;
	int r = network_find(s, a, name, &n, e);

	if (r < 0)
		return r;
	if (text_eq(n->name, NETWORK_DEFAULT))
		return err_set(e, ERR_DENIED, "default network %s cannot be removed", n->name);
	lock = state_lock(s, NETWORKS, n->name, e);
	if (lock == -ENOENT)
		return not_found(name, e);
	if (lock < 0)
		return lock;
	network_remove_bridge(s, n);
	return state_remove(s, NETWORKS, n->name, e);
}
