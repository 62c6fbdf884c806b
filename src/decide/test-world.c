/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/test-world.h"

#include <string.h>

#include "nwfilter/resolve.h"

/* ---- frames ---- */

GByteArray *world_octets(const char *hex)
{
    GByteArray *octets = g_byte_array_new();

    for (const char *digit = hex; *digit != '\0'; digit++) {
        if (*digit == ' ')
            continue;
        guint8 octet =
            (guint8)(g_ascii_xdigit_value(digit[0]) << 4 | g_ascii_xdigit_value(digit[1]));
        g_byte_array_append(octets, &octet, 1);
        digit++;
    }
    return octets;
}

#define OWN "525400000001"
#define OTHER "525400000002"
#define ALL "ffffffffffff"
#define OUT OTHER OWN      /* from the port */
#define IN OWN OTHER       /* to the port */
#define FORGED OTHER OTHER /* from another's address */
#define A "0a000001"
#define B "0a000002"
#define C "0a010203"
#define ARP4 "00010800 0604 "
#define IP4(protocol, source, target, length)                                                      \
    "4500" length "0001000040" protocol "0000" source target
#define TCP(flags) "0050 0016 00000001 00000000 50" flags "ffff 00000000"
#define UDP "0044 0043 0008 0000"
#define V6A "fd000000000000000000000000000001"
#define V6B "fd000000000000000000000000000002"
#define IP6(header, source, target, length) "60000000" length header "40" source target
#define BPDU "0180c2000000" OWN "0026 424203 0000 00 "

static const struct {
    const char *name, *hex;
} frame_rows[] = {
    {"other type", OUT "88b5 00"},
    {"other type, forged", FORGED "88b5 00"},
    {"other type in", IN "88b5 00"},
    {"broadcast", ALL OWN "88b5 00"},
    {"arp request", ALL OWN "0806" ARP4 "0001" OWN A "000000000000" B},
    {"arp forged mac", ALL OWN "0806" ARP4 "0001" OTHER A "000000000000" B},
    {"arp forged ip", ALL OWN "0806" ARP4 "0002" OWN C OTHER B},
    {"arp reply in", IN "0806" ARP4 "0002" OTHER B OWN A},
    {"arp gratuitous", ALL OWN "0806" ARP4 "0001" OWN A "000000000000" A},
    {"arp hln 8", OUT "0806"
                      "00010800 0804 0001" OWN "0000" A OTHER "0000" B},
    {"arp cut", OUT "0806" ARP4 "0001" OWN},
    {"rarp", ALL OWN "8035" ARP4 "0003" OWN "00000000" OWN "00000000"},
    {"udp", OUT "0800" IP4("11", A, B, "001c") UDP},
    {"udp forged", OUT "0800" IP4("11", C, B, "001c") UDP},
    {"udp in", IN "0800" IP4("11", B, A, "001c") UDP},
    {"udp cut", OUT "0800" IP4("11", A, B, "0018") "0044 0043"},
    {"tcp syn", OUT "0800" IP4("06", A, B, "0028") TCP("02")},
    {"tcp ack in", IN "0800" IP4("06", B, A, "0028") TCP("10")},
    {"tcp cut", OUT "0800" IP4("06", A, B, "001c") UDP},
    {"icmp echo", OUT "0800" IP4("01", A, B, "001c") "0800 0000 00000000"},
    {"icmp reply in", IN "0800" IP4("01", B, A, "001c") "0000 0000 00000000"},
    {"first fragment", OUT "0800 4500001c0001200040110000" A B UDP},
    {"later fragment", OUT "0800 4500001c0001000140110000" A B UDP},
    {"ipv4 too long", OUT "0800" IP4("11", A, B, "001d") UDP},
    {"ipv4 cut", OUT "0800 45"},
    {"ipv4 dscp", OUT "0800 45b8001c0001000040110000" A B UDP},
    {"udp6", OUT "86dd" IP6("11", V6A, V6B, "0008") UDP},
    {"udp6 in", IN "86dd" IP6("11", V6B, V6A, "0008") UDP},
    {"icmp6", OUT "86dd" IP6("3a", V6A, V6B, "0008") "8700 0000 00000000"},
    {"icmp6 code 1", OUT "86dd" IP6("3a", V6A, V6B, "0008") "8701 0000 00000000"},
    {"udp6 behind options", OUT "86dd" IP6("3c", V6A, V6B, "0010") "1100010400000000" UDP},
    {"ipv6 chain cut", OUT "86dd" IP6("3c", V6A, V6B, "0002") "1100"},
    {"ipv6 later fragment", OUT "86dd" IP6("2c", V6A, V6B, "0010") "1100000800000001" UDP},
    {"tag 0, arp", OUT "8100 0000 0806" ARP4 "0001" OWN A "000000000000" B},
    {"tag 20, arp forged", OUT "8100 0014 0806" ARP4 "0001" OTHER C "000000000000" B},
    {"tag 20, udp", OUT "8100 0014 0800" IP4("11", A, B, "001c") UDP},
    {"service tag, tag, udp", OUT "88a8 0014 8100 0000 0800" IP4("11", A, B, "001c") UDP},
    {"tag cut off", OUT "8100 00"},
    {"snap arp forged", OUT "0024 aaaa03000000 0806" ARP4 "0001" OTHER C "000000000000" B},
    {"bpdu", BPDU "00 01 8000" OWN "00000004 8000" OWN "8001 0000 1400 0200 0f00"},
    {"bpdu of topology", BPDU "80"},
    {"bpdu cut", BPDU "00 01 8000"},
};

