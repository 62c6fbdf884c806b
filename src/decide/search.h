/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "decide/eval.h"
#include "decide/space.h"

/*
 * Purpose: complete answers about filters: a question is a set of frames (space.h), the answer is
 * that the set is empty, or one frame of it, which the reference interpreter has confirmed.
 * Owner: ports and witnesses are freed by their functions.
 * Does not: sample, or guess when the sets grow beyond SPACE_NODES_MAX: that is an error,
 * DECIDE_ERROR_TOO_LARGE.
 */

/* A filter on one port, both ways. */
typedef struct {
    char *name;
    IrProgram *programs[PLAN_N_TREES];
    IrBinding *bindings[PLAN_N_TREES];
} SearchPort;

SearchPort *search_port_new(const Plan *plan, const PlanValues *values, GError **error);
void search_port_free(SearchPort *port);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SearchPort, search_port_free)

/* A frame that shows what was asked for. */
typedef struct {
    guint way;
    GByteArray *octets;
    char *beside; /* the state of its flow and the limits it exceeds, in words; "" when none */
    IrVerdict first, second; /* of the port, or of both; by their own programs' origins */
} Witness;

void witness_free(Witness *witness);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Witness, witness_free)

/* All searches: FALSE and an error, or TRUE, and *witness is NULL when there is no such frame. */

/* A frame that one passes and the other drops. */
gboolean search_difference(const SearchPort *a, const SearchPort *b, Encapsulation encapsulation,
                           Witness **witness, GError **error);

/* A frame from the VM that passes with a source MAC that is none of `macs`. */
gboolean search_forged_mac(const SearchPort *port, Encapsulation encapsulation, const guint64 *macs,
                           guint n_macs, Witness **witness, GError **error);

/*
 * A frame from the VM that passes and carries ARP whose sender MAC is none of `macs`, or whose
 * sender IP is none of `addresses` nor 0.0.0.0 (a probe, RFC 5227, 2.1.1); no addresses: any will
 * do. ARP that has no such field because it is cut off or of another hardware type counts as
 * forged. RARP is another protocol.
 */
gboolean search_forged_arp(const SearchPort *port, Encapsulation encapsulation, const guint64 *macs,
                           guint n_macs, const guint64 *addresses, guint n_addresses,
                           Witness **witness, GError **error);

typedef enum { SEARCH_NO_FORGED_MAC, SEARCH_NO_FORGED_ARP } SearchProperty;

/*
 * The same questions for every MAC that a port can have at once: what the port is bound to as MAC
 * does not matter. *mac is one for which the property does not hold (the searches above then find
 * the frame on a port with that one), or 0 when it holds for all.
 */
gboolean search_any_mac(const SearchPort *port, SearchProperty property,
                        Encapsulation encapsulation, const guint64 *addresses, guint n_addresses,
                        guint64 *mac, GError **error);

/* A wrapped frame that passes opaque although what it carries would be dropped. */
gboolean search_walkaround(const SearchPort *port, guint way, Witness **witness, GError **error);

/* The rules of the plan that no frame of either way, in either view, makes decide: indexes into
 * plan->rules, in their order. The caller unrefs. */
GArray *search_dead_rules(const Plan *plan, const SearchPort *port, GError **error);
