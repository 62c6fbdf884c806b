/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "filterd/grace.h"

static const char xml[] =
    "<filterbinding><owner><name>vm</name><uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid></owner>"
    "<portdev name='tap1'/><mac address='52:54:00:00:00:01'/><filterref filter='f'/>"
    "</filterbinding>";

static Port *new_port(void)
{
    g_autoptr(Binding) binding = binding_parse(xml, strlen(xml), NULL);

    return port_new(binding, ENCAPSULATION_INSPECT, NULL);
}

static void note(Port *port, gpointer data)
{
    g_assert_null(port->grace);
    g_ptr_array_add(data, port);
}

/* In the order of their begin; taken out, none; begun anew, last. */
static void test_order(void)
{
    g_autoptr(GPtrArray) over = g_ptr_array_new();
    Grace *grace = grace_new(20, note, over);
    g_autoptr(Port) a = new_port(), b = new_port(), c = new_port();
    const gint64 begin = g_get_monotonic_time();

    grace_begin(grace, a);
    grace_begin(grace, b);
    grace_begin(grace, c);
    grace_end(grace, b);
    grace_end(grace, b);
    grace_begin(grace, a);
    while (over->len < 2)
        (void)g_main_context_iteration(NULL, TRUE);
    g_assert_cmpint(g_get_monotonic_time() - begin, >=, 20000);
    g_assert_true(over->pdata[0] == c);
    g_assert_true(over->pdata[1] == a);
    grace_begin(grace, b);
    grace_free(grace);
    g_assert_null(b->grace);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/filterd/grace/order", test_order);
    return g_test_run();
}
