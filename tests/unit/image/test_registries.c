/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/registries.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct registries conf_of(struct arena *a, const char *text)
{
	struct registries c = { 0 };
	struct err e = { 0 };

	if (registries_add(a, &c, "conf", text, strlen(text), &e) < 0)
		fail_msg("%s", e.msg);
	return c;
}

static struct reference name_of(struct arena *a, const char *text)
{
	struct reference r;
	struct err e = { 0 };

	if (reference_parse(a, text, &r, &e) < 0)
		fail_msg("%s", e.msg);
	if (r.domain)
		reference_normalise(a, &r);
	return r;
}

static void the_longest_prefix_that_ends_at_a_part_wins(void **state)
{
	static const struct {
		const char *name, *prefix;
	} cases[] = {
		{ "quay.io/a/b", "quay.io" },
		{ "quay.io/team/b", "quay.io/team" },
		{ "quay.io/team/app:1", "quay.io/team/app" },
		{ "quay.io/team/application", "quay.io/team" },
		{ "quay.io.evil/x", NULL },
		{ "quay.io:444/x", "quay.io" },
		{ "a.example.com/x", "*.example.com" },
		{ "a.b.example.com:5000/x", "*.example.com" },
		{ "example.com/x", NULL },
		{ "aexample.com/x", NULL },
		{ "r.test/x/a.example.com", NULL },
	};
	AUTO(arena) a = arena_new();
	struct registries c =
		conf_of(a, "[[registry]]\nlocation='quay.io'\n"
			   "[[registry]]\nprefix='quay.io/team'\nlocation='x.test/y/'\n"
			   "[[registry]]\nprefix='quay.io/team/app'\n"
			   "[[registry]]\nprefix='*.example.com'\n");

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct reference r = name_of(a, cases[i].name);
		const struct registries_entry *n = registries_find(&c, a, &r);

		if (!text_eq(n ? n->prefix : NULL, cases[i].prefix))
			fail_msg("%s is taken by %s", cases[i].name, n ? n->prefix : "none");
	}
}

static void expect_places(struct arena *a, const struct registries *c, const char *name,
			  const char *expected)
{
	struct reference r = name_of(a, name);
	struct registries_places p;
	struct texts all = { 0 };
	struct err e = { 0 };

	assert_int_equal(registries_places(a, c, &r, &p, &e), 0);
	for (size_t i = 0; i < p.n; i++)
		texts_addf(a, &all, "%s%s%s", reference_print(a, &p.v[i].reference),
			   p.v[i].insecure ? " insecure" : "", p.v[i].mirror ? " mirror" : "");
	assert_string_equal(texts_join(a, &all, ", "), expected);
}

static void mirrors_come_first_and_keep_the_rest_of_the_name(void **state)
{
	AUTO(arena) a = arena_new();
	struct registries c = conf_of(
		a,
		"[[registry]]\nprefix='docker.io/library'\nlocation='mirror.test/hub'\ninsecure=true\n"
		"[[registry.mirror]]\nlocation='m1.test:5000/x'\n"
		"[[registry.mirror]]\nlocation='m2.test'\ninsecure=true\npull-from-mirror='digest-only'\n"
		"[[registry.mirror]]\nlocation='m3.test'\npull-from-mirror='tag-only'\n"
		"[[registry]]\nprefix='*.corp.test'\nlocation='proxy.test/corp'\n");

	expect_places(a, &c, "docker.io/nginx:1",
		      "m1.test:5000/x/nginx:1 mirror, m3.test/nginx:1 mirror, "
		      "mirror.test/hub/nginx:1 insecure");
	expect_places(a, &c, "docker.io/nginx@sha256:" HEX,
		      "m1.test:5000/x/nginx@sha256:" HEX " mirror, m2.test/nginx@sha256:" HEX
		      " insecure mirror, mirror.test/hub/nginx@sha256:" HEX " insecure");
	expect_places(a, &c, "a.corp.test/x/y:1", "proxy.test/corp/x/y:1");
	expect_places(a, &c, "quay.io/x:1", "quay.io/x:1");
}

static void a_blocked_registry_is_refused(void **state)
{
	AUTO(arena) a = arena_new();
	struct registries c = conf_of(a, "[[registry]]\nlocation='bad.test'\nblocked=true\n");
	struct reference r = name_of(a, "bad.test/x");
	struct registries_places p;
	struct err e = { 0 };

	assert_int_equal(registries_places(a, &c, &r, &p, &e), -EACCES);
	assert_string_equal(e.msg, "registry bad.test is blocked in registries.conf");
}

