/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/format.h"
#include "cli/network_filter.h"

#define OUTPUT_MAX  ((size_t)16 << 20)
#define ID_SHORT    12
#define LIST_INDENT 2

struct ls_args {
	const char *format;
	bool quiet, no_heading, no_trunc;
	struct texts filters;
};

static const struct option ls_options[] = {
	OPTION_LIST(ls_args, filters, "filter", 'f', "FILTER",
		    "Show those that match: name, id, label, driver, dangling, until"),
	OPTION_TEXT(ls_args, format, "format", 0, "FORMAT", "json, or a Go template"),
	OPTION_FLAG(ls_args, no_trunc, "no-trunc", 0, "Whole IDs"),
	OPTION_FLAG(ls_args, no_heading, "noheading", 'n', "No headings"),
	OPTION_FLAG(ls_args, quiet, "quiet", 'q', "Names only"),
	{ 0 },
};

struct network_row {
	const char *name, *id, *driver, *interface, *created, *labels;
	bool ipv6_enabled, internal, dns_enabled;
	struct text_map options, ipam_options;
	struct network_subnets subnets;
	struct network_routes routes;
	struct texts dns_servers;
};
static const struct json_field network_row_fields[] = {
	JSON_TEXT(network_row, name, "Name", 0),
	JSON_TEXT(network_row, id, "ID", 0),
	JSON_TEXT(network_row, driver, "Driver", 0),
	JSON_TEXT(network_row, interface, "NetworkInterface", 0),
	JSON_TEXT(network_row, created, "Created", JSON_TIME),
	JSON_TEXT(network_row, labels, "Labels", 0),
	JSON_BOOL(network_row, ipv6_enabled, "IPv6Enabled", 0),
	JSON_BOOL(network_row, internal, "Internal", 0),
	JSON_BOOL(network_row, dns_enabled, "DNSEnabled", 0),
	JSON_TEXT_MAP(network_row, options, "Options", 0),
	JSON_TEXT_MAP(network_row, ipam_options, "IPAMOptions", 0),
	JSON_ARRAY(network_row, subnets, "Subnets", 0, network_subnet_json),
	JSON_ARRAY(network_row, routes, "Routes", 0, network_route_json),
	JSON_TEXTS(network_row, dns_servers, "NetworkDNSServers", 0),
	{ 0 },
};
static const struct json_type network_row_json = JSON_TYPE(network_row, network_row_fields);

/* "a=b,c=" */
static const char *print_labels(struct arena *a, const struct text_map *m)
{
	struct texts l = { 0 };

	for (size_t i = 0; i < m->n; i++)
		texts_addf(a, &l, "%s=%s", m->v[i].key, m->v[i].value);
	return texts_join(a, &l, ",");
}

static int print_rows(struct session *s, const struct ls_args *args, const struct networks *l,
		      struct buf *out, struct err *e)
{
	const struct format f = {
		.name = "network ls",
		.row = &network_row_json,
		.headings = (const char *const[]){ "ID", "NETWORK ID", NULL },
		.no_heading = args->no_heading,
	};
	struct network_row *rows = arena_array(s->arena, l->n, sizeof(*rows));
	/* Names alone are stronger, as podman has it. */
	const char *format = args->quiet ? "{{.Name}}" : args->format;

	for (size_t i = 0; i < l->n; i++) {
		const struct network *n = l->v[i];

		rows[i] = (struct network_row){
			.name = n->name,
			.id = args->no_trunc ? n->id : arena_strndup(s->arena, n->id, ID_SHORT),
			.driver = n->driver,
			.interface = n->network_interface,
			.created = n->created,
			.labels = print_labels(s->arena, &n->labels),
			.ipv6_enabled = n->ipv6_enabled,
			.internal = n->internal,
			.dns_enabled = n->dns_enabled,
			.options = n->options,
			.ipam_options = n->ipam_options,
			.subnets = n->subnets,
			.routes = n->routes,
			.dns_servers = n->dns_servers,
		};
	}
	if (!format)
		format = "table {{.ID}} {{.Name}} {{.Driver}}";
	return format_rows(out, &f, format, rows, l->n, e);
}

static void print_json(struct session *s, const struct networks *l, struct buf *out)
{
	struct network *all = arena_array(s->arena, l->n, sizeof(*all));

	for (size_t i = 0; i < l->n; i++)
		all[i] = *l->v[i];
	json_write_array(out, &network_json, all, l->n, LIST_INDENT);
	buf_addc(out, '\n');
}

static int list(struct session *s, const struct ls_args *args)
{
	auto_buf out = BUF(OUTPUT_MAX);
	struct networks l;
	struct err e;

	if (network_filter(s, &args->filters, false, &l, &e) < 0)
		return cli_fail(&e);
	if (args->format && !args->quiet && format_is_json(args->format))
		print_json(s, &l, &out);
	else if (print_rows(s, args, &l, &out, &e) < 0)
		return cli_fail(&e);
	return cli_print(&out);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct session s;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	/* Whoever looks here is told what is so, and there is nothing that nobody has. */
	network_sweep(&s.state, false);
	code = list(&s, args);
	session_close(&s);
	return code;
}

static const struct option *const tables[] = { ls_options, NULL };
static const char *const aliases[] = { "list", NULL };

const struct command network_ls_command = {
	.name = "ls",
	.aliases = aliases,
	.summary = "List networks",
	.description = "Lists the networks",
	.options = tables,
	.args_size = sizeof(struct ls_args),
	.run = run,
};
