/* SPDX-License-Identifier: BSD-2-Clause */
/* From the words of run and create to a container on disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/units.h"
#include "cli/create_args.h"
#include "cli/pull_show.h"
#include "engine/stop.h"

static int pull(struct session *s, const struct create_args *args, const char *name,
		const struct image **ret, struct err *e)
{
	struct image_pull how = { .policy = IMAGE_PULL_MISSING };
	char id[STATE_ID_LEN + 1];
	struct image *image;
	int r = pull_how(s->arena,
			 &(struct pull_args){
				 .policy = args->pull,
				 .platform = args->platform,
				 .arch = args->arch,
				 .os = args->os,
				 .variant = args->variant,
				 .authfile = args->authfile,
				 .cert_dir = args->cert_dir,
				 .creds = args->creds,
				 .tls_verify = args->tls_verify,
				 .tls_verify_given = args->tls_verify_given,
				 .retry = args->retry,
				 .retry_delay_nsec = args->retry_delay,
			 },
			 &how, e);

	if (r == 0)
		r = pull_shown(&s->state, name, &how, args->quiet, id, e);
	if (r == 0)
		r = image_load(&s->state, s->arena, id, &image, e);
	if (r == 0)
		*ret = image;
	return r;
}

/* The image, and the name it is to be known by. */
static int get_image(struct session *s, const struct create_args *args, const char *name,
		     const struct image **ret, const char **ret_name, struct err *e)
{
	bool always = text_eq(args->pull, "always") || text_eq(args->pull, "newer");
	bool picky = args->platform || args->arch || args->os || args->variant;
	struct image *image;
	int r = -ENOENT;

	if (!always && !picky)
		r = image_find(&s->state, s->arena, name, &image, ret_name, e);
	if (r == 0)
		*ret = image;
	if (r != -ENOENT)
		return r;
	if (text_eq(args->pull, "never") && !picky)
		return err_set(e, ERR_NOT_FOUND, "%s: image not known", name);
	r = pull(s, args, name, ret, e);
	if (r < 0)
		return r;
	*ret_name = NULL;
	image_find(&s->state, s->arena, name, &image, ret_name, NULL);
	if (!*ret_name && (*ret)->names.n)
		*ret_name = (*ret)->names.v[0];
	return 0;
}

static int write_cid(const char *path, const char *id, struct err *e)
{
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int r;

	if (fd < 0 && errno == EEXIST)
		return err_set(e, ERR_CONFLICT,
			       "container id file exists. Ensure another container is not using it "
			       "or delete %s",
			       path);
	if (fd < 0)
		return err_sys(e, "write the container ID to %s", path);
	r = file_write_all(fd, id, strlen(id));
	return r < 0 ? err_from(e, r, "write the container ID to %s", path) : 0;
}

static int replace(struct session *s, const char *name, struct err *e)
{
	struct container *c;
	int r = container_find(&s->state, s->arena, name, &c, e);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = container_remove(&s->state, s->arena, c,
			     &(struct container_remove){
				     .force = true, .volumes = true, .timeout_sec = -1 },
			     e);
	return r < 0 ? r : 0;
}

