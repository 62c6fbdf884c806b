/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "cli/tapwall/filters.h"
#include "decide/search.h"

/*
 * Purpose: what the subcommands that search have in common: a filter on the port that --var
 * describes, the option --encapsulation, and a witness on standard output.
 */

typedef struct {
    Plan *plan;
    SearchPort *port;
} PortOfFilter;

void port_of_filter_clear(PortOfFilter *port);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PortOfFilter, port_of_filter_clear)

/* Reads the operand, resolves it and binds it to the values of --var. Each call reads anew, so that
 * what lies beside one filter does not serve another. */
gboolean port_of_filter_read(const FilterOptions *options, const char *operand, PortOfFilter *port,
                             GError **error);

/* What was given, and --var MAC. The caller clears. Of nobody: for a filter that is looked at for
 * any port. */
#define MAC_OF_NOBODY 0x020000000001
FilterOptions filter_options_with_mac(const FilterOptions *given, guint64 mac);

/* The value of --encapsulation, NULL meaning inspect. FALSE after saying what is wrong. */
gboolean encapsulation_parse(const char *text, Encapsulation *encapsulation);

/* The octets of a --var MAC or IP list as numbers; NULL-named ones give none. */
guint64 *variable_numbers(const FilterOptions *options, const char *name, gboolean is_mac,
                          guint *n_numbers, GError **error);

/* The frame's direction, its octets in hex as --hex takes them, and what is beside it. */
void witness_print(const Witness *witness);

/* "pass, NAME: ORIGIN" on a line. */
void verdict_print(const char *name, const SearchPort *port, guint way, IrVerdict verdict);
