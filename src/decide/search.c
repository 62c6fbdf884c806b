/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/search.h"

#include <string.h>

#include "decide/build.h"
#include "decide/compose.h"

/* ---- ports and witnesses ---- */

SearchPort *search_port_new(const Plan *plan, const PlanValues *values, GError **error)
{
    g_autoptr(SearchPort) port = g_new0(SearchPort, 1);

    port->name = g_strdup(plan->name);
    for (guint way = 0; way < PLAN_N_TREES; way++) {
        port->programs[way] = ir_build(plan, way, values, error);
        if (port->programs[way])
            port->bindings[way] = ir_bind(port->programs[way], values, error);
        if (!port->bindings[way])
            return NULL;
    }
    return g_steal_pointer(&port);
}

void search_port_free(SearchPort *port)
{
    if (!port)
        return;
    for (guint way = 0; way < PLAN_N_TREES; way++) {
        ir_program_free(port->programs[way]);
        ir_binding_free(port->bindings[way]);
    }
    g_free(port->name);
    g_free(port);
}

void witness_free(Witness *witness)
{
    if (!witness)
        return;
    g_byte_array_unref(witness->octets);
    g_free(witness->beside);
    g_free(witness);
}

/* ---- from a point of the space to a frame ---- */

static IrFlow flow_of(const SpacePoint *point, const IrProgram *program, const IrBinding *binding)
{
    IrFlow flow = {.state = point->state,
                   .reply = point->reply,
                   .known = (point->inside.has & FACTS_KNOWN) != 0};

    for (guint i = 0; i < program->limits->len; i++) {
        const IrLimit *limit = &g_array_index(program->limits, IrLimit, i);

        if (space_point_is_over(point, limit->key, ir_operand_get(&limit->above, binding).low))
            flow.over |= 1ull << i;
    }
    return flow;
}

static IrVerdict judge(const SearchPort *port, guint way, Encapsulation encapsulation,
                       const SpacePoint *point, const GByteArray *octets)
{
    const IrProgram *program = port->programs[way];
    const Frame frame = {octets->data, octets->len, {0, 0}};
    const IrFlow flow = flow_of(point, program, port->bindings[way]);

    return ir_decide(program, port->bindings[way], &frame, encapsulation, &flow, &flow, NULL, NULL);
}

static const char *state_word(guint state)
{
    return state == STATE_NEW           ? "NEW"
           : state == STATE_ESTABLISHED ? "ESTABLISHED"
           : state == STATE_RELATED     ? "RELATED"
           : state == STATE_INVALID     ? "INVALID"
                                        : NULL;
}

static char *words_beside(const SpacePoint *point)
{
    GString *words = g_string_new(NULL);
    g_autofree const char **over = (const char **)g_hash_table_get_keys_as_array(point->over, NULL);

    if (state_word(point->state))
        g_string_append_printf(words, ", state %s%s", state_word(point->state),
                               point->reply ? " (reply)" : "");
    if (point->inside.has & FACTS_KNOWN)
        g_string_append(words, ", its first fragment passed");
    for (guint i = 0; over[i]; i++)
        g_string_append_printf(words, ", more connections than %s", over[i] + strlen("above "));
    if (words->len > 0)
        g_string_erase(words, 0, 2);
    return g_string_free(words, FALSE);
}

/* `has_flows`: a program asks for what is beside the frame. */
static Witness *witness_new(const SpacePoint *point, guint way, gboolean has_flows)
{
    Witness *witness = g_new0(Witness, 1);

    witness->way = way;
    witness->octets = frame_compose(&point->inside, point->is_wrapped ? &point->outermost : NULL);
    witness->beside = has_flows ? words_beside(point) : g_strdup("");
    return witness;
}

/* ---- questions ---- */

/* The frames of one way that pass. */
static Bdd passing(Space *space, const SearchPort *port, guint way, Encapsulation encapsulation)
{
    BddStore *store = space_store(space);
    const IrProgram *program = port->programs[way];
    Bdd inside = space_run(space, SPACE_INSIDE, program, port->bindings[way], FALSE).passes;
    Bdd outside = space_run(space, SPACE_OUTERMOST, program, port->bindings[way], FALSE).passes;

    if (encapsulation == ENCAPSULATION_INSPECT)
        outside = bdd_and(store, outside, inside);
    return bdd_ite(store, space_wrapped(space), outside, inside);
}

static gboolean check_size(Space *space, GError **error)
{
    if (!bdd_is_full(space_store(space)))
        return TRUE;
    g_set_error(error, DECIDE_ERROR, DECIDE_ERROR_TOO_LARGE,
                "too large: the question has an answer, but not within %u decision nodes",
                SPACE_NODES_MAX);
    return FALSE;
}

