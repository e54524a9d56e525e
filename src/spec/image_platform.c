/* SPDX-License-Identifier: BSD-2-Clause */
/* Platforms in Go's words, as OCI documents have them, and the choice among those of an index. */
#include <string.h>
#include <sys/utsname.h>

#include "spec/image.h"

static const struct {
	const char *machine, *architecture, *variant;
} machines[] = {
	{ "x86_64", "amd64", NULL },    { "aarch64", "arm64", "v8" },
	{ "armv7l", "arm", "v7" },      { "armv8l", "arm", "v7" },
	{ "armv6l", "arm", "v6" },      { "armv5tel", "arm", "v5" },
	{ "i386", "386", NULL },        { "i486", "386", NULL },
	{ "i586", "386", NULL },        { "i686", "386", NULL },
	{ "riscv64", "riscv64", NULL }, { "ppc64le", "ppc64le", NULL },
	{ "s390x", "s390x", NULL },     { "loongarch64", "loong64", NULL },
	{ "mips64", "mips64le", NULL },
};

/* Other spellings that people and old images use. */
static const struct {
	const char *said, *architecture, *variant;
} aliases[] = {
	{ "x86_64", "amd64", NULL }, { "x86-64", "amd64", NULL }, { "aarch64", "arm64", "v8" },
	{ "armhf", "arm", "v7" },    { "armel", "arm", "v6" },    { "i386", "386", NULL },
	{ "i686", "386", NULL },
};

struct image_platform image_platform_host(void)
{
	struct image_platform p = { .os = "linux", .architecture = "unknown" };
	struct utsname u;

	uname(&u);
	for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
		if (!text_eq(machines[i].machine, u.machine))
			continue;
		p.architecture = machines[i].architecture;
		p.variant = machines[i].variant;
	}
	/* A 32-bit program runs 32-bit images: what a 64-bit kernel can more isn't certain. */
	if (sizeof(void *) == 4 && text_eq(p.architecture, "amd64"))
		p.architecture = "386";
	if (sizeof(void *) == 4 && text_eq(p.architecture, "arm64"))
		p = (struct image_platform){ .os = "linux",
					     .architecture = "arm",
					     .variant = "v7" };
	return p;
}

int image_platform_parse(struct arena *a, const char *s, struct image_platform *ret, struct err *e)
{
	struct texts parts = texts_split(a, s, '/');
	struct image_platform p = { 0 };

	if (parts.n == 0 || parts.n > 3)
		return err_set(e, ERR_INVALID, "\"%.60s\" is not a platform (OS/ARCH[/VARIANT])",
			       s);
	for (size_t i = 0; i < parts.n; i++)
		if (!*parts.v[i])
			return err_set(e, ERR_INVALID,
				       "\"%.60s\" is not a platform (OS/ARCH[/VARIANT])", s);
	p.os = parts.v[0];
	p.architecture = parts.n > 1 ? parts.v[1] : NULL;
	p.variant = parts.n > 2 ? parts.v[2] : NULL;
	for (size_t i = 0; p.architecture && i < ARRAY_LEN(aliases); i++) {
		if (!text_eq(aliases[i].said, p.architecture))
			continue;
		p.architecture = aliases[i].architecture;
		if (!p.variant)
			p.variant = aliases[i].variant;
		break;
	}
	*ret = p;
	return 0;
}

char *image_platform_print(struct arena *a, const struct image_platform *p)
{
	return arena_printf(a, "%s/%s%s%s", p->os ? p->os : "",
			    p->architecture ? p->architecture : "",
			    text_empty(p->variant) ? "" : "/",
			    text_empty(p->variant) ? "" : p->variant);
}

/* "v7" is 70.  An arm image that doesn't say runs on any; a machine that doesn't say is a v7. */
static int variant_level(const char *architecture, const char *variant, int arm_missing)
{
	if (text_empty(variant))
		return text_eq(architecture, "arm64") ? 80
		       : text_eq(architecture, "arm") ? arm_missing
						      : 10;
	return variant[0] == 'v' ? atoi(variant + 1) * 10 : -1;
}

bool image_platform_fits(const struct image_platform *has, const struct image_platform *want)
{
	int level;

	if (!text_empty(has->os) && !text_empty(want->os) && !text_eq(has->os, want->os))
		return false;
	if (text_empty(has->architecture) || text_empty(want->architecture))
		return true;
	if (!text_eq(has->architecture, want->architecture))
		return false;
	if (text_eq(has->variant, want->variant))
		return true;
	level = variant_level(has->architecture, has->variant, 0);
	return level >= 0 && level <= variant_level(want->architecture, want->variant, 70);
}

const struct image_descriptor *image_index_choose(const struct image_index *i,
						  const struct image_platform *want)
{
	const struct image_descriptor *best = NULL;
	int best_level = -1;

	for (size_t n = 0; n < i->manifests.n; n++) {
		const struct image_descriptor *d = &i->manifests.v[n];
		int level;

		if (!d->platform || text_empty(d->platform->architecture) ||
		    !image_platform_fits(d->platform, want))
			continue;
		level = variant_level(d->platform->architecture, d->platform->variant, 0);
		if (level <= best_level)
			continue;
		best = d;
		best_level = level;
	}
	return best;
}
