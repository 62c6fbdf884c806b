/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "nwfilter/bounds.h"
#include "nwfilter/resolve.h"

/* A few filters by name, from texts. */
typedef struct {
    GHashTable *filters;
} Fixture;

static void add(Fixture *fixture, const char *text)
{
    g_autoptr(GError) error = NULL;
    Filter *filter = filter_parse(text, strlen(text), NULL, NULL, &error);

    g_assert_no_error(error);
    g_hash_table_replace(fixture->filters, filter->name, filter);
}

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->filters =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)filter_unref);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    g_hash_table_unref(fixture->filters);
}

static Filter *lookup(gpointer data, const char *name)
{
    Fixture *fixture = data;

    return g_hash_table_lookup(fixture->filters, name);
}

static Plan *resolve(Fixture *fixture, const char *name, GError **error)
{
    return plan_resolve(lookup(fixture, name), lookup, fixture, error);
}

static void assert_plan(Fixture *fixture, const char *name, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = resolve(fixture, name, &error);

    g_assert_no_error(error);
    g_autofree char *text = plan_format(plan, NULL);
    g_assert_cmpstr(text, ==, expected);
}

/* NAME=VALUE words, blank between them. */
static Variables *variables_of(const char *words)
{
    Variables *variables = variables_new();
    g_auto(GStrv) list = g_strsplit(words, " ", -1);

    for (char **word = list; *word; word++) {
        g_auto(GStrv) pair = g_strsplit(*word, "=", 2);

        if (**word != '\0')
            g_assert_true(variables_add(variables, pair[0], pair[1], NULL));
    }
    return variables;
}

static void assert_bound(Fixture *fixture, const char *name, const char *words,
                         const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = resolve(fixture, name, &error);
    g_autoptr(Variables) port = variables_of(words);

    g_assert_no_error(error);
    g_autoptr(PlanValues) values = plan_bind(plan, port, &error);
    g_assert_no_error(error);
    g_autofree char *text = plan_format(plan, values);
    g_assert_cmpstr(text, ==, expected);
}

static void assert_bind_fails(Fixture *fixture, const char *name, const char *words, int code,
                              const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = resolve(fixture, name, &error);
    g_autoptr(Variables) port = variables_of(words);

    g_assert_no_error(error);
    g_assert_null(plan_bind(plan, port, &error));
    g_assert_error(error, NWFILTER_ERROR, code);
    g_autofree char *found = nwfilter_error_libvirt_message(error);
    g_assert_cmpstr(found, ==, message);
}

static void assert_resolve_fails(Fixture *fixture, const char *name, int code, const char *message)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(resolve(fixture, name, &error));
    g_assert_error(error, NWFILTER_ERROR, code);
    g_autofree char *found = nwfilter_error_format(error);
    g_assert_cmpstr(found, ==, message);
}

/* ---- order ---- */

static void test_order(Fixture *fixture, gconstpointer data)
{
    add(fixture, "<filter name='arp' chain='arp-x' priority='-500'>\n"
                 "<rule action='drop' direction='out' priority='600'/>\n"
                 "<rule action='accept' direction='in' priority='-700'/>\n"
                 "<rule action='accept' direction='out' priority='-600'><tcp/></rule></filter>");
    add(fixture, "<filter name='top' chain='root'>\n"
                 "<rule action='accept' direction='inout' priority='-500'/>\n"
                 "<rule action='drop' direction='out' priority='-501'><mac/></rule>\n"
                 "<filterref filter='arp'/>\n"
                 "<rule action='reject' direction='in'><udp comment='why'/></rule>\n"
                 "<rule action='return' direction='out' priority='-500'><ip/></rule>\n"
                 "</filter>");
    assert_plan(fixture, "top",
                "plan top\n"
                "from the VM\n"
                "  -501 drop out mac    top:3\n"
                "  chain arp-x -500\n"
                "    600 drop out    arp:2\n"
                "  -500 accept inout    top:2\n"
                "  -500 return out ip    top:6\n"
                "to the VM\n"
                "  chain arp-x -500\n"
                "    -700 accept in    arp:3\n"
                "  -500 accept inout    top:2\n"
                "inet\n"
                "  500 reject in udp    top:5 why\n"
                "  -600 accept out tcp    arp:4\n");
}

