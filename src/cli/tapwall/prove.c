/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/mac.h"
#include "cli/tapwall/command.h"
#include "cli/tapwall/port.h"

/* What is to be proved, and against which of the port's addresses. */
typedef struct {
    gboolean wanted[2]; /* by SearchProperty */
    Encapsulation encapsulation;
    guint64 *macs, *addresses;
    guint n_macs, n_addresses;
} Proof;

static void proof_clear(Proof *proof)
{
    g_free(proof->macs);
    g_free(proof->addresses);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Proof, proof_clear)

static const char *const titles[] = {"no forged MAC", "no forged ARP"};

static gboolean search_one(const Proof *proof, SearchProperty property, const SearchPort *port,
                           Witness **witness, GError **error)
{
    if (property == SEARCH_NO_FORGED_MAC)
        return search_forged_mac(port, proof->encapsulation, proof->macs, proof->n_macs, witness,
                                 error);
    return search_forged_arp(port, proof->encapsulation, proof->macs, proof->n_macs,
                             proof->addresses, proof->n_addresses, witness, error);
}

/* For one MAC, `words` saying which unless it was given: prints "proved" or a witness. */
static gboolean prove_one(const Proof *proof, SearchProperty property, const SearchPort *port,
                          const char *words, int *status, GError **error)
{
    g_autoptr(Witness) witness = NULL;

    if (!search_one(proof, property, port, &witness, error))
        return FALSE;
    printf("%s: %s%s\n", titles[property], witness ? "does not hold" : "proved", words);
    if (witness) {
        witness_print(witness);
        verdict_print(port->name, port, witness->way, witness->first);
        *status = STATUS_FOUND;
    }
    return TRUE;
}

/* The frame that breaks the property on a port with this MAC. */
static gboolean show_broken(const FilterOptions *options, const char *operand, const Proof *proof,
                            SearchProperty property, guint64 mac, int *status, GError **error)
{
    Proof one = {.encapsulation = proof->encapsulation,
                 .macs = &mac,
                 .n_macs = 1,
                 .addresses = proof->addresses,
                 .n_addresses = proof->n_addresses};
    g_auto(FilterOptions) with = filter_options_with_mac(options, mac);
    g_auto(PortOfFilter) port = {0};
    g_autofree char *words = NULL;
    char text[MAC_TEXT_SIZE];

    if (!port_of_filter_read(&with, operand, &port, error))
        return FALSE;
    words = g_strconcat(" with MAC=", mac_format(mac, text), NULL);
    return prove_one(&one, property, port.port, words, status, error);
}

/* For every MAC that a port can have. */
static gboolean prove_any(const FilterOptions *options, const char *operand, const Proof *proof,
                          SearchProperty property, const SearchPort *port, int *status,
                          GError **error)
{
    guint64 mac;

    if (!search_any_mac(port, property, proof->encapsulation, proof->addresses, proof->n_addresses,
                        &mac, error))
        return FALSE;
    if (mac != 0)
        return show_broken(options, operand, proof, property, mac, status, error);
    printf("%s: proved for every MAC\n", titles[property]);
    return TRUE;
}

static gboolean prove_wanted(const FilterOptions *options, const char *operand, const Proof *proof,
                             int *status, GError **error)
{
    /* Without the port's MAC any will do to bind the filter: it is not looked at. */
    g_auto(FilterOptions) with = filter_options_with_mac(options, MAC_OF_NOBODY);
    g_auto(PortOfFilter) port = {0};

    if (!port_of_filter_read(proof->n_macs > 0 ? options : &with, operand, &port, error))
        return FALSE;
    for (SearchProperty property = 0; property < G_N_ELEMENTS(titles); property++)
        if (proof->wanted[property] &&
            !(proof->n_macs > 0
                  ? prove_one(proof, property, port.port, "", status, error)
                  : prove_any(options, operand, proof, property, port.port, status, error)))
            return FALSE;
    return TRUE;
}

static int prove(const FilterOptions *options, const char *operand, Proof *proof)
{
    g_autoptr(GError) error = NULL;
    int status = STATUS_GOOD;

    proof->macs = variable_numbers(options, "MAC", TRUE, &proof->n_macs, &error);
    if (proof->macs)
        proof->addresses = variable_numbers(options, "IP", FALSE, &proof->n_addresses, &error);
    if (proof->addresses && prove_wanted(options, operand, proof, &status, &error))
        return status;
    command_report(error);
    return STATUS_TROUBLE;
}

int command_prove(int argc, char **argv)
{
    g_auto(FilterOptions) options = {0};
    g_autofree char *text = NULL;
    g_auto(Proof) proof = {0};
    const GOptionEntry entries[] = {
        {"no-forged-mac", 0, 0, G_OPTION_ARG_NONE, &proof.wanted[SEARCH_NO_FORGED_MAC],
         "No frame leaves the VM with a source MAC other than its own: --var MAC, else any", NULL},
        {"no-forged-arp", 0, 0, G_OPTION_ARG_NONE, &proof.wanted[SEARCH_NO_FORGED_ARP],
         "No ARP leaves the VM with a sender other than its MAC and, where given, --var IP", NULL},
        {"encapsulation", 0, 0, G_OPTION_ARG_STRING, &text,
         "Judge what a frame carries in tags and SNAP too, or its outside alone", "inspect|opaque"},
        {NULL},
    };
    GOptionContext *context =
        g_option_context_new("FILTER - prove a property, or show a frame that breaks it");

    g_option_context_add_main_entries(context, entries, NULL);
    filter_options_add(&options, context);
    if (!command_parse(context, &argc, &argv) || !encapsulation_parse(text, &proof.encapsulation))
        return STATUS_TROUBLE;
    if (argc != 2 || (!proof.wanted[SEARCH_NO_FORGED_MAC] && !proof.wanted[SEARCH_NO_FORGED_ARP]))
        return command_trouble("prove: expected one filter, and --no-forged-mac or "
                               "--no-forged-arp");
    return prove(&options, argv[1], &proof);
}
