/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/reference.h"

#include <ctype.h>
#include <string.h>

#include "base/err.h"
#include "spec/image.h"

#define TAG_MAX 128

const char *const reference_transport_name[REFERENCE_TRANSPORTS] = {
	[REFERENCE_REGISTRY] = "docker://",
	[REFERENCE_OCI] = "oci:",
	[REFERENCE_OCI_ARCHIVE] = "oci-archive:",
	[REFERENCE_DOCKER_ARCHIVE] = "docker-archive:",
	[REFERENCE_DIR] = "dir:",
	[REFERENCE_STORE] = "containers-storage:",
};

static int bad(struct err *e, const char *s, const char *why)
{
	return err_set(e, ERR_INVALID, "invalid reference format: \"%.300s\": %s", s, why);
}

static bool is_lower_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alnum(char c)
{
	return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

/* [a-z0-9]+ with single ".", "_", "__" or any number of "-" between. */
static bool component_valid(const char *s, size_t len)
{
	size_t i = 0;

	if (len == 0 || !is_lower_alnum(s[0]) || !is_lower_alnum(s[len - 1]))
		return false;
	while (i < len) {
		size_t n = 0;

		if (is_lower_alnum(s[i])) {
			i++;
			continue;
		}
		while (i + n < len && s[i + n] == s[i])
			n++;
		if (s[i] != '-' && !(s[i] == '.' && n == 1) && !(s[i] == '_' && n <= 2))
			return false;
		if (!is_lower_alnum(s[i + n]))
			return false;
		i += n;
	}
	return true;
}

static bool repository_valid(const char *s)
{
	for (;;) {
		size_t len = strcspn(s, "/");

		if (!component_valid(s, len))
			return false;
		if (!s[len])
			return true;
		s += len + 1;
	}
}

static bool host_label_valid(const char *s, size_t len)
{
	if (len == 0 || !is_alnum(s[0]) || !is_alnum(s[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(s[i]) && s[i] != '-')
			return false;
	return true;
}

static bool port_valid(const char *s)
{
	size_t len = strspn(s, "0123456789");

	return len > 0 && len <= 5 && !s[len];
}

static bool domain_valid(const char *s)
{
	if (*s == '[') {
		size_t len = strspn(s + 1, "0123456789abcdefABCDEF:.");
		const char *rest = s + 1 + len;

		if (len == 0 || *rest != ']')
			return false;
		return !rest[1] || (rest[1] == ':' && port_valid(rest + 2));
	}
	for (;;) {
		size_t len = strcspn(s, ".:");

		if (!host_label_valid(s, len))
			return false;
		if (!s[len])
			return true;
		if (s[len] == ':')
			return port_valid(s + len + 1);
		s += len + 1;
	}
}

bool reference_tag_valid(const char *tag)
{
	size_t len = strlen(tag);

	if (len == 0 || len > TAG_MAX || !(is_alnum(tag[0]) || tag[0] == '_'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(tag[i]) && !strchr("_.-", tag[i]))
			return false;
	return true;
}

/* The part before the first slash is a host if it looks like one: Docker's rule. */
static bool looks_like_domain(const char *s, size_t len)
{
	if (len == strlen("localhost") && !memcmp(s, "localhost", len))
		return true;
	for (size_t i = 0; i < len; i++)
		if (s[i] == '.' || s[i] == ':' || isupper((unsigned char)s[i]))
			return true;
	return false;
}

static int parse_digest(char *name, const char *whole, struct reference *ret, struct err *e)
{
	char *at = strchr(name, '@');

	if (!at)
		return 0;
	*at = 0;
	if (!image_digest_valid(at + 1))
		return bad(e, whole, "the digest isn't sha256: and 64 hex digits");
	ret->digest = at + 1;
	return 0;
}

static int parse_tag(char *name, const char *whole, struct reference *ret, struct err *e)
{
	char *slash = strrchr(name, '/');
	char *colon = strchr(slash ? slash : name, ':');

	if (!colon)
		return 0;
	*colon = 0;
	if (!reference_tag_valid(colon + 1))
		return bad(e, whole, "a tag is up to 128 of A-Z a-z 0-9 _ . -");
	ret->tag = colon + 1;
	return 0;
}

int reference_parse_name(struct arena *a, const char *s, struct reference *ret, struct err *e)
{
	struct reference ref = { .transport = REFERENCE_REGISTRY };
	char *name, *slash;
	int r;

	if (!*s)
		return bad(e, s, "it is empty");
	if (strlen(s) > REFERENCE_MAX + sizeof("@sha256:") + 64)
		return bad(e, s, "it is longer than 255 bytes");
	name = arena_strdup(a, s);
	r = parse_digest(name, s, &ref, e);
	if (r < 0)
		return r;
	r = parse_tag(name, s, &ref, e);
	if (r < 0)
		return r;

	slash = strchr(name, '/');
	if (slash && looks_like_domain(name, (size_t)(slash - name))) {
		*slash = 0;
		ref.domain = name;
		name = slash + 1;
		if (!domain_valid(ref.domain))
			return bad(e, s, "the part before the first slash isn't a host");
	}
	for (const char *c = name; *c; c++)
		if (isupper((unsigned char)*c))
			return bad(e, s, "repository name must be lowercase");
	if (!repository_valid(name))
		return bad(e, s, "a name is of a-z 0-9 with single . _ - / between");
	ref.repository = name;
	if (strlen(reference_print(a, &ref)) > REFERENCE_MAX)
		return bad(e, s, "it is longer than 255 bytes");
	*ret = ref;
	return 0;
}

static int parse_file(struct arena *a, enum reference_transport transport, const char *s,
		      struct reference *ret, struct err *e)
{
	struct reference ref = { .transport = transport };
	char *file = arena_strdup(a, s), *colon = strchr(file, ':');

	if (colon && transport != REFERENCE_DIR) {
		*colon = 0;
		if (colon[1])
			ref.selector = colon + 1;
	}
	if (!*file)
		return bad(e, s, "a path is missing");
	ref.file = file;
	*ret = ref;
	return 0;
}

int reference_parse(struct arena *a, const char *s, struct reference *ret, struct err *e)
{
	const char *scheme;

	for (enum reference_transport t = 0; t < REFERENCE_TRANSPORTS; t++) {
		const char *rest = text_after(s, reference_transport_name[t]);
		int r;

		if (!rest)
			continue;
		if (t != REFERENCE_REGISTRY && t != REFERENCE_STORE)
			return parse_file(a, t, rest, ret, e);
		r = reference_parse_name(a, rest, ret, e);
		if (r == 0)
			ret->transport = t;
		return r;
	}
	scheme = strstr(s, "://");
	if (scheme)
		return err_set(e, ERR_INVALID,
			       "invalid reference format: unsupported transport \"%.*s\"",
			       (int)(scheme - s > 60 ? 60 : scheme - s), s);
	return reference_parse_name(a, s, ret, e);
}

void reference_qualify(struct arena *a, struct reference *r, const char *domain)
{
	if (r->transport != REFERENCE_REGISTRY && r->transport != REFERENCE_STORE)
		return;
	if (!r->domain)
		r->domain = domain;
	if (text_eq(r->domain, "index.docker.io"))
		r->domain = "docker.io";
	if (text_eq(r->domain, "docker.io") && !strchr(r->repository, '/'))
		r->repository = arena_printf(a, "library/%s", r->repository);
	if (!r->tag && !r->digest)
		r->tag = "latest";
}

void reference_normalise(struct arena *a, struct reference *r)
{
	reference_qualify(a, r, "docker.io");
}

char *reference_print_name(struct arena *a, const struct reference *r)
{
	return arena_printf(a, "%s%s%s", r->domain ? r->domain : "", r->domain ? "/" : "",
			    r->repository);
}

char *reference_print(struct arena *a, const struct reference *r)
{
	const char *transport = reference_transport_name[r->transport];

	if (r->file)
		return arena_printf(a, "%s%s%s%s", transport, r->file, r->selector ? ":" : "",
				    r->selector ? r->selector : "");
	return arena_printf(a, "%s%s%s%s%s%s", r->transport == REFERENCE_STORE ? transport : "",
			    reference_print_name(a, r), r->tag ? ":" : "", r->tag ? r->tag : "",
			    r->digest ? "@" : "", r->digest ? r->digest : "");
}
