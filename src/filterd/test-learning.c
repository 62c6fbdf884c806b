/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "filterd/addresses.h"
#include "filterd/binding-private.h"
#include "filterd/error.h"
#include "filterd/learning.h"
#include "nwfilter/filter.h"

/* ---- the decision ---- */

static Binding *binding_with(const char *mode, const char *address)
{
    Binding *binding = binding_new();

    binding->filter = g_strdup("f");
    if (mode)
        g_assert_true(variables_add(binding->parameters, "CTRL_IP_LEARNING", mode, NULL));
    if (address)
        g_assert_true(variables_add(binding->parameters, "IP", address, NULL));
    return binding;
}

static void test_choose(void)
{
    static const struct {
        const char *mode, *missing[3];
        Learning learning;
    } cases[] = {
        {NULL, {NULL}, LEARNING_OFF},
        {NULL, {"IP"}, LEARNING_ANY},
        {"any", {"IP"}, LEARNING_ANY},
        {"Dhcp", {"IP"}, LEARNING_DHCP},
        {"none", {"IP"}, LEARNING_OFF},
        {"any", {"IP[1]"}, LEARNING_OFF},
        {"any", {"IPV6"}, LEARNING_OFF},
        {"any", {"IP", "DHCPSERVER"}, LEARNING_OFF},
        {"bogus", {"DHCPSERVER"}, LEARNING_OFF}, /* nobody asks */
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Binding) binding = binding_with(cases[i].mode, NULL);
        g_autoptr(GPtrArray) missing = g_ptr_array_new();
        Learning learning = N_LEARNINGS;

        for (const char *const *name = cases[i].missing; *name; name++)
            g_ptr_array_add(missing, (gpointer)*name);
        g_assert_true(learning_choose(binding, missing, &learning, NULL));
        g_assert_cmpint(learning, ==, cases[i].learning);
    }
}

static void test_bogus(void)
{
    g_autoptr(Binding) binding = binding_with("bogus", NULL);
    g_autoptr(GPtrArray) missing = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    Learning learning;

    g_ptr_array_add(missing, (gpointer) "IP");
    g_assert_false(learning_choose(binding, missing, &learning, &error));
    g_assert_error(error, FILTERD_ERROR, FILTERD_ERROR_PARSE_FAILED);
    g_assert_cmpstr(error->message, ==, "filter 'f' learning value 'bogus' invalid.");
}

static void test_leases(void)
{
    g_autoptr(Binding) leases = binding_with("DHCP", NULL),
                       given = binding_with("dhcp", "10.0.0.5"), any = binding_with(NULL, NULL);

    g_assert_true(learning_has_leases(leases));
    g_assert_false(learning_has_leases(given));
    g_assert_false(learning_has_leases(any));
}

/* All of them are in the language. What they let through is for tests with a kernel. */
static void test_filters(void)
{
    for (guint i = 0; i < 4; i++) {
        const gboolean is_any = i % 2 == 0;
        g_autofree char *text = learning_filter(is_any ? LEARNING_ANY : LEARNING_DHCP, i >= 2);
        g_autoptr(GError) error = NULL;
        g_autoptr(Filter) filter = filter_parse(text, strlen(text), NULL, NULL, &error);

        g_assert_no_error(error);
        g_assert_cmpint(strstr(text, "'" LEARNING_COMMENT "'") != NULL, ==, is_any);
        g_assert_cmpint(strstr(text, "$DHCPSERVER") != NULL, ==, i >= 2);
    }
}

/* ---- addresses ---- */

static Addresses *three(void)
{
    Addresses *addresses = addresses_new();

    g_assert_true(addresses_put(addresses, 0x0a000003, 300));
    g_assert_true(addresses_put(addresses, 0x0a000001, ADDRESS_FOR_GOOD));
    g_assert_true(addresses_put(addresses, 0x0a000002, 100));
    return addresses;
}

static void test_list(void)
{
    g_autoptr(Addresses) addresses = three();

    g_assert_cmpint(addresses_next_end(addresses), ==, 100);
    g_assert_false(addresses_expire(addresses, 99));
    g_assert_true(addresses_put(addresses, 0x0a000003, 200)); /* renewed, in its place */
    g_assert_cmphex(addresses_get(addresses, 0), ==, 0x0a000003);
    g_assert_true(addresses_expire(addresses, 100));
    g_assert_false(addresses_has(addresses, 0x0a000002));
    g_assert_cmpint(addresses_next_end(addresses), ==, 200);
    g_assert_true(addresses_remove(addresses, 0x0a000003));
    g_assert_false(addresses_remove(addresses, 0x0a000003));
    g_assert_cmpint(addresses_next_end(addresses), ==, ADDRESS_FOR_GOOD);
    g_assert_false(addresses_expire(addresses, ADDRESS_FOR_GOOD - 1));
    g_assert_cmpuint(addresses_size(addresses), ==, 1);
}

static void test_limit(void)
{
    g_autoptr(Addresses) addresses = addresses_new();

    for (guint i = 0; i < ADDRESSES_MAX; i++)
        g_assert_true(addresses_put(addresses, 0x0a000001 + i, 1));
    g_assert_false(addresses_put(addresses, 0x0b000001, 1));
    g_assert_true(addresses_put(addresses, 0x0a000001, 2)); /* it is there */
    g_assert_cmpuint(addresses_size(addresses), ==, ADDRESSES_MAX);
}

static void test_text(void)
{
    g_autoptr(Addresses) addresses = three(), read = NULL;
    g_autofree char *text = addresses_format(addresses, "vm/mac"), *again = NULL;

    read = addresses_parse(text, "vm/mac");
    g_assert_nonnull(read);
    again = addresses_format(read, "vm/mac");
    g_assert_cmpstr(again, ==, text);
    g_assert_null(addresses_parse(text, "vm2/mac"));
}

/* A file that anything may be in. */
static void test_damage(void)
{
    static const struct {
        const char *part, *instead;
    } cases[] = {
        {"boot=", "boot=x"},           {"10.0.0.2=100", "10.0.0.2=-1"},
        {"10.0.0.2=", "10.0.0.2000="}, {"10.0.0.2=100", "10.0.0.2=soon"},
        {"10.0.0.2=", "224.0.0.1="},   {"[until]", "[until"},
        {"10.0.0.2=100", "10.0.0.2="},
    };
    g_autoptr(Addresses) addresses = three();
    g_autofree char *text = addresses_format(addresses, "vm");

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) parts = g_strsplit(text, cases[i].part, 2);
        g_autofree char *damaged = g_strjoinv(cases[i].instead, parts);

        g_assert_cmpstr(damaged, !=, text);
        g_assert_null(addresses_parse(damaged, "vm"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/filterd/learning/choose", test_choose);
    g_test_add_func("/filterd/learning/bogus", test_bogus);
    g_test_add_func("/filterd/learning/leases", test_leases);
    g_test_add_func("/filterd/learning/filters", test_filters);
    g_test_add_func("/filterd/addresses/list", test_list);
    g_test_add_func("/filterd/addresses/limit", test_limit);
    g_test_add_func("/filterd/addresses/text", test_text);
    g_test_add_func("/filterd/addresses/damage", test_damage);
    return g_test_run();
}
