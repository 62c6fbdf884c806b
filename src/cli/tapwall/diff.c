/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/tapwall/command.h"
#include "cli/tapwall/port.h"

static void print_difference(const PortOfFilter *a, const PortOfFilter *b, char **operands,
                             const Witness *witness)
{
    witness_print(witness);
    verdict_print(operands[0], a->port, witness->way, witness->first);
    verdict_print(operands[1], b->port, witness->way, witness->second);
}

static int diff(const FilterOptions *options, char **operands, Encapsulation encapsulation)
{
    g_auto(PortOfFilter) a = {0}, b = {0};
    g_autoptr(Witness) witness = NULL;
    g_autoptr(GError) error = NULL;

    if (!port_of_filter_read(options, operands[0], &a, &error) ||
        !port_of_filter_read(options, operands[1], &b, &error) ||
        !search_difference(a.port, b.port, encapsulation, &witness, &error)) {
        command_report(error);
        return STATUS_TROUBLE;
    }
    if (!witness) {
        puts("equal");
        return STATUS_GOOD;
    }
    print_difference(&a, &b, operands, witness);
    return STATUS_FOUND;
}

int command_diff(int argc, char **argv)
{
    g_auto(FilterOptions) options = {0};
    g_autofree char *text = NULL;
    Encapsulation encapsulation;
    const GOptionEntry entries[] = {
        {"encapsulation", 0, 0, G_OPTION_ARG_STRING, &text,
         "Judge what a frame carries in tags and SNAP too, or its outside alone", "inspect|opaque"},
        {NULL},
    };
    GOptionContext *context = g_option_context_new(
        "FILTER1 FILTER2 - say whether two filters judge all frames alike, or show one that "
        "they do not");

    g_option_context_add_main_entries(context, entries, NULL);
    filter_options_add(&options, context);
    if (!command_parse(context, &argc, &argv) || !encapsulation_parse(text, &encapsulation))
        return STATUS_TROUBLE;
    if (argc != 3)
        return command_trouble("diff: expected two filters, by their names or files");
    return diff(&options, argv + 1, encapsulation);
}
