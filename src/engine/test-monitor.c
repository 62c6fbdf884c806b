/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "engine/test-host.h"
#include "engine/test-support.h"
#include "store/store.h"

/* The monitor, the commands and what follows from a host's reports, against a host in this process.
 */

typedef struct {
    TestEngine t;
    TestHost host;
    char *cluster, *network, *host_id, *vm, *nic;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    test_engine_set_up(&f->t);
    test_host_set_up(&f->host);
    f->cluster = test_cluster_add(&f->t, "c1", 4, 7);
    f->network = test_network_add(&f->t, "net1");
    f->vm = test_vm_add(&f->t, "vm1", f->cluster);
    f->nic = test_nic_add(&f->t, f->vm, "nic1", f->network);
    f->host_id = test_host_add(&f->t, "host1", f->cluster, f->host.port);
    engine_start(f->t.engine);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    g_clear_pointer(&f->t.engine, engine_free);
    test_host_tear_down(&f->host);
    test_engine_tear_down(&f->t);
    g_free(f->cluster);
    g_free(f->network);
    g_free(f->host_id);
    g_free(f->vm);
    g_free(f->nic);
}

/* ---- waiting for states ---- */

typedef struct {
    Fixture *f;
    int wanted;
} Wanted;

static gboolean host_is(gpointer data)
{
    const Wanted *wanted = data;
    g_autoptr(Host) host = test_host(&wanted->f->t, wanted->f->host_id);
    return (int)host->status == wanted->wanted;
}

static void wait_host(Fixture *f, HostStatus status)
{
    test_wait(host_is, &(Wanted){f, (int)status}, host_status_names[status]);
}

static gboolean vm_is(gpointer data)
{
    const Wanted *wanted = data;
    g_autoptr(Vm) vm = test_vm(&wanted->f->t, wanted->f->vm);
    return (int)vm->status == wanted->wanted;
}

static void wait_vm(Fixture *f, VmStatus status)
{
    test_wait(vm_is, &(Wanted){f, (int)status}, vm_status_names[status]);
}

static gboolean has_event(gpointer data)
{
    const Wanted *wanted = data;
    return test_events(&wanted->f->t, wanted->wanted, NULL) > 0;
}

static void wait_event(Fixture *f, int code)
{
    test_wait(has_event, &(Wanted){f, code}, "an event");
}

typedef struct {
    Fixture *f;
    const char *method;
    guint count;
} Calls;

static gboolean was_called(gpointer data)
{
    const Calls *calls = data;
    return test_host_calls(&calls->f->host, calls->method) >= calls->count;
}

static void wait_calls(Fixture *f, const char *method, guint count)
{
    test_wait(was_called, &(Calls){f, method, count}, method);
}

static gboolean nothing_held(gpointer data)
{
    Fixture *f = data;
    g_autoptr(Nic) nic = test_nic(&f->t, f->vm, f->nic);
    return nic->reported == nic->plugged && f->host.held->len == 0;
}

static void start_up(Fixture *f)
{
    wait_host(f, HOST_UP);
    g_autoptr(GError) error = test_vm_start(&f->t, f->vm);
    g_assert_no_error(error);
    wait_calls(f, "VM.create", 1);
    test_host_vm(&f->host, f->vm, "Up", NULL);
    wait_vm(f, VM_UP);
}

static char *mac_of(Fixture *f)
{
    g_autoptr(Nic) nic = test_nic(&f->t, f->vm, f->nic);
    return g_strdup(nic->mac);
}

/* ---- the host's states ---- */

static void test_up(Fixture *f, gconstpointer data)
{
    wait_host(f, HOST_UP);
    g_autoptr(Host) host = test_host(&f->t, f->host_id);
    g_assert_cmpstr(host->libvirt_version, ==, "9.0.0");
    g_assert_cmpstr(host->filters, ==, "clean-traffic vdsm-no-mac-spoofing");
    g_assert_cmpuint(test_events(&f->t, 13, "host1"), ==, 1);
}

