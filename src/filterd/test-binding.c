/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "filterd/binding.h"
#include "filterd/error.h"

#define OWNER "<owner><name>vm</name><uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid></owner>"
#define PORT "<portdev name='tap1'/>"
#define MAC "<mac address='52:54:00:00:00:01'/>"
#define FILTER "<filterref filter='f'/>"
#define WHOLE(inside) "<filterbinding>" inside "</filterbinding>"

/* What libvirt 9 answered, but for those marked as ours. */
static const struct {
    const char *xml, *message;
    int number;
} faults[] = {
    {"<foo/>", "XML error: expecting root element of 'filterbinding', not 'foo'", 27},
    {"<a", "(nwfilterbinding_definition):1: Couldn't find end of Start Tag a line 1\n<a\n--^", 35},
    {"<filterbinding><owner>",
     "(nwfilterbinding_definition):1: Premature end of data in tag owner line 1\n"
     "<filterbinding><owner>\n----------------------^",
     35},
    {WHOLE(""), "internal error: filter binding has no port dev name", 1},
    {WHOLE(OWNER MAC FILTER), "internal error: filter binding has no port dev name", 1},
    {WHOLE(PORT), "internal error: filter binding has no owner name", 1},
    {WHOLE(PORT MAC FILTER), "internal error: filter binding has no owner name", 1},
    {WHOLE(PORT "<linkdev/>"), "internal error: filter binding has no link dev name", 1},
    {WHOLE(PORT "<owner/><mac address='zz'/>"), "internal error: filter binding has no owner name",
     1},
    {WHOLE(PORT "<owner><name>x</name></owner>" MAC),
     "internal error: filter binding has no owner UUID", 1},
    {WHOLE(PORT "<owner><name>x</name><uuid>zz</uuid></owner>"),
     "internal error: Unable to parse UUID 'zz'", 1},
    {WHOLE(PORT OWNER), "internal error: filter binding has no MAC address", 1},
    {WHOLE(PORT OWNER "<mac address='zz'/>"), "internal error: Unable to parse MAC 'zz'", 1},
    {WHOLE(PORT OWNER "<mac address='52-54-00-00-00-01'/>"),
     "internal error: Unable to parse MAC '52-54-00-00-00-01'", 1},
    {WHOLE(PORT OWNER "<mac address='52:54:0::0:1'/>"),
     "internal error: Unable to parse MAC '52:54:0::0:1'", 1},
    {WHOLE(PORT OWNER MAC), "internal error: filter binding has no filter reference", 1},
    {WHOLE(PORT OWNER MAC "<filterref filter=''/>"),
     "internal error: filter binding has no filter reference", 1},
    /* ours: paths, and what libvirt leaves out without a word */
    {WHOLE("<portdev name='../x'/>" OWNER MAC FILTER),
     "Invalid network filter binding: port dev name '../x' is no device's: expected 1 to 15 "
     "characters without '/', ':' and blanks",
     100},
    {WHOLE(PORT OWNER MAC "<filterref filter='f'><parameter name='A' value='a/b'/></filterref>"),
     "invalid argument: Variable value 'a/b' is not allowed: expected letters, digits and the "
     "characters _ . :",
     8},
    {"<!DOCTYPE a>" WHOLE(PORT OWNER MAC FILTER),
     "XML error: a DOCTYPE is not allowed in a binding", 27},
};

static void test_faults(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *message = NULL;

        g_assert_null(binding_parse(faults[i].xml, strlen(faults[i].xml), &error));
        message = filterd_error_format(error);
        g_assert_cmpstr(message, ==, faults[i].message);
        g_assert_cmpint(filterd_error_number(error), ==, faults[i].number);
    }
}

static const char long_form[] = "<filterbinding>\n"
                                "  <owner>\n"
                                "    <name>a&amp;b&apos;c&quot;d</name>\n"
                                "    <uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid>\n"
                                "  </owner>\n"
                                "  <portdev name='tap1'/>\n"
                                "  <linkdev name='eth0'/>\n"
                                "  <mac address='52:54:00:00:00:01'/>\n"
                                "  <filterref filter='f'>\n"
                                "    <parameter name='A' value='1'/>\n"
                                "    <parameter name='A' value='0'/>\n"
                                "    <parameter name='B' value='2'/>\n"
                                "  </filterref>\n"
                                "</filterbinding>\n";

/* As libvirt dumps it. */
static void test_forms(void)
{
    static const char short_form[] =
        WHOLE("<owner><name>a&amp;b'c\"d</name><uuid> d54df46f1ab54a2286184560ef5fac2c </uuid>"
              "</owner>" PORT "<linkdev name='eth0'/><mac address='52:54:0:0:0:1'/>"
              "<filterref filter='f'><parameter name='B' value='2'/>"
              "<parameter name='A' value='1'/><parameter name='A' value='0'/></filterref>");
    g_autoptr(GError) error = NULL;
    g_autoptr(Binding) binding = binding_parse(short_form, strlen(short_form), &error);
    g_autofree char *text = NULL;

    g_assert_no_error(error);
    text = binding_format(binding, NULL);
    g_assert_cmpstr(text, ==, long_form);
}

static void test_status(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Binding) binding = binding_parse(long_form, strlen(long_form), &error);
    g_autofree char *status = binding_format_status(binding);
    g_autoptr(Binding) again = binding_parse_status(status, strlen(status), &error);
    g_autofree char *text = NULL;

    g_assert_no_error(error);
    text = binding_format(again, NULL);
    g_assert_cmpstr(text, ==, long_form);
    g_assert_null(binding_parse_status("<filterbindingstatus/>", 22, &error));
    g_assert_error(error, FILTERD_ERROR, FILTERD_ERROR_INTERNAL);
}

/* Whatever part of a file is there, reading it ends with a binding or with an error. */
static void test_cut(void)
{
    g_autoptr(Binding) binding = binding_parse(long_form, strlen(long_form), NULL);
    g_autofree char *status = binding_format_status(binding);

    for (gsize length = 0; length + 1 < strlen(status); length++) {
        g_autoptr(GError) error = NULL;

        g_assert_null(binding_parse_status(status, length, &error));
        g_assert_nonnull(error);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/filterd/binding/faults", test_faults);
    g_test_add_func("/filterd/binding/forms", test_forms);
    g_test_add_func("/filterd/binding/status", test_status);
    g_test_add_func("/filterd/binding/cut", test_cut);
    return g_test_run();
}
