/* SPDX-License-Identifier: BSD-2-Clause */
/* The program `firewall`: what firewall.h says. */
#include "firewall/firewall.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <nftables/libnftables.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "firewall/confine.h"

/* libnftables says what went wrong in words alone: those of strerror(). */
static const struct {
	int code;
	enum err_kind kind;
} known[] = {
	{ EPERM, ERR_DENIED },
	{ EACCES, ERR_DENIED },
	{ EEXIST, ERR_CONFLICT },
	{ EBUSY, ERR_CONFLICT },
	{ ENOENT, ERR_NOT_FOUND },
	{ EOPNOTSUPP, ERR_UNSUPPORTED },
	{ EAFNOSUPPORT, ERR_UNSUPPORTED },
};

/* "Error: WORDS\n…": what follows is no help, as of a buffer the line isn't known. */
static int explain(const char *said, struct err *e)
{
	const char *words = said ? strstr(said, "Error: ") : NULL;
	size_t len;

	if (!words)
		return err_set(e, ERR_SYSTEM, "nftables failed without a word");
	words += strlen("Error: ");
	len = strcspn(words, "\n");
	err_set(e, ERR_INVALID, "nftables: %.*s", (int)len, words);
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		const char *text = strerror(known[i].code);

		if (!memmem(words, len, text, strlen(text)))
			continue;
		e->kind = known[i].kind;
		e->code = known[i].code;
	}
	if (e->kind == ERR_UNSUPPORTED)
		err_wrap(e, "this kernel lacks a part of nftables");
	return -e->code;
}

static int read_input(struct buf *in, struct err *e)
{
	ssize_t n;

	do
		n = buf_read(in, STDIN_FILENO);
	while (n > 0);
	return n < 0 ? err_from(e, (int)n, "read the rules") : buf_check(in, "the input", e);
}

static int enter_namespace(const char *argument, struct err *e)
{
	if (argument && setns(atoi(argument), CLONE_NEWNET) < 0)
		return err_sys(e, "enter the network namespace");
	return 0;
}

static int print(const char *text, struct err *e)
{
	if (text && fputs(text, stdout) < 0)
		return err_sys(e, "print");
	return fflush(stdout) ? err_sys(e, "print") : 0;
}

static int apply(const char *namespace, struct err *e)
{
	auto_buf in = BUF(FIREWALL_INPUT_MAX);
	struct nft_ctx *nft;
	int r = enter_namespace(namespace, e);

	if (r < 0)
		return r;
	nft = nft_ctx_new(NFT_CTX_DEFAULT);
	if (!nft)
		return err_set(e, ERR_SYSTEM, "nftables can't be used");
	nft_ctx_output_set_flags(nft, NFT_CTX_OUTPUT_NUMERIC_PROTO);
	nft_ctx_buffer_output(nft);
	nft_ctx_buffer_error(nft);
	/* Confined before the first byte is read: it may come later than the start. */
	r = confine(e);
	if (r == 0)
		r = read_input(&in, e);
	if (r == 0 && *buf_text(&in) == '{')
		nft_ctx_output_set_flags(nft, NFT_CTX_OUTPUT_JSON);
	if (r == 0 && in.len && nft_run_cmd_from_buffer(nft, buf_text(&in)))
		r = explain(nft_ctx_get_error_buffer(nft), e);
	if (r == 0)
		r = print(nft_ctx_get_output_buffer(nft), e);
	/* Nothing is freed: the process ends. */
	return r;
}

int main(int argc, char **argv)
{
	struct err e = { 0 };

	if (argc < 2 || argc > 3 || strcmp(argv[1], "apply") != 0 ||
	    fcntl(FIREWALL_FD_REPORT, F_GETFD) < 0) {
		fprintf(stderr, "firewall: a program of berth's own: berth starts it\n");
		return 125;
	}
	/* The words of strerror() are compared. */
	setlocale(LC_ALL, "C");
	if (apply(argv[2], &e) < 0) {
		err_send(FIREWALL_FD_REPORT, &e);
		_exit(EXIT_FAILURE);
	}
	_exit(EXIT_SUCCESS);
}
