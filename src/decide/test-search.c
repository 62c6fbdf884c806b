/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Searches over the small world: where two filters are said to be equal, they judge all its frames
 * alike; where a frame is said to tell them apart, it does (the search itself lets the interpreter
 * confirm it). And some questions whose answers are known.
 */
#include "base/mac.h"
#include "decide/build.h"
#include "decide/search.h"
#include "decide/test-world.h"

static SearchPort *port_of(const Plan *plan, guint values_of)
{
    g_autoptr(PlanValues) values = world_values(plan, values_of);
    g_autoptr(GError) error = NULL;
    SearchPort *port = search_port_new(plan, values, &error);

    g_assert_no_error(error);
    return port;
}

static SearchPort *port_of_text(const char *text, guint values_of)
{
    g_autoptr(Plan) plan = world_plan(&text, 1);

    return port_of(plan, values_of);
}

#define FILTER(chain, rules) "<filter name='a' chain='" chain "'>\n" rules "\n</filter>"
#define RULE(action, direction, body)                                                              \
    "<rule action='" action "' direction='" direction "'>" body "</rule>\n"

/* ---- against the world ---- */

/* Refused frames are outside of the space. */
static gboolean is_refused(const Frame *frame)
{
    struct facts outermost, inside;

    frame_parse(frame, FACTS_WANT_ALL, &outermost);
    frame_unwrap(frame, FACTS_WANT_ALL, &inside);
    return ((outermost.has | inside.has) & FACTS_REFUSED) != 0;
}

static gboolean is_alike(const SearchPort *a, const SearchPort *b, GPtrArray *frames,
                         Encapsulation encapsulation)
{
    guint n_flows;
    const IrFlow *flows = world_flows(&n_flows);

    for (guint i = 0; i < frames->len; i++)
        for (guint flow = 0; flow < n_flows; flow++)
            for (guint way = 0; way < PLAN_N_TREES; way++) {
                const WorldFrame *row = frames->pdata[i];
                const Frame frame = {row->octets, row->length, {0, 0}};

                if (!is_refused(&frame) &&
                    ir_decide(a->programs[way], a->bindings[way], &frame, encapsulation,
                              &flows[flow], &flows[flow], NULL, NULL)
                            .pass != ir_decide(b->programs[way], b->bindings[way], &frame,
                                               encapsulation, &flows[flow], &flows[flow], NULL,
                                               NULL)
                                         .pass)
                    return FALSE;
            }
    return TRUE;
}

static void test_world(gconstpointer data)
{
    const Encapsulation encapsulation = GPOINTER_TO_UINT(data);
    g_autoptr(GPtrArray) frames = world_frames();
    guint n_equal = 0, n_different = 0;

    for (guint rule = 0; rule < world_n_rules(); rule += 3) {
        g_autofree char *first = world_rule(rule, "a");
        g_autofree char *second = world_rule((rule * 7 + 3) % world_n_rules(), "a");
        g_autoptr(SearchPort) a = port_of_text(first, rule % WORLD_PORTS);
        g_autoptr(SearchPort) b = port_of_text(second, rule % WORLD_PORTS);
        g_autoptr(Witness) witness = NULL;
        g_autoptr(GError) error = NULL;

        g_assert_true(search_difference(a, b, encapsulation, &witness, &error));
        g_assert_no_error(error);
        if (!witness && !is_alike(a, b, frames, encapsulation))
            g_error("said to be equal:\n%s\n%s", first, second);
        n_equal += witness == NULL;
        n_different += witness != NULL;
    }
    g_test_message("%u pairs equal, %u told apart", n_equal, n_different);
    g_assert_cmpuint(n_equal, >, 0);
    g_assert_cmpuint(n_different, >, 0);
}

/* ---- known answers ---- */

