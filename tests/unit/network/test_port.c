/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <errno.h>

#include "network/port.h"

static void assert_port(const struct network_port *p, const char *ip, int host, int inside,
			int range, const char *protocol)
{
	assert_string_equal(p->host_ip, ip);
	assert_int_equal(p->host_port, host);
	assert_int_equal(p->container_port, inside);
	assert_int_equal(p->range, range);
	assert_string_equal(p->protocol, protocol);
}

static void ports_are_read_in_all_their_forms(void **state)
{
	static const struct {
		const char *text, *ip;
		int host, inside, range;
		const char *protocol;
	} good[] = {
		{ "80", "", 0, 80, 1, "tcp" },
		{ ":80", "", 0, 80, 1, "tcp" },
		{ "8080:80", "", 8080, 80, 1, "tcp" },
		{ "8080:80/udp", "", 8080, 80, 1, "udp" },
		{ "8080:80/sctp", "", 8080, 80, 1, "sctp" },
		{ "8080:80/UDP", "", 8080, 80, 1, "udp" },
		{ "127.0.0.1:8080:80", "127.0.0.1", 8080, 80, 1, "tcp" },
		{ "127.0.0.1::80", "127.0.0.1", 0, 80, 1, "tcp" },
		{ "[::1]:8080:80", "::1", 8080, 80, 1, "tcp" },
		{ "[::1]::80", "::1", 0, 80, 1, "tcp" },
		{ "8000-8009:80-89", "", 8000, 80, 10, "tcp" },
		{ "80-82/udp", "", 0, 80, 3, "udp" },
		{ "65535:65535", "", 65535, 65535, 1, "tcp" },
	};
	AUTO(arena) a = arena_new();
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct network_ports l = { 0 };

		assert_int_equal(port_parse(a, good[i].text, &l, &e), 0);
		assert_int_equal(l.n, 1);
		assert_port(&l.v[0], good[i].ip, good[i].host, good[i].inside, good[i].range,
			    good[i].protocol);
	}
}

static void bad_ports_are_refused_with_the_reason(void **state)
{
	static const char *const bad[][2] = {
		{ "99999:80", "parsing host port: port numbers must be between 1 and 65535 "
			      "(inclusive), got 99999" },
		{ "0:80", "parsing host port: port numbers must be between 1 and 65535 "
			  "(inclusive), got 0" },
		{ "65536", "parsing container port: port numbers must be between 1 and 65535 "
			   "(inclusive), got 65536" },
		{ "a:80", "parsing host port: invalid port number: parsing \"a\": invalid syntax" },
		{ "80:-1", "parsing container port: port numbers cannot be negative" },
		{ "80-:80",
		  "parsing host port: invalid port number: parsing \"\": invalid syntax" },
		{ "80-90:80", "host and container port ranges have different lengths: 11 vs 1" },
		{ "90-80:90-80", "parsing container port: the end port of a range must be higher "
				 "than the start port - 80 is not higher than 90" },
		{ "1.2.3.4.5:80:80", "cannot parse \"1.2.3.4.5\" as an IP address" },
		{ "localhost:80:80", "cannot parse \"localhost\" as an IP address" },
		{ "::1:80:80", "invalid port format - format is "
			       "[[hostIP:]hostPort:]containerPort" },
		{ "[::1:80:80", "invalid port format - format is "
				"[[hostIP:]hostPort:]containerPort" },
		{ "80:", "must provide a non-empty container port to publish" },
		{ "80:80/", "must provide a non-empty protocol to publish" },
		{ "80:80/foo", "unrecognized protocol \"foo\" in port mapping" },
	};
	AUTO(arena) a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct network_ports l = { 0 };
		struct err e = { 0 };

		if (port_parse(a, bad[i][0], &l, &e) >= 0)
			fail_msg("%s was taken", bad[i][0]);
		assert_string_equal(e.msg, bad[i][1]);
		assert_int_equal(l.n, 0);
	}
}

static void one_mapping_may_be_for_several_protocols(void **state)
{
	AUTO(arena) a = arena_new();
	struct network_ports l = { 0 };
	struct err e;

	assert_int_equal(port_parse(a, "53:53/tcp,udp", &l, &e), 0);
	assert_int_equal(l.n, 2);
	assert_port(&l.v[0], "", 53, 53, 1, "tcp");
	assert_port(&l.v[1], "", 53, 53, 1, "udp");
}

