/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/fetch.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>

#include "base/path.h"
#include "base/units.h"
#include "image/flush.h"
#include "image/layer_store.h"
#include "image/store.h"
#include "image/unpack.h"
#include "kernel/kernel.h"

#define PARALLEL      6
#define ELSEWHERE_MS  200 /* between looks at what another process is bringing */
#define FEEDER_ERRORS EPIPE
#define FLUSH_USEC    300000 /* what is done sooner has little to write */

enum fetch_state {
	FETCH_WAITING, /* to begin, or for a lower layer */
	FETCH_ELSEWHERE,
	FETCH_RUNNING,
	FETCH_DONE,
};

struct fetch_layer {
	size_t index;
	const struct image_descriptor *blob;
	const char *diff_id, *chain_id;
	struct fetch_layer *same; /* an earlier one with the same diffID, or NULL */
	enum fetch_state state;
	bool chained; /* its hard links need the layers below */
	struct layer_new new;
	struct source_blob feed;
	struct unpack *unpack;
	const char *key;
	uint64_t tar_bytes;
	int hold; /* keeps it from being collected */
};

static void tell(struct fetch *f, enum image_step step, const struct fetch_layer *l, uint64_t done)
{
	if (f->progress)
		f->progress(f->progress_arg, &(struct image_progress){
						     .step = step,
						     .index = l->index,
						     .digest = l->blob->digest,
						     .done = done,
						     .total = l->blob->size,
					     });
}

static const char *key_of(const struct fetch_layer *l)
{
	return strchr(l->chained ? l->chain_id : l->diff_id, ':') + 1;
}

static void set_done(struct fetch *f, struct fetch_layer *l, const struct layer *layer, int hold)
{
	l->key = arena_strdup(f->arena, layer->key);
	l->tar_bytes = layer->tar_bytes;
	l->hold = hold;
	l->state = FETCH_DONE;
}

/* Written in another boot and in no image: nobody knows whether it reached the disk whole. */
static bool is_trusted(struct fetch *f, const struct layer *l)
{
	struct texts used;
	struct err e;

	return layer_is_of_this_boot(l) ||
	       (image_layers_used(f->state, f->arena, &used, &e) == 0 && texts_has(&used, l->key));
}

static void discard(struct fetch *f, const struct layer *l)
{
	struct err e;
	auto_close int fd = state_dir(f->state, "layers", l->key, &e);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		state_remove(f->state, "layers", l->key, &e);
}

/* 1 when it is in the store already and now held. */
static int take_existing(struct fetch *f, struct fetch_layer *l)
{
	struct layer layer;
	struct err e;
	int hold;

	if (layer_find(f->state, f->arena, l->diff_id, l->chain_id, &layer, &e) < 0)
		return 0;
	hold = layer_hold(f->state, layer.key, &e);
	if (hold < 0)
		return 0;
	if (!is_trusted(f, &layer)) {
		close(hold);
		discard(f, &layer);
		return 0;
	}
	set_done(f, l, &layer, hold);
	return 1;
}

static bool is_ready(const struct fetch *f, const struct fetch_layer *l)
{
	if (l->same && l->same->state != FETCH_DONE)
		return false;
	for (size_t i = 0; l->chained && i < l->index; i++)
		if (f->layers[i].state != FETCH_DONE)
			return false;
	return true;
}

static void close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

/* The trees below, merged, to look in. */
static int open_lower(struct fetch *f, const struct fetch_layer *l, struct err *e)
{
	int *fds = arena_array(f->arena, l->index, sizeof(int));
	int r;

	for (size_t i = 0; i < l->index; i++) {
		fds[i] = layer_open_tree(f->state, f->layers[l->index - 1 - i].key, e);
		if (fds[i] < 0) {
			close_all(fds, i);
			return fds[i];
		}
	}
	if (l->index == 1)
		return fds[0];
	r = kernel_mount_overlay(&(struct kernel_overlay){ .lower = fds,
							   .lower_len = l->index,
							   .upper = -1,
							   .work = -1,
							   .user_xattr = f->state->rootless },
				 e);
	close_all(fds, l->index);
	return r;
}

static int run_unpack(struct fetch *f, struct fetch_layer *l, struct err *e)
{
	auto_close int lower = -1;
	char *program;
	int r = path_libexec(f->arena, "unpack", &program, e);

	if (r < 0)
		return r;
	if (l->chained) {
		lower = open_lower(f, l, e);
		if (lower < 0)
			return lower;
	}
	return unpack_start(
		&(struct unpack_start){
			.program = program,
			.mode = UNPACK_LAYER,
			.in = l->feed.fd,
			.dir = l->new.tree,
			.recipe = l->new.recipe,
			.ids = f->state->single_id ? UNPACK_IDS_SQUASH : UNPACK_IDS_KEEP,
			.skip_nodes = f->state->rootless,
			.user_xattr = f->state->rootless,
			.lower = lower,
		},
		&l->unpack, e);
}

