/* SPDX-License-Identifier: BSD-2-Clause */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/units.h"
#include "image/layer_store.h"

#define KIND         "layers"
#define LAYER_MAX    65536 /* bytes of layer.json */
#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"

/* doc/formats/layer.md */
struct layer_file {
	int64_t version;
	struct layer layer;
};

static const struct json_field layer_fields[] = {
	JSON_INT(layer_file, version, "version", JSON_REQUIRED),
	JSON_TEXT(layer_file, layer.diff_id, "diffID", JSON_REQUIRED),
	JSON_TEXT(layer_file, layer.digest, "digest", 0),
	JSON_BOOL(layer_file, layer.chained, "chained", 0),
	JSON_UINT(layer_file, layer.tar_bytes, "tarBytes", JSON_ALWAYS),
	JSON_UINT(layer_file, layer.blob_bytes, "blobBytes", JSON_ALWAYS),
	JSON_UINT(layer_file, layer.file_bytes, "fileBytes", JSON_ALWAYS),
	JSON_TEXT(layer_file, layer.boot_id, "bootID", 0),
	JSON_INT(layer_file, layer.stored_nsec, "stored", 0),
	{ 0 },
};
static const struct json_type layer_json = JSON_TYPE(layer_file, layer_fields);

static void read_boot_id(char ret[64])
{
	auto_close int fd = open(BOOT_ID_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, ret, 63);

	ret[n < 0 ? 0 : n] = 0;
	ret[strcspn(ret, "\n")] = 0;
}

bool layer_is_of_this_boot(const struct layer *l)
{
	char boot_id[64];

	read_boot_id(boot_id);
	return *boot_id && text_eq(l->boot_id, boot_id);
}

int layer_begin(const struct state *s, const char *key, struct layer_new *ret, struct err *e)
{
	struct layer_new n = { .tree = -1, .recipe = -1 };

	snprintf(n.key, sizeof(n.key), "%s", key);
	n.dir = state_begin(s, KIND, key, e);
	if (n.dir < 0)
		return n.dir;
	/* The root of the tree is the root of the container: everyone may look at it. */
	if (mkdirat(n.dir, "tree", 0755) == 0 && fchmodat(n.dir, "tree", 0755, 0) == 0)
		n.tree = openat(n.dir, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (n.tree >= 0)
		n.recipe = openat(n.dir, "recipe", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (n.tree < 0 || n.recipe < 0) {
		int r = err_sys(e, "create layer %s", key);

		layer_abandon(s, &n);
		return r;
	}
	*ret = n;
	return 0;
}

void layer_abandon(const struct state *s, struct layer_new *n)
{
	close_p(&n->tree);
	close_p(&n->recipe);
	if (n->dir < 0)
		return;
	state_abandon(s, KIND, n->key);
	close_p(&n->dir);
}

static int write_record(const struct layer_new *n, const struct layer *l, struct err *e)
{
	auto_buf text = BUF(LAYER_MAX);
	struct layer_file f = { .version = 1, .layer = *l };
	char boot_id[64];

	read_boot_id(boot_id);
	f.layer.boot_id = boot_id;
	f.layer.stored_nsec = clock_nsec();
	json_write(&text, &layer_json, &f, 2);
	buf_addc(&text, '\n');
	return file_replace_at(n->dir, "layer.json", buf_text(&text), text.len,
			       &(struct file_write){ .mode = 0644 }, e);
}

static int rename_new(const struct state *s, struct layer_new *n, const char *key, struct err *e)
{
	struct layer_new dead;
	int r;

	if (text_eq(n->key, key))
		return 0;
	r = state_rename_new(s, KIND, n->key, key, e);
	/* What a killed pull left there makes room for who begins it. */
	if (r == -EEXIST && layer_begin(s, key, &dead, e) == 0) {
		layer_abandon(s, &dead);
		r = state_rename_new(s, KIND, n->key, key, e);
	}
	if (r == 0)
		snprintf(n->key, sizeof(n->key), "%s", key);
	return r;
}

int layer_commit(const struct state *s, struct layer_new *n, const struct layer *l, struct err *e)
{
	int r = write_record(n, l, e);

	if (r < 0)
		return r;
	r = rename_new(s, n, l->key, e);
	if (r < 0)
		return r;
	r = state_commit(s, KIND, n->key, n->dir, false, e);
	if (r == -EEXIST) {
		layer_abandon(s, n);
		return layer_hold(s, l->key, e);
	}
	if (r < 0)
		return r;
	close_p(&n->tree);
	close_p(&n->recipe);
	/* From the lock of its maker to that of a user. The moment between is no danger: a
	 * collector that comes in takes it whole, and then it is not there when the image is
	 * recorded. */
	if (flock(n->dir, LOCK_SH | LOCK_NB) < 0)
		return err_sys(e, "lock layer %s", n->key);
	return take_fd(n->dir);
}

int layer_hold(const struct state *s, const char *key, struct err *e)
{
	auto_close int fd = state_dir(s, KIND, key, e);
	auto_close int again = -1;
	struct stat held, there;

	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_SH | LOCK_NB) < 0 && errno != EWOULDBLOCK)
		return err_sys(e, "lock layer %s", key);
	/* It may have gone between being opened and being locked. */
	again = state_dir(s, KIND, key, e);
	if (again < 0)
		return again;
	if (fstat(fd, &held) < 0 || fstat(again, &there) < 0 || held.st_ino != there.st_ino ||
	    flock(fd, LOCK_SH | LOCK_NB) < 0)
		return err_set(e, ERR_NOT_FOUND, "layer %s is being removed", key);
	return take_fd(fd);
}