static void frame_free(gpointer data)
{
    WorldFrame *frame = data;

    g_free(frame->octets);
    g_free(frame);
}

GPtrArray *world_frames(void)
{
    GPtrArray *frames = g_ptr_array_new_with_free_func(frame_free);

    for (gsize i = 0; i < G_N_ELEMENTS(frame_rows); i++) {
        GByteArray *octets = world_octets(frame_rows[i].hex);
        WorldFrame *frame = g_new(WorldFrame, 1);

        frame->name = frame_rows[i].name;
        frame->length = octets->len;
        frame->octets = g_byte_array_free(octets, FALSE);
        g_ptr_array_add(frames, frame);
    }
    return frames;
}

const IrFlow *world_flows(guint *n_flows)
{
    static const IrFlow flows[] = {
        {STATE_NEW, FALSE, 0, FALSE},
        {STATE_ESTABLISHED, FALSE, 0, FALSE},
        {STATE_ESTABLISHED, TRUE, G_MAXUINT64, FALSE},
        {STATE_RELATED, TRUE, 0, TRUE},
        {STATE_INVALID, FALSE, G_MAXUINT64, FALSE},
        {0, FALSE, 0, FALSE},
    };

    *n_flows = G_N_ELEMENTS(flows);
    return flows;
}

/* ---- rules ---- */

/* Where a rule stands and what it asks. */
static const struct {
    const char *chain, *body;
} atoms[] = {
    {"root", ""},
    {"root", "<mac srcmacaddr='$MAC'/>"},
    {"mac", "<mac match='no' srcmacaddr='$MAC'/>"},
    {"root", "<mac protocolid='arp'/>"},
    {"root", "<mac match='no' protocolid='ipv4' dstmacaddr='52:54:00:00:00:02'/>"},
    {"mac", "<mac srcmacaddr='52:54:00:00:00:00' srcmacmask='ff:ff:ff:ff:ff:fe'/>"},
    {"vlan", "<vlan vlanid='20' encap-protocol='ipv4'/>"},
    {"root", "<vlan match='no' vlanid='20'/>"},
    {"stp", "<stp type='0' root-priority='0x7000' root-priority-hi='0x8fff'/>"},
    {"root", "<stp match='no' root-cost='4'/>"},
    {"arp", "<arp arpsrcmacaddr='$MAC' arpsrcipaddr='$IP'/>"},
    {"arp", "<arp match='no' arpsrcipaddr='$IP'/>"},
    {"root", "<arp opcode='Request' gratuitous='true'/>"},
    {"root", "<arp match='no' arpsrcmacaddr='$MAC' arpsrcipaddr='$IP[@1]'/>"},
    {"arp", "<arp match='no' arpsrcmacaddr='$MAC' arpsrcipaddr='$IP'/>"},
    {"rarp", "<rarp opcode='3'/>"},
    {"ipv4", "<ip srcipaddr='$IP' protocol='udp' srcportstart='$PORT[@1]'/>"},
    {"ipv4", "<ip srcipaddr='$IP' protocol='udp' srcportstart='$PORT'/>"},
    {"ipv4", "<ip match='no' srcipaddr='$IP'/>"},
    {"root", "<ip srcipaddr='10.0.0.0' srcipmask='$LENGTH' dstipaddr='$IP[@1]'/>"},
    {"root", "<ip protocol='17' dstportstart='$PORT' dstportend='$END'/>"},
    {"root", "<ip dscp='46'/>"},
    {"ipv6", "<ipv6 srcipaddr='fd00::1' protocol='udp'/>"},
    {"ipv6", "<ipv6 match='no' protocol='udp'/>"},
    {"ipv6", "<ipv6 protocol='icmpv6' type='130' typeend='140' code='0'/>"},
    {"root", "<ipv6 protocol='icmpv6'/>"},
    {"root", "<tcp dstportstart='22'/>"},
    {"root", "<tcp srcipaddr='$IP' dstportstart='$PORT'/>"},
    {"root", "<tcp flags='SYN,ACK/SYN' srcmacaddr='$MAC'/>"},
    {"root", "<tcp option='2'/>"},
    {"root", "<udp srcipfrom='10.0.0.1' srcipto='$IP' srcmacaddr='$MAC'/>"},
    {"root", "<udp srcmacaddr='$MAC'/>"},
    {"root", "<udp connlimit-above='1'/>"},
    {"root", "<icmp type='8' code='0'/>"},
    {"root", "<icmp/>"},
    {"root", "<all dscp='46'/>"},
    {"root", "<all state='NEW,RELATED'/>"},
    {"root", "<all-ipv6 dstipaddr='fd00::2' dstipmask='127'/>"},
    {"root", "<udp-ipv6 match='no' dstportstart='$PORT'/>"},
};

