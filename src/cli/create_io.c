/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits of block I/O by device, and files of cgroup v2. */
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/units.h"
#include "cli/create_args.h"

/* "PATH:VALUE": the device's numbers and the value's text. */
static int parse_device(struct arena *a, const char *option, const char *text, int64_t *major_,
			int64_t *minor_, const char **ret_value, struct err *e)
{
	const char *colon = strrchr(text, ':');
	const char *path = colon ? arena_strndup(a, text, (size_t)(colon - text)) : text;
	struct stat st;

	if (!colon || *path != '/')
		return err_set(e, ERR_INVALID, "%s %s: bad format: it is DEVICE:VALUE", option,
			       text);
	if (stat(path, &st) < 0)
		return err_sys(e, "%s %s", option, path);
	if (!S_ISBLK(st.st_mode))
		return err_set(e, ERR_INVALID, "%s %s: not a block device", option, path);
	*major_ = major(st.st_rdev);
	*minor_ = minor(st.st_rdev);
	*ret_value = colon + 1;
	return 0;
}

static int parse_rates(struct arena *a, const char *option, const struct texts *l, bool bytes,
		       struct oci_throttle_devices *ret, struct err *e)
{
	ret->v = arena_array(a, l->n, sizeof(*ret->v));
	for (ret->n = 0; ret->n < l->n; ret->n++) {
		struct oci_throttle_device *d = &ret->v[ret->n];
		const char *value;
		int64_t rate = 0;
		int r = parse_device(a, option, l->v[ret->n], &d->major, &d->minor, &value, e);

		if (r == 0)
			r = bytes ? size_parse(value, &rate, e)
				  : text_to_int(value, 0, INT64_MAX, &rate, "rate", e);
		if (r < 0)
			return err_wrap(e, "%s", option);
		d->rate = (uint64_t)rate;
	}
	return 0;
}

static int parse_weights(struct arena *a, const struct texts *l, struct oci_weight_devices *ret,
			 struct err *e)
{
	ret->v = arena_array(a, l->n, sizeof(*ret->v));
	for (ret->n = 0; ret->n < l->n; ret->n++) {
		struct oci_weight_device *d = &ret->v[ret->n];
		const char *value;
		uint64_t weight;
		int64_t n;
		int r = parse_device(a, "--blkio-weight-device", l->v[ret->n], &d->major, &d->minor,
				     &value, e);

		if (r == 0)
			r = text_to_int(value, 10, 1000, &n, "--blkio-weight-device", e);
		if (r < 0)
			return r;
		weight = (uint64_t)n;
		d->weight = arena_copy(a, &weight, sizeof(weight));
	}
	return 0;
}

static int parse_files(struct arena *a, const struct texts *l, struct text_map *ret, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		size_t n = strcspn(l->v[i], "=");

		if (!l->v[i][n] || n == 0)
			return err_set(e, ERR_INVALID,
				       "--cgroup-conf %s: it is FILE=VALUE, such as "
				       "memory.high=1073741824",
				       l->v[i]);
		text_map_set(a, ret, arena_strndup(a, l->v[i], n), l->v[i] + n + 1);
	}
	return 0;
}

bool create_args_want_io(const struct create_args *args)
{
	return args->blkio_weight_given || args->blkio_weight_device.n || args->read_bps.n ||
	       args->write_bps.n || args->read_iops.n || args->write_iops.n;
}

int create_args_io(struct arena *a, const struct create_args *args, struct oci_linux_resources *res,
		   struct err *e)
{
	struct oci_block_io *io = ARENA_NEW(a, struct oci_block_io);
	int r = parse_files(a, &args->cgroup_conf, &res->unified, e);

	if (r < 0 || !create_args_want_io(args))
		return r;
	if (args->blkio_weight_given) {
		if (args->blkio_weight < 10 || args->blkio_weight > 1000)
			return err_set(e, ERR_INVALID,
				       "blkio-weight must be between 10 and 1000, got %llu",
				       (unsigned long long)args->blkio_weight);
		io->weight = arena_copy(a, &args->blkio_weight, sizeof(args->blkio_weight));
	}
	r = parse_weights(a, &args->blkio_weight_device, &io->weight_devices, e);
	if (r == 0)
		r = parse_rates(a, "--device-read-bps", &args->read_bps, true, &io->read_bps, e);
	if (r == 0)
		r = parse_rates(a, "--device-write-bps", &args->write_bps, true, &io->write_bps, e);
	if (r == 0)
		r = parse_rates(a, "--device-read-iops", &args->read_iops, false, &io->read_iops,
				e);
	if (r == 0)
		r = parse_rates(a, "--device-write-iops", &args->write_iops, false, &io->write_iops,
				e);
	if (r == 0)
		res->block_io = io;
	return r;
}
