/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "nwfilter/bounds.h"
#include "nwfilter/filter.h"

static char *golden_file(const char *name, const char *suffix)
{
    g_autofree char *file = g_strconcat(name, suffix, NULL);

    return g_test_build_filename(G_TEST_DIST, "tests", "golden", "nwfilter", file, NULL);
}

/* Names without suffix, sorted. */
static GPtrArray *golden_cases(void)
{
    g_autofree char *folder =
        g_test_build_filename(G_TEST_DIST, "tests", "golden", "nwfilter", NULL);
    GPtrArray *cases = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir))) {
        if (g_str_has_suffix(name, ".xml"))
            g_ptr_array_add(cases, g_strndup(name, strlen(name) - strlen(".xml")));
    }
    g_assert_cmpuint(cases->len, >, 40);
    return cases;
}

static Filter *read_good(const char *file)
{
    g_autoptr(GPtrArray) problems = NULL;
    g_autoptr(GError) error = NULL;
    Filter *filter = filter_read(file, &problems, &error);

    for (guint i = 0; i < problems->len; i++)
        g_test_message("%s: %s", file, ((GError *)problems->pdata[i])->message);
    g_assert_no_error(error);
    g_assert_nonnull(filter);
    return filter;
}

/* What libvirt 9.0.0 dumped for the same text (tests/compat records and checks it). */
static void test_golden(void)
{
    g_autoptr(GPtrArray) cases = golden_cases();

    for (guint i = 0; i < cases->len; i++) {
        g_autofree char *input = golden_file(cases->pdata[i], ".xml");
        g_autofree char *output = golden_file(cases->pdata[i], ".dump");
        g_autofree char *dump = NULL;
        g_autoptr(Filter) filter = read_good(input);
        g_autofree char *ours = filter_format(filter, NULL);

        g_assert_true(g_file_get_contents(output, &dump, NULL, NULL));
        g_assert_cmpstr(ours, ==, dump);
    }
}

/* Reading what was printed and printing it again changes nothing. */
static void test_fixed_point(void)
{
    g_autoptr(GPtrArray) cases = golden_cases();

    for (guint i = 0; i < cases->len; i++) {
        g_autofree char *output = golden_file(cases->pdata[i], ".dump");
        g_autofree char *dump = NULL;
        g_autoptr(Filter) filter = read_good(output);
        g_autofree char *again = filter_format(filter, NULL);

        g_assert_true(g_file_get_contents(output, &dump, NULL, NULL));
        g_assert_cmpstr(again, ==, dump);
    }
}

/* ---- the golden files use the whole language ---- */

typedef struct {
    GHashTable *rows; /* "protocol row sign" */
    guint actions, directions;
} Coverage;

static void cover_rule(Coverage *coverage, const Rule *rule)
{
    coverage->actions |= 1u << rule->action;
    coverage->directions |= 1u << rule->direction;
    for (guint i = 0; i < rule->items->len; i++) {
        const RuleItem *item = &g_array_index(rule->items, RuleItem, i);

        g_hash_table_add(coverage->rows,
                         g_strdup_printf("%d %p %c", rule->protocol, (const void *)item->row,
                                         item->is_variable ? '$'
                                         : item->negated   ? '!'
                                                           : '='));
    }
}

static void cover_all(Coverage *coverage)
{
    g_autoptr(GPtrArray) cases = golden_cases();

    for (guint i = 0; i < cases->len; i++) {
        g_autofree char *input = golden_file(cases->pdata[i], ".xml");
        g_autoptr(Filter) filter = read_good(input);

        for (guint j = 0; j < filter->entries->len; j++) {
            const FilterEntry *entry = filter->entries->pdata[j];

            if (entry->rule)
                cover_rule(coverage, entry->rule);
        }
    }
}

static gboolean is_covered(const Coverage *coverage, guint protocol, const FieldRow *row, char how)
{
    g_autofree char *key = g_strdup_printf("%u %p %c", protocol, (const void *)row, how);

    return g_hash_table_contains(coverage->rows, key);
}

/* libvirt reads an -ipv6 dstipto as IPv4, so no golden file can have one; test_refused does. */
static gboolean is_beyond_libvirt(const FieldRow *row)
{
    return row->role == ROLE_IPSET || row->role == ROLE_IPSETFLAGS ||
           (row->field == FIELD_IP6_DST && row->role == ROLE_END);
}

