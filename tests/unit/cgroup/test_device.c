/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <string.h>

#include "cgroup/device.h"
#include "unit.h"

static struct device_rules read_rules(struct arena *a, const char *json)
{
	struct oci_linux_resources *r = ARENA_NEW(a, struct oci_linux_resources);
	struct device_rules rules = { .arena = a };
	struct err e;

	if (json_read(a, json, strlen(json), &oci_linux_resources_json, r, &e) < 0 ||
	    device_rules_read(&rules, &r->devices, &e) < 0)
		fail_msg("%s", e.msg);
	return rules;
}

/* What the kernel would do with the instructions that are used. */
static bool run(const struct device_program *p, char type, unsigned access, uint32_t major,
		uint32_t minor)
{
	struct bpf_cgroup_dev_ctx ctx = {
		.access_type =
			access << 16 | (type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
		.major = major,
		.minor = minor,
	};
	uint64_t r[11] = { 0 };

	for (size_t pc = 0; pc < p->n; pc++) {
		const struct bpf_insn *i = &p->v[pc];
		uint64_t imm = (uint64_t)(int64_t)i->imm;
		uint32_t word;

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			memcpy(&word, (const char *)&ctx + i->off, sizeof(word));
			r[i->dst_reg] = word;
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			r[i->dst_reg] = r[i->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			r[i->dst_reg] = imm;
			break;
		case BPF_ALU64 | BPF_AND | BPF_K:
			r[i->dst_reg] &= imm;
			break;
		case BPF_ALU64 | BPF_RSH | BPF_K:
			r[i->dst_reg] >>= imm;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			pc += r[i->dst_reg] != imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += r[i->dst_reg] == imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return r[0] != 0;
		default:
			fail_msg("instruction %zu is %#x", pc, i->code);
		}
	}
	fail_msg("the program has no end");
	return false;
}

#define DENY_ALL "{\"allow\":false,\"access\":\"rwm\"}"

static void the_last_rule_that_matches_decides_each_kind_of_access(void **state)
{
	AUTO(arena) a = arena_new();
	struct device_rules rules = read_rules(
		a, "{\"devices\":[" DENY_ALL ","
		   "{\"allow\":true,\"type\":\"c\",\"major\":10,\"access\":\"rw\"},"
		   "{\"allow\":false,\"type\":\"c\",\"major\":10,\"minor\":7,\"access\":\"w\"},"
		   "{\"allow\":true,\"type\":\"a\",\"major\":42,\"minor\":1,\"access\":\"r\"}]}");
	struct device_program p = device_rules_compile(a, &rules);

	assert_true(run(&p, 'c', DEVICE_READ | DEVICE_WRITE, 10, 6));
	assert_true(run(&p, 'c', DEVICE_READ, 10, 7));
	assert_false(run(&p, 'c', DEVICE_WRITE, 10, 7));
	assert_false(run(&p, 'c', DEVICE_READ | DEVICE_WRITE, 10, 7));
	assert_false(run(&p, 'b', DEVICE_READ, 10, 6));
	assert_true(run(&p, 'c', DEVICE_READ, 42, 1));
	assert_true(run(&p, 'b', DEVICE_READ, 42, 1));
	assert_false(run(&p, 'b', DEVICE_WRITE, 42, 1));
	/* Part by one rule, part by another. */
	assert_true(run(&p, 'c', DEVICE_READ | DEVICE_MKNOD, 10, 7));
}

static void the_usual_devices_are_always_there(void **state)
{
	AUTO(arena) a = arena_new();
	struct device_rules rules = read_rules(a, "{\"devices\":[" DENY_ALL "]}");
	struct device_program p = device_rules_compile(a, &rules);

	assert_true(run(&p, 'c', DEVICE_ALL, 1, 3));
	assert_true(run(&p, 'c', DEVICE_ALL, 136, 99));
	assert_true(run(&p, 'b', DEVICE_MKNOD, 8, 0));
	assert_false(run(&p, 'b', DEVICE_READ, 8, 0));
	assert_false(run(&p, 'c', DEVICE_READ, 1, 1)); /* mem */
}

static void without_a_rule_for_all_the_rest_is_allowed(void **state)
{
	AUTO(arena) a = arena_new();
	struct device_rules rules =
		read_rules(a, "{\"devices\":[{\"allow\":false,\"type\":\"b\",\"access\":\"w\"}]}");
	struct device_program p = device_rules_compile(a, &rules);

	assert_false(run(&p, 'b', DEVICE_WRITE, 8, 0));
	assert_true(run(&p, 'b', DEVICE_READ, 8, 0));
	assert_true(run(&p, 'c', DEVICE_ALL, 1, 1));
}

static const char *folded(struct arena *a, const char *json)
{
	struct device_rules rules = read_rules(a, json), exceptions = { .arena = a };
	struct texts lines = { 0 };
	bool allow;
	struct err e;

	if (device_rules_fold(&exceptions, &rules, &allow, &e) < 0)
		return arena_strdup(a, e.msg);
	texts_add(a, &lines, allow ? "all" : "none");
	for (size_t i = 0; i < exceptions.n; i++)
		texts_add(a, &lines, arena_strdup(a, device_rule_text(&exceptions.v[i]).text));
	return texts_join(a, &lines, ", ");
}

#define USUAL                                                                                  \
	"c *:* m, b *:* m, c 1:3 rwm, c 1:5 rwm, c 1:7 rwm, c 1:8 rwm, c 1:9 rwm, c 5:0 rwm, " \
	"c 5:1 rwm, c 5:2 rwm, c 136:* rwm, c 10:200 rwm"

static void a_sequence_is_folded_to_a_default_and_exceptions(void **state)
{
	AUTO(arena) a = arena_new();

	assert_string_equal(folded(a, "{\"devices\":[" DENY_ALL "]}"), "none, " USUAL);
	assert_string_equal(
		folded(a, "{\"devices\":[{\"allow\":true,\"type\":\"c\",\"major\":9}," DENY_ALL
			  ",{\"allow\":true,\"type\":\"a\",\"major\":7,\"access\":\"r\"},"
			  "{\"allow\":false,\"type\":\"b\",\"major\":7,\"access\":\"r\"}]}"),
		"none, c 7:* r, " USUAL);
	assert_string_equal(folded(a, "{\"devices\":[{\"allow\":true}]}"), "all");
	assert_string_equal(
		folded(a, "{\"devices\":[{\"allow\":false,\"type\":\"b\",\"access\":\"rw\"}]}"),
		"all, b *:* rw");
}

static void what_v1_cannot_say_is_refused(void **state)
{
	AUTO(arena) a = arena_new();

	assert_string_equal(
		folded(a, "{\"devices\":[" DENY_ALL ",{\"allow\":true,\"type\":\"c\",\"major\":10},"
			  "{\"allow\":false,\"type\":\"c\",\"major\":10,\"minor\":7}]}"),
		"linux.resources.devices: cgroup v1 cannot make an exception (c 10:7 rwm) from another "
		"(c 10:* rwm)");
}

static void nonsense_is_refused(void **state)
{
	static const char *const bad[] = {
		"{\"devices\":[{\"allow\":true,\"type\":\"x\"}]}",
		"{\"devices\":[{\"allow\":true,\"type\":\"c\",\"access\":\"x\"}]}",
		"{\"devices\":[{\"allow\":true,\"type\":\"c\",\"major\":5000}]}",
		"{\"devices\":[{\"allow\":true,\"type\":\"c\",\"minor\":-2}]}",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(arena) a = arena_new();
		struct oci_linux_resources r = { 0 };
		struct device_rules rules = { .arena = a };
		struct err e;

		assert_int_equal(json_read(a, bad[i], strlen(bad[i]), &oci_linux_resources_json, &r,
					   &e),
				 0);
		assert_int_equal(device_rules_read(&rules, &r.devices, &e), -EINVAL);
		assert_non_null(strstr(e.msg, "linux.resources.devices[0]"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_rule_that_matches_decides_each_kind_of_access),
		cmocka_unit_test(the_usual_devices_are_always_there),
		cmocka_unit_test(without_a_rule_for_all_the_rest_is_allowed),
		cmocka_unit_test(a_sequence_is_folded_to_a_default_and_exceptions),
		cmocka_unit_test(what_v1_cannot_say_is_refused),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
