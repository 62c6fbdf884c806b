/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/tapwall/command.h"
#include "cli/tapwall/port.h"

/* What is to be proved, and against which of the port's addresses. */
typedef struct {
    gboolean no_forged_mac, no_forged_arp;
    Encapsulation encapsulation;
    guint64 *macs, *addresses;
    guint n_macs, n_addresses;
} Proof;

/* Prints "proved" or a witness; FALSE when the search failed. */
static gboolean prove_one(const char *property, gboolean searched, const SearchPort *port,
                          const Witness *witness, int *status)
{
    if (!searched)
        return FALSE;
    printf("%s: %s\n", property, witness ? "does not hold" : "proved");
    if (witness) {
        witness_print(witness);
        verdict_print(port->name, port, witness->way, witness->first);
        *status = STATUS_FOUND;
    }
    return TRUE;
}

static gboolean prove_mac(const Proof *proof, const SearchPort *port, int *status, GError **error)
{
    g_autoptr(Witness) witness = NULL;
    gboolean searched =
        search_forged_mac(port, proof->encapsulation, proof->macs, proof->n_macs, &witness, error);

    return prove_one("no forged MAC", searched, port, witness, status);
}

static gboolean prove_arp(const Proof *proof, const SearchPort *port, int *status, GError **error)
{
    g_autoptr(Witness) witness = NULL;
    gboolean searched = search_forged_arp(port, proof->encapsulation, proof->macs, proof->n_macs,
                                          proof->addresses, proof->n_addresses, &witness, error);

    return prove_one("no forged ARP", searched, port, witness, status);
}

static int prove(FilterOptions *options, const char *operand, Proof *proof)
{
    g_auto(PortOfFilter) port = {0};
    g_autoptr(GError) error = NULL;
    int status = STATUS_GOOD;

    proof->macs = variable_numbers(options, "MAC", TRUE, &proof->n_macs, &error);
    if (proof->macs)
        proof->addresses = variable_numbers(options, "IP", FALSE, &proof->n_addresses, &error);
    if (proof->addresses && proof->n_macs == 0)
        return command_trouble("prove: expected --var MAC=ADDRESS, the port's own");
    if (!proof->addresses || !port_of_filter_read(options, operand, &port, &error) ||
        (proof->no_forged_mac && !prove_mac(proof, port.port, &status, &error)) ||
        (proof->no_forged_arp && !prove_arp(proof, port.port, &status, &error))) {
        command_report(error);
        return STATUS_TROUBLE;
    }
    return status;
}

int command_prove(int argc, char **argv)
{
    g_auto(FilterOptions) options = {0};
    g_autofree char *text = NULL;
    Proof proof = {0};
    const GOptionEntry entries[] = {
        {"no-forged-mac", 0, 0, G_OPTION_ARG_NONE, &proof.no_forged_mac,
         "No frame leaves the VM with a source MAC other than --var MAC", NULL},
        {"no-forged-arp", 0, 0, G_OPTION_ARG_NONE, &proof.no_forged_arp,
         "No ARP leaves the VM with a sender other than --var MAC and, where given, --var IP",
         NULL},
        {"encapsulation", 0, 0, G_OPTION_ARG_STRING, &text,
         "Judge what a frame carries in tags and SNAP too, or its outside alone", "inspect|opaque"},
        {NULL},
    };
    GOptionContext *context =
        g_option_context_new("FILTER - prove a property, or show a frame that breaks it");
    int status;

    g_option_context_add_main_entries(context, entries, NULL);
    filter_options_add(&options, context);
    if (!command_parse(context, &argc, &argv) || !encapsulation_parse(text, &proof.encapsulation))
        return STATUS_TROUBLE;
    if (argc != 2 || (!proof.no_forged_mac && !proof.no_forged_arp))
        return command_trouble("prove: expected one filter, and --no-forged-mac or "
                               "--no-forged-arp");
    status = prove(&options, argv[1], &proof);
    g_free(proof.macs);
    g_free(proof.addresses);
    return status;
}