/* Two filters share a chain and differ about its place: its last rule decides, for each way. */
static void test_shared_chain(Fixture *fixture, gconstpointer data)
{
    add(fixture, "<filter name='a' chain='mac-x' priority='-100'>"
                 "<rule action='drop' direction='out' priority='900'/>"
                 "<rule action='drop' direction='in' priority='100'/></filter>");
    add(fixture, "<filter name='b' chain='mac-x' priority='100'>"
                 "<rule action='accept' direction='inout' priority='500'/></filter>");
    add(fixture, "<filter name='c' chain='ipv4' priority='100'>"
                 "<rule action='accept' direction='in'/></filter>");
    add(fixture, "<filter name='d' chain='root'><filterref filter='a'/><filterref filter='c'/>"
                 "<filterref filter='b'/><rule action='drop' direction='inout' priority='0'/>"
                 "</filter>");
    assert_plan(fixture, "d",
                "plan d\n"
                "from the VM\n"
                "  chain mac-x -100\n"
                "    500 accept inout    b:1\n"
                "    900 drop out    a:1\n"
                "  0 drop inout    d:1\n"
                "to the VM\n"
                "  0 drop inout    d:1\n"
                "  chain mac-x 100\n"
                "    100 drop in    a:1\n"
                "    500 accept inout    b:1\n"
                "  chain ipv4 100\n"
                "    500 accept in    c:1\n"
                "inet\n");
}

/* ---- conditions ---- */

static void test_conditions(Fixture *fixture, gconstpointer data)
{
    add(fixture, "<filter name='x' chain='root'>\n"
                 "<rule action='drop' direction='in'><mac srcmacaddr='1:2:3:4:5:6' "
                 "srcmacmask='ff:0:0:0:0:0' match='no'/></rule>\n"
                 "<rule action='drop' direction='in'><tcp srcipaddr='1.2.3.4' srcipmask='24' "
                 "dstipfrom='1.1.1.1' dstipto='2.2.2.2' dstportstart='5' dstportend='$E' "
                 "flags='SYN/ALL' state='NEW' connlimit-above='$L'/></rule>\n"
                 "<rule action='drop' direction='in' statematch='0'><icmp match='no' type='8' "
                 "code='0'/></rule>\n"
                 "<rule action='drop' direction='in'><ipv6 protocol='icmpv6' type='1' typeend='4' "
                 "code='2' codeend='3'/></rule>\n"
                 "<rule action='drop' direction='in'><arp gratuitous='false' opcode='1'/></rule>\n"
                 "<rule action='drop' direction='in'><arp gratuitous='true'/></rule>\n"
                 "</filter>");
    assert_plan(fixture, "x",
                "plan x\n"
                "variable $E\n"
                "variable $L\n"
                "from the VM\n"
                "to the VM\n"
                "  500 drop in mac !srcmacaddr=01:02:03:04:05:06/ff:00:00:00:00:00    x:2\n"
                "  500 drop in ipv6 protocol=icmpv6 type=1-4&code=2-3    x:5\n"
                "  500 drop in arp opcode=Request    x:6\n"
                "  500 drop in arp gratuitous=true    x:7\n"
                "inet\n"
                "  500 drop in tcp srcipaddr=1.2.3.4/24 dstipfrom=1.1.1.1-2.2.2.2 "
                "dstportstart=5-$E flags=SYN/ALL state=NEW connlimit-above=$L    x:3\n"
                "  500 drop in icmp !type=8&code=0 statematch=false    x:4\n");
}

/* ---- variables ---- */

