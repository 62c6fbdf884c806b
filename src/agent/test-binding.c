/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/binding-xml.h"

#define VM_ID "11111111-2222-3333-4444-555555555555"

static Nic *nic_make(const char *filter)
{
    Nic *nic = nic_new();

    nic->mac = g_strdup("52:54:00:00:00:01");
    nic->device = g_strdup("tw525400000001");
    nic->filter = g_strdup(filter);
    return nic;
}

static void as_libvirt_takes_it(void)
{
    g_autoptr(Nic) nic = nic_make("clean-traffic");
    g_autofree char *xml = NULL;

    nic_add_parameter(nic, "IP", "10.0.0.2");
    xml = binding_xml(VM_ID, "a<b", nic);
    g_assert_cmpstr(xml, ==,
                    "<filterbinding>\n  <owner>\n    <name>a&lt;b</name>\n    <uuid>" VM_ID
                    "</uuid>\n  </owner>\n  <portdev name=\"tw525400000001\"/>\n"
                    "  <mac address=\"52:54:00:00:00:01\"/>\n"
                    "  <filterref filter=\"clean-traffic\">\n"
                    "    <parameter name=\"IP\" value=\"10.0.0.2\"/>\n  </filterref>\n"
                    "</filterbinding>");
    g_assert_true(binding_xml_is(xml, nic));
}

static void compared(void)
{
    /* What a dump has, and whether it is a NIC's with filter f and A=1, B=2, A=3. */
    static const struct {
        const char *mac, *filter, *parameters;
        gboolean same;
    } cases[] = {
        {"01", "f", "A=1 A=3 B=2", TRUE},      {"01", "f", "A=1 A=3 B=2 MAC=x IP=y", TRUE},
        {"01", "f", "A=3 A=1 B=2", FALSE},     {"01", "f", "A=1 B=2", FALSE},
        {"01", "f", "A=1 A=3 A=4 B=2", FALSE}, {"01", "f", "A=1 A=3 B=2 C=1", FALSE},
        {"01", "f", "A=1 A=3", FALSE},         {"01", "f", "", FALSE},
        {"01", "g", "A=1 A=3 B=2", FALSE},     {"02", "f", "A=1 A=3 B=2", FALSE},
    };
    g_autoptr(Nic) nic = nic_make("f");

    nic_add_parameter(nic, "A", "1");
    nic_add_parameter(nic, "B", "2");
    nic_add_parameter(nic, "A", "3");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GString) xml = g_string_new(NULL);
        g_auto(GStrv) words = g_strsplit(cases[i].parameters, " ", -1);
        g_string_printf(xml,
                        "<filterbinding><mac address='52:54:00:00:00:%s'/><filterref filter='%s'>",
                        cases[i].mac, cases[i].filter);
        for (guint j = 0; words[j]; j++) {
            g_auto(GStrv) pair = g_strsplit(words[j], "=", 2);
            g_string_append_printf(xml, "<parameter name='%s' value='%s'/>", pair[0], pair[1]);
        }
        g_string_append(xml, "</filterref></filterbinding>");
        g_assert_true(binding_xml_is(xml->str, nic) == cases[i].same);
    }
    g_assert_false(binding_xml_is("no XML", nic));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agent/binding/format", as_libvirt_takes_it);
    g_test_add_func("/agent/binding/compared", compared);
    return g_test_run();
}
