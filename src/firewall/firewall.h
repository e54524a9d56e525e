/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is said between berth and its program `firewall`, which does what standard input says to
 * the kernel's nftables, all of it or nothing, and prints what the kernel answers ("list …") on
 * standard output.
 *
 *	firewall apply [NETNS]
 *
 * The input is a text of commands as nft(8) reads them, or of JSON (libnftables-json(5)), which
 * begins with a brace.  NETNS is the descriptor of the network namespace that is meant; without it
 * it is the one that the program is started in.  A failure is one struct err on
 * FIREWALL_FD_REPORT, and exit status 1.
 *
 * It is a program of its own because libnftables is licensed under the GPL, and because rules are
 * changed rarely: who changes none pays nothing.
 */
#pragma once

enum {
	FIREWALL_FD_REPORT = 3,
	FIREWALL_FD_NETNS = 4,
	FIREWALL_INPUT_MAX = 64 << 20, /* all published ports of all containers, and then some */
};