static const struct {
    const char *a, *b;
    guint values;
    gboolean is_equal;
} pairs[] = {
    {FILTER("root", ""), FILTER("root", RULE("accept", "inout", "")), 0, TRUE},
    {FILTER("root", ""), FILTER("mac", RULE("return", "out", "<mac/>")), 0, TRUE},
    {FILTER("root", ""), FILTER("root", RULE("drop", "out", "")), 0, FALSE},
    {FILTER("root", RULE("drop", "out", "<arp opcode='1'/>")),
     FILTER("arp", RULE("drop", "out", "<arp opcode='Request'/>")), 0, TRUE},
    {FILTER("root", RULE("drop", "out", "<ip srcipaddr='10.0.0.0' srcipmask='31'/>")),
     FILTER("root", RULE("drop", "out", "<ip srcipaddr='10.0.0.0'/>")
                        RULE("drop", "out", "<ip srcipaddr='10.0.0.1'/>")),
     0, TRUE},
    {FILTER("root", RULE("drop", "out", "<ip protocol='17' dstportstart='1' dstportend='9'/>")),
     FILTER("root", RULE("drop", "out", "<ip protocol='17' dstportstart='1' dstportend='4'/>")
                        RULE("drop", "out", "<ip protocol='17' dstportstart='5' dstportend='8'/>")),
     0, FALSE},
    /* two values: "not one of them" holds for every address, but ARP must have one */
    {FILTER("root", RULE("drop", "out", "<arp match='no' arpsrcipaddr='$IP'/>")),
     FILTER("root", RULE("drop", "out", "<arp arpsrcipaddr='0.0.0.0' arpsrcipmask='0'/>")), 1,
     TRUE},
    {FILTER("root", RULE("drop", "out", "<arp match='no' arpsrcipaddr='$IP'/>")),
     FILTER("root", RULE("drop", "out", "<mac protocolid='arp'/>")), 1, FALSE},
    {FILTER("root", RULE("accept", "out", "<tcp state='NEW'/>") RULE("drop", "out", "<tcp/>")),
     FILTER("root", RULE("accept", "out", "<tcp/>") RULE("drop", "out", "<tcp/>")), 0, FALSE},
    {FILTER("root", RULE("drop", "out", "<udp connlimit-above='1'/>")),
     FILTER("root", RULE("drop", "out", "<udp connlimit-above='1'/>")
                        RULE("drop", "out", "<udp connlimit-above='2'/>")),
     0, TRUE},
    {FILTER("root", RULE("drop", "out", "<udp connlimit-above='1'/>")),
     FILTER("root", RULE("drop", "out", "<udp connlimit-above='2'/>")), 0, FALSE},
};

static void test_pairs(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
        g_autoptr(SearchPort) a = port_of_text(pairs[i].a, pairs[i].values);
        g_autoptr(SearchPort) b = port_of_text(pairs[i].b, pairs[i].values);
        g_autoptr(Witness) witness = NULL;
        g_autoptr(GError) error = NULL;

        g_test_message("%s and %s", pairs[i].a, pairs[i].b);
        g_assert_true(search_difference(a, b, ENCAPSULATION_INSPECT, &witness, &error));
        g_assert_no_error(error);
        g_assert_cmpint(witness == NULL, ==, pairs[i].is_equal);
    }
}

#define NO_MAC                                                                                     \
    FILTER("mac", RULE("return", "out", "<mac srcmacaddr='$MAC'/>") RULE("drop", "out", "<mac/>"))
#define NO_ARP                                                                                     \
    FILTER("arp",                                                                                  \
           RULE("return", "out", "<arp arpsrcmacaddr='$MAC'/>") RULE("drop", "out", "<arp/>"))

static void test_forged_mac(void)
{
    static const guint64 own = 0x525400000001;
    g_autoptr(SearchPort) good = port_of_text(NO_MAC, 0), bad = port_of_text(NO_ARP, 0);
    g_autoptr(Witness) none = NULL, witness = NULL;

    g_assert_true(search_forged_mac(good, ENCAPSULATION_INSPECT, &own, 1, &none, NULL));
    g_assert_null(none);
    g_assert_true(search_forged_mac(bad, ENCAPSULATION_INSPECT, &own, 1, &witness, NULL));
    g_assert_nonnull(witness);
    g_assert_true(witness->first.pass);
}