/* A point of the set among all frames; *point stays NULL when there is none. */
static gboolean pick(Space *space, Bdd set, SpacePoint **point, GError **error)
{
    set = bdd_and(space_store(space), set, space_frames(space));
    if (!bdd_is_full(space_store(space)) && set != BDD_FALSE)
        *point = space_pick(space, set);
    return check_size(space, error);
}

/* What the sets say and what the interpreter says must be one: else an error, never an answer. */
static gboolean confirm(gboolean holds, const Witness *witness, GError **error)
{
    GString *hex;

    if (holds)
        return TRUE;
    hex = g_string_new(NULL);
    for (guint i = 0; i < witness->octets->len; i++)
        g_string_append_printf(hex, "%02x", witness->octets->data[i]);
    g_set_error(error, DECIDE_ERROR, DECIDE_ERROR_TOO_LARGE,
                "no answer: the search found a frame that the reference does not confirm: %s",
                hex->str);
    g_string_free(hex, TRUE);
    return FALSE;
}

static gboolean difference_of_way(const SearchPort *a, const SearchPort *b, guint way,
                                  Encapsulation encapsulation, Witness **witness, GError **error)
{
    g_autoptr(Space) space = space_new();
    Bdd first = passing(space, a, way, encapsulation);
    Bdd second = passing(space, b, way, encapsulation);
    g_autoptr(SpacePoint) point = NULL;
    g_autoptr(Witness) found = NULL;

    if (!pick(space, bdd_xor(space_store(space), first, second), &point, error))
        return FALSE;
    if (!point)
        return TRUE;
    found = witness_new(point, way,
                        ir_program_has_flows(a->programs[way]) ||
                            ir_program_has_flows(b->programs[way]));
    found->first = judge(a, way, encapsulation, point, found->octets);
    found->second = judge(b, way, encapsulation, point, found->octets);
    if (!confirm(found->first.pass != found->second.pass, found, error))
        return FALSE;
    *witness = g_steal_pointer(&found);
    return TRUE;
}

gboolean search_difference(const SearchPort *a, const SearchPort *b, Encapsulation encapsulation,
                           Witness **witness, GError **error)
{
    *witness = NULL;
    for (guint way = 0; way < PLAN_N_TREES && !*witness; way++)
        if (!difference_of_way(a, b, way, encapsulation, witness, error))
            return FALSE;
    return TRUE;
}

/* A frame from the VM that passes and lies in `set`. */
static gboolean search_passing(Space *space, const SearchPort *port, Encapsulation encapsulation,
                               Bdd set, Witness **witness, GError **error)
{
    g_autoptr(SpacePoint) point = NULL;
    g_autoptr(Witness) found = NULL;
    Bdd passes = passing(space, port, PLAN_FROM_VM, encapsulation);

    *witness = NULL;
    if (!pick(space, bdd_and(space_store(space), set, passes), &point, error))
        return FALSE;
    if (!point)
        return TRUE;
    found = witness_new(point, PLAN_FROM_VM, ir_program_has_flows(port->programs[PLAN_FROM_VM]));
    found->first = judge(port, PLAN_FROM_VM, encapsulation, point, found->octets);
    if (!confirm(found->first.pass, found, error))
        return FALSE;
    *witness = g_steal_pointer(&found);
    return TRUE;
}

static Bdd one_of(Space *space, IrField field, const guint64 *values, guint n_values)
{
    Bdd set = BDD_FALSE;

    for (guint i = 0; i < n_values; i++)
        set = bdd_or(space_store(space), set, space_equal(space, SPACE_INSIDE, field, values[i]));
    return set;
}

gboolean search_forged_mac(const SearchPort *port, Encapsulation encapsulation, const guint64 *macs,
                           guint n_macs, Witness **witness, GError **error)
{
    g_autoptr(Space) space = space_new();
    Bdd own = one_of(space, IR_ETH_SRC, macs, n_macs);

    return search_passing(space, port, encapsulation, bdd_not(space_store(space), own), witness,
                          error);
}

/* ARP whose sender is neither honest in MAC nor, with addresses, one of them or 0.0.0.0. */
static Bdd forged_arp(Space *space, Bdd own, const guint64 *addresses, guint n_addresses)
{
    BddStore *store = space_store(space);
    Bdd honest = bdd_and(store, space_has(space, SPACE_INSIDE, FACTS_ARP_SHA), own);
    Bdd address = bdd_or(store, space_equal(space, SPACE_INSIDE, IR_ARP_SPA, 0),
                         one_of(space, IR_ARP_SPA, addresses, n_addresses));
    Bdd arp = space_equal(space, SPACE_INSIDE, IR_ETH_TYPE, FACTS_ETH_ARP);

    if (n_addresses > 0) {
        address = bdd_and(store, address, space_has(space, SPACE_INSIDE, FACTS_ARP_IP));
        honest = bdd_and(store, honest, address);
    }
    return bdd_minus(store, arp, honest);
}