static void check_covered(const Coverage *coverage, guint protocol, const FieldRow *row)
{
    gboolean is_constant_only = row->role == ROLE_STATE || row->type == TYPE_TCPFLAGS ||
                                row->type == TYPE_BOOLEAN || row->type == TYPE_TEXT;
    const char *ways = row->role == ROLE_STATE ? "=" : is_constant_only ? "=!" : "=!$";

    for (; *ways != '\0'; ways++) {
        if (!is_covered(coverage, protocol, row, *ways))
            g_error("no golden file uses %s of <%s> with '%c'", row->attribute,
                    protocol_info((Protocol)protocol)->element, *ways);
    }
}

static void test_coverage(void)
{
    Coverage coverage = {g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL), 0, 0};
    guint n_rows;
    const FieldRow *rows = field_rows(&n_rows);

    cover_all(&coverage);
    g_assert_cmpuint(coverage.actions, ==, 0x1f);
    g_assert_cmpuint(coverage.directions, ==, 0x7);
    for (guint i = 0; i < n_rows; i++) {
        for (guint protocol = 0; protocol < N_PROTOCOLS; protocol++) {
            if (rows[i].protocols & 1u << protocol && !is_beyond_libvirt(&rows[i]))
                check_covered(&coverage, protocol, &rows[i]);
        }
    }
    g_hash_table_unref(coverage.rows);
}

/* ---- what is refused, with its place ---- */