static void stop(struct fetch *f, struct fetch_layer *l)
{
	struct err ignored;

	unpack_free(take_ptr(l->unpack));
	if (l->feed.source)
		source_blob_end(&l->feed, &ignored);
	l->feed = (struct source_blob){ .fd = -1 };
	layer_abandon(f->state, &l->new);
}

static int start(struct fetch *f, struct fetch_layer *l, struct err *e)
{
	int r;

	if (take_existing(f, l)) {
		tell(f, IMAGE_STEP_EXISTS, l, l->blob->size);
		return 0;
	}
	r = layer_begin(f->state, key_of(l), &l->new, e);
	if (r == -EEXIST) {
		l->state = FETCH_ELSEWHERE;
		return 0;
	}
	if (r < 0)
		return r;
	l->state = FETCH_RUNNING;
	tell(f, IMAGE_STEP_LAYER, l, 0);
	r = source_blob(f->source, l->blob, &l->feed, e);
	if (r == 0)
		r = run_unpack(f, l, e);
	if (r < 0)
		return r;
	/* The feeder must see when unpack goes. */
	close(take_fd(l->feed.fd));
	return 0;
}

/* What came must be what the manifest and the configuration say. */
static int verify(const struct fetch *f, const struct fetch_layer *l,
		  const struct unpack_result *got, struct err *e)
{
	if (!f->source->by_diff_id && got->bytes != l->blob->size)
		return err_set(e, ERR_INVALID, "layer %s has %llu bytes, the manifest says %llu",
			       l->blob->digest, (unsigned long long)got->bytes,
			       (unsigned long long)l->blob->size);
	if (!f->source->by_diff_id && !text_eq(got->digest, l->blob->digest))
		return err_set(e, ERR_INVALID, "layer %s: digest mismatch: its bytes have %s",
			       l->blob->digest, got->digest);
	if (!text_eq(got->diff_id, l->diff_id))
		return err_set(
			e, ERR_INVALID,
			"layer %s: diffID mismatch: it unpacks to %s, the configuration says %s",
			l->blob->digest, got->diff_id, l->diff_id);
	return 0;
}

static int commit(struct fetch *f, struct fetch_layer *l, const struct unpack_result *got,
		  struct err *e)
{
	struct layer layer = {
		.key = arena_strdup(f->arena, key_of(l)),
		.diff_id = l->diff_id,
		.digest = l->blob->digest,
		.chained = l->chained,
		.tar_bytes = got->tar_bytes,
		.blob_bytes = got->bytes,
		.file_bytes = got->file_bytes,
	};
	int hold = layer_commit(f->state, &l->new, &layer, e);

	if (hold < 0)
		return hold;
	set_done(f, l, &layer, hold);
	tell(f, IMAGE_STEP_DONE, l, got->bytes);
	return 0;
}

/* One unpack has ended. */
static int end(struct fetch *f, struct fetch_layer *l, struct err *e)
{
	struct unpack_result got = { 0 };
	struct err feeder;
	int r = unpack_finish(l->unpack, &got, e);
	int fed = source_blob_end(&l->feed, &feeder);

	unpack_free(take_ptr(l->unpack));
	l->feed = (struct source_blob){ .fd = -1 };
	/* Where the bytes came from knows best why there were too few; unless it is only that
	 * nobody read them any more. */
	if (fed < 0 && (r == 0 || feeder.code != FEEDER_ERRORS)) {
		*e = feeder;
		return fed;
	}
	if (r < 0 && got.needs_lower && !l->chained && l->index > 0) {
		layer_abandon(f->state, &l->new);
		l->chained = true;
		l->state = FETCH_WAITING;
		return 0;
	}
	if (r < 0)
		return err_wrap(e, "layer %s", l->blob->digest);
	r = verify(f, l, &got, e);
	return r < 0 ? r : commit(f, l, &got, e);
}

static int start_some(struct fetch *f, size_t *running, struct err *e)
{
	for (size_t i = 0; i < f->manifest->layers.n && *running < f->parallel; i++) {
		struct fetch_layer *l = &f->layers[i];
		int r;

		if (l->state == FETCH_DONE || l->state == FETCH_RUNNING || !is_ready(f, l))
			continue;
		r = start(f, l, e);
		if (r < 0)
			return r;
		*running += l->state == FETCH_RUNNING;
	}
	return 0;
}

