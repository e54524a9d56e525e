/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/store.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/sha256.h"
#include "base/units.h"

#define KIND       "images"
#define NAME_KIND  "image"
#define RECORD_MAX (1 << 20) /* bytes of image.json */

#define RECORD_TRIES     600
#define RECORD_WAIT_USEC 100000

/* doc/formats/image.md */
struct image_file {
	int64_t version;
	const char *digest, *media_type;
	struct texts digests, layers;
	uint64_t tar_bytes;
	int64_t stored_nsec;
};

static const struct json_field image_fields[] = {
	JSON_INT(image_file, version, "version", JSON_REQUIRED),
	JSON_TEXT(image_file, digest, "digest", JSON_REQUIRED),
	JSON_TEXT(image_file, media_type, "mediaType", JSON_REQUIRED),
	JSON_TEXTS(image_file, digests, "digests", JSON_ALWAYS),
	JSON_TEXTS(image_file, layers, "layers", JSON_ALWAYS | JSON_REQUIRED),
	JSON_UINT(image_file, tar_bytes, "tarBytes", JSON_ALWAYS),
	JSON_INT(image_file, stored_nsec, "stored", 0),
	{ 0 },
};
static const struct json_type image_json = JSON_TYPE(image_file, image_fields);

char *image_name_escape(struct arena *a, const char *name)
{
	char *file = arena_strdup(a, name);

	for (char *c = file; *c; c++)
		if (*c == '/')
			*c = '%';
	return file;
}

char *image_name_unescape(struct arena *a, const char *file)
{
	char *name = arena_strdup(a, file);

	for (char *c = name; *c; c++)
		if (*c == '%')
			*c = '/';
	return name;
}

static int read_record(int dir, struct arena *a, struct image_file *ret, struct err *e)
{
	auto_free char *text = NULL;
	struct image_file f = { 0 };
	size_t len;
	int r = file_read_at(dir, "image.json", RECORD_MAX, &text, &len, e);

	if (r == 0)
		r = json_read(a, text, len, &image_json, &f, e);
	if (r == 0 && f.version != 1)
		r = err_set(e, ERR_UNSUPPORTED, "image.json has version %lld",
			    (long long)f.version);
	if (r < 0)
		return r;
	for (size_t i = 0; i < f.layers.n; i++)
		if (strlen(f.layers.v[i]) != STATE_ID_LEN || strchr(f.layers.v[i], '/'))
			return err_set(e, ERR_INVALID, "image.json: \"%.80s\" is not a layer",
				       f.layers.v[i]);
	*ret = f;
	return 0;
}

static int read_document(int dir, struct arena *a, const char *name, size_t max, const char **ret,
			 size_t *ret_len, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int r = file_read_at(dir, name, max, &text, &len, e);

	if (r < 0)
		return r;
	*ret = arena_copy(a, text, len + 1);
	*ret_len = len;
	return 0;
}

static int load_from(int dir, struct arena *a, struct image *i, struct err *e)
{
	struct image_manifest manifest;
	struct image_file f;
	int r = read_record(dir, a, &f, e);

	if (r == 0)
		r = read_document(dir, a, "config.json", IMAGE_CONFIG_MAX, &i->config_text,
				  &i->config_len, e);
	if (r == 0)
		r = read_document(dir, a, "manifest.json", IMAGE_MANIFEST_MAX, &i->manifest_text,
				  &i->manifest_len, e);
	if (r == 0)
		r = image_config_read(a, i->config_text, i->config_len, &i->config, e);
	if (r == 0)
		r = image_manifest_read(a, i->manifest_text, i->manifest_len, &manifest, e);
	if (r < 0)
		return r;
	i->blobs = manifest.layers;
	i->annotations = manifest.annotations;
	i->digest = f.digest;
	i->media_type = f.media_type;
	i->digests = f.digests;
	i->layers = f.layers;
	i->size = f.tar_bytes + i->config_len + i->manifest_len;
	i->stored_nsec = f.stored_nsec;
	return 0;
}

static int load_record(int dir, struct arena *a, struct image *i, struct err *e)
{
	struct image_file f;
	int r = read_record(dir, a, &f, e);

	if (r == 0)
		i->layers = f.layers;
	return r;
}

static int load(const struct state *s, struct arena *a, const char *id,
		int (*from)(int dir, struct arena *a, struct image *i, struct err *e),
		struct image **ret, struct err *e)
{
	auto_close int dir = state_dir(s, KIND, id, e);
	struct image *i = ARENA_NEW(a, struct image);
	int r;