/* The rule's inside stands on line 3. libvirt: the VIR_ERR_ number. */
static const struct {
    const char *inside;
    int libvirt;
    const char *message; /* begins like this */
} refused_rules[] = {
    /* illegal in libvirt too, with its texts */
    {"<mac protocolid='100'/>", 1, "protocolid has illegal value 100: expected a number from 1536"},
    {"<mac protocolid='foo'/>", 1, "protocolid has illegal value foo"},
    {"<mac srcmacaddr='01-02-03-04-05-06'/>", 1, "srcmacaddr has illegal value 01-02-03-04-05-06"},
    {"<mac srcmacaddr='1:2:3:4:5'/>", 1, "srcmacaddr has illegal value"},
    {"<mac srcmacaddr='1:2:3:4:5:6' srcmacmask='ff:0:ff:0:0:0'/>", 1, "srcmacmask has illegal"},
    {"<vlan vlanid='4096'/>", 1, "vlanid has illegal value 4096: expected a number from 0 to 4095"},
    {"<vlan encap-protocol='59'/>", 1, "encap-protocol has illegal value 59"},
    {"<ip dscp='64'/>", 1, "dscp has illegal value 64"},
    {"<ip srcipaddr='300.1.1.1'/>", 1, "srcipaddr has illegal value 300.1.1.1: expected an IPv4"},
    {"<ip srcipaddr='1.2.3.4 '/>", 1, "srcipaddr has illegal value"},
    {"<ip srcipaddr='1.2.3.4' srcipmask='33'/>", 1, "srcipmask has illegal value 33"},
    {"<ip srcipaddr='1.2.3.4' srcipmask='255.0.255.0'/>", 1, "srcipmask has illegal value"},
    {"<ipv6 srcipaddr='1.2.3.4'/>", 1, "srcipaddr has illegal value 1.2.3.4: expected an IPv6"},
    {"<ipv6 srcipaddr='fe80::1%lo'/>", 1, "srcipaddr has illegal value"},
    {"<ipv6 srcipaddr='::1' srcipmask='129'/>", 1, "srcipmask has illegal value 129"},
    {"<tcp connlimit-above='0x10'/>", 1, "connlimit-above has illegal value 0x10"},
    {"<tcp connlimit-above='65536'/>", 1, "connlimit-above has illegal value 65536"},
    {"<tcp flags='SYN'/>", 1, "flags has illegal value SYN: expected MASK/FLAGS"},
    {"<tcp state='NEW,OLD'/>", 1, "state has illegal value NEW,OLD"},
    {"<tcp srcipaddr='$a-b'/>", 1, "srcipaddr has illegal value $a-b: expected $NAME, $NAME[@n]"},
    {"<tcp srcipaddr='$a[@1001]'/>", 1, "srcipaddr has illegal value $a[@1001]"},
    {"<tcp srcipaddr='$a[4294967296]'/>", 1, "srcipaddr has illegal value"},
    {"<icmpv6 type='256'/>", 1, "type has illegal value 256: expected a number from 0 to 255"},
    {"<ip srcportstart='5'/>", 1, "IP rule with port specification requires protocol"},
    {"<ip protocol='icmp' dstportstart='5'/>", 1, "IP rule with port specification requires"},
    {"<ipv6 protocol='$P' dstportstart='5'/>", 1, "IPv6 rule with port specification requires"},
    /* libvirt fails when the rule is applied */
    {"<tcp srcportstart='9' srcportend='8'/>", 1, "srcportend is below srcportstart"},
    {"<all srcipfrom='1.2.3.4' srcipto='1.2.3.3'/>", 1, "srcipto is below srcipfrom"},
    {"<ipv6 type='128'/>", 1, "IPv6 rule with type or code requires protocol='icmpv6'"},
    {"<tcp srcipaddr='$'/>", 1, "srcipaddr has illegal value $"},
    {"<tcp srcipaddr='$a[-1]'/>", 1, "srcipaddr has illegal value $a[-1]"},
    {"<tcp srcipaddr='$a[1]x'/>", 1, "srcipaddr has illegal value $a[1]x"},
    /* libvirt ignores these, and the rule means something else than it says */
    {"<foo/>", 1, "<foo> is not possible in <rule>: expected a protocol such as mac"},
    {"<tcp/><udp/>", 1, "<udp> has no effect after <tcp>"},
    {"<tcp sport='1'/>", 1, "<tcp> has no attribute 'sport': expected one of match, srcmacaddr"},
    {"<ipv6 dscp='1'/>", 1, "<ipv6> has no attribute 'dscp'"},
    {"<tcp-ipv6 flags='SYN/SYN'/>", 1, "<tcp-ipv6> has no attribute 'flags'"},
    {"<stp root-cost='-1'/>", 1, "root-cost has illegal value -1"},
    {"<tcp state=''/>", 1, "state has illegal value"},
    {"<tcp match='NO' srcportstart='1'/>", 1, "match has illegal value NO: expected yes or no"},
    {"<tcp match='no'/>", 1, "match='no' has no effect without another attribute"},
    {"<tcp match='no' state='NEW'/>", 1, "match='no' has no effect on state"},
    {"<tcp srcportend='5'/>", 1, "srcportend has no effect without srcportstart"},
    {"<mac srcmacmask='ff:0:0:0:0:0'/>", 1, "srcmacmask has no effect without srcmacaddr"},
    {"<all dstipto='1.2.3.4'/>", 1, "dstipto has no effect without dstipfrom"},
    {"<stp root-cost-hi='4'/>", 1, "root-cost-hi has no effect without root-cost"},
    {"<icmp code='3'/>", 1, "code has no effect without type"},
    {"<icmp type='3'/><icmp match='no' code='3'/>", 1, "type and code have different match signs"},
    {"<tcp srcipaddr='1.2.3.4'/><tcp match='no' srcipmask='24'/>", 1, "srcipaddr and srcipmask"},
    {"<tcp srcportstart='5'/><tcp srcportstart='6'/>", 1, "srcportstart is given twice"},
    {"<tcp state='$X'/>", 1, "state cannot be a variable"},
    {"<tcp flags='$X'/>", 1, "flags cannot be a variable"},
    {"<arp gratuitous='$X'/>", 1, "gratuitous cannot be a variable"},
    {"<all ipset='s' ipsetflags='src'/>", 67, "ipset is not supported: sets of the kernel"},
};

static Filter *parse_text(const char *text, GError **error)
{
    return filter_parse(text, strlen(text), "file.xml", NULL, error);
}

static void assert_refused(const char *text, guint line, int libvirt, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *place = g_strdup_printf("file.xml:%u: %s", line, message);

    g_assert_null(parse_text(text, &error));
    g_assert_nonnull(error);
    g_autofree char *found = nwfilter_error_format(error);
    if (!g_str_has_prefix(found, place))
        g_error("%s\n gives: %s\n not:   %s", text, found, place);
    g_assert_cmpint(nwfilter_error_place(error)->libvirt, ==, libvirt);
}

static void test_refused_rules(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(refused_rules); i++) {
        gboolean whole = g_str_has_prefix(refused_rules[i].message, "IP");
        g_autofree char *text =
            g_strdup_printf("<filter name='x'>\n<rule action='accept' direction='out'>\n%s\n"
                            "</rule></filter>",
                            refused_rules[i].inside);

        assert_refused(text, whole ? 2 : 3, refused_rules[i].libvirt, refused_rules[i].message);
    }
}

