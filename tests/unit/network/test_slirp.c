/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "network/slirp.h"

#define ALWAYS "/bin/slirp4netns --configure --enable-sandbox"
#define AFTER \
	"--api-socket=../c/slirp4netns.sock --ready-fd=4 --netns-type=path /proc/self/fd/3 tap0"

static struct network_ports no_ports;

static void check(const char *options, const char *expected)
{
	AUTO(arena) a = arena_new();
	struct texts list = texts_split(a, options, ','), argv = { 0 };
	struct slirp how = { .id = "c", .ports = &no_ports, .options = &list };

	assert_int_equal(slirp_arguments(a, &how, "/bin/slirp4netns", &argv, NULL), 0);
	assert_string_equal(texts_join(a, &argv, " "), expected);
}

static void each_option_is_told_to_slirp4netns(void **unused)
{
	check("", ALWAYS " --mtu=65520 --disable-host-loopback " AFTER);
	check("port_handler=slirp4netns", ALWAYS " --mtu=65520 --disable-host-loopback " AFTER);
	check("mtu=1400", ALWAYS " --mtu=1400 --disable-host-loopback " AFTER);
	check("allow_host_loopback=true", ALWAYS " --mtu=65520 " AFTER);
	check("allow_host_loopback=false", ALWAYS " --mtu=65520 --disable-host-loopback " AFTER);
	check("enable_ipv6=true",
	      ALWAYS " --mtu=65520 --disable-host-loopback --enable-ipv6 " AFTER);
	check("cidr=10.7.0.0/24",
	      ALWAYS " --mtu=65520 --disable-host-loopback --cidr=10.7.0.0/24 " AFTER);
	check("outbound_addr=eth0,outbound_addr6=2001:db8::1",
	      ALWAYS " --mtu=65520 --disable-host-loopback --outbound-addr=eth0"
		     " --outbound-addr6=2001:db8::1 " AFTER);
}

static void what_makes_no_sense_is_refused(void **unused)
{
	static const char *const bad[] = {
		"foo=1",          "mtu",
		"mtu=",           "mtu=67",
		"mtu=65522",      "cidr=x",
		"cidr=fd00::/64", "allow_host_loopback=yes",
		"enable_ipv6=2",  "port_handler=rootlesskit",
	};
	AUTO(arena) a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct texts list = texts_split(a, bad[i], ',');
		struct err e = { 0 };

		if (slirp_check(&list, &e) >= 0)
			fail_msg("%s", bad[i]);
		assert_true(e.msg[0]);
	}
}

static void ports_that_it_cannot_forward_are_refused(void **unused)
{
	AUTO(arena) a = arena_new();
	struct network_port one[] = {
		{ .host_ip = "", .protocol = "sctp", .host_port = 80, .container_port = 80 },
		{ .host_ip = "::1", .protocol = "tcp", .host_port = 80, .container_port = 80 },
	};

	for (size_t i = 0; i < ARRAY_LEN(one); i++) {
		struct network_ports ports = { &one[i], 1 };
		struct slirp how = { .id = "c", .ports = &ports };
		struct texts argv = { 0 };
		struct err e = { 0 };

		assert_true(slirp_arguments(a, &how, "/bin/slirp4netns", &argv, &e) < 0);
		assert_int_equal(e.kind, ERR_UNSUPPORTED);
	}
}

static void names_are_asked_of_the_third_address(void **unused)
{
	AUTO(arena) a = arena_new();
	struct texts list = texts_split(a, "cidr=10.7.0.0/24", ',');

	assert_string_equal(slirp_resolver(a, NULL), "10.0.2.3");
	assert_string_equal(slirp_resolver(a, &list), "10.7.0.3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_option_is_told_to_slirp4netns),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(ports_that_it_cannot_forward_are_refused),
		cmocka_unit_test(names_are_asked_of_the_third_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