static const char *const actions[] = {"accept", "drop", "return"};
static const char *const directions[] = {"out", "in", "inout"};

#define N_KINDS (G_N_ELEMENTS(actions) * G_N_ELEMENTS(directions))

guint world_n_rules(void)
{
    return G_N_ELEMENTS(atoms) * N_KINDS;
}

char *world_rule(guint rule, const char *name)
{
    const guint kind = rule % N_KINDS, atom = rule / N_KINDS;

    g_assert(atom < G_N_ELEMENTS(atoms));
    return g_strdup_printf(
        "<filter name='%s' chain='%s'>\n<rule action='%s' direction='%s'>%s</rule>\n</filter>",
        name, atoms[atom].chain, actions[kind % 3], directions[kind / 3], atoms[atom].body);
}

static Filter *lookup(gpointer data, const char *name)
{
    return g_hash_table_lookup(data, name);
}

static void add(GHashTable *filters, const char *text)
{
    g_autoptr(GError) error = NULL;
    Filter *filter = filter_parse(text, strlen(text), NULL, NULL, &error);

    g_assert_no_error(error);
    g_hash_table_replace(filters, filter->name, filter);
}

Plan *world_plan(const char *const *texts, guint n_texts)
{
    g_autoptr(GHashTable) filters =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)filter_unref);
    g_autoptr(GString) top = g_string_new("<filter name='top' chain='root'>");
    g_autoptr(GError) error = NULL;
    Plan *plan;

    for (guint i = 0; i < n_texts; i++)
        add(filters, texts[i]);
    g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(filters), (GCompareFunc)strcmp);
    for (GList *each = names; each; each = each->next)
        g_string_append_printf(top, "<filterref filter='%s'/>", (char *)each->data);
    g_string_append(top, "</filter>");
    add(filters, top->str);
    plan = plan_resolve(lookup(filters, "top"), lookup, filters, &error);
    g_assert_no_error(error);
    return plan;
}

PlanValues *world_values(const Plan *plan, guint port)
{
    static const char *const rows[][3] = {
        {"MAC", "52:54:00:00:00:01", "52:54:00:00:00:03"},
        {"IP", "10.0.0.1", "10.0.0.2"},
        {"PORT", "68", "80"},
        {"END", "100", "90"},
        {"LENGTH", "24", "8"},
    };
    g_autoptr(Variables) variables = variables_new();
    g_autoptr(GError) error = NULL;
    PlanValues *values;

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_true(variables_add(variables, rows[i][0], rows[i][1], NULL));
        if (port > 0)
            g_assert_true(variables_add(variables, rows[i][0], rows[i][port == 1 ? 2 : 1], NULL));
    }
    values = plan_bind(plan, variables, &error);
    g_assert_no_error(error);
    return values;
}
