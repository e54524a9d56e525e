/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One archive through the unpack program, for scripts that compare its trees with other programs':
 *	unpack-one layer|extract DIR [RECIPE] <BLOB
 *	unpack-one pack DIR >TAR
 *	unpack-one assemble DIR RECIPE >TAR
 *	unpack-one index <TAR
 * It prints the result on standard error.  The program is taken from BERTH_LIBEXEC.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "image/unpack.h"

static const char *const modes[] = {
	[UNPACK_LAYER] = "layer",       [UNPACK_EXTRACT] = "extract", [UNPACK_PACK] = "pack",
	[UNPACK_ASSEMBLE] = "assemble", [UNPACK_INDEX] = "index",
};

static void print(const struct unpack_result *r, const struct unpack_members *members)
{
	fprintf(stderr, "digest %s\ndiff_id %s\nbytes %llu\ntar_bytes %llu\n", r->digest,
		r->diff_id, (unsigned long long)r->bytes, (unsigned long long)r->tar_bytes);
	fprintf(stderr, "entries %llu\nfile_bytes %llu\nwhiteouts %llu\nopaques %llu\n",
		(unsigned long long)r->entries, (unsigned long long)r->file_bytes,
		(unsigned long long)r->whiteouts, (unsigned long long)r->opaques);
	fprintf(stderr, "skipped_xattrs %llu\n", (unsigned long long)r->skipped_xattrs);
	for (size_t i = 0; i < members->n; i++)
		fprintf(stderr, "%llu %llu %s\n", (unsigned long long)members->v[i].offset,
			(unsigned long long)members->v[i].size, members->v[i].name);
}

int main(int argc, char **argv)
{
	const char *libexec = getenv("BERTH_LIBEXEC");
	AUTO(arena) a = arena_new();
	int mode = argc > 1 ? text_index(argv[1], modes, ARRAY_LEN(modes)) : -1;
	struct unpack_start how = { .in = 0, .out = 1, .dir = -1, .recipe = -1 };
	struct unpack_members members = { 0 };
	struct unpack_result result;
	struct err e;

	if (mode < 0 || (argc < 3 && mode != UNPACK_INDEX))
		return 2;
	how.mode = (enum unpack_mode)mode;
	how.program = arena_printf(a, "%s/unpack", libexec ? libexec : "build");
	if (argc > 2)
		how.dir = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (argc > 3)
		how.recipe = mode == UNPACK_LAYER
				     ? open(argv[3], O_WRONLY | O_CREAT | O_TRUNC, 0644)
				     : open(argv[3], O_RDONLY);
	if (unpack_run(&how, a, &members, &result, &e) < 0) {
		fprintf(stderr, "Error: %s\n", e.msg);
		return 1;
	}
	print(&result, &members);
	return 0;
}
