/* SPDX-License-Identifier: BSD-2-Clause */
/* What is left out of a configuration and worth telling; libraries log nothing themselves. */
#include <string.h>

#include "runtime/annotations.h"
#include "runtime/capability.h"
#include "runtime/label.h"

static void warn_capabilities(const struct oci_capabilities *c, struct arena *a, struct texts *ret)
{
	const struct texts *const sets[] = { &c->bounding, &c->effective, &c->permitted,
					     &c->inheritable, &c->ambient };
	struct texts unknown = { 0 }, once = { 0 };
	uint64_t cannot;

	for (size_t i = 0; i < ARRAY_LEN(sets); i++)
		capability_set(a, sets[i], &unknown);
	for (size_t i = 0; i < unknown.n; i++)
		if (!texts_has(&once, unknown.v[i]))
			texts_add(a, &once, unknown.v[i]);
	if (once.n)
		texts_addf(a, ret,
			   "process.capabilities: ignoring unknown or unavailable capabilities: "
			   "[%s]",
			   texts_join(a, &once, " "));
	cannot = capability_set(a, &c->ambient, NULL) & ~(capability_set(a, &c->inheritable, NULL) &
							  capability_set(a, &c->permitted, NULL));
	for (unsigned i = 0; cannot >> i; i++)
		if (cannot >> i & 1)
			texts_addf(a, ret,
				   "process.capabilities.ambient: can't raise ambient capability "
				   "%s: it is not both inheritable and permitted",
				   capability_name(i));
}

static void warn_labels(const struct oci_config *c, struct arena *a, struct texts *ret)
{
	const struct oci_process *p = c->process;

	if (p && !text_empty(p->apparmor_profile) && !label_has_apparmor())
		texts_addf(a, ret, "process.apparmorProfile: AppArmor is off, so %s is ignored",
			   p->apparmor_profile);
	if (p && !text_empty(p->selinux_label) && !label_mounts())
		texts_addf(a, ret, "process.selinuxLabel: SELinux is off, so %s is ignored",
			   p->selinux_label);
	if (c->linux_part && !text_empty(c->linux_part->mount_label) && !label_mounts())
		texts_addf(a, ret, "linux.mountLabel: SELinux is off, so %s is ignored",
			   c->linux_part->mount_label);
}

static void warn_devices(const struct oci_linux_resources *r, struct arena *a, struct texts *ret)
{
	for (size_t i = 0; r && i < r->devices.n; i++) {
		const char *access = r->devices.v[i].access;

		if (access && access[strspn(access, "rwm")])
			texts_addf(a, ret,
				   "linux.resources.devices[%zu].access: of \"%s\" only r, w and m "
				   "mean something, the rest is ignored",
				   i, access);
	}
}

void runtime_warnings(const struct oci_config *c, struct arena *a, struct texts *ret)
{
	struct texts found = { 0 };

	if (c->process && c->process->capabilities)
		warn_capabilities(c->process->capabilities, a, &found);
	warn_labels(c, a, &found);
	if (c->linux_part)
		warn_devices(c->linux_part->resources, a, &found);
	annotations_warn(&c->annotations, a, &found);
	if (c->linux_part && c->linux_part->personality && c->linux_part->personality->flags.n)
		texts_add(a, &found, "linux.personality.flags: none is known, all are ignored");
	if (c->linux_part && c->linux_part->intel_rdt &&
	    (c->linux_part->intel_rdt->enable_cmt || c->linux_part->intel_rdt->enable_mbm))
		texts_add(a, &found,
			  "linux.intelRdt: enableCMT and enableMBM are ignored; enableMonitoring "
			  "took their place");
	if (c->mounts.n && !oci_namespace_find(c, OCI_NS_MOUNT))
		texts_add(a, &found,
			  "mounts: are left out without a mount namespace, for they would be the "
			  "host's");
	for (size_t i = 0; i < c->mounts.n; i++)
		if (c->mounts.v[i].destination[0] != '/')
			texts_addf(
				a, &found,
				"mounts[%zu].destination: %s is relative, and taken to be below /",
				i, c->mounts.v[i].destination);
	*ret = found;
}
