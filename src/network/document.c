/* SPDX-License-Identifier: BSD-2-Clause */
/* The documents of networks: network.json and attachments' network.json. */
#include "network/network.h"

static const struct json_field lease_range_fields[] = {
	JSON_TEXT(network_lease_range, start_ip, "start_ip", 0),
	JSON_TEXT(network_lease_range, end_ip, "end_ip", 0),
	{ 0 },
};
static const struct json_type lease_range_json = JSON_TYPE(network_lease_range, lease_range_fields);

static const struct json_field subnet_fields[] = {
	JSON_TEXT(network_subnet, subnet, "subnet", JSON_REQUIRED),
	JSON_TEXT(network_subnet, gateway, "gateway", 0),
	JSON_OBJECT_PTR(network_subnet, lease_range, "lease_range", 0, lease_range_json),
	{ 0 },
};
const struct json_type network_subnet_json = JSON_TYPE(network_subnet, subnet_fields);

static const struct json_field route_fields[] = {
	JSON_TEXT(network_route, destination, "destination", JSON_REQUIRED),
	JSON_TEXT(network_route, gateway, "gateway", 0),
	JSON_UINT_PTR(network_route, metric, "metric", 0),
	{ 0 },
};
const struct json_type network_route_json = JSON_TYPE(network_route, route_fields);

static const struct json_field network_fields[] = {
	JSON_TEXT(network, name, "name", JSON_REQUIRED),
	JSON_TEXT(network, id, "id", JSON_REQUIRED),
	JSON_TEXT(network, driver, "driver", JSON_REQUIRED),
	JSON_TEXT(network, network_interface, "network_interface", 0),
	JSON_TEXT(network, created, "created", JSON_TIME),
	JSON_ARRAY(network, subnets, "subnets", 0, network_subnet_json),
	JSON_ARRAY(network, routes, "routes", 0, network_route_json),
	JSON_BOOL(network, ipv6_enabled, "ipv6_enabled", JSON_ALWAYS),
	JSON_BOOL(network, internal, "internal", JSON_ALWAYS),
	JSON_BOOL(network, dns_enabled, "dns_enabled", JSON_ALWAYS),
	JSON_TEXTS(network, dns_servers, "network_dns_servers", 0),
	JSON_TEXT_MAP(network, labels, "labels", 0),
	JSON_TEXT_MAP(network, options, "options", 0),
	JSON_TEXT_MAP(network, ipam_options, "ipam_options", 0),
	{ 0 },
};
const struct json_type network_json = JSON_TYPE(network, network_fields);

static const struct json_field attachment_fields[] = {
	JSON_TEXT(network_attachment, network, "network", JSON_REQUIRED),
	JSON_TEXT(network_attachment, interface, "interface", 0),
	JSON_TEXT(network_attachment, host_interface, "hostInterface", 0),
	JSON_TEXT(network_attachment, mac, "mac", 0),
	JSON_TEXTS(network_attachment, addresses, "addresses", 0),
	JSON_TEXTS(network_attachment, aliases, "aliases", 0),
	JSON_TEXTS(network_attachment, arguments, "arguments", 0),
	JSON_TEXT_MAP(network_attachment, options, "options", 0),
	{ 0 },
};
const struct json_type network_attachment_json = JSON_TYPE(network_attachment, attachment_fields);

static const struct json_field port_fields[] = {
	JSON_TEXT(network_port, host_ip, "host_ip", JSON_ALWAYS),
	JSON_INT(network_port, container_port, "container_port", JSON_ALWAYS),
	JSON_INT(network_port, host_port, "host_port", JSON_ALWAYS),
	JSON_INT(network_port, range, "range", JSON_ALWAYS),
	JSON_TEXT(network_port, protocol, "protocol", JSON_ALWAYS),
	{ 0 },
};
const struct json_type network_port_json = JSON_TYPE(network_port, port_fields);

static const struct json_field address_fields[] = {
	JSON_TEXT(network_address, ipnet, "ipnet", JSON_REQUIRED),
	JSON_TEXT(network_address, gateway, "gateway", 0),
	JSON_TEXT(network_address, exact, "exact", 0),
	{ 0 },
};
static const struct json_type address_json = JSON_TYPE(network_address, address_fields);

static const struct json_field device_route_fields[] = {
	JSON_TEXT(network_device_route, destination, "destination", JSON_REQUIRED),
	JSON_TEXT(network_device_route, gateway, "gateway", 0),
	JSON_UINT_PTR(network_device_route, metric, "metric", 0),
	JSON_INT(network_device_route, table, "table", 0),
	JSON_TEXT(network_device_route, exact, "exact", 0),
	{ 0 },
};
static const struct json_type device_route_json =
	JSON_TYPE(network_device_route, device_route_fields);

static const struct json_field device_fields[] = {
	JSON_TEXT(network_device, name, "name", JSON_REQUIRED),
	JSON_TEXT(network_device, alias, "alias", 0),
	JSON_TEXT(network_device, mac, "mac", 0),
	JSON_INT(network_device, index, "index", 0),
	JSON_INT(network_device, inside, "inside", 0),
	JSON_INT(network_device, mtu, "mtu", 0),
	JSON_BOOL(network_device, up, "up", 0),
	JSON_ARRAY(network_device, addresses, "addresses", 0, address_json),
	JSON_ARRAY(network_device, routes, "routes", 0, device_route_json),
	JSON_TEXT_MAP(network_device, settings, "settings", 0),
	{ 0 },
};
static const struct json_type device_json = JSON_TYPE(network_device, device_fields);

static const struct json_field endpoint_fields[] = {
	JSON_TEXT(network_endpoint, network, "network", JSON_REQUIRED),
	JSON_TEXT(network_endpoint, network_id, "networkId", JSON_REQUIRED),
	JSON_TEXT(network_endpoint, driver, "driver", JSON_REQUIRED),
	JSON_TEXT(network_endpoint, interface, "interface", JSON_REQUIRED),
	JSON_TEXT(network_endpoint, host_interface, "hostInterface", 0),
	JSON_TEXT(network_endpoint, bridge, "bridge", 0),
	JSON_TEXT(network_endpoint, mac, "mac", 0),
	JSON_ARRAY(network_endpoint, addresses, "addresses", 0, address_json),
	JSON_TEXTS(network_endpoint, aliases, "aliases", 0),
	JSON_TEXTS(network_endpoint, dns_servers, "dnsServers", 0),
	JSON_BOOL(network_endpoint, internal, "internal", 0),
	JSON_BOOL(network_endpoint, dns_enabled, "dnsEnabled", 0),
	JSON_OBJECT_PTR(network_endpoint, device, "device", 0, device_json),
	{ 0 },
};
const struct json_type network_endpoint_json = JSON_TYPE(network_endpoint, endpoint_fields);

static const struct json_field status_fields[] = {
	JSON_INT(network_status, version, "version", JSON_REQUIRED),
	JSON_TEXT(network_status, id, "id", JSON_REQUIRED),
	JSON_TEXT(network_status, name, "name", 0),
	JSON_INT(network_status, pid, "pid", 0),
	JSON_UINT(network_status, start_time, "startTime", 0),
	JSON_ARRAY(network_status, endpoints, "endpoints", 0, network_endpoint_json),
	JSON_ARRAY(network_status, ports, "ports", 0, network_port_json),
	JSON_BOOL(network_status, named, "named", 0),
	JSON_BOOL(network_status, pinned, "pinned", 0),
	{ 0 },
};
const struct json_type network_status_json = JSON_TYPE(network_status, status_fields);