/* Mounts of other containers that this one does not have itself. */
static int add_volumes_from(struct session *s, const struct create_args *args, struct container *c,
			    struct err *e)
{
	for (size_t i = 0; i < args->volumes_from.n; i++) {
		const char *text = args->volumes_from.v[i], *colon = strchr(text, ':');
		const char *name =
			colon ? arena_strndup(s->arena, text, (size_t)(colon - text)) : text;
		struct container_mount *v;
		struct container *from;
		int r = container_find(&s->state, s->arena, name, &from, e);

		if (r < 0)
			return err_wrap(e, "--volumes-from %s", text);
		if (colon && strcmp(colon, ":ro") != 0 && strcmp(colon, ":rw") != 0 &&
		    strcmp(colon, ":z") != 0)
			return err_set(e, ERR_INVALID, "--volumes-from %s: invalid options", text);
		v = arena_array(s->arena, c->mounts.n + from->mounts.n, sizeof(*v));
		if (c->mounts.n)
			memcpy(v, c->mounts.v, c->mounts.n * sizeof(*v));
		c->mounts.v = v;
		for (size_t k = 0; k < from->mounts.n; k++) {
			struct container_mount m = from->mounts.v[k];
			bool known = false;

			if (strcmp(m.type, "tmpfs") == 0)
				continue;
			for (size_t j = 0; j < c->mounts.n; j++)
				known = known ||
					strcmp(c->mounts.v[j].destination, m.destination) == 0;
			if (known)
				continue;
			m.anonymous = false; /* it goes with the other container */
			if (colon && strcmp(colon, ":ro") == 0)
				texts_add(s->arena, &m.options, "ro");
			v[c->mounts.n++] = m;
		}
	}
	return 0;
}

static int check_rootfs(struct session *s, struct container *c, struct err *e)
{
	auto_free char *full = realpath(c->rootfs, NULL);
	struct stat st;

	if (!full || stat(full, &st) < 0)
		return err_sys(e, "root %s", c->rootfs);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_INVALID, "root %s is not a directory", c->rootfs);
	c->rootfs = arena_strdup(s->arena, full);
	return 0;
}

/* For --log-level debug: what was done, and how long it took. */
static void step_done(int64_t *began_usec, const char *what)
{
	int64_t now = log_wants(LOG_DEBUG) ? clock_monotonic_usec() : 0;

	log_debug("create: %s: %lld us", what, (long long)(now - *began_usec));
	*began_usec = now;
}

int create_from_args(struct session *s, const struct create_args *args, int argc, const char **argv,
		     struct container **ret, int *ret_lock, struct err *e)
{
	struct container_create how;
	auto_close int lock = -1;
	int64_t began = log_wants(LOG_DEBUG) ? clock_monotonic_usec() : 0;
	struct container *c;
	int r = create_args_parse(s->arena, args, argc, argv, &how, e);

	/* The default gives way to a user who may have no cgroup to put it on. */
	if (r == 0 && s->state.rootless && !args->pids_limit_given)
		how.want.resources->pids = NULL;
	if (r == 0 && how.want.rootfs)
		r = check_rootfs(s, &how.want, e);
	else if (r == 0)
		r = get_image(s, args, argv[0], &how.image, &how.want.image_name, e);
	if (r == 0)
		r = add_volumes_from(s, args, &how.want, e);
	if (r < 0)
		return r;
	step_done(&began, "find or pull the image");
	if (how.image && !how.want.image_name)
		how.want.image_name = how.image->names.n ? how.image->names.v[0] : how.image->id;
	how.want.create_command = s->globals->command_line;
	how.want.cgroup_manager = s->globals->cgroup_manager;
	if (args->plan) {
		c = ARENA_NEW(s->arena, struct container);
		r = container_merge(s->arena, &how, c, e);
		if (r == 0)
			*ret = c;
		return r;
	}
	if (args->replace)
		r = replace(s, how.want.name, e);
	how.ret_lock = &lock;
	if (r == 0)
		r = container_create(&s->state, s->arena, &how, &c, e);
	step_done(&began, "merge the image's and the user's wishes, and record the container");
	if (r < 0)
		return r;
	if (args->cid_file) {
		r = write_cid(args->cid_file, c->id, e);
		if (r < 0) {
			struct container gone = *c;

			/* The file is another container's. */
			gone.cid_file = NULL;
			close_p(&lock);
			container_remove(&s->state, s->arena, &gone,
					 &(struct container_remove){ .volumes = true }, NULL);
			return r;
		}
	}
	if (ret_lock)
		*ret_lock = take_fd(lock);
	*ret = c;
	return 0;
}