static const struct {
    const char *text;
    guint line;
    int libvirt;
    const char *message;
} refused_filters[] = {
    {"", 1, 35, ""},
    {"<filter name='x'>\n<rule></filter>", 2, 35, "Opening and ending tag mismatch"},
    {"<!DOCTYPE filter [<!ENTITY a 'b'>]>\n<filter name='x'/>", 0, 27, ""},
    {"<foo/>", 1, 27, "expecting root element of 'filter', not 'foo'"},
    {"<filter/>", 1, 1, "filter has no name"},
    {"<filter name=''/>", 1, 1, "filter has no name"},
    {"<filter\n name='../q'/>", 2, 8, "illegal filter name '../q': expected a name without '/'"},
    {"<filter name='..'/>", 1, 8, "illegal filter name '..'"},
    {"<filter name='a b/c'/>", 1, 8, "illegal filter name"},
    {"<filter name='x' chain='foo'/>", 1, 8,
     "Invalid chain name 'foo'. Please use a chain name called 'root' or any of the following "
     "prefixes: mac, vlan, stp, arp, rarp, ipv4, ipv6"},
    {"<filter name='x' chain='rootx'/>", 1, 8, "Invalid chain name 'rootx'"},
    {"<filter name='x' chain='mac-45678901x'/>", 1, 8,
     "Name of chain is longer than 12 characters"},
    {"<filter name='x' chain='mac/x'/>", 1, 8, "Chain name contains invalid characters"},
    {"<filter name='x' chain='MAC'/>", 1, 8, "Invalid chain name 'MAC'"},
    {"<filter name='x' chain='mac' priority='x'/>", 1, 8, "Could not parse chain priority 'x'"},
    {"<filter name='x'\n chain='mac'\n priority='1001'/>", 3, 8,
     "Priority '1001' is outside valid range of [-1000,1000]"},
    {"<filter name='x' colour='red'/>", 1, 1, "<filter> has no attribute 'colour'"},
    {"<filter name='x'>\n\n<uuid>12</uuid></filter>", 3, 27, "malformed uuid element"},
    {"<filter name='x'>\n<rul action='drop'/></filter>", 2, 1, "<rul> is not possible in <filter>"},
    {"<filter name='x'><filterref/></filter>", 1, 1, "filterref requires filter attribute"},
    {"<filter name='x'><filterref filter='../a'/></filter>", 1, 8, "illegal filter name '../a'"},
    {"<filter name='x'><filterref filter='a'>\n<parameter name='B-x' value='1'/></filterref>"
     "</filter>",
     2, 8, "Variable name 'B-x' is not allowed: expected letters, digits and underscores"},
    {"<filter name='x'><filterref filter='a'>\n<parameter name='B' value='a/b'/></filterref>"
     "</filter>",
     2, 8, "Variable value 'a/b' is not allowed"},
    {"<filter name='x'><filterref filter='a'><parameter name='B' value=''/></filterref></filter>",
     1, 8, "Variable value '' is not allowed"},
    {"<filter name='x'><filterref filter='a'><parameter name='B'/></filterref></filter>", 1, 1,
     "parameter requires name and value attributes"},
    {"<filter name='x'><rule direction='in'/></filter>", 1, 1,
     "rule node requires action attribute"},
    {"<filter name='x'><rule action='log' direction='in'/></filter>", 1, 67,
     "unknown rule action attribute value 'log': expected drop, accept"},
    {"<filter name='x'><rule action='drop'/></filter>", 1, 1,
     "rule node requires direction attribute"},
    {"<filter name='x'><rule action='drop' direction='IN'/></filter>", 1, 67,
     "unknown rule direction attribute value 'IN': expected in, out or inout"},
    {"<filter name='x'><rule action='drop'\n direction='in'\n priority='1001'/></filter>", 3, 8,
     "priority has illegal value 1001: expected a number from -1000 to 1000"},
    {"<filter name='x'><rule action='drop' direction='in' priority=''/></filter>", 1, 8,
     "priority has illegal value"},
    {"<filter name='x'><rule action='drop' direction='in' statematch='no'/></filter>", 1, 1,
     "statematch has illegal value no: expected true, false, 1 or 0"},
    {"<filter name='x'><rule action='drop' direction='in' statematch='0'><tcp state='NEW'/></rule>"
     "</filter>",
     1, 1, "state has no effect with statematch='false'"},
    {"<filter name='x'>\n<rule action='continue' direction='in'><tcp/></rule></filter>", 2, 67,
     "action 'continue' is not possible with <tcp>"},
    {"<filter name='x'>\n<rule action='drop' direction='inout'><stp srcmacaddr='1:2:3:4:5:6'/>"
     "</rule></filter>",
     2, 1, "STP filtering in inout direction with source MAC address set is not supported"},
};

