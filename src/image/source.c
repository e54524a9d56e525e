/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/source.h"

#include <errno.h>

#include "base/sha256.h"
#include "image/local.h"
#include "image/registry.h"

static int open_local(const struct state *s, struct arena *a, const struct reference *r,
		      struct source **ret, struct err *e)
{
	static int (*const open_format[REFERENCE_TRANSPORTS])(struct arena * a, struct package * p,
							      const char *selector,
							      struct source **ret,
							      struct err *e) = {
		[REFERENCE_OCI] = local_open_oci,
		[REFERENCE_OCI_ARCHIVE] = local_open_oci,
		[REFERENCE_DOCKER_ARCHIVE] = local_open_docker,
		[REFERENCE_DIR] = local_open_dir,
	};
	AUTO(package) p = NULL;
	AUTO(source) source = NULL;
	int result = package_open(s, a, r->file, &p, e);

	if (result < 0)
		return result;
	result = open_format[r->transport](a, p, r->selector, &source, e);
	if (result < 0)
		return result;
	local_own(source, take_ptr(p));
	*ret = take_ptr(source);
	return 0;
}

int source_open(const struct state *s, struct arena *a, const struct reference *r,
		const struct source_access *access, struct source **ret, struct err *e)
{
	struct source *source;
	int result;

	if (r->transport == REFERENCE_STORE)
		return err_set(e, ERR_INVALID, "%s names what is here already",
			       reference_print(a, r));
	if (r->transport == REFERENCE_REGISTRY)
		result = registry_source_open(a, r, access, &source, e);
	else
		result = open_local(s, a, r, &source, e);
	if (result < 0)
		return result;
	if (!source->shown)
		source->shown =
			arena_printf(a, "%s%s", r->file ? "" : "docker://", reference_print(a, r));
	*ret = source;
	return 0;
}

void source_free(struct source *s)
{
	if (s)
		s->ops->close(s);
}

int source_manifest(struct source *s, struct arena *a, const char *digest, struct buf *ret,
		    const char **ret_media_type, struct err *e)
{
	char found[SHA256_TEXT];
	int r;

	buf_clear(ret);
	r = s->ops->manifest(s, a, digest, ret, ret_media_type, e);
	if (r == 0)
		r = buf_check(ret, "manifest", e);
	if (r < 0 || !digest)
		return r;
	sha256_text(found, buf_text(ret), ret->len);
	if (!text_eq(found, digest))
		return err_set(e, ERR_INVALID, "manifest %s has the digest %s", digest, found);
	return 0;
}

int source_blob(struct source *s, const struct image_descriptor *d, struct source_blob *ret,
		struct err *e)
{
	struct source_blob b = { .fd = -1 };
	int r = s->ops->blob(s, d, &b, e);

	if (r < 0)
		return r;
	b.source = s;
	*ret = b;
	return 0;
}

int source_blob_end(struct source_blob *b, struct err *e)
{
	return b->source->ops->blob_end(b, e);
}

int source_fd(const struct source *s)
{
	return s->ops->fd ? s->ops->fd(s) : -1;
}

void source_hear(struct source *s)
{
	if (s->ops->hear)
		s->ops->hear(s);
}

static int read_all(int fd, struct buf *ret, const char *name, struct err *e)
{
	ssize_t n;

	do
		n = buf_read(ret, fd);
	while (n > 0);
	if (ret->failed)
		return buf_check(ret, name, e);
	return n < 0 ? err_from(e, (int)n, "read %s", name) : 0;
}

int source_read(struct source *s, const struct image_descriptor *d, size_t max, struct buf *ret,
		struct err *e)
{
	struct source_blob blob;
	char found[SHA256_TEXT];
	struct err feeder;
	int r, fed;

	if (d->size > max)
		return err_set(e, ERR_INVALID, "%s is larger than %zu bytes", d->digest, max);
	buf_free(ret);
	/* One more than it says, so that too much is seen. */
	*ret = BUF((size_t)d->size + 1);
	r = source_blob(s, d, &blob, e);
	if (r < 0)
		return r;
	r = read_all(blob.fd, ret, d->digest, e);
	fed = source_blob_end(&blob, &feeder);
	if (fed < 0 && (r == 0 || feeder.code != EPIPE)) {
		*e = feeder;
		return fed;
	}
	if (r < 0)
		return r;
	if (ret->len != d->size)
		return err_set(e, ERR_INVALID, "%s has %zu bytes, not %llu", d->digest, ret->len,
			       (unsigned long long)d->size);
	sha256_text(found, buf_text(ret), ret->len);
	if (!text_eq(found, d->digest))
		return err_set(e, ERR_INVALID, "%s has the digest %s", d->digest, found);
	return 0;
}
