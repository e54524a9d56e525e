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

/* How the mounts of the other are taken over: "ro", "rw", "z", with commas between. */
static int parse_from_options(struct arena *a, const char *text, bool *ret_read_only, struct err *e)
{
	static const char *const known[] = { "ro", "rw", "z", "Z" };
	struct texts words = texts_split(a, text, ',');

	*ret_read_only = texts_has(&words, "ro");
	for (size_t i = 0; i < words.n; i++)
		if (text_index(words.v[i], known, ARRAY_LEN(known)) < 0)
			return err_set(e, ERR_INVALID, "invalid options \"%s\"", words.v[i]);
	return 0;
}

static bool has_mount(const struct container *c, const char *destination)
{
	for (size_t i = 0; i < c->mounts.n; i++)
		if (strcmp(c->mounts.v[i].destination, destination) == 0)
			return true;
	return false;
}

/* Mounts of another container that this one does not have itself. */
static void take_mounts(struct arena *a, const struct container *from, bool read_only,
			struct container *c)
{
	struct container_mount *v = arena_array(a, c->mounts.n + from->mounts.n, sizeof(*v));

	if (c->mounts.n)
		memcpy(v, c->mounts.v, c->mounts.n * sizeof(*v));
	c->mounts.v = v;
	for (size_t i = 0; i < from->mounts.n; i++) {
		struct container_mount m = from->mounts.v[i];

		if (strcmp(m.type, "tmpfs") == 0 || has_mount(c, m.destination))
			continue;
		m.anonymous = false; /* it goes with the other container */
		if (read_only)
			texts_add(a, &m.options, "ro");
		v[c->mounts.n++] = m;
	}
}

static int add_volumes_from(struct session *s, const struct create_args *args, struct container *c,
			    struct err *e)
{
	for (size_t i = 0; i < args->volumes_from.n; i++) {
		const char *text = args->volumes_from.v[i], *colon = strchr(text, ':');
		const char *name =
			colon ? arena_strndup(s->arena, text, (size_t)(colon - text)) : text;
		struct container *from;
		bool read_only;
		int r = parse_from_options(s->arena, colon ? colon + 1 : "", &read_only, e);

		if (r == 0)
			r = container_find(&s->state, s->arena, name, &from, e);
		if (r < 0)
			return err_wrap(e, "--volumes-from %s", text);
		take_mounts(s->arena, from, read_only, c);
		texts_add(s->arena, &c->volumes_from, from->id);
	}
	return 0;
}

/* --mount type=image names images as `run` does. */
static int find_mounted_images(struct session *s, const struct create_args *args,
			       struct container *c, struct err *e)
{
	for (size_t i = 0; i < c->mounts.n; i++) {
		struct container_mount *m = &c->mounts.v[i];
		const struct image *image;
		const char *name;
		int r;

		if (strcmp(m->type, "image") != 0)
			continue;
		r = get_image(s, args, m->source, &image, &name, e);
		if (r < 0)
			return err_wrap(e, "mount on %s", m->destination);
		m->source = image->id;
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
		r = find_mounted_images(s, args, &how.want, e);
	if (r == 0)
		r = create_args_find_networks(&s->state, s->arena, &how.want, e);
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
