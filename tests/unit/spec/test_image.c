/* SPDX-License-Identifier: BSD-2-Clause */
#include "spec/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define DESCRIPTOR(type, hex) \
	"{\"mediaType\":\"" type "\",\"digest\":\"sha256:" hex "\",\"size\":7}"
#define MANIFEST(layer)                                                      \
	"{\"schemaVersion\":2,\"config\":" DESCRIPTOR(IMAGE_TYPE_OCI_CONFIG, \
						      HEX_A) ",\"layers\":[" layer "]}"

static void a_manifest_is_read(void **state)
{
	static const char text[] = MANIFEST(DESCRIPTOR(IMAGE_TYPE_OCI_LAYER "+zstd", HEX_B));
	AUTO(arena) a = arena_new();
	struct image_manifest m;
	struct err e = { 0 };

	assert_int_equal(image_manifest_read(a, text, strlen(text), &m, &e), 0);
	assert_int_equal(m.layers.n, 1);
	assert_string_equal(m.layers.v[0].digest, "sha256:" HEX_B);
	assert_int_equal(m.layers.v[0].size, 7);
	assert_string_equal(m.config.digest, "sha256:" HEX_A);
}

static void a_bad_manifest_is_refused_by_name(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "[]", "image manifest: " },
		{ "{}", "schemaVersion" },
		{ "{\"schemaVersion\":1,\"config\":{},\"layers\":[]}", "digest" },
		{ MANIFEST(DESCRIPTOR("text/plain", HEX_B)),
		  "unsupported media type \"text/plain\"" },
		{ MANIFEST(DESCRIPTOR(IMAGE_TYPE_OCI_LAYER "+encrypted", HEX_B)), "is encrypted" },
		{ MANIFEST(DESCRIPTOR(IMAGE_TYPE_OCI_LAYER, "zz")), "is not a digest" },
		{ "{\"schemaVersion\":2,\"config\":{\"digest\":\"sha256:" HEX_A
		  "\",\"size\":-1},\"layers\":[]}",
		  "config.size" },
		{ "{\"schemaVersion\":2,\"config\":" DESCRIPTOR("application/x-helm",
								HEX_A) ",\"layers\":[]}",
		  "an artifact (application/x-helm), not an image" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(arena) a = arena_new();
		struct image_manifest m;
		struct err e = { 0 };

		assert_true(image_manifest_read(a, cases[i].text, strlen(cases[i].text), &m, &e) <
			    0);
		if (!strstr(e.msg, cases[i].why))
			fail_msg("%zu: %s", i, e.msg);
	}
}

static void a_configuration_says_how_to_start(void **state)
{
	static const char text[] =
		"{\"architecture\":\"arm\",\"variant\":\"v7\",\"os\":\"linux\",\"config\":{"
		"\"Env\":[\"A=b\"],\"Cmd\":[\"sh\"],\"Entrypoint\":null,\"User\":\"1:2\","
		"\"ExposedPorts\":{\"80/tcp\":{}},\"Volumes\":{\"/data\":{}},"
		"\"Labels\":{\"k\":\"v\"},\"Healthcheck\":{\"Test\":[\"NONE\"]}},"
		"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:" HEX_A "\"]},"
		"\"history\":[{\"created_by\":\"x\"},{\"empty_layer\":true}]}";
	AUTO(arena) a = arena_new();
	struct image_config c;
	struct err e = { 0 };

	assert_int_equal(image_config_read(a, text, strlen(text), &c, &e), 0);
	assert_string_equal(c.config.env.v[0], "A=b");
	assert_int_equal(c.config.entrypoint.n, 0);
	assert_string_equal(c.config.exposed_ports.v[0].key, "80/tcp");
	assert_string_equal(c.config.volumes.v[0].key, "/data");
	assert_string_equal(c.config.healthcheck->test.v[0], "NONE");
	assert_int_equal(c.history.n, 2);
	assert_true(c.history.v[1].empty_layer);
}

