/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "network/pasta.h"

#define BEFORE "/bin/pasta --config-net --quiet --pid /run/a/pasta.pid"
#define AFTER  "--no-netns-quit --netns /proc/self/fd/3"

static int arguments(struct arena *a, const struct network_ports *ports, const char *options,
		     char **ret, struct err *e)
{
	struct texts list = texts_split(a, options, ','), argv = { 0 };
	struct pasta how = {
		.path = "/run/a",
		.ports = ports,
		.options = &list,
	};
	int r = pasta_arguments(a, &how, "/bin/pasta", &argv, e);

	*ret = texts_join(a, &argv, " ");
	return r;
}

static void nothing_is_forwarded_that_was_not_asked_for(void **unused)
{
	AUTO(arena) a = arena_new();
	struct network_ports none = { 0 };
	char *words;

	assert_int_equal(arguments(a, &none, "", &words, NULL), 0);
	assert_string_equal(words,
			    BEFORE " -t none -u none -T none -U none --dns-forward 169.254.1.1"
				   " --no-map-gw " AFTER);
}

static void the_resolver_is_what_the_options_say(void **unused)
{
	AUTO(arena) a = arena_new();
	struct texts none = texts_split(a, "--mtu,1400", ',');
	struct texts apart = texts_split(a, "--dns-forward,10.0.2.3", ',');
	struct texts joined = texts_split(a, "--dns-forward=10.0.2.4", ',');
	struct texts off = texts_split(a, "--dns-forward,none", ',');

	assert_string_equal(pasta_resolver(&none), PASTA_DNS);
	assert_string_equal(pasta_resolver(&apart), "10.0.2.3");
	assert_string_equal(pasta_resolver(&joined), "10.0.2.4");
	assert_null(pasta_resolver(&off));
}

static void published_ports_are_forwarded(void **unused)
{
	AUTO(arena) a = arena_new();
	struct network_port ports[] = {
		{ .host_ip = "", .protocol = "tcp", .host_port = 8080, .container_port = 80 },
		{ .host_ip = "127.0.0.1",
		  .protocol = "tcp",
		  .host_port = 9000,
		  .container_port = 90,
		  .range = 10 },
		{ .host_ip = "", .protocol = "udp", .host_port = 53, .container_port = 53 },
	};
	struct network_ports all = { ports, 3 };
	char *words;

	assert_int_equal(arguments(a, &all, "", &words, NULL), 0);
	assert_string_equal(words,
			    BEFORE " -t 8080:80 -t 127.0.0.1/9000-9009:90-99 -u 53:53 -T none"
				   " -U none --dns-forward 169.254.1.1 --no-map-gw " AFTER);
}

static void the_users_options_are_stronger(void **unused)
{
	AUTO(arena) a = arena_new();
	struct network_ports none = { 0 };
	char *words;

	assert_int_equal(arguments(a, &none, "--map-gw,-t,auto,--dns-forward=10.0.0.1,-T,22",
				   &words, NULL),
			 0);
	assert_string_equal(words, BEFORE " -t auto --dns-forward=10.0.0.1 -T 22 -u none"
					  " -U none " AFTER);
}

static void a_protocol_that_pasta_lacks_is_refused(void **unused)
{
	AUTO(arena) a = arena_new();
	struct network_port port = { .host_ip = "", .protocol = "sctp", .host_port = 1 };
	struct network_ports all = { &port, 1 };
	struct err e;
	char *words;

	assert_true(arguments(a, &all, "", &words, &e) < 0);
	assert_string_equal(e.msg, "pasta can't forward protocol sctp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_forwarded_that_was_not_asked_for),
		cmocka_unit_test(the_resolver_is_what_the_options_say),
		cmocka_unit_test(published_ports_are_forwarded),
		cmocka_unit_test(the_users_options_are_stronger),
		cmocka_unit_test(a_protocol_that_pasta_lacks_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