static void test_scopes(Fixture *fixture, gconstpointer data)
{
    add(fixture, "<filter name='in' chain='root'><rule action='drop' direction='out'>"
                 "<ip srcipaddr='$A' dstipaddr='$B'/></rule></filter>");
    add(fixture, "<filter name='mid' chain='root'><filterref filter='in'>"
                 "<parameter name='A' value='1.1.1.1'/><parameter name='B' value='2.2.2.2'/>"
                 "</filterref></filter>");
    add(fixture, "<filter name='out' chain='root'><filterref filter='mid'>"
                 "<parameter name='B' value='3.3.3.3'/></filterref>"
                 "<filterref filter='in'/></filter>");
    assert_plan(fixture, "out",
                "plan out\n"
                "variable $A = 1.1.1.1\n"
                "variable $B = 3.3.3.3\n"
                "variable $A\n"
                "variable $B\n"
                "from the VM\n"
                "  500 drop out ip srcipaddr=$A dstipaddr=$B    in:1\n"
                "  500 drop out ip srcipaddr=$A dstipaddr=$B    in:1\n"
                "to the VM\n"
                "inet\n");
    assert_bound(fixture, "out", "B=4.4.4.4 B=5.5.5.5 A=6.6.6.6 A=7.7.7.7",
                 "plan out\n"
                 "variable $A = 6.6.6.6 7.7.7.7\n"
                 "variable $B = 4.4.4.4 5.5.5.5\n"
                 "variable $A = 6.6.6.6 7.7.7.7\n"
                 "variable $B = 4.4.4.4 5.5.5.5\n"
                 "from the VM\n"
                 "  500 drop out ip srcipaddr=6.6.6.6 dstipaddr=4.4.4.4    in:1\n"
                 "  500 drop out ip srcipaddr=7.7.7.7 dstipaddr=5.5.5.5    in:1\n"
                 "  500 drop out ip srcipaddr=6.6.6.6 dstipaddr=4.4.4.4    in:1\n"
                 "  500 drop out ip srcipaddr=7.7.7.7 dstipaddr=5.5.5.5    in:1\n"
                 "to the VM\n"
                 "inet\n");
    assert_bound(fixture, "mid", "",
                 "plan mid\n"
                 "variable $A = 1.1.1.1\n"
                 "variable $B = 2.2.2.2\n"
                 "from the VM\n"
                 "  500 drop out ip srcipaddr=1.1.1.1 dstipaddr=2.2.2.2    in:1\n"
                 "to the VM\n"
                 "inet\n");
    assert_bind_fails(fixture, "out", "B=4.4.4.4", NWFILTER_ERROR_MISSING,
                      "internal error: Cannot instantiate filter due to unresolvable variables or "
                      "unavailable list elements: A");
}

static void test_types(Fixture *fixture, gconstpointer data)
{
    add(fixture, "<filter name='x' chain='root'>"
                 "<rule action='drop' direction='out'><ip srcipaddr='$IP'/></rule>\n"
                 "<rule action='drop' direction='out'><arp arpsrcipaddr='$IP'/></rule>\n"
                 "<rule action='drop' direction='out'><ipv6 srcipaddr='$IP'/></rule>\n"
                 "</filter>");
    g_autoptr(Plan) plan = resolve(fixture, "x", NULL);
    g_assert_cmpuint(plan->n_slots, ==, 2);
    assert_bind_fails(fixture, "x", "IP=10.0.0.1", NWFILTER_ERROR_VALUE,
                      "internal error: variable IP has illegal value 10.0.0.1: expected an IPv6 "
                      "address");
    assert_bind_fails(fixture, "x", "IP=10.0.0.300", NWFILTER_ERROR_VALUE,
                      "internal error: variable IP has illegal value 10.0.0.300: expected an IPv4 "
                      "address");
}

static const char product_filter[] =
    "<filter name='x' chain='root'><rule action='drop' direction='out'>"
    "<ip srcipaddr='$A[@1]' dstipaddr='$A' protocol='udp' srcportstart='$B[@2]'/></rule></filter>";

