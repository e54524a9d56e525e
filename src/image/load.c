/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/archive.h"

#include <errno.h>

#include "image/local.h"
#include "image/pull.h"

static const enum reference_transport transport_of[LOCAL_FORMATS] = {
	[LOCAL_OCI] = REFERENCE_OCI_ARCHIVE,
	[LOCAL_DOCKER] = REFERENCE_DOCKER_ARCHIVE,
	[LOCAL_DIR] = REFERENCE_DIR,
};

static int load_one(const struct state *s, struct arena *a, struct package *p,
		    const struct reference *r, enum local_format format,
		    const struct image_pull *how, struct texts *ret, struct err *e)
{
	AUTO(source) source = NULL;
	char id[STATE_ID_LEN + 1];
	struct texts names;
	int result = local_open(a, p, format, r->selector, &source, e);

	if (result < 0)
		return result;
	source->shown = r->file;
	result = pull_names(a, r, source, &names, e);
	if (result == 0)
		result = pull_take(s,
				   &(struct pull_take){ .source = source,
							.any_platform = true,
							.names = names,
							.how = how },
				   id, e);
	if (result < 0)
		return result;
	for (size_t i = 0; i < names.n; i++)
		texts_add(a, ret, names.v[i]);
	if (names.n == 0)
		texts_addf(a, ret, "sha256:%s", id);
	return 0;
}

int image_load_files(const struct state *s, struct arena *a, const char *path,
		     const struct image_pull *how, struct texts *ret, struct err *e)
{
	AUTO(package) p = NULL;
	struct texts names = { 0 };
	enum local_format format;
	size_t count = 0;
	int r = package_open(s, a, path, &p, e);

	if (r == -EINVAL)
		err_wrap(e, "payload does not match any of the supported image formats");
	if (r < 0)
		return r;
	format = local_format(p);
	if (format == LOCAL_UNKNOWN)
		return err_set(e, ERR_INVALID,
			       "payload does not match any of the supported image formats: "
			       "no index.json, no manifest.json");
	r = local_count(a, p, format, &count, e);
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct reference ref = {
			.transport = transport_of[format],
			.file = path,
			.selector = format == LOCAL_DIR ? NULL : arena_printf(a, "@%zu", i),
		};

		r = load_one(s, a, p, &ref, format, how, &names, e);
	}
	if (r == 0)
		*ret = names;
	return r;
}