static void test_initializing(Fixture *f, gconstpointer data)
{
    test_host_stop(&f->host);
    f->host.recovering = TRUE;
    test_host_listen(&f->host);
    wait_host(f, HOST_INITIALIZING);
    test_run_for(1500); /* longer than the grace: it does answer */
    g_autoptr(Host) host = test_host(&f->t, f->host_id);
    g_assert_cmpint(host->status, ==, HOST_INITIALIZING);
    f->host.recovering = FALSE;
    wait_host(f, HOST_UP);
}

static const char *const few_filters[] = {"clean-traffic", NULL};
static const char *const old_levels[] = {"3.0", "3.1", NULL};

static void test_lacks_filter(Fixture *f, gconstpointer data)
{
    f->host.filters = few_filters;
    wait_host(f, HOST_NON_OPERATIONAL);
    g_autoptr(Host) host = test_host(&f->t, f->host_id);
    g_assert_nonnull(strstr(host->status_detail, "network filter vdsm-no-mac-spoofing"));
    g_assert_cmpuint(test_events(&f->t, 517, "vdsm-no-mac-spoofing"), ==, 1);
    g_autoptr(GError) error = test_vm_start(&f->t, f->vm);
    g_assert_error(error, ENGINE_ERROR, ENGINE_ERROR_CONFLICT);
}

static const char *const enough_filters[] = {"vdsm-no-mac-spoofing", NULL};

static gboolean asked_again(gpointer data)
{
    const Fixture *f = data;
    return test_host_calls(&f->host, "Host.getCapabilities") > 3;
}

/* Its filter daemon came after its agent. */
static void test_gets_filter(Fixture *f, gconstpointer data)
{
    f->host.filters = few_filters;
    wait_host(f, HOST_NON_OPERATIONAL);
    test_wait(asked_again, f, "the engine to ask the host again what it has");
    g_assert_cmpuint(test_events(&f->t, 517, NULL), ==, 1);
    f->host.filters = enough_filters;
    wait_host(f, HOST_UP);
    g_autoptr(GError) error = test_vm_start(&f->t, f->vm);
    g_assert_no_error(error);
}

static void test_lacks_level(Fixture *f, gconstpointer data)
{
    f->host.levels = old_levels;
    wait_host(f, HOST_NON_OPERATIONAL);
    g_autoptr(Host) host = test_host(&f->t, f->host_id);
    g_assert_nonnull(strstr(host->status_detail, "compatibility version 4.7"));
}

static void test_loss_and_recovery(Fixture *f, gconstpointer data)
{
    start_up(f);
    test_host_stop(&f->host);
    wait_host(f, HOST_CONNECTING);
    wait_vm(f, VM_UNKNOWN);
    wait_host(f, HOST_NON_RESPONSIVE);
    g_assert_cmpuint(test_events(&f->t, 12, "host1"), ==, 1);
    g_assert_cmpuint(test_events(&f->t, 142, "VM vm1 was set to the Unknown status."), ==, 1);
    test_host_listen(&f->host);
    wait_host(f, HOST_UP);
    wait_vm(f, VM_UP);
    g_assert_cmpuint(test_events(&f->t, 20002, "vm1"), ==, 1);
    g_autoptr(Vm) vm = test_vm(&f->t, f->vm);
    g_assert_cmpstr(vm->host_id, ==, f->host_id);
    g_assert_cmpuint(test_host_calls(&f->host, "VM.create"), ==, 1);
    g_assert_cmpuint(test_host_calls(&f->host, "VM.hotplugNic"), ==, 0);
}

/* A short loss is not one for the VMs. */
static void test_short_loss(Fixture *f, gconstpointer data)
{
    f->t.settings.grace_seconds = 60; /* short compared with that, however busy the machine is */
    test_engine_restart(&f->t);
    engine_start(f->t.engine);
    start_up(f);
    test_host_stop(&f->host);
    wait_host(f, HOST_CONNECTING);
    test_host_listen(&f->host);
    wait_host(f, HOST_UP);
    g_assert_cmpuint(test_events(&f->t, 142, NULL), ==, 0);
    wait_vm(f, VM_UP);
}