gboolean search_forged_arp(const SearchPort *port, Encapsulation encapsulation, const guint64 *macs,
                           guint n_macs, const guint64 *addresses, guint n_addresses,
                           Witness **witness, GError **error)
{
    g_autoptr(Space) space = space_new();

    return search_passing(
        space, port, encapsulation,
        forged_arp(space, one_of(space, IR_ARP_SHA, macs, n_macs), addresses, n_addresses), witness,
        error);
}

/* What is the port's MAC counts as one for the programs and for the question. */
static gboolean check_own(const SearchPort *port, GError **error)
{
    const GArray *slots = port->programs[PLAN_FROM_VM]->slots;

    for (guint i = 0; i < slots->len; i++) {
        const IrSlot *slot = &g_array_index(slots, IrSlot, i);

        if (strcmp(slot->name, "MAC") == 0 && slot->type != TYPE_MAC) {
            g_set_error(error, DECIDE_ERROR, DECIDE_ERROR_TOO_LARGE,
                        "no answer for every MAC: filter %s uses $MAC as something else; give one",
                        port->name);
            return FALSE;
        }
    }
    return TRUE;
}

gboolean search_any_mac(const SearchPort *port, SearchProperty property,
                        Encapsulation encapsulation, const guint64 *addresses, guint n_addresses,
                        guint64 *mac, GError **error)
{
    g_autoptr(Space) space = space_new_any_mac();
    BddStore *store = space_store(space);
    g_autoptr(SpacePoint) point = NULL;
    IrField field = property == SEARCH_NO_FORGED_MAC ? IR_ETH_SRC : IR_ARP_SHA;
    Bdd own = space_own(space, SPACE_INSIDE, field, ir_field_max(field)), forged;

    *mac = 0;
    if (!check_own(port, error))
        return FALSE;
    forged = property == SEARCH_NO_FORGED_MAC ? bdd_not(store, own)
                                              : forged_arp(space, own, addresses, n_addresses);
    forged = bdd_and(store, forged, space_own_possible(space));
    forged = bdd_and(store, forged, passing(space, port, PLAN_FROM_VM, encapsulation));
    if (!pick(space, forged, &point, error))
        return FALSE;
    *mac = point ? point->own : 0;
    return TRUE;
}

gboolean search_walkaround(const SearchPort *port, guint way, Witness **witness, GError **error)
{
    g_autoptr(Space) space = space_new();
    BddStore *store = space_store(space);
    Bdd opaque = passing(space, port, way, ENCAPSULATION_OPAQUE);
    Bdd inspected = passing(space, port, way, ENCAPSULATION_INSPECT);
    g_autoptr(SpacePoint) point = NULL;
    g_autoptr(Witness) found = NULL;

    *witness = NULL;
    if (!pick(space, bdd_minus(store, opaque, inspected), &point, error))
        return FALSE;
    if (!point)
        return TRUE;
    found = witness_new(point, way, ir_program_has_flows(port->programs[way]));
    found->first = judge(port, way, ENCAPSULATION_OPAQUE, point, found->octets);
    found->second = judge(port, way, ENCAPSULATION_INSPECT, point, found->octets);
    if (!confirm(found->first.pass && !found->second.pass, found, error))
        return FALSE;
    *witness = g_steal_pointer(&found);
    return TRUE;
}

/* ---- dead rules ---- */

/* Marks the rules of the plan that some frame of this way and view makes decide. */
static gboolean mark_living(const Plan *plan, const SearchPort *port, guint way, SpaceView view,
                            gboolean *living, GError **error)
{
    g_autoptr(Space) space = space_new();
    const IrProgram *program = port->programs[way];
    SpaceVerdict verdict = space_run(space, view, program, port->bindings[way], TRUE);
    g_autofree Bdd *taken = verdict.taken;
    Bdd frames = space_frames(space);

    if (view == SPACE_OUTERMOST)
        frames = bdd_and(space_store(space), frames, space_wrapped(space));
    for (guint i = 0; i < program->origins->len; i++) {
        const guint rule = g_array_index(program->origins, IrOrigin, i).rule;

        g_assert(rule < plan->n_rules);
        living[rule] |= bdd_and(space_store(space), taken[i], frames) != BDD_FALSE;
    }
    return check_size(space, error);
}

GArray *search_dead_rules(const Plan *plan, const SearchPort *port, GError **error)
{
    g_autofree gboolean *living = g_new0(gboolean, plan->n_rules + 1);
    GArray *dead;

    for (guint way = 0; way < PLAN_N_TREES; way++)
        if (!mark_living(plan, port, way, SPACE_INSIDE, living, error) ||
            !mark_living(plan, port, way, SPACE_OUTERMOST, living, error))
            return NULL;
    dead = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint rule = 0; rule < plan->n_rules; rule++)
        if (!living[rule])
            g_array_append_val(dead, rule);
    return dead;
}
