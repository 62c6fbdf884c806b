/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "agent/view-json.h"
#include "agent/vm.h"

#define VM_ID "11111111-2222-3333-4444-555555555555"

static Definition *definition(const char *filter)
{
    g_autofree char *xml = g_strdup_printf(
        "<domain><name>vm1</name><uuid>" VM_ID "</uuid><memory unit='GiB'>2</memory>"
        "<vcpu>2</vcpu><devices><interface type='bridge'><mac address='52:54:00:00:00:01'/>"
        "<source bridge='net'/><target dev='vnet3'/><model type='virtio'/>%s"
        "<alias name='net0'/></interface></devices></domain>",
        filter);
    g_autoptr(GError) error = NULL;
    Definition *read = definition_parse("test", xml, &error);

    g_assert_no_error(error);
    return read;
}

static Vm *make_vm(const char *filter)
{
    g_autoptr(Definition) read = definition(filter);

    return vm_new(read);
}

static void exits(void)
{
    static const struct {
        VirtStop stop;
        gboolean asked;
        VmExit exit;
        const char *text;
    } cases[] = {
        {VIRT_STOP_SHUTDOWN, FALSE, {0, 7}, "User shut down from within the guest"},
        {VIRT_STOP_SHUTDOWN, TRUE, {0, 6}, "Admin shut down from the engine"},
        {VIRT_STOP_DESTROYED, FALSE, {0, 6}, "Admin shut down from the engine"},
        {VIRT_STOP_CRASHED, FALSE, {1, 1}, "VM terminated with error"},
        {VIRT_STOP_MIGRATED, FALSE, {0, 4}, "VM migrated successfully"},
        {VIRT_STOP_SAVED, FALSE, {0, 5}, "VM state saved successfully"},
        {VIRT_STOP_FAILED, TRUE, {1, 2}, "Lost connection with qemu process"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        VmExit exit = vm_exit_from_stop(cases[i].stop, cases[i].asked);
        g_assert_cmpint(exit.code, ==, cases[i].exit.code);
        g_assert_cmpint(exit.reason, ==, cases[i].exit.reason);
        g_assert_cmpstr(vm_exit_text(exit.reason), ==, cases[i].text);
    }
}

static void states(void)
{
    static const char *const names[] = {"WaitForLaunch", "Powering up",      "Up",  "Paused",
                                        "Powering down", "RebootInProgress", "Down"};
    g_autoptr(Vm) vm = make_vm("");
    g_autoptr(VmView) old = vm_view_ref(vm->view);

    G_STATIC_ASSERT(G_N_ELEMENTS(names) == VM_STATE_COUNT);
    for (VmState state = 0; state < VM_STATE_COUNT; state++)
        g_assert_cmpstr(vm_state_name(state), ==, names[state]);
    g_assert_false(vm_set_state(vm, VM_WAIT_FOR_LAUNCH));
    g_assert_true(vm_set_state(vm, VM_UP));
    g_assert_false(vm_set_state(vm, VM_UP));
    g_assert_cmpint(vm->view->start_time, >, 0);
    g_assert_cmpint(old->state, ==, VM_WAIT_FOR_LAUNCH); /* what was handed out does not change */
    g_assert_true(vm_set_down(vm, (VmExit){1, VM_EXIT_GENERIC_ERROR}, "why"));
    g_assert_false(
        vm_set_down(vm, (VmExit){0, VM_EXIT_SUCCESS}, NULL)); /* the first reason stays */
    g_assert_cmpstr(vm->view->exit_message, ==, "why");
}

static void definitions(void)
{
    g_autoptr(Vm) vm = make_vm("");
    g_autoptr(Definition) same = definition("");
    g_autoptr(Definition) other = definition("<filterref filter='f'/>");

    g_assert_false(vm_set_definition(vm, same));
    g_assert_true(vm_set_definition(vm, other));
    g_assert_cmpstr(((Nic *)vm->view->definition->nics->pdata[0])->filter, ==, "f");
}

static char *to_text(JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);

    json_node_take_object(node, object);
    return json_to_string(node, FALSE);
}

static void assert_text(const char *text, const char *pattern)
{
    g_test_message("%s", text);
    g_assert_true(g_pattern_match_simple(pattern, text));
}