static void test_silent_host(Fixture *f, gconstpointer data)
{
    start_up(f);
    f->host.silent = TRUE;
    wait_host(f, HOST_NON_RESPONSIVE);
    wait_vm(f, VM_UNKNOWN);
    f->host.silent = FALSE;
    wait_host(f, HOST_UP);
    wait_vm(f, VM_UP);
}

static void test_never_answered(Fixture *f, gconstpointer data)
{
    f->host.silent = TRUE;
    wait_host(f, HOST_NON_RESPONSIVE);
    f->host.silent = FALSE;
    wait_host(f, HOST_UP);
}

/* ---- run ---- */

static JsonObject *created_nic(Fixture *f)
{
    g_autofree char *mac = mac_of(f);
    return test_host_nic(&f->host, f->vm, mac);
}

static void test_run(Fixture *f, gconstpointer data)
{
    wait_host(f, HOST_UP);
    g_autoptr(GError) error = test_vm_start(&f->t, f->vm);
    g_assert_no_error(error);
    g_autoptr(Vm) launched = test_vm(&f->t, f->vm);
    g_assert_cmpint(launched->status, ==, VM_WAIT_FOR_LAUNCH);
    g_assert_cmpstr(launched->host_id, ==, f->host_id);
    g_autoptr(GError) twice = test_vm_start(&f->t, f->vm);
    g_assert_error(twice, ENGINE_ERROR, ENGINE_ERROR_CONFLICT);
    wait_calls(f, "VM.create", 1);
    JsonObject *nic = created_nic(f);
    g_assert_nonnull(nic);
    g_assert_cmpstr(json_object_get_string_member(nic, "filter"), ==, "vdsm-no-mac-spoofing");
    JsonArray *filters = json_object_get_array_member(nic, "filters");
    g_assert_cmpuint(json_array_get_length(filters), ==, 1);
    g_assert_cmpstr(json_array_get_string_element(filters, 0), ==, "vdsm-no-mac-spoofing");
    g_assert_cmpstr(json_object_get_string_member(nic, "network"), ==, "net1");
    g_assert_cmpstr(json_object_get_string_member(nic, "nicModel"), ==, "pv");
    test_host_vm(&f->host, f->vm, "Powering up", NULL);
    wait_vm(f, VM_POWERING_UP);
    test_host_vm(&f->host, f->vm, "Up", NULL);
    wait_vm(f, VM_UP);
    g_assert_cmpuint(
        test_events(&f->t, 153, "VM vm1 was started by tester@internal (Host: host1)."), ==, 1);
    g_autoptr(Nic) stored = test_nic(&f->t, f->vm, f->nic);
    g_assert_true(stored->reported);
    g_assert_cmpuint(test_host_calls(&f->host, "VM.hotplugNic"), ==, 0);
}

static gboolean filter_reported(gpointer data)
{
    Fixture *f = data;
    g_autoptr(Nic) nic = test_nic(&f->t, f->vm, f->nic);
    return g_strcmp0(nic->reported_filter, "vdsm-no-mac-spoofing") == 0;
}

static gboolean no_filter_reported(gpointer data)
{
    Fixture *f = data;
    g_autoptr(Nic) nic = test_nic(&f->t, f->vm, f->nic);
    return !nic->reported_filter;
}

/* The filter shown is the one the host says, not the one sent. */
static void test_reported_filter(Fixture *f, gconstpointer data)
{
    start_up(f);
    test_wait(filter_reported, f, "the filter as the host reports it");
    json_object_remove_member(created_nic(f), "filter");
    json_object_remove_member(created_nic(f), "filters");
    test_wait(no_filter_reported, f, "no filter to be reported");
    g_autoptr(Nic) nic = test_nic(&f->t, f->vm, f->nic);
    g_assert_true(nic->reported);
    g_assert_null(nic->reported_filter);
}

