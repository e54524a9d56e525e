/* SPDX-License-Identifier: BSD-2-Clause */
/* --userns, --uidmap and --gidmap. */
#include <string.h>

#include "cli/create_args.h"
#include "engine/userns.h"

#define AUTO_SIZE 65536
#define MAPS_MAX  340 /* the kernel's limit of lines */

/* INSIDE:OUTSIDE[:COUNT] */
static int parse_map(struct arena *a, const char *option, const char *text, struct oci_id_map *ret,
		     struct err *e)
{
	struct texts parts = texts_split(a, text, ':');
	int64_t n[3] = { 0, 0, 1 };

	if (parts.n < 2 || parts.n > 3)
		return err_set(e, ERR_INVALID,
			       "%s %s: it is INSIDE:OUTSIDE[:COUNT], such as 0:100000:65536",
			       option, text);
	for (size_t i = 0; i < parts.n; i++)
		if (text_to_int(parts.v[i], i == 2, UINT32_MAX - 1, &n[i], "ID", e) < 0)
			return err_wrap(e, "%s %s", option, text);
	if (n[0] + n[2] > UINT32_MAX || n[1] + n[2] > UINT32_MAX)
		return err_set(e, ERR_INVALID, "%s %s: these are more IDs than there are", option,
			       text);
	*ret = (struct oci_id_map){ (uint64_t)n[0], (uint64_t)n[1], (uint64_t)n[2] };
	return 0;
}

static bool overlap(uint64_t a, uint64_t a_len, uint64_t b, uint64_t b_len)
{
	return a < b + b_len && b < a + a_len;
}

static int check_maps(const char *option, const struct oci_id_maps *maps, struct err *e)
{
	bool has_root = false;

	for (size_t i = 0; i < maps->n; i++) {
		const struct oci_id_map *x = &maps->v[i];

		has_root = has_root || x->container_id == 0;
		for (size_t k = 0; k < i; k++) {
			const struct oci_id_map *y = &maps->v[k];

			if (overlap(x->container_id, x->size, y->container_id, y->size) ||
			    overlap(x->host_id, x->size, y->host_id, y->size))
				return err_set(e, ERR_INVALID, "%s: two ranges overlap", option);
		}
	}
	if (!has_root)
		return err_set(e, ERR_INVALID,
			       "%s: ID 0 must be mapped: the container's files are made as it",
			       option);
	return 0;
}

static int parse_maps(struct arena *a, const char *option, const struct texts *texts,
		      struct oci_id_maps *ret, struct err *e)
{
	if (texts->n > MAPS_MAX)
		return err_set(e, ERR_INVALID, "%s: more than %d ranges", option, MAPS_MAX);
	ret->v = arena_array(a, texts->n, sizeof(*ret->v));
	for (ret->n = 0; ret->n < texts->n; ret->n++) {
		int r = parse_map(a, option, texts->v[ret->n], &ret->v[ret->n], e);

		if (r < 0)
			return r;
	}
	return check_maps(option, ret, e);
}

/* auto[:size=COUNT] */
static int parse_auto(const char *text, int64_t *ret_size, struct err *e)
{
	const char *size = text_after(text, ":size=");

	*ret_size = AUTO_SIZE;
	if (!*text)
		return 0;
	if (!size)
		return err_set(e, ERR_UNSUPPORTED,
			       "--userns auto%s: only auto and auto:size=COUNT are supported",
			       text);
	return text_to_int(size, 1, UINT32_MAX - 1, ret_size, "--userns auto:size", e);
}

static int parse_mode(const char *mode, struct container_create *how, struct err *e)
{
	const char *rest = text_after(mode, "auto");

	if (strcmp(mode, "host") == 0 || (rest && (!*rest || *rest == ':')))
		return rest ? parse_auto(rest, &how->userns_size, e) : 0;
	if (((rest = text_after(mode, "container:")) || (rest = text_after(mode, "ns:"))) && *rest)
		return 0;
	if (strcmp(mode, "keep-id") == 0 || text_after(mode, "keep-id:") ||
	    strcmp(mode, "nomap") == 0 || strcmp(mode, "private") == 0)
		return err_set(
			e, ERR_UNSUPPORTED,
			"--userns %s: only host, auto[:size=COUNT], container:ID and ns:PATH "
			"are supported, and --uidmap and --gidmap",
			mode);
	return err_set(e, ERR_INVALID, "unrecognized user namespace mode \"%s\"", mode);
}

int create_args_userns(struct arena *a, const struct create_args *args,
		       struct container_create *how, struct err *e)
{
	const struct texts *uids = args->uid_map.n ? &args->uid_map : &args->gid_map;
	const struct texts *gids = args->gid_map.n ? &args->gid_map : &args->uid_map;
	struct container *c = &how->want;
	int r = text_empty(args->userns) ? 0 : parse_mode(args->userns, how, e);

	if (r < 0)
		return r;
	if (uids->n) {
		if (!text_empty(args->userns))
			return err_set(e, ERR_INVALID, "--userns and %s cannot be set together",
				       args->uid_map.n ? "--uidmap" : "--gidmap");
		r = parse_maps(a, "--uidmap", uids, &c->uid_maps, e);
		if (r == 0)
			r = parse_maps(a, "--gidmap", gids, &c->gid_maps, e);
		if (r < 0)
			return r;
	}
	if (args->subuid_name || args->subgid_name) {
		const char *name = args->subuid_name ? args->subuid_name : args->subgid_name;

		if (!text_empty(args->userns) || uids->n)
			return err_set(e, ERR_INVALID, "--%s and --%s cannot be set together",
				       args->subuid_name ? "subuidname" : "subgidname",
				       uids->n ? "uidmap" : "userns");
		r = userns_of_names(a, name, args->subgid_name ? args->subgid_name : name, c, e);
		if (r < 0)
			return r;
		c->namespaces.user = "private";
		return 0;
	}
	c->namespaces.user = text_empty(args->userns) ? NULL : args->userns;
	if (!uids->n && !how->userns_size)
		return 0;
	c->namespaces.user = "private";
	return 0;
}