static void reports(void)
{
    g_autoptr(Vm) vm =
        make_vm("<filterref filter='f'><parameter name='IP' value='10.0.0.1'/></filterref>");
    g_autoptr(VirtStats) stats = virt_stats_new(VM_ID);
    VirtNetStats *net = virt_stats_add_net(stats, "vnet3");
    g_autofree char *brief = NULL;
    g_autofree char *full = NULL;
    g_autofree char *report = NULL;
    g_autofree char *event = NULL;

    net->rx_bytes = 18446744073709551615u;
    net->tx_dropped = 3;
    g_assert_true(vm_set_state(vm, VM_UP));
    vm_set_stats(vm, stats, NULL);
    brief = to_text(view_to_brief(vm->view));
    full = to_text(view_to_full(vm->view));
    report = to_text(view_to_stats(vm->view));
    event = to_text(view_to_event(vm->view, 2147483650));
    assert_text(brief, "{\"vmId\":\"" VM_ID "\",\"status\":\"Up\",\"statusTime\":\"*\"}");
    assert_text(full, "{\"vmId\":\"" VM_ID "\",*\"vmName\":\"vm1\",*\"memSize\":2048,\"smp\":2,"
                      "\"devices\":[{*\"name\":\"vnet3\",*\"filter\":\"f\",\"filterParameters\":"
                      "[{\"name\":\"IP\",\"value\":\"10.0.0.1\"}]}]}");
    assert_text(report, "*\"elapsedTime\":\"0\",*\"network\":{\"vnet3\":{\"name\":\"vnet3\","
                        "\"macAddr\":\"52:54:00:00:00:01\",\"network\":\"net\",\"alias\":\"net0\","
                        "\"linkActive\":true,\"speed\":\"1000\",\"state\":\"unknown\","
                        "\"rx\":\"18446744073709551615\",*\"txDropped\":\"3\",\"sampleTime\":*,"
                        "\"filter\":\"f\",\"filterParameters\":[*],"
                        "\"enforcement\":\"libvirt\"}}}");
    /* notify_time stays below 2^31 - 1, as VDSM's does */
    assert_text(event, "{\"" VM_ID "\":{\"status\":\"Up\",*\"hash\":\"*\"},\"notify_time\":3}");
    g_assert_null(strstr(event, "exitCode"));
}

/* What tapwalld says it has is its, whoever bound it. */
static void dropped_frames(void)
{
    g_autoptr(Vm) vm = make_vm("<filterref filter='f'/>");
    g_autoptr(VirtStats) stats = virt_stats_new(VM_ID);
    g_autoptr(JsonNode) answer = json_from_string(
        "[{\"port\":\"vnet3\",\"frames\":{\"out\":{\"passed\":1,\"dropped\":12},"
        "\"in\":{\"passed\":2,\"dropped\":3}}},7,{},{\"port\":\"vnet4\",\"frames\":{\"out\":{}}}]",
        NULL);
    g_autoptr(DropCounts) dropped = drop_counts_from_json(answer);
    g_autofree char *report = NULL;

    g_assert_nonnull(drop_counts_lookup(dropped, "vnet3"));
    g_assert_null(drop_counts_lookup(dropped, "vnet4"));
    g_assert_null(drop_counts_lookup(NULL, "vnet3"));
    vm_set_stats(vm, stats, dropped);
    report = to_text(view_to_stats(vm->view));
    assert_text(report, "*\"enforcement\":\"tapwall\",\"filterRxDropped\":\"3\","
                        "\"filterTxDropped\":\"12\"}}}");
}

static void down_reports(void)
{
    g_autoptr(Vm) vm = make_vm("");
    g_autofree char *report = NULL;
    g_autofree char *event = NULL;

    g_assert_true(vm_set_down(vm, (VmExit){1, VM_EXIT_GENERIC_ERROR},
                              "internal error: referenced filter 'x' is missing"));
    report = to_text(view_to_stats(vm->view));
    event = to_text(view_to_event(vm->view, 1));
    assert_text(event, "*\"status\":\"Down\",*\"exitCode\":1,\"exitReason\":1,\"exitMessage\":"
                       "\"internal error: referenced filter 'x' is missing\"*");
    assert_text(report, "*\"status\":\"Down\"*\"exitReason\":1*");
    g_assert_null(strstr(report, "\"filter\"")); /* none asked for, none reported */
}

static void lists(void)
{
    g_autoptr(GPtrArray) views = g_ptr_array_new();
    g_autoptr(Vm) first = make_vm("");
    g_autoptr(Vm) second = make_vm("<filterref filter='f'/>");
    g_autoptr(GBytes) empty = views_stats_to_bytes(views);
    g_autoptr(GBytes) plain = NULL;
    g_autoptr(GBytes) kept = NULL;

    g_ptr_array_add(views, first->view);
    g_ptr_array_add(views, second->view);
    plain = views_to_bytes(views, view_to_stats);
    kept = views_stats_to_bytes(views);
    g_assert_cmpmem(g_bytes_get_data(empty, NULL), g_bytes_get_size(empty), "[]", 2);
    g_assert_true(g_bytes_equal(plain, kept));
    g_bytes_unref(kept);
    kept = views_stats_to_bytes(views);
    g_assert_true(g_bytes_equal(plain, kept));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agent/vm/exits", exits);
    g_test_add_func("/agent/vm/states", states);
    g_test_add_func("/agent/vm/definitions", definitions);
    g_test_add_func("/agent/vm/reports", reports);
    g_test_add_func("/agent/vm/dropped", dropped_frames);
    g_test_add_func("/agent/vm/down-reports", down_reports);
    g_test_add_func("/agent/vm/lists", lists);
    return g_test_run();
}