/* The numbers of the fixture's NIC, copied: they are the worker's. */
static gpointer counts_work(Engine *engine, gpointer data, GError **error)
{
    const Fixture *f = data;
    g_autoptr(Nic) nic = engine_nic(engine, f->vm, f->nic, error);
    return nic ? g_memdup2(engine_nic_counts(engine, nic), sizeof(NicCounts)) : NULL;
}

static NicCounts *counts(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    NicCounts *counted = test_work(&f->t, counts_work, f, &error);
    g_assert_no_error(error);
    return counted;
}

static gboolean enforcement_reported(gpointer data)
{
    Fixture *f = data;
    g_autoptr(Nic) nic = test_nic(&f->t, f->vm, f->nic);
    return g_strcmp0(nic->reported_enforcement, "tapwall") == 0;
}

static gboolean nothing_reported(gpointer data)
{
    Fixture *f = data;
    g_autoptr(Nic) nic = test_nic(&f->t, f->vm, f->nic);
    return !nic->reported && !nic->reported_enforcement;
}

/* Who enforces the filter and what it dropped is the host's word, too; a pair of numbers of which
 * one is missing is none. */
static void test_reported_enforcement(Fixture *f, gconstpointer data)
{
    start_up(f);
    test_wait(filter_reported, f, "the filter as the host reports it");
    json_object_set_string_member(created_nic(f), "rx", "18446744073709551615");
    json_object_set_string_member(created_nic(f), "filterRxDropped", "3");
    json_object_set_int_member(created_nic(f), "filterTxDropped", 12);
    json_object_set_string_member(created_nic(f), "enforcement", "tapwall");
    test_wait(enforcement_reported, f, "who enforces the filter");
    g_autofree NicCounts *running = counts(f);
    g_assert_false(running->has_traffic);
    g_assert_true(running->has_filter);
    g_assert_cmpuint(running->filter_rx, ==, 3);
    g_assert_cmpuint(running->filter_tx, ==, 12);
    test_host_vm(&f->host, f->vm, "Down", NULL);
    test_wait(nothing_reported, f, "the report to go with the VM");
    g_autofree NicCounts *down = counts(f);
    g_assert_false(down->has_filter);
}

static void no_filter_sent(Fixture *f)
{
    start_up(f);
    JsonObject *nic = created_nic(f);
    g_assert_nonnull(nic);
    g_assert_false(json_object_has_member(nic, "filter"));
    g_assert_false(json_object_has_member(nic, "filters"));
}

static gpointer switch_off(Engine *engine, gpointer data, GError **error)
{
    Store *store = store_open(data, STORE_EXISTING, error);
    gboolean done = store && store_option_set(store, "EnableMACAntiSpoofingFilterRules", "general",
                                              "false", error);
    store_free(store);
    return done ? GINT_TO_POINTER(1) : NULL;
}

/* The option is read at start: a change counts after a restart. */
static void test_option_off(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_assert_nonnull(switch_off(NULL, f->t.path, &error));
    test_engine_restart(&f->t);
    engine_start(f->t.engine);
    no_filter_sent(f);
}

static void test_unknown_filter(Fixture *f, gconstpointer data)
{
    f->host.lacks_filter = TRUE;
    wait_host(f, HOST_UP);
    g_autoptr(GError) error = test_vm_start(&f->t, f->vm);
    g_assert_no_error(error);
    wait_event(f, 119);
    g_assert_cmpuint(test_events(&f->t, 119,
                                 "VM vm1 is down with error. Exit message: internal error: "
                                 "referenced filter 'x' is missing."),
                     ==, 1);
    wait_vm(f, VM_DOWN);
    wait_calls(f, "VM.destroy", 1); /* so that the host forgets it */
    g_autoptr(Vm) vm = test_vm(&f->t, f->vm);
    g_assert_nonnull(strstr(vm->exit_message, "referenced filter 'x'"));
    g_assert_null(vm->host_id);
    f->host.lacks_filter = FALSE;
    g_autoptr(GError) again = test_vm_start(&f->t, f->vm);
    g_assert_no_error(again);
    wait_calls(f, "VM.create", 2);
    g_assert_cmpuint(g_hash_table_size(f->host.vms), ==, 1);
}

