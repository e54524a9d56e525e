/* SPDX-License-Identifier: BSD-2-Clause */
#include "unpack/extract.h"

#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "unpack/name.h"

/* OCI image specification, layer.md: whiteouts and opaque whiteouts; aufs kept its own there too.
 */
#define WHITEOUT        ".wh."
#define WHITEOUT_META   ".wh..wh."
#define WHITEOUT_OPAQUE ".wh..wh..opq"

static void set_owner(const struct unpack_request *how, struct member *m)
{
	if (how->ids == UNPACK_IDS_KEEP)
		return;
	m->uid = how->ids == UNPACK_IDS_SET ? how->uid : geteuid();
	m->gid = how->ids == UNPACK_IDS_SET ? how->gid : getegid();
}

static int whiteout(const struct extract *x, struct member *m, struct err *e)
{
	char *name = m->path + (name_base(m->path) - m->path);
	const char *hidden = name + strlen(WHITEOUT);

	if (text_eq(name, WHITEOUT_OPAQUE)) {
		name[name > m->path ? -1 : 0] = '\0';
		return x->sink->ops->opaque(x->sink, m->path, e);
	}
	if (text_after(name, WHITEOUT_META))
		return 0;
	if (*hidden == '\0' || text_eq(hidden, ".") || text_eq(hidden, ".."))
		return err_set(e, ERR_INVALID, "%s: a whiteout of nothing", quoted(m->path).text);
	memmove(name, hidden, strlen(hidden) + 1);
	x->result->whiteouts++;
	return x->sink->ops->whiteout(x->sink, m->path, e);
}

static int contents(const struct extract *x, const struct member *m, struct err *e)
{
	struct reader_block block;
	int r;

	while ((r = reader_data(x->reader, &block, e)) == 1) {
		if (block.len == 0)
			continue;
		if (x->recipe && recipe_contents(x->recipe, block.position, m->path, block.offset,
						 block.len, e) < 0)
			return -e->code;
		if (x->sink->ops->write(x->sink, block.bytes, block.len, block.offset, e) < 0)
			return err_wrap(e, "%s", quoted(m->path).text);
		x->result->file_bytes += block.len;
	}
	return r < 0 ? r : x->sink->ops->end(x->sink, m, e);
}

static int one(const struct extract *x, struct member *m, struct err *e)
{
	bool layer = x->request->mode == UNPACK_LAYER;
	int r;

	x->result->entries++;
	if (layer && text_after(name_base(m->path), WHITEOUT))
		return whiteout(x, m, e);
	if (layer && m->type == MEMBER_CHAR && m->device == 0) {
		x->result->whiteouts++;
		return x->sink->ops->whiteout(x->sink, m->path, e);
	}
	set_owner(x->request, m);
	r = x->sink->ops->begin(x->sink, m, e);
	return r == 1 ? contents(x, m, e) : r;
}

int extract_run(const struct extract *x, struct err *e)
{
	struct member *m = malloc(sizeof(*m));
	int r;

	if (!m)
		return err_set(e, ERR_SYSTEM, "out of memory");
	while ((r = reader_next(x->reader, m, e)) == 1) {
		r = one(x, m, e);
		if (r < 0)
			break;
	}
	free(m);
	if (r == 0)
		r = reader_drain(x->reader, e);
	if (r == 0)
		r = x->sink->ops->finish(x->sink, e);
	if (r < 0)
		return r;
	source_result(x->source, x->result);
	return x->recipe ? recipe_end(x->recipe, x->result, e) : 0;
}