static void what_is_published_is_not_published_again(void **state)
{
	AUTO(arena) a = arena_new();
	struct network_ports l = { 0 };
	struct err e;

	assert_int_equal(port_parse(a, "8080-8082:80-82", &l, &e), 0);
	assert_int_equal(port_parse_exposed(a, "81/tcp", &l, &e), 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(port_parse_exposed(a, "81/udp", &l, &e), 0);
	assert_int_equal(l.n, 2);
	assert_port(&l.v[1], "", 0, 81, 1, "udp");
}

static void one_host_port_cannot_lead_to_two(void **state)
{
	AUTO(arena) a = arena_new();
	struct network_ports l = { 0 };
	struct err e;

	assert_int_equal(port_parse(a, "127.0.0.1:80:80", &l, &e), 0);
	assert_int_equal(port_parse(a, "127.0.0.2:80:80", &l, &e), 0);
	assert_int_equal(port_parse(a, "80:80/udp", &l, &e), 0);
	assert_int_equal(port_check(&l, &e), 0);
	assert_int_equal(port_parse(a, "79-80:179-180", &l, &e), 0);
	assert_int_equal(port_check(&l, &e), -EINVAL);
	assert_string_equal(e.msg, "conflicting port mappings for host port 80 (protocol tcp)");
}

static void an_address_is_among_all_of_its_family(void **state)
{
	static const char *const both[][3] = {
		{ "0.0.0.0:80:80", "127.0.0.1:80:81", "x" },
		{ "[::1]:80:80", "[::]:80:81", "x" },
		{ "80:80", "[::]:80:81", "x" },
		{ "0.0.0.0:80:80", "80:81", "x" },
		{ "0.0.0.0:80:80", "[::]:80:80", NULL },
		{ "0.0.0.0:80:80", "[::1]:80:80", NULL },
	};
	AUTO(arena) a = arena_new();
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		struct network_ports l = { 0 };

		assert_int_equal(port_parse(a, both[i][0], &l, &e), 0);
		assert_int_equal(port_parse(a, both[i][1], &l, &e), 0);
		assert_int_equal(port_check(&l, &e), both[i][2] ? -EINVAL : 0);
	}
}

static void merge(struct arena *a, const char *words, struct network_ports *ret)
{
	struct texts l = texts_split(a, words, ' ');
	struct err e;

	*ret = (struct network_ports){ 0 };
	for (size_t i = 0; i < l.n; i++)
		assert_int_equal(port_parse(a, l.v[i], ret, &e), 0);
	port_merge(ret);
}

static void what_is_said_twice_or_goes_on_is_one_range(void **state)
{
	AUTO(arena) a = arena_new();
	struct network_ports l;

	merge(a, "8002:82 53:53/udp 8001:81 8000:80 8001:81 8003-8005:83-85 8005-8006:85-86", &l);
	assert_int_equal(l.n, 2);
	assert_port(&l.v[0], "", 8000, 80, 7, "tcp");
	assert_port(&l.v[1], "", 53, 53, 1, "udp");
	/* Of other addresses, to other ports, or still to be chosen: each by itself. */
	merge(a, "127.0.0.1:80:80 81:81 8080:80 83 84 81:81/udp 1.2.3.4:82:82", &l);
	assert_int_equal(l.n, 7);
	merge(a, "80:80 81:80 82:81", &l);
	assert_int_equal(l.n, 2);
	assert_port(&l.v[0], "", 80, 80, 1, "tcp");
	assert_port(&l.v[1], "", 81, 80, 2, "tcp");
}

static void open_host_ports_are_chosen_and_free(void **state)
{
	AUTO(arena) a = arena_new();
	struct network_ports l = { 0 };
	struct err e;

	assert_int_equal(port_parse(a, "80", &l, &e), 0);
	assert_int_equal(port_parse(a, "127.0.0.1::90-92/udp", &l, &e), 0);
	assert_int_equal(port_choose(&l, &e), 0);
	assert_in_range(l.v[0].host_port, 1024, 65535);
	assert_in_range(l.v[1].host_port, 1024, 65533);
	assert_int_equal(l.v[1].range, 3);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_are_read_in_all_their_forms),
		cmocka_unit_test(bad_ports_are_refused_with_the_reason),
		cmocka_unit_test(one_mapping_may_be_for_several_protocols),
		cmocka_unit_test(what_is_published_is_not_published_again),
		cmocka_unit_test(an_address_is_among_all_of_its_family),
		cmocka_unit_test(what_is_said_twice_or_goes_on_is_one_range),
		cmocka_unit_test(one_host_port_cannot_lead_to_two),
		cmocka_unit_test(open_host_ports_are_chosen_and_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