static void test_create_refused(Fixture *f, gconstpointer data)
{
    f->host.refuses_create = TRUE;
    wait_host(f, HOST_UP);
    g_autoptr(GError) error = test_vm_start(&f->t, f->vm);
    g_assert_no_error(error);
    wait_event(f, 54);
    wait_vm(f, VM_DOWN);
    g_assert_cmpuint(test_events(&f->t, 54, "no room"), ==, 1);
}

/* The connection is lost with the call under way: what the host runs decides. */
static void test_create_lost(Fixture *f, gconstpointer data)
{
    wait_host(f, HOST_UP);
    f->host.silent = TRUE;
    g_autoptr(GError) error = test_vm_start(&f->t, f->vm);
    g_assert_no_error(error);
    wait_calls(f, "VM.create", 1);
    test_host_stop(&f->host);
    f->host.silent = FALSE;
    test_host_listen(&f->host);
    wait_vm(f, VM_DOWN); /* the host never had it */
    g_assert_cmpuint(test_events(&f->t, 119, "does not have the VM"), ==, 1);
}

/* ---- stop ---- */

static void test_stop(Fixture *f, gconstpointer data)
{
    start_up(f);
    for (int i = 0; i < 3; i++) {
        g_autoptr(GError) error = test_vm_stop(&f->t, f->vm);
        g_assert_true(error == NULL || i > 0); /* it may be down by then */
    }
    wait_vm(f, VM_DOWN);
    g_assert_cmpuint(test_events(&f->t, 33, "VM vm1 powered off by tester@internal (Host: host1)."),
                     ==, 1);
    g_assert_cmpuint(g_hash_table_size(f->host.vms), ==, 0);
    g_autoptr(Nic) nic = test_nic(&f->t, f->vm, f->nic);
    g_assert_false(nic->reported);
    g_autoptr(GError) start = test_vm_start(&f->t, f->vm);
    g_assert_no_error(start);
}

/* The answer to the stop of its last run does not touch a VM that was started again. */
static void test_start_before_answer(Fixture *f, gconstpointer data)
{
    start_up(f);
    f->host.holds_destroy = TRUE;
    g_autoptr(GError) stop = test_vm_stop(&f->t, f->vm);
    g_assert_no_error(stop);
    wait_calls(f, "VM.destroy", 1);
    test_host_vm(&f->host, f->vm, "Down", NULL);
    wait_vm(f, VM_DOWN);
    g_autoptr(GError) start = test_vm_start(&f->t, f->vm);
    g_assert_no_error(start);
    test_run_for(200);
    g_assert_cmpuint(test_host_calls(&f->host, "VM.create"), ==, 1); /* in order: not yet */
    f->host.holds_destroy = FALSE;
    test_host_release(&f->host);
    wait_calls(f, "VM.create", 2);
    test_host_vm(&f->host, f->vm, "Up", NULL);
    wait_vm(f, VM_UP);
    g_assert_cmpuint(test_events(&f->t, 33, NULL), ==, 1);
    g_assert_cmpuint(test_events(&f->t, 119, NULL), ==, 0);
}

static void test_stop_while_away(Fixture *f, gconstpointer data)
{
    start_up(f);
    test_host_stop(&f->host);
    wait_vm(f, VM_UNKNOWN);
    g_autoptr(GError) error = test_vm_stop(&f->t, f->vm);
    g_assert_no_error(error);
    test_engine_restart(&f->t); /* the wish is stored */
    engine_start(f->t.engine);
    test_host_listen(&f->host);
    wait_vm(f, VM_DOWN);
    g_assert_cmpuint(g_hash_table_size(f->host.vms), ==, 0);
}

static void test_shutdown(Fixture *f, gconstpointer data)
{
    start_up(f);
    g_autoptr(GError) error = test_vm_shutdown(&f->t, f->vm);
    g_assert_no_error(error);
    g_autoptr(Vm) vm = test_vm(&f->t, f->vm);
    g_assert_cmpint(vm->status, ==, VM_POWERING_DOWN);
    wait_calls(f, "VM.shutdown", 1);
    test_host_vm(&f->host, f->vm, "Down", NULL);
    wait_vm(f, VM_DOWN);
    g_assert_cmpuint(test_events(&f->t, 61, "VM vm1 is down."), ==, 1);
    g_assert_cmpuint(test_events(&f->t, 119, NULL), ==, 0);
}