/* The order in which libvirt 9.0.0 wrote these into ebtables. */
static void test_product(Fixture *fixture, gconstpointer data)
{
    static const char rule[] = "  500 drop out ip srcipaddr=10.0.0.%c dstipaddr=10.0.0.%c "
                               "protocol=udp srcportstart=%s    x:1\n";
    static const char *const ports[] = {"80", "90"};
    g_autoptr(GString) expected = g_string_new("plan x\nvariable $A = 10.0.0.1 10.0.0.2 10.0.0.1\n"
                                               "variable $B = 80 90 90\nfrom the VM\n");

    for (guint i = 0; i < 8; i++)
        g_string_append_printf(expected, rule, '1' + (i >> 1 & 1), '1' + (i & 1), ports[i >> 2]);
    g_string_append(expected, "to the VM\ninet\n");
    add(fixture, product_filter);
    assert_bound(fixture, "x", "A=10.0.0.1 A=10.0.0.2 A=10.0.0.1 B=80 B=90 B=90", expected->str);
}

static void test_parallel(Fixture *fixture, gconstpointer data)
{
    add(fixture, "<filter name='x' chain='root'><rule action='drop' direction='out'>"
                 "<ip srcipaddr='$A' dstipaddr='$B[@0]'/></rule></filter>");
    assert_bound(fixture, "x", "A=1.1.1.1 A=1.1.1.2 A=1.1.1.1 B=2.2.2.1 B=2.2.2.3 B=2.2.2.1",
                 "plan x\n"
                 "variable $A = 1.1.1.1 1.1.1.2 1.1.1.1\n"
                 "variable $B = 2.2.2.1 2.2.2.3 2.2.2.1\n"
                 "from the VM\n"
                 "  500 drop out ip srcipaddr=1.1.1.1 dstipaddr=2.2.2.1    x:1\n"
                 "  500 drop out ip srcipaddr=1.1.1.2 dstipaddr=2.2.2.3    x:1\n"
                 "to the VM\n"
                 "inet\n");
    assert_bind_fails(fixture, "x", "A=1.1.1.1 A=1.1.1.2 B=2.2.2.1", NWFILTER_ERROR_CARDINALITY,
                      "internal error: Cardinality of list items must be the same for processing "
                      "them in parallel");
}

static void test_element(Fixture *fixture, gconstpointer data)
{
    add(fixture, "<filter name='x' chain='root'><rule action='drop' direction='out'>"
                 "<ip srcipaddr='$A[1]' dstipaddr='$B[@3]'/></rule></filter>");
    assert_bound(fixture, "x", "A=1.1.1.1 A=1.1.1.2 B=2.2.2.1",
                 "plan x\n"
                 "variable $A = 1.1.1.1 1.1.1.2\n"
                 "variable $B = 2.2.2.1\n"
                 "from the VM\n"
                 "  500 drop out ip srcipaddr=1.1.1.2 dstipaddr=2.2.2.1    x:1\n"
                 "to the VM\n"
                 "inet\n");
    assert_bind_fails(fixture, "x", "A=1.1.1.1", NWFILTER_ERROR_MISSING,
                      "internal error: Cannot instantiate filter due to unresolvable variables or "
                      "unavailable list elements: A[1], B[@3]");
}

/* ---- shapes ---- */

static void test_shape(Fixture *fixture, gconstpointer data)
{
    static const char form[] =
        "<filter name='%s' chain='root'>%s<rule action='drop' "
        "direction='out'><mac srcmacaddr='%s' comment='%s'/></rule></filter>";
    static const struct {
        const char *name, *blank, *mac, *comment;
    } filters[] = {{"a", "", "$MAC", "one"}, {"b", "\n", "$MAC", "two"}, {"c", "", "$M", "one"}};
    char *shapes[3];

    for (guint i = 0; i < 3; i++) {
        g_autofree char *text = g_strdup_printf(form, filters[i].name, filters[i].blank,
                                                filters[i].mac, filters[i].comment);
        add(fixture, text);
        g_autoptr(Plan) plan = resolve(fixture, filters[i].name, NULL);
        shapes[i] = plan_shape(plan);
    }
    g_assert_cmpstr(shapes[0], ==, shapes[1]);
    g_assert_cmpstr(shapes[0], !=, shapes[2]);
    for (guint i = 0; i < 3; i++)
        g_free(shapes[i]);
}

/* ---- errors and limits ---- */