static void test_refused_filters(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(refused_filters); i++) {
        g_autoptr(GError) error = NULL;

        if (*refused_filters[i].message != '\0') {
            assert_refused(refused_filters[i].text, refused_filters[i].line,
                           refused_filters[i].libvirt, refused_filters[i].message);
            continue;
        }
        g_assert_null(parse_text(refused_filters[i].text, &error));
        g_assert_error(error, NWFILTER_ERROR, NWFILTER_ERROR_XML);
    }
}

/* All problems of a file, by line, each line that of the attribute. */
static void test_all_problems(void)
{
    static const char text[] = "<filter name='x'>\n"
                               "  <!-- <rule> in\n a comment -->\n"
                               "  <rule action='drop'\n"
                               "        direction='out'>\n"
                               "    <ip srcipaddr='a>b'\n"
                               "        dstipaddr='dscp=1'\n"
                               "        dscp = '99'/>\n"
                               "  </rule>\n"
                               "  <rule action='drop' direction='out'><foo/></rule>\n"
                               "</filter>\n";
    static const guint lines[] = {6, 7, 8, 10};
    g_autoptr(GPtrArray) problems = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_null(filter_parse(text, strlen(text), "f", &problems, &error));
    g_assert_cmpuint(problems->len, ==, G_N_ELEMENTS(lines));
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++)
        g_assert_cmpuint(nwfilter_error_place(problems->pdata[i])->line, ==, lines[i]);
    g_assert_cmpuint(nwfilter_error_place(error)->line, ==, 6);
    g_assert_cmpstr(nwfilter_error_place(error)->attribute, ==, "srcipaddr");
    g_assert_cmpstr(nwfilter_error_place(error)->value, ==, "a>b");
    g_assert_cmpstr(nwfilter_error_place(error)->expected, ==, "an IPv4 address");
    g_autofree char *words = nwfilter_error_libvirt_message(error);
    g_assert_cmpstr(words, ==,
                    "internal error: srcipaddr has illegal value a>b: expected an IPv4 "
                    "address");
}

/* libxml2 quotes the begin of a comment without end, cut after so many bytes, over several lines.
 */
static void test_message_is_a_line(void)
{
    for (gsize before = 0; before < 2; before++) {
        g_autofree char *text = g_strdup_printf("<filter><!-- %.*s\n", (int)before, "x");
        g_autoptr(GString) longer = g_string_new(text);
        g_autoptr(GError) error = NULL;

        for (guint i = 0; i < 100; i++)
            g_string_append(longer, "\xc3\xbc");
        g_assert_null(parse_text(longer->str, &error));
        g_assert_true(g_utf8_validate(error->message, -1, NULL));
        g_assert_null(strchr(error->message, '\n'));
    }
}

/* ---- what we read although libvirt does not, or read otherwise ---- */

static const struct {
    const char *inside, *printed;
} fixed_rules[] = {
    {"<all-ipv6 dstipfrom='a::1' dstipto='a::5'/>", NULL},
    {"<all-ipv6 match='no' dstipfrom='a::1' dstipto='a::5'/>", NULL},
    /* libvirt gives dstport the sign of srcport, here none */
    {"<tcp match='no' dstportstart='80'/>", NULL},
    /* a comment is a text */
    {"<mac comment='$5 x'/>", NULL},
};

static void test_fixed(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(fixed_rules); i++) {
        const char *inside = fixed_rules[i].inside;
        g_autofree char *text = g_strdup_printf(
            "<filter name='x'><rule action='accept' direction='out'>%s</rule></filter>", inside);
        g_autoptr(GError) error = NULL;
        g_autoptr(Filter) filter = parse_text(text, &error);

        g_assert_no_error(error);
        g_autofree char *printed = filter_format(filter, NULL);
        g_assert_nonnull(strstr(printed, inside));
    }
}