/* ---- reconciliation ---- */

static void test_vanished(Fixture *f, gconstpointer data)
{
    start_up(f);
    g_hash_table_remove_all(f->host.vms);
    wait_vm(f, VM_DOWN);
    g_assert_cmpuint(test_events(&f->t, 119, "does not have the VM any more"), ==, 1);
}

static void test_stranger(Fixture *f, gconstpointer data)
{
    static const char id[] = "99999999-0000-4000-8000-000000000000";
    JsonObject *vm = json_object_new();
    json_object_set_string_member(vm, "vmId", id);
    json_object_set_string_member(vm, "status", "Up");
    g_hash_table_insert(f->host.vms, g_strdup(id), vm);
    wait_event(f, 20003);
    test_run_for(2500); /* some polls */
    g_assert_cmpuint(test_events(&f->t, 20003, id), ==, 1);
    g_assert_cmpuint(g_hash_table_size(f->host.vms), ==, 1);
}

static void test_engine_restarts(Fixture *f, gconstpointer data)
{
    start_up(f);
    test_engine_restart(&f->t);
    g_autoptr(Vm) unknown = test_vm(&f->t, f->vm);
    g_assert_cmpint(unknown->status, ==, VM_UNKNOWN);
    g_assert_cmpstr(unknown->host_id, ==, f->host_id);
    g_autoptr(Host) host = test_host(&f->t, f->host_id);
    g_assert_cmpint(host->status, ==, HOST_UNASSIGNED);
    engine_start(f->t.engine);
    wait_vm(f, VM_UP);
    g_assert_cmpuint(test_host_calls(&f->host, "VM.create"), ==, 1);
}

/* While the engine was away the VM went down; the host has kept why. */
static void test_down_while_away(Fixture *f, gconstpointer data)
{
    start_up(f);
    test_host_stop(&f->host);
    wait_host(f, HOST_CONNECTING);
    test_host_listen(&f->host);
    test_host_vm(&f->host, f->vm, "Down", "Lost connection with qemu process");
    wait_vm(f, VM_DOWN);
    g_assert_cmpuint(test_events(&f->t, 119, "Lost connection with qemu process"), ==, 1);
    wait_calls(f, "VM.destroy", 1);
}

/* ---- NICs of a running VM ---- */

static void test_unplug_and_plug(Fixture *f, gconstpointer data)
{
    start_up(f);
    test_nic_plug(&f->t, f->vm, f->nic, FALSE);
    wait_event(f, 1014);
    g_assert_null(created_nic(f));
    test_nic_plug(&f->t, f->vm, f->nic, TRUE);
    wait_event(f, 1012);
    JsonObject *nic = created_nic(f);
    g_assert_nonnull(nic);
    g_assert_cmpstr(json_object_get_string_member(nic, "filter"), ==, "vdsm-no-mac-spoofing");
    g_assert_cmpuint(test_events(&f->t, 1012,
                                 "Network Interface nic1 (virtio) was plugged to VM vm1. "
                                 "(User: tester@internal)"),
                     ==, 1);
    g_autoptr(Nic) stored = test_nic(&f->t, f->vm, f->nic);
    g_assert_cmpstr(stored->alias, ==, "net7");
    g_assert_cmpstr(stored->reported_device, ==, "vnet7");
}

static void test_added_while_up(Fixture *f, gconstpointer data)
{
    start_up(f);
    g_autofree char *id = test_nic_add(&f->t, f->vm, "nic2", f->network);
    wait_event(f, 1012);
    g_autoptr(Nic) nic = test_nic(&f->t, f->vm, id);
    g_assert_true(nic->reported);
    g_assert_cmpstr(nic->reported_filter, ==, "vdsm-no-mac-spoofing");
}