static const char *names_of(struct arena *a, const struct registries *c, const char *name)
{
	struct reference r = name_of(a, name);
	struct registries_names names;
	struct texts all = { 0 };
	struct err e = { 0 };

	if (registries_resolve(a, c, &r, false, &names, &e) < 0)
		return arena_strdup(a, e.msg);
	for (size_t i = 0; i < names.n; i++)
		texts_add(a, &all, reference_print(a, &names.v[i]));
	return texts_join(a, &all, ", ");
}

static void short_names_are_aliases_or_searched_for(void **state)
{
	AUTO(arena) a = arena_new();
	struct registries c = conf_of(a, "unqualified-search-registries=['quay.io','docker.io']\n"
					 "[aliases]\ndebian='docker.io/library/debian'\n"
					 "'team/app'='registry.test/team/app'\n");

	assert_string_equal(names_of(a, &c, "debian:12"), "docker.io/library/debian:12");
	assert_string_equal(names_of(a, &c, "team/app"), "registry.test/team/app:latest");
	assert_string_equal(names_of(a, &c, "nginx"),
			    "quay.io/nginx:latest, docker.io/library/nginx:latest");
	assert_string_equal(names_of(a, &c, "docker.io/nginx"), "docker.io/library/nginx:latest");
	c.mode = REGISTRIES_ENFORCING;
	assert_string_equal(names_of(a, &c, "nginx"),
			    "short-name resolution enforced but cannot prompt without a TTY");
	c.mode = REGISTRIES_DISABLED;
	assert_string_equal(names_of(a, &c, "debian"),
			    "quay.io/debian:latest, docker.io/library/debian:latest");
	c = conf_of(a, "unqualified-search-registries=[]");
	assert_string_equal(names_of(a, &c, "nginx"),
			    "short-name \"nginx\" did not resolve to an alias and no "
			    "unqualified-search registries are defined in \"conf\"");
}

static void a_later_file_wins(void **state)
{
	static const char later[] = "short-name-mode='disabled'\n[aliases]\nx=''\ny='b.test/y'\n"
				    "[[registry]]\nlocation='q.test'\nblocked=true\n";
	AUTO(arena) a = arena_new();
	struct registries c =
		conf_of(a, "unqualified-search-registries=['s.test']\n[aliases]\nx='a.test/x'\n"
			   "y='a.test/y'\n[[registry]]\nlocation='q.test'\n");
	struct err e = { 0 };

	assert_int_equal(registries_add(a, &c, "later", later, strlen(later), &e), 0);
	assert_null(text_map_get(&c.aliases, "x"));
	assert_string_equal(text_map_get(&c.aliases, "y"), "b.test/y");
	assert_string_equal(text_map_get(&c.aliases_from, "y"), "later");
	assert_int_equal(c.search.n, 1);
	assert_int_equal(c.mode, REGISTRIES_DISABLED);
	assert_int_equal(c.entries.n, 1);
	assert_true(c.entries.v[0].blocked);
}

static void what_makes_no_sense_is_named(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "[[registry]]\ninsecure='yes'\nlocation='x'",
		  "conf: registry[0].insecure: expected true or false" },
		{ "[[registry]]\nblocked=true", "conf: a registry without prefix and location" },
		{ "[[registry]]\nlocation='https://x.test'",
		  "conf: invalid location \"https://x.test\": it is written without http:// or https://" },
		{ "[[registry]]\nprefix='a.*.test'",
		  "conf: invalid prefix \"a.*.test\": a wildcard is \"*.\" in front" },
		{ "[registries.search]\nregistries=['docker.io']",
		  "conf: registries.conf must be in version 2 of its format, not in version 1" },
		{ "short-name-mode='often'", NULL },
		{ "unqualified-search-registries='docker.io'", NULL },
		{ "x = ", "conf:1: a value is missing" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(arena) a = arena_new();
		struct registries c = { 0 };
		struct err e = { 0 };

		if (registries_add(a, &c, "conf", cases[i].text, strlen(cases[i].text), &e) !=
		    -EINVAL)
			fail_msg("%s was accepted", cases[i].text);
		if (cases[i].error)
			assert_string_equal(e.msg, cases[i].error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longest_prefix_that_ends_at_a_part_wins),
		cmocka_unit_test(mirrors_come_first_and_keep_the_rest_of_the_name),
		cmocka_unit_test(a_blocked_registry_is_refused),
		cmocka_unit_test(short_names_are_aliases_or_searched_for),
		cmocka_unit_test(a_later_file_wins),
		cmocka_unit_test(what_makes_no_sense_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