/* What holds inspected need not hold opaque: a tag walks around. */
static void test_forged_arp(void)
{
    static const guint64 own = 0x525400000001;
    g_autoptr(SearchPort) port = port_of_text(NO_ARP, 0);
    g_autoptr(Witness) none = NULL, witness = NULL, around = NULL;

    g_assert_true(search_forged_arp(port, ENCAPSULATION_INSPECT, &own, 1, NULL, 0, &none, NULL));
    g_assert_null(none);
    g_assert_true(search_forged_arp(port, ENCAPSULATION_OPAQUE, &own, 1, NULL, 0, &witness, NULL));
    g_assert_nonnull(witness);
    g_assert_true(search_walkaround(port, PLAN_FROM_VM, &around, NULL));
    g_assert_nonnull(around);
    g_assert_true(around->first.pass);
    g_assert_false(around->second.pass);
}

/* ---- for every MAC ---- */

#define MAC_RULES(rules) FILTER("root", rules RULE("drop", "out", ""))

static const struct {
    const char *text;
    gboolean mac_holds, arp_holds; /* for every MAC */
} any_rows[] = {
    {NO_MAC, TRUE, FALSE},
    {NO_ARP, FALSE, TRUE},
    {MAC_RULES(RULE("accept", "out", "<mac srcmacaddr='$MAC'/>")), TRUE, FALSE},
    {MAC_RULES(RULE("accept", "out", "<arp srcmacaddr='$MAC' arpsrcmacaddr='$MAC'/>")), TRUE, TRUE},
    {MAC_RULES(""), TRUE, TRUE},
    /* the vendor's part alone */
    {MAC_RULES(RULE("accept", "out", "<mac srcmacaddr='$MAC' srcmacmask='ff:ff:ff:0:0:0'/>")),
     FALSE, FALSE},
    /* holds for one MAC only */
    {MAC_RULES(RULE("accept", "out", "<mac srcmacaddr='52:54:0:0:0:1'/>")), FALSE, FALSE},
    /* breaks for one MAC only */
    {FILTER("root", RULE("accept", "out", "<mac srcmacaddr='52:54:0:0:0:9' dstmacaddr='$MAC'/>")
                        RULE("drop", "out", "<mac dstmacaddr='52:54:0:0:0:9'/>") RULE(
                            "accept", "out", "<mac srcmacaddr='$MAC'/>") RULE("drop", "out", "")),
     FALSE, FALSE},
    {FILTER("root", RULE("drop", "out", "<mac match='no' srcmacaddr='$MAC'/>")), TRUE, FALSE},
    /* no port has a group's MAC */
    {MAC_RULES(RULE("drop", "out",
                    "<mac match='no' dstmacaddr='1:0:5e:0:0:0' "
                    "dstmacmask='ff:ff:ff:0:0:0'/>")
                   RULE("accept", "out", "<mac dstmacaddr='$MAC'/>")),
     TRUE, TRUE},
};

static SearchPort *port_with_mac(const char *text, guint64 mac)
{
    g_autoptr(Plan) plan = world_plan(&text, 1);
    g_autoptr(Variables) variables = variables_new();
    g_autoptr(PlanValues) values = NULL;
    g_autoptr(GError) error = NULL;
    char written[MAC_TEXT_SIZE];
    SearchPort *port;

    g_assert_true(variables_add(variables, "MAC", mac_format(mac, written), &error));
    values = plan_bind(plan, variables, &error);
    g_assert_no_error(error);
    port = search_port_new(plan, values, &error);
    g_assert_no_error(error);
    return port;
}

static gboolean holds_with(const char *text, SearchProperty property, guint64 mac)
{
    g_autoptr(SearchPort) port = port_with_mac(text, mac);
    g_autoptr(Witness) witness = NULL;

    g_assert_true(
        property == SEARCH_NO_FORGED_MAC
            ? search_forged_mac(port, ENCAPSULATION_INSPECT, &mac, 1, &witness, NULL)
            : search_forged_arp(port, ENCAPSULATION_INSPECT, &mac, 1, NULL, 0, &witness, NULL));
    return witness == NULL;
}

/* The answer for all MACs, which the search for one confirms: at the MAC that is said to break it,
 * or at some that are said not to. */
static void check_any(const char *text, SearchProperty property, gboolean expected)
{
    static const guint64 some[] = {0x525400000001, 0x525400000009, 0x020000000000};
    g_autoptr(SearchPort) port = port_with_mac(text, 0x525400000001);
    guint64 mac = 1;

    g_test_message("%s", text);
    g_assert_true(search_any_mac(port, property, ENCAPSULATION_INSPECT, NULL, 0, &mac, NULL));
    g_assert_cmpint(mac == 0, ==, expected);
    if (mac != 0)
        g_assert_false(holds_with(text, property, mac));
    for (gsize i = 0; mac == 0 && i < G_N_ELEMENTS(some); i++)
        g_assert_true(holds_with(text, property, some[i]));
}

