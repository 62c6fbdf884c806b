/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pairs of filters at random: when the search says that they are equal, no frame tells them apart;
 * a frame that it shows, the reference has confirmed, so it never says that it could not.
 * Input: see draw.h; the lists, two filters or one and a neighbour, and the frames.
 */
#include <stdio.h>

#include "decide/search.h"
#include "draw.h"

#define FRAMES 40

static SearchPort *draw_port(Draw *draw, const Variables *variables)
{
    g_autoptr(Plan) plan = draw_plan(draw);
    g_autoptr(PlanValues) values = plan ? plan_bind(plan, variables, NULL) : NULL;

    return values ? search_port_new(plan, values, NULL) : NULL;
}

/* What is refused is outside of the space. */
static gboolean is_refused(const Frame *frame)
{
    struct facts outermost, inside;

    frame_parse(frame, FACTS_WANT_ALL, &outermost);
    frame_unwrap(frame, FACTS_WANT_ALL, &inside);
    return ((outermost.has | inside.has) & FACTS_REFUSED) != 0;
}

static void check_frame(const SearchPort *const *ports, Encapsulation encapsulation, Draw *draw)
{
    const guint way = draw_below(draw, PLAN_N_TREES);
    g_autoptr(GByteArray) octets = draw_frame(draw);
    const Frame frame = {octets->data, octets->len, {0, 0}};
    const IrFlow flow = draw_flow(draw);
    gboolean passes[2];

    if (is_refused(&frame))
        return;
    for (guint i = 0; i < 2; i++)
        passes[i] = ir_decide(ports[i]->programs[way], ports[i]->bindings[way], &frame,
                              encapsulation, &flow, &flow, NULL, NULL)
                        .pass;
    if (passes[0] == passes[1])
        return;
    for (guint i = 0; i < octets->len; i++)
        fprintf(stderr, "%02x", octets->data[i]);
    g_error(", way %u: said to be judged alike", way);
}

/* Too large is an answer; a frame that the reference does not confirm is none. */
static void check_error(const GError *error)
{
    if (!g_str_has_prefix(error->message, "too large"))
        g_error("%s", error->message);
}

static void check_pair(const SearchPort *const *ports, Encapsulation encapsulation, Draw *draw)
{
    g_autoptr(Witness) witness = NULL;
    g_autoptr(GError) error = NULL;

    if (!search_difference(ports[0], ports[1], encapsulation, &witness, &error))
        check_error(error);
    else if (!witness)
        for (guint i = 0; i < FRAMES; i++)
            check_frame(ports, encapsulation, draw);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    Draw draw = {data, size};
    const guint how = draw_octet(&draw);
    g_autoptr(Variables) variables = draw_variables(&draw);
    const Draw start = draw;
    g_autoptr(SearchPort) a = draw_port(&draw, variables), b = NULL;
    Draw again = start;

    if (!a)
        return -1;
    /* the same octets but for one make a neighbour of the filter */
    if (how & 2) {
        g_autofree guint8 *copy = g_memdup2(start.octets, start.length);

        if (start.length > 0)
            copy[draw_octet(&draw) % start.length] = (guint8)draw_octet(&draw);
        again.octets = copy;
        b = draw_port(&again, variables);
    } else {
        b = draw_port(&draw, variables);
    }
    if (!b)
        return -1;
    check_pair((const SearchPort *[]){a, b}, how & 1 ? ENCAPSULATION_OPAQUE : ENCAPSULATION_INSPECT,
               &draw);
    return 0;
}