static void test_names_are_escaped(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Filter) filter =
        parse_text("<filter name=\"a&amp;b'c\"><filterref filter='&lt;'/></filter>", &error);

    g_assert_no_error(error);
    g_autofree char *printed = filter_format(filter, "0f0e0d0c-0b0a-0908-0706-050403020100");
    g_assert_cmpstr(printed, ==,
                    "<filter name='a&amp;b&apos;c' chain='root'>\n"
                    "  <uuid>0f0e0d0c-0b0a-0908-0706-050403020100</uuid>\n"
                    "  <filterref filter='&lt;'/>\n</filter>\n");
}

static void test_priority_zero_is_kept(void)
{
    g_autoptr(Filter) filter =
        parse_text("<filter name='x' chain='mac-x' priority='0'></filter>", NULL);
    g_autofree char *printed = filter_format(filter, NULL);
    g_autoptr(Filter) again = parse_text(printed, NULL);

    g_assert_cmpstr(printed, ==, "<filter name='x' chain='mac-x' priority='0'>\n</filter>\n");
    g_assert_cmpint(again->priority, ==, 0);
}

/* ---- limits ---- */

static void test_limits(void)
{
    g_autoptr(GString) text = g_string_new("<filter name='x'>");
    g_autoptr(GError) error = NULL;
    g_autoptr(Filter) filter = NULL;

    for (guint i = 0; i < FILTER_ENTRIES_MAX; i++)
        g_string_append(text, "<filterref filter='y'/>");
    g_autofree char *full = g_strconcat(text->str, "</filter>", NULL);
    filter = parse_text(full, &error);
    g_assert_no_error(error);

    g_string_append(text, "<filterref filter='y'/></filter>");
    g_assert_null(parse_text(text->str, &error));
    g_assert_error(error, NWFILTER_ERROR, NWFILTER_ERROR_LIMIT);
    g_clear_error(&error);

    g_string_set_size(text, 0);
    for (guint i = 0; i <= FILTER_TEXT_MAX; i++)
        g_string_append_c(text, ' ');
    g_assert_null(parse_text(text->str, &error));
    g_assert_error(error, NWFILTER_ERROR, NWFILTER_ERROR_LIMIT);
}

static void test_comment_is_cut(void)
{
    g_autofree char *most = g_strnfill(255, 'a');
    g_autofree char *text = g_strdup_printf("<filter name='x'><rule action='drop' direction='in'>"
                                            "<mac comment='%s\xc3\xa9'/></rule></filter>",
                                            most);
    g_autoptr(Filter) filter = parse_text(text, NULL);
    const FilterEntry *entry = filter->entries->pdata[0];

    g_assert_cmpstr(rule_item_lookup(entry->rule, FIELD_NONE, ROLE_COMMENT)->value.text, ==, most);
}

static void test_uuid(void)
{
    static const char canonical[] = "0f0e0d0c-0b0a-0908-0706-050403020100";
    static const char *const good[] = {canonical, " 0F0E0D0C0b0a09080706050403020100\n",
                                       "0f-0e-0d-0c-0b-0a-0908-0706-050403020100"};
    static const char *const bad[] = {"", "0f0e0d0c-0b0a-0908-0706-0504030201",
                                      "0f0e0d0c-0b0a-0908-0706-0504030201001",
                                      "xf0e0d0c-0b0a-0908-0706-050403020100"};

    for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
        g_autofree char *uuid = filter_uuid_parse(good[i]);
        g_assert_cmpstr(uuid, ==, canonical);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_null(filter_uuid_parse(bad[i]));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/filter/golden", test_golden);
    g_test_add_func("/filter/fixed-point", test_fixed_point);
    g_test_add_func("/filter/coverage", test_coverage);
    g_test_add_func("/filter/refused-rules", test_refused_rules);
    g_test_add_func("/filter/refused-filters", test_refused_filters);
    g_test_add_func("/filter/all-problems", test_all_problems);
    g_test_add_func("/filter/message-is-a-line", test_message_is_a_line);
    g_test_add_func("/filter/fixed", test_fixed);
    g_test_add_func("/filter/names-are-escaped", test_names_are_escaped);
    g_test_add_func("/filter/priority-zero-is-kept", test_priority_zero_is_kept);
    g_test_add_func("/filter/limits", test_limits);
    g_test_add_func("/filter/comment-is-cut", test_comment_is_cut);
    g_test_add_func("/filter/uuid", test_uuid);
    return g_test_run();
}
