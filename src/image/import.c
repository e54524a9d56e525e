/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <string.h>

#include "base/path.h"
#include "base/units.h"
#include "image/archive.h"
#include "image/change.h"
#include "image/document.h"
#include "image/layer_store.h"
#include "image/store.h"
#include "image/unpack.h"
#include "image/web.h"

#define CREATED_MAX 64

struct imported {
	struct arena *arena;
	struct layer layer;
	int hold;
};

static int open_input(const char *path, struct web **ret_web, int *ret, struct err *e)
{
	int fd;

	if (web_is_url(path))
		return web_open(path, ret_web, ret, e);
	fd = text_eq(path, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
				: open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_sys(e, "open %s", path);
	*ret = fd;
	return 0;
}

static int unpack(const struct state *s, struct arena *a, int in, const struct layer_new *n,
		  struct unpack_result *ret, struct err *e)
{
	char *program;
	int r = path_libexec(a, "unpack", &program, e);

	if (r < 0)
		return r;
	return unpack_run(
		&(struct unpack_start){
			.program = program,
			.mode = UNPACK_LAYER,
			.in = in,
			.dir = n->tree,
			.recipe = n->recipe,
			.ids = s->single_id ? UNPACK_IDS_SQUASH : UNPACK_IDS_KEEP,
			.skip_nodes = s->rootless,
			.user_xattr = s->rootless,
		},
		a, NULL, ret, e);
}

/* What the layer is called is known only when it is whole. */
static int make_layer(const struct state *s, int in, struct web *web, struct imported *i,
		      struct err *e)
{
	struct unpack_result got;
	char key[STATE_ID_LEN + 1];
	struct layer_new n;
	int r;

	state_new_id(key);
	r = layer_begin(s, key, &n, e);
	if (r < 0)
		return r;
	r = unpack(s, i->arena, in, &n, &got, e);
	if (web)
		r = web_end(web, r, e);
	if (r == 0) {
		i->layer = (struct layer){
			.key = arena_strdup(i->arena, strchr(got.diff_id, ':') + 1),
			.diff_id = arena_strdup(i->arena, got.diff_id),
			.digest = arena_strdup(i->arena, got.diff_id),
			.tar_bytes = got.tar_bytes,
			.blob_bytes = got.tar_bytes,
			.file_bytes = got.file_bytes,
		};
		r = layer_commit(s, &n, &i->layer, e);
	}
	if (r < 0) {
		layer_abandon(s, &n);
		return r;
	}
	i->hold = r;
	return 0;
}

static int make_config(struct imported *i, const struct image_import *how, const char *created,
		       struct image_config *c, struct err *e)
{
	struct image_platform host = image_platform_host();
	const struct image_platform *p = &how->platform;

	c->created = created;
	c->os = p->os ? p->os : host.os;
	c->architecture = p->architecture ? p->architecture : host.architecture;
	c->variant = p->architecture ? p->variant : host.variant;
	c->comment = how->message ? how->message : "imported from tarball";
	c->rootfs.type = "layers";
	texts_add(i->arena, &c->rootfs.diff_ids, i->layer.diff_id);
	c->history.n = 1;
	c->history.v = ARENA_NEW(i->arena, struct image_history);
	c->history.v[0] = (struct image_history){
		.created = created,
		.created_by =
			arena_printf(i->arena, "/bin/sh -c #(nop) ADD file:%s in /", i->layer.key),
		.comment = c->comment,
	};
	for (size_t n = 0; n < how->changes.n; n++) {
		int r = change_apply(i->arena, &c->config, how->changes.v[n], e);

		if (r < 0)
			return r;
	}
	return 0;
}

static int record(const struct state *s, struct imported *i, const struct image_config *c,
		  const char *name, char ret_id[STATE_ID_LEN + 1], struct err *e)
{
	auto_buf config = BUF(IMAGE_CONFIG_MAX);
	struct image_new n = { .media_type = IMAGE_TYPE_OCI_MANIFEST };

	json_write(&config, &image_config_json, c, 0);
	if (buf_check(&config, "configuration", e) < 0)
		return -e->code;
	n.config = buf_text(&config);
	n.config_len = config.len;
	n.manifest = document_manifest(i->arena, &(struct document_manifest){
							 .config = n.config,
							 .config_len = n.config_len,
							 .digests = &c->rootfs.diff_ids,
							 .sizes = &i->layer.tar_bytes,
						 });
	n.manifest_len = strlen(n.manifest);
	n.tar_bytes = i->layer.tar_bytes;
	texts_add(i->arena, &n.layers, i->layer.key);
	if (name)
		texts_add(i->arena, &n.names, name);
	return image_record(s, &n, ret_id, e);
}

/* Everything that can be wrong with the command line is found before the tar is read. */
static int check(struct arena *a, const struct image_import *how, const char **ret_name,
		 struct err *e)
{
	struct image_process scratch = { 0 };
	struct reference r;
	int result = 0;

	*ret_name = NULL;
	if (how->name) {
		result = reference_parse_name(a, how->name, &r, e);
		if (result < 0)
			return err_wrap(e, "normalizing name \"%s\"", how->name);
		if (r.digest)
			return err_set(e, ERR_INVALID, "%s: a name with a digest can't be given",
				       how->name);
		reference_qualify(a, &r, "localhost");
		*ret_name = reference_print(a, &r);
	}
	for (size_t n = 0; result == 0 && n < how->changes.n; n++)
		result = change_apply(a, &scratch, how->changes.v[n], e);
	return result;
}

int image_import(const struct state *s, const struct image_import *how,
		 char ret_id[STATE_ID_LEN + 1], struct err *e)
{
	AUTO(arena) a = arena_new();
	struct imported i = { .arena = a, .hold = -1 };
	auto_buf created = BUF(CREATED_MAX);
	struct image_config config = { 0 };
	AUTO(web) web = NULL;
	auto_close int in = -1;
	const char *name;
	int r = check(a, how, &name, e);

	if (r < 0)
		return r;
	r = open_input(how->path, &web, &in, e);
	if (r < 0)
		return r;
	r = make_layer(s, in, web, &i, e);
	if (r < 0)
		return web ? r : err_wrap(e, "import %s", how->path);
	time_print_rfc3339(&created, clock_nsec(), true);
	r = make_config(&i, how, buf_text(&created), &config, e);
	if (r == 0)
		r = record(s, &i, &config, name, ret_id, e);
	close_p(&i.hold);
	return r;
}