static void test_references(Fixture *fixture, gconstpointer data)
{
    add(fixture, "<filter name='a'>\n<filterref filter='b'/></filter>");
    assert_resolve_fails(fixture, "a", NWFILTER_ERROR_REFERENCE,
                         "a:2: referenced filter 'b' is missing");
    add(fixture, "<filter name='b'>\n\n<filterref filter='a'/></filter>");
    assert_resolve_fails(fixture, "a", NWFILTER_ERROR_LOOP, "b:3: filter would introduce a loop");
    add(fixture, "<filter name='s'><filterref filter='s'/></filter>");
    assert_resolve_fails(fixture, "s", NWFILTER_ERROR_LOOP, "s:1: filter would introduce a loop");
}

static void test_depth(Fixture *fixture, gconstpointer data)
{
    for (guint i = 0; i <= INCLUDE_DEPTH_MAX + 1; i++) {
        g_autofree char *text =
            i == INCLUDE_DEPTH_MAX + 1
                ? g_strdup_printf("<filter name='f%u'/>", i)
                : g_strdup_printf("<filter name='f%u'><filterref filter='f%u'/></filter>", i,
                                  i + 1);
        add(fixture, text);
    }
    g_autoptr(Plan) plan = resolve(fixture, "f1", NULL);
    g_assert_nonnull(plan);
    assert_resolve_fails(fixture, "f0", NWFILTER_ERROR_LIMIT,
                         "f32:1: filter 'f32' is included too deep: expected at most 32");
}

/* Each filter includes the next twice: 2^20 walks unless something stops them. */
static void test_fan_out(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    add(fixture, "<filter name='f20'><rule action='drop' direction='in'/></filter>");
    for (guint i = 0; i < 20; i++) {
        g_autofree char *text = g_strdup_printf("<filter name='f%u'><filterref filter='f%u'/>"
                                                "<filterref filter='f%u'/></filter>",
                                                i, i + 1, i + 1);
        add(fixture, text);
    }
    g_assert_null(resolve(fixture, "f0", &error));
    g_assert_error(error, NWFILTER_ERROR, NWFILTER_ERROR_LIMIT);
}

static void test_iterator_limit(Fixture *fixture, gconstpointer data)
{
    add(fixture, "<filter name='x'><rule action='drop' direction='in'>"
                 "<tcp srcmacaddr='$M' srcipaddr='$A[@1]' srcipmask='$A[@2]' dstipaddr='$A[@3]' "
                 "dstipmask='$A[@4]' dscp='$A[@5]' srcportstart='$A[@6]' srcportend='$A[@7]' "
                 "dstportstart='$A[@8]'/></rule></filter>");
    assert_resolve_fails(fixture, "x", NWFILTER_ERROR_LIMIT,
                         "x:1: filter 'x' has a rule with too many iterators: expected at most 8");
}

static void test_product_limit(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GString) words = g_string_new(NULL);

    add(fixture, product_filter);
    for (guint i = 0; i < 1024; i++)
        g_string_append_printf(words, "A=10.0.%u.%u B=%u ", i / 256, i % 256, i);
    assert_bind_fails(fixture, "x", words->str, NWFILTER_ERROR_LIMIT,
                      "internal error: the lists of this rule have too many combinations: expected "
                      "at most 1048576");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(Fixture *, gconstpointer);
    } tests[] = {{"/resolve/order", test_order},
                 {"/resolve/shared-chain", test_shared_chain},
                 {"/resolve/conditions", test_conditions},
                 {"/resolve/scopes", test_scopes},
                 {"/resolve/types", test_types},
                 {"/resolve/product", test_product},
                 {"/resolve/parallel", test_parallel},
                 {"/resolve/element", test_element},
                 {"/resolve/shape", test_shape},
                 {"/resolve/references", test_references},
                 {"/resolve/depth", test_depth},
                 {"/resolve/fan-out", test_fan_out},
                 {"/resolve/iterator-limit", test_iterator_limit},
                 {"/resolve/product-limit", test_product_limit}};

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].run, tear_down);
    return g_test_run();
}