static void test_plug_refused(Fixture *f, gconstpointer data)
{
    start_up(f);
    f->host.refuses_plug = TRUE;
    g_autofree char *id = test_nic_add(&f->t, f->vm, "nic2", f->network);
    wait_event(f, 1013);
    g_assert_cmpuint(test_events(&f->t, 1013, "no slot"), ==, 1);
    g_autoptr(Nic) nic = test_nic(&f->t, f->vm, id);
    g_assert_false(nic->plugged);
    g_assert_false(nic->reported);
    test_run_for(1500);
    g_assert_cmpuint(test_host_calls(&f->host, "VM.hotplugNic"), ==, 1);
}

/* A plug that was told to have failed, and shows up all the same, is taken out again. */
static void test_plug_comes_late(Fixture *f, gconstpointer data)
{
    start_up(f);
    f->host.refuses_plug = TRUE;
    g_autofree char *id = test_nic_add(&f->t, f->vm, "nic2", f->network);
    wait_event(f, 1013);
    g_autoptr(Nic) nic = test_nic(&f->t, f->vm, id);
    JsonObject *late = json_object_new();
    json_object_set_string_member(late, "type", "interface");
    json_object_set_string_member(late, "macAddr", nic->mac);
    json_object_set_boolean_member(late, "linkActive", TRUE);
    json_array_add_object_element(
        json_object_get_array_member(g_hash_table_lookup(f->host.vms, f->vm), "devices"), late);
    wait_event(f, 1014);
    g_assert_null(test_host_nic(&f->host, f->vm, nic->mac));
    g_autoptr(Nic) after = test_nic(&f->t, f->vm, id);
    g_assert_false(after->plugged);
    g_assert_false(after->reported);
}

/* Many wishes while one call is under way: one call at a time, and the last wish wins. */
static void rapid(Fixture *f, guint wishes)
{
    start_up(f);
    f->host.holds = TRUE;
    for (guint i = 0; i < wishes; i++)
        test_nic_plug(&f->t, f->vm, f->nic, i % 2);
    wait_calls(f, "VM.hotunplugNic", 1);
    test_run_for(300);
    g_assert_cmpuint(f->host.held->len, ==, 1);
    f->host.holds = FALSE;
    test_host_release(&f->host);
    test_wait(nothing_held, f, "the NIC as it was wished last");
    test_run_for(1500);
    g_autoptr(Nic) nic = test_nic(&f->t, f->vm, f->nic);
    gboolean plugged = (wishes - 1) % 2;
    g_assert_cmpint(nic->plugged, ==, plugged);
    g_assert_cmpint(nic->reported, ==, plugged);
    g_assert_cmpint(created_nic(f) != NULL, ==, plugged);
    g_assert_cmpuint(test_host_calls(&f->host, "VM.hotunplugNic"), ==, 1);
    g_assert_cmpuint(test_host_calls(&f->host, "VM.hotplugNic"), ==, plugged ? 1 : 0);
}

static void test_rapid_to_plugged(Fixture *f, gconstpointer data)
{
    rapid(f, 10);
}

static void test_rapid_to_unplugged(Fixture *f, gconstpointer data)
{
    rapid(f, 11);
}

static gboolean link_is_down(gpointer data)
{
    Fixture *f = data;
    g_autoptr(Nic) nic = test_nic(&f->t, f->vm, f->nic);
    return !nic->reported_linked;
}

static void test_link(Fixture *f, gconstpointer data)
{
    start_up(f);
    test_nic_link(&f->t, f->vm, f->nic, FALSE);
    test_wait(link_is_down, f, "link down");
    g_assert_false(json_object_get_boolean_member(created_nic(f), "linkActive"));
    JsonObject *params = json_object_get_object_member(
        json_node_get_object(f->host.sent->pdata[f->host.sent->len - 1]), "params");
    g_assert_cmpstr(json_object_get_string_member(params, "deviceType"), ==, "interface");
    g_assert_false(json_object_has_member(params, "filter")); /* it keeps what it runs with */
}

