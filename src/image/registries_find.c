/* SPDX-License-Identifier: BSD-2-Clause */
/* What registries.conf means for one name. */
#include <string.h>

#include "image/registries.h"

#define SYSTEM_FILE "/etc/containers/registries.conf"

/* How much of name the prefix takes, 0 if it doesn't fit: it ends where a part of the name ends. */
static size_t prefix_fits(const char *prefix, const char *name)
{
	const char *rest = name;
	size_t len = strlen(prefix);

	if (text_after(prefix, "*.")) {
		/* "*.example.com" takes any host below example.com. */
		size_t host = strcspn(name, "/");

		prefix++;
		len--;
		for (; (size_t)(rest - name) < host && strncmp(rest, prefix, len) != 0; rest++)
			;
		if ((size_t)(rest - name) >= host || rest == name)
			return 0;
	} else if (strncmp(name, prefix, len) != 0) {
		return 0;
	}
	rest += len;
	return *rest == '\0' || strchr("/:@", *rest) ? (size_t)(rest - name) : 0;
}

const struct registries_entry *registries_find(const struct registries *c, struct arena *a,
					       const struct reference *r)
{
	const struct registries_entry *best = NULL;
	const char *name = reference_print(a, r);

	for (size_t i = 0; i < c->entries.n; i++) {
		const struct registries_entry *one = &c->entries.v[i];

		if (prefix_fits(one->prefix, name) &&
		    (!best || strlen(one->prefix) > strlen(best->prefix)))
			best = one;
	}
	return best;
}

/* r with what the prefix takes of its name replaced. */
static int rewrite(struct arena *a, const char *prefix, const char *location,
		   const struct reference *r, struct reference *ret, struct err *e)
{
	const char *name = reference_print(a, r);
	char *new;
	int result;

	if (!location) {
		*ret = *r;
		return 0;
	}
	new = arena_printf(a, "%s%s", location, name + prefix_fits(prefix, name));
	result = reference_parse_name(a, new, ret, e);
	if (result < 0)
		return err_wrap(e, "registries.conf: %s replaced by %s", prefix, location);
	if (!ret->domain)
		return err_set(e, ERR_INVALID, "registries.conf: %s isn't the name of a registry",
			       location);
	return 0;
}

static bool mirror_holds(const struct registries_entry *n, const struct registries_mirror *m,
			 const struct reference *r)
{
	if (m->when == REGISTRIES_DIGEST_ONLY || n->mirror_by_digest_only)
		return r->digest;
	return m->when != REGISTRIES_TAG_ONLY || !r->digest;
}

int registries_places(struct arena *a, const struct registries *c, const struct reference *r,
		      struct registries_places *ret, struct err *e)
{
	const struct registries_entry *n = registries_find(c, a, r);
	struct registries_places p = { .v = arena_array(a, n ? n->mirrors.n + 1 : 1,
							sizeof(*p.v)) };
	int result;

	if (!n) {
		p.v[p.n++] = (struct registries_place){ .reference = *r };
		*ret = p;
		return 0;
	}
	if (n->blocked)
		return err_set(e, ERR_DENIED, "registry %s is blocked in registries.conf",
			       n->prefix);
	for (size_t i = 0; i < n->mirrors.n; i++) {
		const struct registries_mirror *m = &n->mirrors.v[i];

		if (!mirror_holds(n, m, r))
			continue;
		p.v[p.n] = (struct registries_place){ .insecure = m->insecure, .mirror = true };
		result = rewrite(a, n->prefix, m->location, r, &p.v[p.n++].reference, e);
		if (result < 0)
			return result;
	}
	p.v[p.n] = (struct registries_place){ .insecure = n->insecure };
	result = rewrite(a, n->prefix, n->location, r, &p.v[p.n++].reference, e);
	if (result < 0)
		return result;
	*ret = p;
	return 0;
}

static void add_name(struct arena *a, struct registries_names *names, struct reference r,
		     const char *domain)
{
	reference_qualify(a, &r, domain);
	names->v[names->n++] = r;
}

static int by_alias(struct arena *a, const struct registries *c, const struct reference *r,
		    const char *alias, struct registries_names *ret, struct err *e)
{
	struct reference to;
	int result = reference_parse_name(a, alias, &to, e);

	if (result == 0 && (!to.domain || to.tag || to.digest))
		result = err_set(e, ERR_INVALID, "%s is not a full name without tag", alias);
	if (result < 0)
		return err_wrap(e, "alias %s", r->repository);
	to.tag = r->tag;
	to.digest = r->digest;
	ret->from = arena_printf(a, "Resolved \"%s\" as an alias (%s)", r->repository,
				 text_map_get(&c->aliases_from, r->repository));
	add_name(a, ret, to, to.domain);
	return 0;
}

int registries_resolve(struct arena *a, const struct registries *c, const struct reference *r,
		       bool terminal, struct registries_names *ret, struct err *e)
{
	struct registries_names names = { .v = arena_array(a, c->search.n + 1, sizeof(*names.v)) };
	const char *alias = NULL;
	int result;

	*ret = names;
	if (r->domain) {
		add_name(a, ret, *r, r->domain);
		return 0;
	}
	if (c->mode != REGISTRIES_DISABLED)
		alias = text_map_get(&c->aliases, r->repository);
	if (alias) {
		result = by_alias(a, c, r, alias, ret, e);
		return result;
	}
	if (c->search.n == 0)
		return err_set(e, ERR_NOT_FOUND,
			       "short-name \"%s\" did not resolve to an alias and no "
			       "unqualified-search registries are defined in \"%s\"",
			       reference_print(a, r),
			       c->search_from ? c->search_from : SYSTEM_FILE);
	ret->ask = terminal && c->mode != REGISTRIES_DISABLED && c->search.n > 1;
	if (c->mode == REGISTRIES_ENFORCING && c->search.n > 1 && !terminal)
		return err_set(e, ERR_INVALID,
			       "short-name resolution enforced but cannot prompt without a TTY");
	if (c->search_from && !ret->ask)
		ret->from =
			arena_printf(a, "Resolving \"%s\" using unqualified-search registries (%s)",
				     r->repository, c->search_from);
	for (size_t i = 0; i < c->search.n; i++)
		add_name(a, ret, *r, c->search.v[i]);
	return 0;
}