static int read_in(int dir, struct arena *a, const char *key, struct layer *ret, struct err *e)
{
	auto_free char *text = NULL;
	struct layer_file f = { 0 };
	size_t len;
	int r = file_read_at(dir, "layer.json", LAYER_MAX, &text, &len, e);

	if (r == 0)
		r = json_read(a, text, len, &layer_json, &f, e);
	if (r == 0 && f.version != 1)
		r = err_set(e, ERR_UNSUPPORTED, "layer.json has version %lld",
			    (long long)f.version);
	if (r < 0)
		return err_wrap(e, "layer %s", key);
	*ret = f.layer;
	ret->key = arena_strdup(a, key);
	return 0;
}

int layer_read(const struct state *s, struct arena *a, const char *key, struct layer *ret,
	       struct err *e)
{
	auto_close int dir = state_dir(s, KIND, key, e);

	return dir < 0 ? dir : read_in(dir, a, key, ret, e);
}

int layer_find(const struct state *s, struct arena *a, const char *diff_id, const char *chain_id,
	       struct layer *ret, struct err *e)
{
	struct err ignored;

	if (layer_read(s, a, strchr(diff_id, ':') + 1, ret, &ignored) == 0 && !ret->chained &&
	    text_eq(ret->diff_id, diff_id))
		return 0;
	if (chain_id && layer_read(s, a, strchr(chain_id, ':') + 1, ret, &ignored) == 0 &&
	    text_eq(ret->diff_id, diff_id))
		return 0;
	return err_set(e, ERR_NOT_FOUND, "layer %s is not here", diff_id);
}

static int open_part(const struct state *s, const char *key, const char *part, int flags,
		     struct err *e)
{
	auto_close int dir = state_dir(s, KIND, key, e);
	int fd;

	if (dir < 0)
		return err_wrap(e, "layer");
	fd = openat(dir, part, flags | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "layer %s: %s", key, part) : fd;
}

int layer_open_tree(const struct state *s, const char *key, struct err *e)
{
	return open_part(s, key, "tree", O_RDONLY | O_DIRECTORY, e);
}

int layer_open_recipe(const struct state *s, const char *key, struct err *e)
{
	return open_part(s, key, "recipe", O_RDONLY, e);
}

int layer_list(const struct state *s, struct arena *a, struct layers *ret, struct err *e)
{
	struct layers l = { 0 };
	struct texts keys;
	struct err ignored;
	int r = state_list(s, KIND, a, &keys, e);

	if (r < 0)
		return r;
	l.v = arena_array(a, keys.n, sizeof(*l.v));
	for (size_t i = 0; i < keys.n; i++) {
		/* A damaged one is still there to be counted and collected. */
		if (layer_read(s, a, keys.v[i], &l.v[l.n], &ignored) < 0)
			l.v[l.n] = (struct layer){ .key = keys.v[i] };
		l.n++;
	}
	*ret = l;
	return 0;
}