	if (dir == -ENOENT)
		return err_set(e, ERR_NOT_FOUND, "%s: image not known", id);
	if (dir < 0)
		return dir;
	i->id = arena_strdup(a, id);
	r = from(dir, a, i, e);
	/* Being removed by another command: it has left its place before it loses its files. */
	if (r == -ENOENT && !state_exists(s, KIND, id))
		return err_set(e, ERR_NOT_FOUND, "%s: image not known", id);
	/* Else it is there, and whoever asks must not take it for missing. */
	if (r == -ENOENT)
		return err_set(e, ERR_INVALID, "image %.12s is damaged: a file of it is missing",
			       id);
	if (r < 0)
		return err_wrap(e, "image %.12s is damaged", id);
	*ret = i;
	return 0;
}

int image_load(const struct state *s, struct arena *a, const char *id, struct image **ret,
	       struct err *e)
{
	struct err ignored;
	int r = load(s, a, id, load_from, ret, e);

	if (r == 0 && (*ret)->config.created)
		time_parse((*ret)->config.created, clock_nsec(), &(*ret)->created_nsec, &ignored);
	return r;
}

int image_load_layers(const struct state *s, struct arena *a, const char *id, struct image **ret,
		      struct err *e)
{
	return load(s, a, id, load_record, ret, e);
}

int image_names(const struct state *s, struct arena *a, struct image *i, struct err *e)
{
	struct text_map names;
	int r = state_name_list(s, NAME_KIND, a, &names, e);

	if (r < 0)
		return r;
	i->names = (struct texts){ 0 };
	for (size_t n = 0; n < names.n; n++)
		if (text_eq(names.v[n].value, i->id))
			texts_add(a, &i->names, image_name_unescape(a, names.v[n].key));
	return 0;
}

int image_list(const struct state *s, struct arena *a, struct images *ret,
	       void (*damaged)(void *arg, const char *id, const struct err *why), void *arg,
	       struct err *e)
{
	struct images images = { 0 };
	struct text_map names;
	struct texts ids;
	int r = state_list(s, KIND, a, &ids, e);

	if (r == 0)
		r = state_name_list(s, NAME_KIND, a, &names, e);
	if (r < 0)
		return r;
	images.v = arena_array(a, ids.n, sizeof(struct image *));
	for (size_t n = 0; n < ids.n; n++) {
		struct image *i;
		struct err why;

		r = image_load(s, a, ids.v[n], &i, &why);
		/* One that was removed since it was listed is no news. */
		if (r == 0)
			images.v[images.n++] = i;
		else if (r != -ENOENT && damaged)
			damaged(arg, ids.v[n], &why);
	}
	for (size_t n = 0; n < names.n; n++)
		for (size_t m = 0; m < images.n; m++)
			if (text_eq(names.v[n].value, images.v[m]->id))
				texts_add(a, &images.v[m]->names,
					  image_name_unescape(a, names.v[n].key));
	*ret = images;
	return 0;
}

int image_layers_used(const struct state *s, struct arena *a, struct texts *ret_keys, struct err *e)
{
	struct texts ids, keys = { 0 };
	int r = state_list(s, KIND, a, &ids, e);

	if (r < 0)
		return r;
	for (size_t n = 0; n < ids.n; n++) {
		struct err ignored;
		auto_close int dir = state_dir(s, KIND, ids.v[n], &ignored);
		struct image_file f;

		if (dir == -ENOENT)
			continue;
		r = dir < 0 ? dir : read_record(dir, a, &f, e);
		if (r < 0)
			return err_wrap(e, "image %.12s is damaged", ids.v[n]);
		for (size_t i = 0; i < f.layers.n; i++)
			texts_add(a, &keys, f.layers.v[i]);
	}
	*ret_keys = keys;
	return 0;
}

int image_open_layers(const struct state *s, struct arena *a, const struct image *i, int **ret_fds,
		      size_t *ret_len, struct err *e)
{
	int *fds = arena_array(a, i->layers.n, sizeof(int));
	size_t n;

	for (n = 0; n < i->layers.n; n++) {
		fds[n] = layer_open_tree(s, i->layers.v[i->layers.n - 1 - n], e);
		if (fds[n] < 0) {
			int r = fds[n];

			image_close_layers(fds, n);
			return err_wrap(e, "image %.12s", i->id), r;
		}
	}
	*ret_fds = fds;
	*ret_len = n;
	return 0;
}