static int step(struct fetch *f, struct fetch_layer *l, size_t *running, struct err *e)
{
	int r = unpack_step(l->unpack, e);

	if (r == 0) {
		tell(f, IMAGE_STEP_BYTES, l, unpack_progress(l->unpack));
		return 0;
	}
	(*running)--;
	return end(f, l, e);
}

static int wait_for_one(struct fetch *f, size_t *running, struct err *e)
{
	size_t n = f->manifest->layers.n, watched = 0;
	struct pollfd polls[IMAGE_LAYERS_MAX + 1];
	struct fetch_layer *of[IMAGE_LAYERS_MAX];
	int timeout_ms = -1;

	for (size_t i = 0; i < n; i++) {
		struct fetch_layer *l = &f->layers[i];

		if (l->state == FETCH_ELSEWHERE)
			timeout_ms = ELSEWHERE_MS;
		if (l->state != FETCH_RUNNING)
			continue;
		polls[watched] = (struct pollfd){ .fd = unpack_fd(l->unpack), .events = POLLIN };
		of[watched++] = l;
	}
	/* poll() passes over -1. */
	polls[watched] = (struct pollfd){ .fd = source_fd(f->source), .events = POLLIN };
	if (poll(polls, watched + 1, timeout_ms) < 0 && errno != EINTR)
		return err_sys(e, "poll");
	if (polls[watched].revents)
		source_hear(f->source);
	for (size_t i = 0; i < watched; i++) {
		int r = polls[i].revents ? step(f, of[i], running, e) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static bool all_done(const struct fetch *f)
{
	for (size_t i = 0; i < f->manifest->layers.n; i++)
		if (f->layers[i].state != FETCH_DONE)
			return false;
	return true;
}

static void prepare(struct fetch *f)
{
	const struct texts *diff_ids = &f->config->rootfs.diff_ids;
	const char *chain_id = NULL;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	/* Unpacking keeps a CPU busy, downloading doesn't: some more than there are CPUs. */
	if (f->parallel == 0)
		f->parallel = cpus + 2 < PARALLEL ? (unsigned)cpus + 2 : PARALLEL;
	f->layers = arena_array(f->arena, diff_ids->n, sizeof(*f->layers));
	f->tar_bytes = arena_array(f->arena, diff_ids->n, sizeof(*f->tar_bytes));
	for (size_t i = 0; i < diff_ids->n; i++) {
		struct fetch_layer *l = &f->layers[i];

		chain_id = image_chain_id(f->arena, chain_id, diff_ids->v[i]);
		*l = (struct fetch_layer){
			.index = i,
			.blob = &f->manifest->layers.v[i],
			.diff_id = diff_ids->v[i],
			.chain_id = chain_id,
			.new = { .dir = -1, .tree = -1, .recipe = -1 },
			.feed = { .fd = -1 },
			.hold = -1,
		};
		for (size_t n = 0; n < i && !l->same; n++)
			if (text_eq(f->layers[n].diff_id, l->diff_id))
				l->same = &f->layers[n];
	}
}

int fetch_layers(struct fetch *f, struct err *e)
{
	int64_t began = clock_monotonic_usec();
	size_t running = 0;
	pid_t flush = 0;
	int r = 0;

	if (f->config->rootfs.diff_ids.n != f->manifest->layers.n)
		return err_set(e, ERR_INVALID, "the manifest has %zu layers, the configuration %zu",
			       f->manifest->layers.n, f->config->rootfs.diff_ids.n);
	prepare(f);
	while (r == 0 && !all_done(f)) {
		r = start_some(f, &running, e);
		if (r == 0 && !all_done(f))
			r = wait_for_one(f, &running, e);
		if (flush == 0 && clock_monotonic_usec() - began > FLUSH_USEC)
			flush = flush_start(f->state->lib);
	}
	flush_stop(flush);
	for (size_t i = 0; i < f->manifest->layers.n; i++) {
		stop(f, &f->layers[i]);
		f->tar_bytes[i] = f->layers[i].tar_bytes;
		if (r == 0)
			texts_add(f->arena, &f->keys, f->layers[i].key);
	}
	return r;
}

void fetch_release(struct fetch *f)
{
	for (size_t i = 0; f->layers && i < f->manifest->layers.n; i++)
		if (f->layers[i].hold >= 0)
			close(take_fd(f->layers[i].hold));
}
