/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crun's annotations (crun(1), "OCI runtime extensions") that berth does not do.  The specification
 * has unknown annotations ignored, but these are known: to run a container without the isolation
 * that one of them asks for would be worse than not to run it, and for the others it is told.
 */
#include "runtime/annotations.h"

static const struct {
	const char *key;
	const char *why; /* NULL: nothing is lost but comfort */
} foreign[] = {
	{ "run.oci.handler", "containers are processes, and neither machines nor wasm" },
	{ "run.oci.seccomp.plugins", "there are no plugins of filters" },
	{ "run.oci.seccomp_bpf_data", "filters are compiled from linux.seccomp" },
	{ "run.oci.delegate-cgroup", NULL },
	{ "run.oci.seccomp.receiver", NULL },
	{ "run.oci.systemd.force_cgroup_v1", NULL },
	{ "run.oci.systemd.subgroup", NULL },
	{ "run.oci.timens_offset", NULL },
};

int annotations_plan(struct build *b, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
		if (foreign[i].why &&
		    !text_empty(text_map_get(&b->config->annotations, foreign[i].key)))
			return err_set(e, ERR_UNSUPPORTED, "annotations.%s: %s", foreign[i].key,
				       foreign[i].why);
	return 0;
}

void annotations_warn(const struct text_map *given, struct arena *a, struct texts *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
		if (!foreign[i].why && !text_empty(text_map_get(given, foreign[i].key)))
			texts_addf(a, ret, "annotations.%s: is ignored", foreign[i].key);
}