void image_close_layers(int *fds, size_t len)
{
	for (size_t n = 0; n < len; n++)
		close(fds[n]);
}

static int write_record(int dir, const struct image_file *f, bool durable, struct err *e)
{
	auto_buf text = BUF(RECORD_MAX);

	json_write(&text, &image_json, f, 2);
	buf_addc(&text, '\n');
	return file_replace_at(dir, "image.json", buf_text(&text), text.len,
			       &(struct file_write){ .mode = 0644, .durable = durable }, e);
}

static int fill(int dir, const struct image_new *n, const struct image_file *f, struct err *e)
{
	const struct file_write how = { .mode = 0644 };
	int r = file_replace_at(dir, "manifest.json", n->manifest, n->manifest_len, &how, e);

	if (r == 0)
		r = file_replace_at(dir, "config.json", n->config, n->config_len, &how, e);
	return r < 0 ? r : write_record(dir, f, false, e);
}

static int record_new(const struct state *s, const char *id, const struct image_new *n,
		      const struct image_file *f, struct err *e)
{
	auto_close int dir = state_begin(s, KIND, id, e);
	int r;

	if (dir < 0)
		return dir;
	r = fill(dir, n, f, e);
	/* Once for the layers, which were not synced when they were made, and for all of this. */
	if (r == 0 && syncfs(s->lib) < 0)
		r = err_sys(e, "sync %s", s->lib_path);
	if (r == 0)
		r = state_commit(s, KIND, id, dir, true, e);
	if (r < 0)
		state_abandon(s, KIND, id);
	return r;
}

/* It is here already: known by more digests now, perhaps with layers that had to come again. */
static int record_again(const struct state *s, struct arena *a, const char *id,
			const struct image_new *n, struct image_file *f, struct err *e)
{
	auto_close int dir = state_lock(s, KIND, id, e);
	struct image_file old;
	struct err ignored;
	bool same = true;

	if (dir < 0)
		return dir;
	if (read_record(dir, a, &old, &ignored) < 0) {
		/* Damaged: written anew. */
		int r = fill(dir, n, f, e);

		return r == 0 && syncfs(s->lib) < 0 ? err_sys(e, "sync %s", s->lib_path) : r;
	}
	for (size_t i = 0; i < f->digests.n; i++)
		if (!texts_has(&old.digests, f->digests.v[i])) {
			texts_add(a, &old.digests, f->digests.v[i]);
			same = false;
		}
	for (size_t i = 0; i < f->layers.n; i++)
		same = same && i < old.layers.n && text_eq(old.layers.v[i], f->layers.v[i]);
	if (same)
		return 0;
	old.layers = f->layers;
	if (syncfs(s->lib) < 0)
		return err_sys(e, "sync %s", s->lib_path);
	return write_record(dir, &old, true, e);
}

int image_record(const struct state *s, const struct image_new *n, char ret_id[STATE_ID_LEN + 1],
		 struct err *e)
{
	AUTO(arena) a = arena_new();
	char id[SHA256_TEXT], digest[SHA256_TEXT];
	struct image_file f = {
		.version = 1,
		.digest = digest,
		.media_type = n->media_type,
		.layers = n->layers,
		.tar_bytes = n->tar_bytes,
		.stored_nsec = clock_nsec(),
	};
	auto_close int store = state_lock_store(s, false, e);
	int r;

	if (store < 0)
		return store;
	sha256_text(id, n->config, n->config_len);
	sha256_text(digest, n->manifest, n->manifest_len);
	texts_add(a, &f.digests, digest);
	for (size_t i = 0; i < n->digests.n; i++)
		if (!texts_has(&f.digests, n->digests.v[i]))
			texts_add(a, &f.digests, n->digests.v[i]);

	/* Another process may be recording the very same image: it takes as long as a sync. */
	for (int tries = 0; tries < RECORD_TRIES; tries++) {
		r = state_exists(s, KIND, id + 7) ? record_again(s, a, id + 7, n, &f, e)
						  : record_new(s, id + 7, n, &f, e);
		if (r != -EEXIST && r != -ENOENT)
			break;
		usleep(RECORD_WAIT_USEC);
	}
	for (size_t i = 0; r == 0 && i < n->names.n; i++)
		r = state_name_set(s, NAME_KIND, image_name_escape(a, n->names.v[i]), id + 7, e);
	if (r < 0)
		return err_wrap(e, "record image %.12s", id + 7);
	memcpy(ret_id, id + 7, STATE_ID_LEN + 1);
	return 0;
}
