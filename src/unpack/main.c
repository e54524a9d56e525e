/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program that touches the bytes of archives: one request, one archive, then it ends.  What it
 * is asked and what it answers is in unpack.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unpack/assemble.h"
#include "unpack/confine.h"
#include "unpack/extract.h"
#include "unpack/index.h"
#include "unpack/pack.h"
#include "unpack/tree.h"

#define PIPE_BYTES (1 << 20)

static const struct unpack_limits default_limits = {
	.max_bytes = 256ULL << 30,
	.max_ratio = 400,
	.max_entries = 4000000,
	.max_name = PATH_MAX - 1,
	.max_xattr = 64 << 10,
};

static void set_default(uint64_t *limit, uint64_t value)
{
	if (*limit == 0)
		*limit = value;
}

static int extract(const struct unpack_request *how, struct report *report,
		   struct unpack_result *result, struct err *e)
{
	AUTO(recipe_writer) recipe = how->with_recipe ? recipe_writer_new(UNPACK_FD_RECIPE) : NULL;
	AUTO(source)
	source = source_new(&(struct source_new){
		.fd = 0,
		.compression = how->compression,
		.hash = how->hash,
		.limits = &how->limits,
		.report = report,
	});
	AUTO(reader) reader = reader_new(source, &how->limits, recipe);
	struct sink *sink;
	int r = confine(how, e);

	if (r < 0)
		return r;
	sink = tree_new(
		&(struct tree_new){
			.root = UNPACK_FD_TREE,
			.lower = how->with_lower ? UNPACK_FD_LOWER : -1,
			.request = how,
			.report = report,
			.recipe = recipe,
			.result = result,
		},
		e);
	if (!sink)
		return -e->code;
	/* The writer may make small pieces; larger ones save us both half of the switches. */
	fcntl(0, F_SETPIPE_SZ, PIPE_BYTES);
	r = extract_run(
		&(struct extract){
			.source = source,
			.reader = reader,
			.sink = sink,
			.request = how,
			.recipe = recipe,
			.result = result,
		},
		e);
	sink->ops->free(sink);
	return r;
}

static int pack(const struct unpack_request *how, struct report *report,
		struct unpack_result *result, struct err *e)
{
	AUTO(outlet) out = outlet_new(1, how, report, e);

	return out && confine(how, e) == 0 ? pack_run(UNPACK_FD_TREE, how, out, result, e)
					   : -e->code;
}

static int assemble(const struct unpack_request *how, struct report *report,
		    struct unpack_result *result, struct err *e)
{
	AUTO(outlet) out = outlet_new(1, how, report, e);

	return out && confine(how, e) == 0
		       ? assemble_run(UNPACK_FD_RECIPE, UNPACK_FD_TREE, out, result, e)
		       : -e->code;
}

static int list(const struct unpack_request *how, struct report *report,
		struct unpack_result *result, struct err *e)
{
	int r = confine(how, e);

	return r < 0 ? r : index_run(0, how, report, result, e);
}

static int (*const modes[])(const struct unpack_request *how, struct report *report,
			    struct unpack_result *result, struct err *e) = {
	[UNPACK_LAYER] = extract,     [UNPACK_EXTRACT] = extract, [UNPACK_PACK] = pack,
	[UNPACK_ASSEMBLE] = assemble, [UNPACK_INDEX] = list,
};

_Static_assert(ARRAY_LEN(modes) == UNPACK_MODES, "every mode is done");

static int read_request(struct unpack_request *ret, struct err *e)
{
	ssize_t n = read(UNPACK_FD_SOCKET, ret, sizeof(*ret));

	if (n < 0)
		return err_sys(e, "read the request");
	if (n != sizeof(*ret) || (unsigned)ret->mode >= UNPACK_MODES ||
	    (unsigned)ret->compression >= UNPACK_COMPRESSIONS ||
	    (unsigned)ret->hash >= UNPACK_HASHES)
		return err_set(e, ERR_INVALID, "a program of berth's own: berth starts it");
	ret->subdir[sizeof(ret->subdir) - 1] = ret->as[sizeof(ret->as) - 1] = '\0';
	set_default(&ret->limits.max_bytes, default_limits.max_bytes);
	set_default(&ret->limits.max_ratio, default_limits.max_ratio);
	set_default(&ret->limits.max_entries, default_limits.max_entries);
	set_default(&ret->limits.max_name, default_limits.max_name);
	set_default(&ret->limits.max_xattr, default_limits.max_xattr);
	return 0;
}

int main(void)
{
	static struct unpack_request request;
	struct unpack_result result = { 0 };
	struct report report = { .fd = UNPACK_FD_SOCKET };
	struct err e;
	int r;

	r = read_request(&request, &e);
	if (r < 0) {
		fprintf(stderr, "unpack: %s\n", e.msg);
		return 125;
	}
	/* Whoever reads our tar may have enough of it: that is an error, and not death. */
	signal(SIGPIPE, SIG_IGN);
	/* Names are bytes. Reading in a UTF-8 locale, libarchive would compose what PAX headers
	 * have decomposed; in this one it fails to convert anything but ASCII, and keeps the bytes.
	 * Writing, it would have to say that names are binary. */
	setlocale(LC_CTYPE, request.mode == UNPACK_PACK ? "C.UTF-8" : "C");
	r = modes[request.mode](&request, &report, &result, &e);
	report_result(&report, &result);
	if (r < 0)
		report_error(&report, &e);
	/* What libraries would tidy up now, they would have to do in confinement. */
	_exit(r < 0);
}
