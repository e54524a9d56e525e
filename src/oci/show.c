/* SPDX-License-Identifier: BSD-2-Clause */
#include "oci/show.h"

#include "base/path.h"

/* runc's order, which callers match. */
static const struct json_field shown_fields[] = {
	JSON_TEXT(shown, oci_version, "ociVersion", JSON_ALWAYS),
	JSON_TEXT(shown, id, "id", JSON_ALWAYS),
	JSON_INT(shown, pid, "pid", JSON_ALWAYS),
	JSON_TEXT(shown, status, "status", JSON_ALWAYS),
	JSON_TEXT(shown, bundle, "bundle", JSON_ALWAYS),
	JSON_TEXT(shown, rootfs, "rootfs", JSON_ALWAYS),
	JSON_TEXT(shown, created, "created", JSON_ALWAYS),
	JSON_TEXT(shown, scope, "systemd-scope", 0),
	JSON_TEXT_MAP(shown, annotations, "annotations", 0),
	JSON_TEXT(shown, owner, "owner", JSON_ALWAYS),
	{ 0 },
};

const struct json_type shown_json = JSON_TYPE(shown, shown_fields);

void show_fill(const struct oci_globals *g, const struct record_at *at, struct shown *ret)
{
	const struct record *r = &at->r;
	enum record_status s = record_status(at);

	*ret = (struct shown){
		.oci_version = r->oci_version,
		.id = r->id,
		.pid = s == RECORD_STOPPED || s == RECORD_CREATING ? 0 : r->pid,
		.status = record_status_name[s],
		.bundle = r->bundle,
		.rootfs = r->rootfs,
		.created = r->created,
		.owner = "",
		.annotations = r->annotations,
	};
	if (text_eq(r->cgroup_manager, "systemd") && !text_empty(r->cgroup))
		ret->scope = path_base(r->cgroup);
}
