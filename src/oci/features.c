/* SPDX-License-Identifier: BSD-2-Clause */
/* The structure of the runtime specification's features.md, and no more than what works. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "oci/criu.h"
#include "runtime/capability.h"
#include "runtime/mount_options.h"
#include "runtime/seccomp_arch.h"
#include "spec/runtime.h"

#define OUTPUT_MAX (1U << 20)

static const char *const hooks[] = {
	"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
	NULL
};
static const char *const archs[] = {
	"SCMP_ARCH_AARCH64",     "SCMP_ARCH_ARM",    "SCMP_ARCH_LOONGARCH64",
	"SCMP_ARCH_M68K",        "SCMP_ARCH_MIPS",   "SCMP_ARCH_MIPS64",
	"SCMP_ARCH_MIPS64N32",   "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64",
	"SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64",
	"SCMP_ARCH_PPC",         "SCMP_ARCH_PPC64",  "SCMP_ARCH_PPC64LE",
	"SCMP_ARCH_RISCV64",     "SCMP_ARCH_S390",   "SCMP_ARCH_S390X",
	"SCMP_ARCH_SH",          "SCMP_ARCH_SHEB",   "SCMP_ARCH_X32",
	"SCMP_ARCH_X86",         "SCMP_ARCH_X86_64", NULL
};
static const char *const seccomp_flags[] = { "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG",
					     "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
					     "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", NULL };
static const char *const memory_flags[] = { "MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES",
					    "MPOL_F_STATIC_NODES", NULL };
static const char *const unsafe[] = { "bundle", "org.systemd.property.", "org.criu.config", NULL };

static json_t *list(const char *const *names)
{
	json_t *l = json_array();

	for (; *names; names++)
		json_array_append_new(l, json_string(*names));
	return l;
}

/* Of a table whose first name is none. */
static json_t *list_table(const char *const *names, size_t n)
{
	json_t *l = json_array();

	for (size_t i = 1; i < n; i++)
		json_array_append_new(l, json_string(names[i]));
	return l;
}

static json_t *list_archs(void)
{
	json_t *l = json_array();

	for (const char *const *a = archs; *a; a++)
		if (seccomp_arch_token(*a))
			json_array_append_new(l, json_string(*a));
	return l;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static json_t *list_mount_options(struct arena *a)
{
	struct texts names = { 0 };

	mount_options_names(a, &names);
	qsort(names.v, names.n, sizeof(*names.v), by_text);
	return list(names.v);
}

static json_t *list_capabilities(struct arena *a)
{
	struct texts names = capability_names(a, capability_all());

	return list(names.v);
}

static json_t *seccomp(void)
{
	return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o}", "enabled", 1, "actions",
			 list_table(oci_seccomp_action_name, OCI_ACTS), "operators",
			 list_table(oci_seccomp_op_name, OCI_CMPS), "archs", list_archs(),
			 "knownFlags", list(seccomp_flags), "supportedFlags", list(seccomp_flags));
}

static json_t *linux_part(struct arena *a)
{
	json_t *cgroup = json_pack("{s:b, s:b, s:b, s:b, s:b}", "v1", 1, "v2", 1, "systemd", 1,
				   "systemdUser", 1, "rdma", 1);

	return json_pack(
		"{s:o, s:o, s:o, s:o, s:{s:b}, s:{s:b}, s:{s:b, s:b, s:b}, s:{s:o, s:o}, s:{s:{s:b}}, "
		"s:{s:b}}",
		"namespaces", list_table(oci_namespace_name, OCI_NS_TYPES), "capabilities",
		list_capabilities(a), "cgroup", cgroup, "seccomp", seccomp(), "apparmor", "enabled",
		1, "selinux", "enabled", 1, "intelRdt", "enabled", 1, "schemata", 1, "monitoring",
		1, "memoryPolicy", "modes", list_table(oci_memory_mode_name, OCI_MPOLS), "flags",
		list(memory_flags), "mountExtensions", "idmap", "enabled", 1, "netDevices",
		"enabled", 1);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct oci_globals *g = globals;
	auto_buf out = BUF(OUTPUT_MAX);
	json_t *all = json_pack("{s:s, s:s, s:o, s:o, s:o, s:{s:s, s:s}, s:o}", "ociVersionMin",
				"1.0.0", "ociVersionMax", OCI_RUNTIME_VERSION, "hooks", list(hooks),
				"mountOptions", list_mount_options(g->arena), "linux",
				linux_part(g->arena), "annotations", "org.berth.version",
				BERTH_VERSION, "org.opencontainers.runc.checkpoint.enabled",
				criu_program(g) ? "true" : "false",
				"potentiallyUnsafeConfigAnnotations", list(unsafe));

	json_print(&out, all, 2);
	buf_addc(&out, '\n');
	json_decref(all);
	return oci_print(g, &out);
}

const struct command oci_features_command = {
	.name = "features",
	.summary = "Show what this runtime can do",
	.description = "Prints what this runtime can do as JSON, as the runtime specification "
		       "has it",
	.examples = "\n",
	.run = run,
};
