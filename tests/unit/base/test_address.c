/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/address.h"
#include "base/scope.h"

#include "unit.h"

static struct address net(const char *s)
{
	struct address a;

	assert_true(address_parse_net(s, &a));
	return a;
}

static struct address one(const char *s)
{
	struct address a;

	assert_true(address_parse(s, &a));
	return a;
}

static void both_families_print_as_they_were_read(void **state)
{
	static const char *const texts[] = { "10.0.0.1/24", "0.0.0.0/0",   "fd00::1/64",
					     "::/0",        "10.1.2.3/32", "fe80::1/128" };
	char text[ADDRESS_TEXT];

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct address a = net(texts[i]);

		assert_string_equal(address_print_net(&a, text), texts[i]);
	}
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const texts[] = {
		"",           "10.0.0.0", "10.0.0.0/33", "10.0.0.0/",   "10.0.0/24",
		"fd00::/129", "x/24",     "10.0.0.0/-1", "10.0.0.0/2x", "10.0.0.0/0024"
	};
	struct address a;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_false(address_parse_net(texts[i], &a));
	assert_false(address_parse("10.0.0.1/24", &a));
	assert_false(address_parse("256.0.0.1", &a));
}

static void a_network_has_a_first_and_a_last_address(void **state)
{
	struct address n = net("10.89.3.77/22"), a;
	char text[ADDRESS_TEXT];

	a = address_first(&n);
	assert_string_equal(address_print_net(&a, text), "10.89.0.0/22");
	a = address_last(&n);
	assert_string_equal(address_print(&a, text), "10.89.3.255");
	n = net("fd00:1::/63");
	a = address_last(&n);
	assert_string_equal(address_print(&a, text), "fd00:1:0:1:ffff:ffff:ffff:ffff");
}

static void counting_carries(void **state)
{
	struct address a = one("10.0.255.255");
	char text[ADDRESS_TEXT];

	a = address_plus(&a, 1);
	assert_string_equal(address_print(&a, text), "10.1.0.0");
	a = one("fd00::ffff:ffff");
	a = address_plus(&a, 2);
	assert_string_equal(address_print(&a, text), "fd00::1:0:1");
}

static void networks_contain_and_overlap(void **state)
{
	struct address wide = net("10.0.0.0/8"), narrow = net("10.1.2.0/24"),
		       other = net("11.0.0.0/8"), six = net("fd00::/8"), a = one("10.1.2.3");

	assert_true(address_contains(&narrow, &a));
	assert_false(address_contains(&other, &a));
	assert_false(address_contains(&six, &a));
	assert_true(address_overlaps(&wide, &narrow));
	assert_true(address_overlaps(&narrow, &wide));
	assert_false(address_overlaps(&narrow, &other));
}

static void hardware_addresses_are_six_pairs(void **state)
{
	unsigned char mac[MAC_LEN];
	char text[MAC_TEXT];

	assert_true(mac_parse("00:C0:ff:ee:00:01", mac));
	assert_string_equal(mac_print(mac, text), "00:c0:ff:ee:00:01");
	assert_true(mac_parse("00-c0-ff-ee-00-01", mac));
	assert_false(mac_parse("00:c0:ff:ee:00", mac));
	assert_false(mac_parse("00:c0:ff-ee:00:01", mac));
	assert_false(mac_parse("00:c0:ff:ee:00:0g", mac));
	assert_false(mac_parse("00:c0:ff:ee:00:011", mac));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_families_print_as_they_were_read),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(a_network_has_a_first_and_a_last_address),
		cmocka_unit_test(counting_carries),
		cmocka_unit_test(networks_contain_and_overlap),
		cmocka_unit_test(hardware_addresses_are_six_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