/* Wishes that come while the host is away are done when it is back. */
static void test_plug_while_away(Fixture *f, gconstpointer data)
{
    start_up(f);
    test_host_stop(&f->host);
    wait_host(f, HOST_CONNECTING);
    test_nic_plug(&f->t, f->vm, f->nic, FALSE);
    test_run_for(200);
    test_host_listen(&f->host);
    wait_event(f, 1014);
    g_autoptr(Nic) nic = test_nic(&f->t, f->vm, f->nic);
    g_assert_false(nic->plugged);
    g_assert_false(nic->reported);
}

/* Stop does not wait behind a plug that hangs. */
static void test_stop_overtakes(Fixture *f, gconstpointer data)
{
    start_up(f);
    f->host.holds = TRUE;
    test_nic_plug(&f->t, f->vm, f->nic, FALSE);
    wait_calls(f, "VM.hotunplugNic", 1);
    g_autoptr(GError) error = test_vm_stop(&f->t, f->vm);
    g_assert_no_error(error);
    wait_vm(f, VM_DOWN);
    test_host_release(&f->host);
    test_run_for(200);
    g_autoptr(Nic) nic = test_nic(&f->t, f->vm, f->nic);
    g_assert_false(nic->plugged); /* for the next start */
    g_assert_cmpuint(test_events(&f->t, 1015, NULL), ==, 0);
}

/* ---- scheduling ---- */

static void test_fewest_vms(Fixture *f, gconstpointer data)
{
    TestHost second;
    test_host_set_up(&second);
    start_up(f);
    g_autofree char *id = test_host_add(&f->t, "host2", f->cluster, second.port);
    g_free(f->host_id);
    f->host_id = g_strdup(id);
    wait_host(f, HOST_UP);
    g_autofree char *vm2 = test_vm_add(&f->t, "vm2", f->cluster);
    g_autoptr(GError) error = test_vm_start(&f->t, vm2);
    g_assert_no_error(error);
    g_autoptr(Vm) vm = test_vm(&f->t, vm2);
    g_assert_cmpstr(vm->host_id, ==, id);
    g_clear_pointer(&f->t.engine, engine_free); /* with a call under way, perhaps */
    test_host_tear_down(&second);
}

#define ADD(path, function)                                                                        \
    g_test_add("/engine/monitor/" path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("up", test_up);
    ADD("initializing", test_initializing);
    ADD("lacks-filter", test_lacks_filter);
    ADD("lacks-level", test_lacks_level);
    ADD("loss-and-recovery", test_loss_and_recovery);
    ADD("short-loss", test_short_loss);
    ADD("silent-host", test_silent_host);
    ADD("never-answered", test_never_answered);
    ADD("run", test_run);
    ADD("gets-filter", test_gets_filter);
    ADD("reported-filter", test_reported_filter);
    ADD("reported-enforcement", test_reported_enforcement);
    ADD("option-off", test_option_off);
    ADD("unknown-filter", test_unknown_filter);
    ADD("create-refused", test_create_refused);
    ADD("create-lost", test_create_lost);
    ADD("stop", test_stop);
    ADD("start-before-answer", test_start_before_answer);
    ADD("stop-while-away", test_stop_while_away);
    ADD("shutdown", test_shutdown);
    ADD("vanished", test_vanished);
    ADD("stranger", test_stranger);
    ADD("engine-restarts", test_engine_restarts);
    ADD("down-while-away", test_down_while_away);
    ADD("unplug-and-plug", test_unplug_and_plug);
    ADD("added-while-up", test_added_while_up);
    ADD("plug-refused", test_plug_refused);
    ADD("plug-comes-late", test_plug_comes_late);
    ADD("rapid-to-plugged", test_rapid_to_plugged);
    ADD("rapid-to-unplugged", test_rapid_to_unplugged);
    ADD("link", test_link);
    ADD("plug-while-away", test_plug_while_away);
    ADD("stop-overtakes", test_stop_overtakes);
    ADD("fewest-vms", test_fewest_vms);
    return g_test_run();
}