static void a_document_without_media_type_is_known_by_its_members(void **state)
{
	AUTO(arena) a = arena_new();
	struct err e = { 0 };
	const char *type;

	assert_int_equal(image_media_type_of(a, "{\"manifests\":[]}", 16, &type, &e), 0);
	assert_int_equal(image_media(type), IMAGE_MEDIA_INDEX);
	assert_int_equal(image_media_type_of(a, "{\"schemaVersion\":1}", 19, &type, &e), 0);
	assert_int_equal(image_media(type), IMAGE_MEDIA_SCHEMA1);
	assert_int_equal(image_media_type_of(a, "{\"layers\":[]}", 13, &type, &e), 0);
	assert_int_equal(image_media(type), IMAGE_MEDIA_MANIFEST);
	assert_int_equal(image_media("application/vnd.oci.image.index.v1+json; charset=utf-8"),
			 IMAGE_MEDIA_INDEX);
}

/* "amd64 arm/v6 arm/v7 arm64/v8": which is taken for `want`. */
static const char *chosen(struct arena *a, const char *have, const char *want)
{
	struct texts names = texts_split(a, have, ' ');
	struct image_index index = { 0 };
	struct image_platform platform;
	struct err e = { 0 };
	const struct image_descriptor *d;

	index.manifests.v = arena_array(a, names.n, sizeof(*index.manifests.v));
	index.manifests.n = names.n;
	for (size_t i = 0; i < names.n; i++) {
		struct image_platform *p = ARENA_NEW(a, struct image_platform);

		assert_int_equal(image_platform_parse(a, names.v[i], p, &e), 0);
		index.manifests.v[i].platform = p;
		index.manifests.v[i].digest = names.v[i];
	}
	assert_int_equal(image_platform_parse(a, want, &platform, &e), 0);
	d = image_index_choose(&index, &platform);
	return d ? d->digest : "none";
}

static void the_best_platform_of_an_index_is_taken(void **state)
{
	AUTO(arena) a = arena_new();
	const char *arms = "linux/amd64 linux/arm/v5 linux/arm/v7 linux/arm/v6 linux/arm64/v8";

	assert_string_equal(chosen(a, arms, "linux/amd64"), "linux/amd64");
	assert_string_equal(chosen(a, arms, "linux/arm/v7"), "linux/arm/v7");
	assert_string_equal(chosen(a, arms, "linux/arm/v6"), "linux/arm/v6");
	assert_string_equal(chosen(a, arms, "linux/arm"), "linux/arm/v7");
	assert_string_equal(chosen(a, arms, "linux/arm64"), "linux/arm64/v8");
	assert_string_equal(chosen(a, "linux/arm64", "linux/arm64/v8"), "linux/arm64");
	assert_string_equal(chosen(a, arms, "linux/riscv64"), "none");
	assert_string_equal(chosen(a, "linux/arm/v7", "linux/arm/v6"), "none");
	assert_string_equal(chosen(a, "windows/amd64", "linux/amd64"), "none");
	assert_string_equal(chosen(a, "linux/amd64/v3 linux/amd64", "linux/amd64"), "linux/amd64");
	assert_string_equal(chosen(a, "linux/amd64/v3", "linux/amd64"), "none");
}

static void a_chain_id_hashes_its_parent_and_its_layer(void **state)
{
	AUTO(arena) a = arena_new();
	const char *one = image_chain_id(a, NULL, "sha256:" HEX_A);

	assert_string_equal(one, "sha256:" HEX_A);
	/* printf 'sha256:aaa… sha256:bbb…' | sha256sum */
	assert_string_equal(
		image_chain_id(a, one, "sha256:" HEX_B),
		"sha256:ccd722928bd92476ba1745586fed6e45a102504185ad88cd89e01ff116fd146c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_manifest_is_read),
		cmocka_unit_test(a_bad_manifest_is_refused_by_name),
		cmocka_unit_test(a_configuration_says_how_to_start),
		cmocka_unit_test(a_document_without_media_type_is_known_by_its_members),
		cmocka_unit_test(the_best_platform_of_an_index_is_taken),
		cmocka_unit_test(a_chain_id_hashes_its_parent_and_its_layer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