static void test_any_mac(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(any_rows); i++) {
        check_any(any_rows[i].text, SEARCH_NO_FORGED_MAC, any_rows[i].mac_holds);
        check_any(any_rows[i].text, SEARCH_NO_FORGED_ARP, any_rows[i].arp_holds);
    }
}

static void test_dead(void)
{
    static const char text[] = FILTER(
        "root",
        RULE("accept", "out", "<ip srcipaddr='10.0.0.0' srcipmask='8'/>")
            RULE("drop", "out", "<ip srcipaddr='10.1.2.3'/>") RULE(
                "drop", "out",
                "<ip srcipaddr='11.1.2.3'/>") "<rule action='accept' direction='out'><arp/></rule>"
                                              "<rule action='drop' "
                                              "direction='out'><arp/></rule>\n" RULE(
                                                  "continue", "out", "<mac/>"));
    const char *texts[] = {text};
    g_autoptr(Plan) plan = world_plan(texts, 1);
    g_autoptr(SearchPort) port = port_of(plan, 0);
    g_autoptr(GArray) dead = search_dead_rules(plan, port, NULL);

    g_assert_cmpuint(dead->len, ==, 3);
    g_assert_cmpuint(g_array_index(dead, guint, 0), ==, 1);
    g_assert_cmpuint(g_array_index(dead, guint, 1), ==, 4); /* the second of its line */
    g_assert_cmpuint(g_array_index(dead, guint, 2), ==, 5);
}

/* Two random ends in order. */
static void ends(GRand *random, guint *from, guint *to)
{
    guint a = g_rand_int(random) & 0xffff, b = g_rand_int(random) & 0xffff;

    *from = MIN(a, b);
    *to = MAX(a, b);
}

/* A hundred boxes in four dimensions, let through and dropped by turns: more than the diagram may
 * hold, and that is said. */
static void test_too_large(void)
{
    g_autoptr(GString) text = g_string_new("<filter name='a' chain='root'>");
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    g_autoptr(SearchPort) port = NULL;
    g_autoptr(Witness) witness = NULL;
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < 100; i++) {
        guint end[8];

        for (guint dimension = 0; dimension < 4; dimension++)
            ends(random, &end[2 * dimension], &end[2 * dimension + 1]);
        g_string_append_printf(
            text,
            "<rule action='%s' direction='out'><udp srcipfrom='10.0.%u.%u' srcipto='10.0.%u.%u' "
            "dstipfrom='10.0.%u.%u' dstipto='10.0.%u.%u' srcportstart='%u' srcportend='%u' "
            "dstportstart='%u' dstportend='%u'/></rule>",
            i % 2 ? "accept" : "drop", end[0] >> 8, end[0] & 255, end[1] >> 8, end[1] & 255,
            end[2] >> 8, end[2] & 255, end[3] >> 8, end[3] & 255, end[4], end[5], end[6], end[7]);
    }
    g_string_append(text, "</filter>");
    port = port_of_text(text->str, 0);
    g_assert_false(search_difference(port, port, ENCAPSULATION_INSPECT, &witness, &error));
    g_assert_error(error, DECIDE_ERROR, DECIDE_ERROR_TOO_LARGE);
    g_assert_null(witness);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decide/search/pairs", test_pairs);
    g_test_add_func("/decide/search/forged-mac", test_forged_mac);
    g_test_add_func("/decide/search/forged-arp", test_forged_arp);
    g_test_add_func("/decide/search/any-mac", test_any_mac);
    g_test_add_func("/decide/search/dead", test_dead);
    g_test_add_func("/decide/search/too-large", test_too_large);
    g_test_add_data_func("/decide/search/world-inspect", GUINT_TO_POINTER(ENCAPSULATION_INSPECT),
                         test_world);
    g_test_add_data_func("/decide/search/world-opaque", GUINT_TO_POINTER(ENCAPSULATION_OPAQUE),
                         test_world);
    return g_test_run();
}
