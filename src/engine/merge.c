/* SPDX-License-Identifier: BSD-2-Clause */
/* What the user asked for over what the image brings. */
#include <string.h>

#include "engine/create.h"
#include "network/port.h"

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static void add_all(struct arena *a, struct texts *env, const struct texts *more)
{
	for (size_t i = 0; i < more->n; i++)
		texts_set_env(a, env, more->v[i]);
}

/* $NAME and ${NAME} by what they are in env, or by nothing. */
static const char *expand(struct arena *a, const char *text, const struct texts *env)
{
	static const char of_names[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
	auto_buf out = BUF((size_t)1 << 20);

	while (*text) {
		const char *name = text + 1 + (text[1] == '{');
		size_t n = *text == '$' ? strspn(name, of_names) : 0;

		if (n == 0 || (text[1] == '{' && name[n] != '}')) {
			buf_addc(&out, *text++);
			continue;
		}
		for (size_t i = 0; i < env->n; i++)
			if (strncmp(env->v[i], name, n) == 0 && env->v[i][n] == '=')
				buf_adds(&out, env->v[i] + n + 1);
		text = name + n + (text[1] == '{');
	}
	return arena_strdup(a, buf_text(&out));
}

/* What every container has, the host's proxies, the image's, and last what the user says: each may
 * replace what came before. --unsetenv takes away from all but the last. */
static void merge_env(struct arena *a, const struct container_create *how, struct texts *ret)
{
	struct texts before = { 0 }, env = { 0 };

	texts_add(a, &before, DEFAULT_PATH);
	/* systemd and many scripts look for this very value. */
	texts_add(a, &before, "container=podman");
	if (how->want.tty)
		texts_add(a, &before, "TERM=xterm");
	add_all(a, &before, &how->proxies);
	if (how->image)
		add_all(a, &before, &how->image->config.config.env);
	for (size_t i = 0; i < before.n && !how->unset_env_all; i++) {
		size_t n = strcspn(before.v[i], "=");

		if (!texts_has(&how->unset_env, arena_strndup(a, before.v[i], n)))
			texts_add(a, &env, before.v[i]);
	}
	for (size_t i = 0; i < how->merge_env.n; i++)
		texts_set_env(a, &env, expand(a, how->merge_env.v[i], &before));
	add_all(a, &env, &how->want.env);
	*ret = env;
}

static void merge_command(struct arena *a, const struct container_create *how, struct container *c)
{
	const struct image_process *p = how->image ? &how->image->config.config : NULL;

	if (!how->entrypoint_given && p) {
		c->entrypoint = p->entrypoint;
		if (c->command.n == 0)
			c->command = p->cmd;
	}
	c->args = (struct texts){ 0 };
	for (size_t i = 0; i < c->entrypoint.n; i++)
		texts_add(a, &c->args, c->entrypoint.v[i]);
	for (size_t i = 0; i < c->command.n; i++)
		texts_add(a, &c->args, c->command.v[i]);
}

static bool is_mounted(const struct container *c, const char *destination)
{
	for (size_t i = 0; i < c->mounts.n; i++)
		if (strcmp(c->mounts.v[i].destination, destination) == 0)
			return true;
	return false;
}

static void merge_volumes(struct arena *a, const struct container_create *how, struct container *c)
{
	const struct image_set *volumes = &how->image->config.config.volumes;
	struct container_mount *v;

	if (text_eq(how->image_volumes, "ignore") || volumes->n == 0)
		return;
	v = arena_array(a, c->mounts.n + volumes->n, sizeof(*v));
	if (c->mounts.n)
		memcpy(v, c->mounts.v, c->mounts.n * sizeof(*v));
	c->mounts.v = v;
	for (size_t i = 0; i < volumes->n; i++) {
		bool tmpfs = text_eq(how->image_volumes, "tmpfs");
		struct container_mount m = {
			.type = tmpfs ? "tmpfs" : "volume",
			.destination = volumes->v[i].key,
			.anonymous = !tmpfs,
			.copy_up = true,
		};

		if (is_mounted(c, m.destination))
			continue;
		if (tmpfs)
			m.options = texts_split(a, "rprivate,rw,nodev,exec,tmpcopyup", ',');
		else
			m.options = texts_split(a, "nosuid,nodev,exec,rw,rbind,rprivate", ',');
		v[c->mounts.n++] = m;
	}
}

static void merge_image(struct arena *a, const struct container_create *how, struct container *c)
{
	const struct image_process *p = &how->image->config.config;
	struct text_map labels = { 0 };

	c->image_id = how->image->id;
	c->image_digest = how->image->digest;
	c->os = how->image->config.os;
	c->architecture = how->image->config.architecture;
	if (text_empty(c->working_dir))
		c->working_dir = p->working_dir;
	if (text_empty(c->user))
		c->user = p->user;
	if (!c->stop_signal)
		c->stop_signal = p->stop_signal;
	for (size_t i = 0; i < p->labels.n; i++)
		text_map_set(a, &labels, p->labels.v[i].key, p->labels.v[i].value);
	for (size_t i = 0; i < c->labels.n; i++)
		text_map_set(a, &labels, c->labels.v[i].key, c->labels.v[i].value);
	c->labels = labels;
	for (size_t i = 0; i < p->exposed_ports.n; i++)
		if (!texts_has(&c->exposed_ports, p->exposed_ports.v[i].key))
			texts_add(a, &c->exposed_ports, p->exposed_ports.v[i].key);
	merge_volumes(a, how, c);
}

static int publish_exposed(struct arena *a, const struct container_create *how, struct container *c,
			   struct err *e)
{
	size_t asked = c->ports.n;

	for (size_t i = 0; i < c->exposed_ports.n; i++)
		if (port_parse_exposed(a, c->exposed_ports.v[i], &c->ports, e) < 0)
			return err_wrap(e, "publish all exposed ports");
	for (size_t i = asked; how->publish_ip && i < c->ports.n; i++)
		c->ports.v[i].host_ip = how->publish_ip;
	return 0;
}

int container_merge(struct arena *a, const struct container_create *how, struct container *ret,
		    struct err *e)
{
	struct container c = how->want;

	c.version = 1;
	c.working_dir_asked = !text_empty(c.working_dir);
	merge_env(a, how, &c.env);
	merge_command(a, how, &c);
	if (how->image)
		merge_image(a, how, &c);
	if (c.args.n == 0)
		return err_set(e, ERR_INVALID,
			       "no command or entrypoint provided, and no CMD or ENTRYPOINT from "
			       "image");
	if (how->publish_all && publish_exposed(a, how, &c, e) < 0)
		return -e->code;
	*ret = c;
	return 0;
}
