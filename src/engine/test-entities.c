/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "engine/test-support.h"

static const Actor actor = {.user = "tester@internal"};

#define NOWHERE "00000000-0000-4000-8000-000000000000"

typedef struct {
    TestEngine t;
    char *cluster, *network;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    test_engine_set_up(&f->t);
    f->cluster = test_cluster_add(&f->t, "c1", 4, 7);
    f->network = test_network_add(&f->t, "net1");
}

static void tear_down(Fixture *f, gconstpointer data)
{
    g_free(f->cluster);
    g_free(f->network);
    test_engine_tear_down(&f->t);
}

static void assert_refused(Fixture *f, EngineWork work, gpointer data, EngineError code,
                           const char *text)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(test_work(&f->t, work, data, &error));
    g_assert_error(error, ENGINE_ERROR, (int)code);
    if (!strstr(error->message, text))
        g_error("'%s' does not say '%s'", error->message, text);
}

#define ADDER(function, Type, prefix)                                                              \
    static gpointer function(Engine *engine, gpointer data, GError **error)                        \
    {                                                                                              \
        g_autoptr(Type) added = engine_##prefix##_add(engine, &actor, data, error);                \
        return added ? g_strdup(added->id) : NULL;                                                 \
    }

ADDER(add_vm, Vm, vm)
ADDER(add_nic, Nic, nic)
ADDER(add_host, Host, host)
ADDER(add_cluster, Cluster, cluster)
ADDER(add_network, Network, network)

/* ---- names and references ---- */

static Vm vm_wish(Fixture *f, const char *name)
{
    return (Vm){.name = (char *)name, .cluster_id = f->cluster, .memory = 64 << 20};
}

static void test_vm_names(Fixture *f, gconstpointer data)
{
    static const char *const bad[] = {"", "a b", "a/b", "vm\n", "\xc3\xa4", "<x>", "a'b"};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        Vm wish = vm_wish(f, bad[i]);
        assert_refused(f, add_vm, &wish, ENGINE_ERROR_BAD_INPUT, "Cannot add VM. The name");
    }
    g_autofree char *longest = g_strnfill(255, 'x');
    g_autofree char *longer = g_strnfill(256, 'x');
    Vm wish = vm_wish(f, longer);
    assert_refused(f, add_vm, &wish, ENGINE_ERROR_BAD_INPUT, "255");
    wish = vm_wish(f, NULL);
    assert_refused(f, add_vm, &wish, ENGINE_ERROR_BAD_INPUT, "The name");
    g_free(test_vm_add(&f->t, longest, f->cluster));
    g_free(test_vm_add(&f->t, "a-Z_0.9", f->cluster));
    wish = vm_wish(f, "a-Z_0.9");
    assert_refused(f, add_vm, &wish, ENGINE_ERROR_CONFLICT,
                   "Cannot add VM. The VM name is already in use");
}

static void test_vm_limits(Fixture *f, gconstpointer data)
{
    struct {
        Vm wish;
        EngineError code;
        const char *text;
    } refused[] = {
        {{.memory = 1 << 19}, ENGINE_ERROR_BAD_INPUT, "Memory"},
        {{.memory = (64 << 20) + 1}, ENGINE_ERROR_BAD_INPUT, "Memory"},
        {{.memory = G_GUINT64_CONSTANT(1) << 50}, ENGINE_ERROR_BAD_INPUT, "Memory"},
        {{.vcpus = 100000}, ENGINE_ERROR_BAD_INPUT, "CPUs"},
        {{.cmdline = (char *)"quiet"}, ENGINE_ERROR_BAD_INPUT, "Kernel path"},
        {{.kernel = (char *)"vmlinuz"}, ENGINE_ERROR_BAD_INPUT, "kernel path"},
        {{.disk = (char *)"/a\nb"}, ENGINE_ERROR_BAD_INPUT, "disk path"},
        {{.serial_log = (char *)"log"}, ENGINE_ERROR_BAD_INPUT, "serial_log path"},
        {{.kernel = (char *)"/k", .cmdline = (char *)"a\nb"}, ENGINE_ERROR_BAD_INPUT, "one line"},
        {{.cluster_id = (char *)NOWHERE}, ENGINE_ERROR_REFERENCE, "Entity not found: Cluster"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
        refused[i].wish.name = (char *)"vm1";
        if (!refused[i].wish.cluster_id)
            refused[i].wish.cluster_id = f->cluster;
        assert_refused(f, add_vm, &refused[i].wish, refused[i].code, refused[i].text);
    }
    g_autofree char *id = test_vm_add(&f->t, "vm1", f->cluster);
    g_autoptr(Vm) vm = test_vm(&f->t, id);
    g_assert_cmpuint(vm->vcpus, ==, 1);
    g_assert_cmpint(vm->status, ==, VM_DOWN);
    g_assert_cmpuint(test_events(&f->t, 34, "VM vm1 was created by tester@internal."), ==, 1);
}

static gpointer update_vm(Engine *engine, gpointer data, GError **error)
{
    return engine_vm_update(engine, &actor, data, error) ? GINT_TO_POINTER(1) : NULL;
}

static void test_vm_update(Fixture *f, gconstpointer data)
{
    g_autofree char *id = test_vm_add(&f->t, "vm1", f->cluster);
    g_free(test_vm_add(&f->t, "vm2", f->cluster));
    g_autoptr(Vm) vm = test_vm(&f->t, id);
    vm->status = VM_UP; /* never taken from a wish */
    vm->vcpus = 3;
    g_assert_nonnull(test_work(&f->t, update_vm, vm, NULL));
    g_autoptr(Vm) after = test_vm(&f->t, id);
    g_assert_cmpint(after->status, ==, VM_DOWN);
    g_assert_cmpuint(after->vcpus, ==, 3);
    g_free(vm->name);
    vm->name = g_strdup("vm2");
    assert_refused(f, update_vm, vm, ENGINE_ERROR_CONFLICT, "Cannot edit VM. The VM name");
    g_free(vm->id);
    vm->id = g_strdup(NOWHERE);
    assert_refused(f, update_vm, vm, ENGINE_ERROR_NOT_FOUND, NOWHERE);
}

/* ---- NICs ---- */

static Nic nic_wish(const char *vm_id, const char *name, const char *mac)
{
    return (Nic){.vm_id = (char *)vm_id, .name = (char *)name, .mac = (char *)mac};
}

static void test_nic_mac(Fixture *f, gconstpointer data)
{
    g_autofree char *vm = test_vm_add(&f->t, "vm1", f->cluster);
    static const char *const bad[] = {"", "x", "52:54:00:00:00", "52:54:00:00:00:00:00",
                                      "52:54:00:00:00:0g"};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        Nic wish = nic_wish(vm, "nic1", bad[i]);
        assert_refused(f, add_nic, &wish, ENGINE_ERROR_BAD_INPUT, "is not valid");
    }
    static const char *const group[] = {"ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01",
                                        "00:00:00:00:00:00"};
    for (gsize i = 0; i < G_N_ELEMENTS(group); i++) {
        Nic wish = nic_wish(vm, "nic1", group[i]);
        assert_refused(f, add_nic, &wish, ENGINE_ERROR_BAD_INPUT, "unicast");
    }
    Nic wish = nic_wish(vm, "nic1", "52-54-00-AB-cd-01");
    g_autofree char *id = test_work(&f->t, add_nic, &wish, NULL);
    g_autoptr(Nic) nic = test_nic(&f->t, vm, id);
    g_assert_cmpstr(nic->mac, ==, "52:54:00:ab:cd:01");
    g_assert_cmpstr(nic->model, ==, "virtio");
    wish = nic_wish(vm, "nic2", "52:54:00:AB:CD:01");
    assert_refused(f, add_nic, &wish, ENGINE_ERROR_CONFLICT,
                   "MAC Address 52:54:00:ab:cd:01 is already in use");
    wish = nic_wish(vm, "nic1", NULL);
    assert_refused(f, add_nic, &wish, ENGINE_ERROR_CONFLICT, "Interface name is already in use");
}

static gpointer remove_nic(Engine *engine, gpointer data, GError **error)
{
    const Nic *nic = data;
    return engine_nic_remove(engine, &actor, nic->vm_id, nic->id, error) ? GINT_TO_POINTER(1)
                                                                         : NULL;
}

static gpointer get_nic(Engine *engine, gpointer data, GError **error)
{
    const Nic *nic = data;
    return engine_nic(engine, nic->vm_id, nic->id, error);
}

static void test_nic_references(Fixture *f, gconstpointer data)
{
    g_autofree char *vm = test_vm_add(&f->t, "vm1", f->cluster);
    g_autofree char *other = test_vm_add(&f->t, "vm2", f->cluster);
    Nic wish = nic_wish(NOWHERE, "nic1", NULL);
    assert_refused(f, add_nic, &wish, ENGINE_ERROR_NOT_FOUND, NOWHERE);
    wish = nic_wish(vm, "nic1", NULL);
    wish.network_id = (char *)NOWHERE;
    assert_refused(f, add_nic, &wish, ENGINE_ERROR_REFERENCE, "Entity not found: Network");
    wish.network_id = NULL;
    wish.model = (char *)"ne2k";
    assert_refused(f, add_nic, &wish, ENGINE_ERROR_BAD_INPUT, "ne2k");
    g_autofree char *id = test_nic_add(&f->t, vm, "nic1", f->network);
    g_autoptr(Nic) nic = test_nic(&f->t, vm, id);
    g_free(nic->vm_id);
    nic->vm_id = g_strdup(other);
    assert_refused(f, get_nic, nic, ENGINE_ERROR_NOT_FOUND, "no NIC with id");
    assert_refused(f, remove_nic, nic, ENGINE_ERROR_NOT_FOUND, "no NIC with id");
    g_assert_cmpuint(test_events(&f->t, 932, "Interface nic1 (virtio) was added to VM vm1."), ==,
                     1);
}

static void test_nic_count(Fixture *f, gconstpointer data)
{
    g_autofree char *vm = test_vm_add(&f->t, "vm1", f->cluster);
    for (int i = 0; i < 28; i++) {
        g_autofree char *name = g_strdup_printf("nic%d", i);
        g_free(test_nic_add(&f->t, vm, name, f->network));
    }
    Nic wish = nic_wish(vm, "one-more", NULL);
    assert_refused(f, add_nic, &wish, ENGINE_ERROR_CONFLICT, "at most 28");
}

/* ---- the MAC pool ---- */

static char *pooled(Fixture *f, const char *vm, const char *name)
{
    g_autofree char *id = test_nic_add(&f->t, vm, name, NULL);
    g_autoptr(Nic) nic = test_nic(&f->t, vm, id);
    return g_strdup(nic->mac);
}

static void assert_pooled(Fixture *f, const char *vm, const char *name, const char *expected)
{
    g_autofree char *mac = pooled(f, vm, name);
    g_assert_cmpstr(mac, ==, expected);
}

static void test_pool(Fixture *f, gconstpointer data)
{
    f->t.settings.mac_range_from = "52:54:00:00:00:fe";
    f->t.settings.mac_range_to = "52:54:00:00:01:01";
    test_engine_restart(&f->t);
    g_autofree char *vm = test_vm_add(&f->t, "vm1", f->cluster);
    Nic wish = nic_wish(vm, "own", "52:54:00:00:00:ff");
    g_autofree char *own = test_work(&f->t, add_nic, &wish, NULL);
    assert_pooled(f, vm, "a", "52:54:00:00:00:fe");
    assert_pooled(f, vm, "b", "52:54:00:00:01:00"); /* over the taken one */
    assert_pooled(f, vm, "c", "52:54:00:00:01:01");
    wish = nic_wish(vm, "d", NULL);
    assert_refused(f, add_nic, &wish, ENGINE_ERROR_CONFLICT, "Not enough MAC addresses");
    g_autoptr(Nic) nic = test_nic(&f->t, vm, own);
    g_assert_nonnull(test_work(&f->t, remove_nic, nic, NULL));
    assert_pooled(f, vm, "d", "52:54:00:00:00:ff"); /* round again */
}

static void test_pool_settings(void)
{
    static const struct {
        const char *from, *to, *text;
    } bad[] = {{"x", NULL, "'x' is not a MAC"},
               {"52:54:00:00:00:02", "52:54:00:00:00:01", "above"}};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        TestEngine t = {NULL};
        test_engine_set_up(&t);
        g_clear_pointer(&t.engine, engine_free);
        g_autoptr(GError) error = NULL;
        t.settings.mac_range_from = bad[i].from;
        t.settings.mac_range_to = bad[i].to;
        g_assert_null(engine_new(&t.settings, &error));
        g_assert_error(error, ENGINE_ERROR, ENGINE_ERROR_BAD_INPUT);
        g_assert_nonnull(strstr(error->message, bad[i].text));
        test_engine_tear_down(&t);
    }
}

/* ---- the rest of the inventory ---- */

static void test_clusters(Fixture *f, gconstpointer data)
{
    static const guint bad[][2] = {{0, 0}, {2, 9}, {5, 0}, {4, 100}};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        Cluster wish = {.name = (char *)"x", .level_major = bad[i][0], .level_minor = bad[i][1]};
        assert_refused(f, add_cluster, &wish, ENGINE_ERROR_BAD_INPUT, "not supported");
    }
    Cluster wish = {.name = (char *)"c1", .level_major = 3, .level_minor = 10};
    assert_refused(f, add_cluster, &wish, ENGINE_ERROR_CONFLICT, "Cluster name");
    wish.name = (char *)"c2";
    wish.data_center_id = (char *)NOWHERE;
    assert_refused(f, add_cluster, &wish, ENGINE_ERROR_REFERENCE, "Data Center");
}

static void test_networks(Fixture *f, gconstpointer data)
{
    g_autofree char *long_text = g_strnfill(4097, 'x');
    Network wordy = {.name = (char *)"n2", .description = long_text};
    assert_refused(f, add_network, &wordy, ENGINE_ERROR_BAD_INPUT, "description");
    wordy.description = (char *)"\xff";
    assert_refused(f, add_network, &wordy, ENGINE_ERROR_BAD_INPUT, "UTF-8");
    Network wish = {.name = (char *)"n2", .bridge = (char *)"a-bridge-too-far"};
    assert_refused(f, add_network, &wish, ENGINE_ERROR_BAD_INPUT, "1 to 15");
    wish.bridge = NULL;
    wish.name = (char *)"a-network-of-a-long-name";
    g_autofree char *id = test_work(&f->t, add_network, &wish, NULL);
    g_assert_nonnull(id);
    wish.name = (char *)"net1";
    assert_refused(f, add_network, &wish, ENGINE_ERROR_CONFLICT, "Network name");
}

static gpointer remove_cluster(Engine *engine, gpointer data, GError **error)
{
    return engine_cluster_remove(engine, &actor, data, error) ? GINT_TO_POINTER(1) : NULL;
}

static void test_hosts(Fixture *f, gconstpointer data)
{
    Host wish = {.name = (char *)"h1", .address = (char *)"no such host", .cluster_id = f->cluster};
    assert_refused(f, add_host, &wish, ENGINE_ERROR_BAD_INPUT, "address");
    wish.address = (char *)"192.0.2.1";
    wish.cluster_id = (char *)NOWHERE;
    assert_refused(f, add_host, &wish, ENGINE_ERROR_REFERENCE, "Cluster");
    wish.cluster_id = f->cluster;
    g_autofree char *id = test_work(&f->t, add_host, &wish, NULL);
    g_autoptr(Host) host = test_host(&f->t, id);
    g_assert_cmpuint(host->port, ==, 54321);
    wish.name = (char *)"h2";
    assert_refused(f, add_host, &wish, ENGINE_ERROR_CONFLICT, "same address");
    assert_refused(f, remove_cluster, f->cluster, ENGINE_ERROR_CONFLICT, "still in use");
}

static gpointer resolve(Engine *engine, gpointer data, GError **error)
{
    return engine_resolve(engine, "cluster", data, error);
}

static void test_resolve(Fixture *f, gconstpointer data)
{
    g_autofree char *id = test_work(&f->t, resolve, (gpointer) "c1", NULL);
    g_assert_cmpstr(id, ==, f->cluster);
    assert_refused(f, resolve, (gpointer) "nothing", ENGINE_ERROR_REFERENCE,
                   "Entity not found: cluster nothing");
}

/* ---- commands without a host ---- */

static void test_start_without_host(Fixture *f, gconstpointer data)
{
    g_autofree char *id = test_vm_add(&f->t, "vm1", f->cluster);
    g_autoptr(GError) start = test_vm_start(&f->t, id);
    g_assert_error(start, ENGINE_ERROR, ENGINE_ERROR_CONFLICT);
    g_assert_nonnull(strstr(start->message, "Cannot run VM. There is no host"));
    g_autoptr(GError) stop = test_vm_stop(&f->t, id);
    g_assert_error(stop, ENGINE_ERROR, ENGINE_ERROR_CONFLICT);
    g_assert_nonnull(strstr(stop->message, "VM is not running"));
    g_autoptr(GError) down = test_vm_shutdown(&f->t, id);
    g_assert_error(down, ENGINE_ERROR, ENGINE_ERROR_CONFLICT);
    g_autoptr(GError) unknown = test_vm_start(&f->t, NOWHERE);
    g_assert_error(unknown, ENGINE_ERROR, ENGINE_ERROR_NOT_FOUND);
    g_autoptr(Vm) vm = test_vm(&f->t, id);
    g_assert_cmpint(vm->status, ==, VM_DOWN);
    g_assert_null(vm->host_id);
}

/* ---- events ---- */

static gpointer list_events(Engine *engine, gpointer data, GError **error)
{
    return engine_events(engine, data, error);
}

static void test_events_bounded(Fixture *f, gconstpointer data)
{
    f->t.settings.max_events = 10;
    test_engine_restart(&f->t);
    for (int i = 0; i < 70; i++) {
        g_autofree char *name = g_strdup_printf("vm%d", i);
        g_free(test_vm_add(&f->t, name, f->cluster));
    }
    ListQuery query = {.max = -1};
    g_autoptr(GPtrArray) events = test_work(&f->t, list_events, &query, NULL);
    g_assert_cmpuint(events->len, <, 70);
    const Event *newest = events->pdata[0], *next = events->pdata[1];
    g_assert_cmpint(newest->id, >, next->id);
    g_assert_cmpstr(newest->description, ==, "VM vm69 was created by tester@internal.");
    query = (ListQuery){.max = 2, .from = next->id - 1};
    g_autoptr(GPtrArray) some = test_work(&f->t, list_events, &query, NULL);
    g_assert_cmpuint(some->len, ==, 2);
}

/* A piece of work that fails leaves nothing, of the store or of messages. */
static gpointer fail_late(Engine *engine, gpointer data, GError **error)
{
    g_autoptr(Vm) vm = engine_vm_add(engine, &actor, data, error);
    g_assert_nonnull(vm);
    return engine_vm_start(engine, &actor, vm->id, error) ? GINT_TO_POINTER(1) : NULL;
}

static gpointer list_vms(Engine *engine, gpointer data, GError **error)
{
    return engine_vms(engine, data, error);
}

static void test_rollback(Fixture *f, gconstpointer data)
{
    Vm wish = vm_wish(f, "vm1");
    assert_refused(f, fail_late, &wish, ENGINE_ERROR_CONFLICT, "Cannot run VM");
    ListQuery query = {.max = -1};
    g_autoptr(GPtrArray) vms = test_work(&f->t, list_vms, &query, NULL);
    g_assert_cmpuint(vms->len, ==, 0);
    g_assert_cmpuint(test_events(&f->t, 34, NULL), ==, 0);
}

static gpointer list_filters(Engine *engine, gpointer data, GError **error)
{
    return engine_network_filters(engine, error);
}

static void test_network_filters(Fixture *f, gconstpointer data)
{
    g_autoptr(GPtrArray) filters = test_work(&f->t, list_filters, NULL, NULL);
    g_assert_cmpuint(filters->len, ==, 18);
    guint gateway = 0;
    for (guint i = 0; i < filters->len; i++) {
        const NetworkFilter *filter = filters->pdata[i];
        gateway += g_str_equal(filter->name, "clean-traffic-gateway") && filter->major == 4;
        if (g_str_equal(filter->name, "vdsm-no-mac-spoofing"))
            g_assert_cmpstr(filter->id, ==, "d2370ab4-fee3-11e9-a310-8c1645ce738e");
    }
    g_assert_cmpuint(gateway, ==, 1);
}

#define ADD(path, function) g_test_add("/engine/" path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("vm/names", test_vm_names);
    ADD("vm/limits", test_vm_limits);
    ADD("vm/update", test_vm_update);
    ADD("vm/start-without-host", test_start_without_host);
    ADD("nic/mac", test_nic_mac);
    ADD("nic/references", test_nic_references);
    ADD("nic/count", test_nic_count);
    ADD("pool/range", test_pool);
    g_test_add_func("/engine/pool/settings", test_pool_settings);
    ADD("clusters", test_clusters);
    ADD("networks", test_networks);
    ADD("hosts", test_hosts);
    ADD("resolve", test_resolve);
    ADD("events/bounded", test_events_bounded);
    ADD("rollback", test_rollback);
    ADD("network-filters", test_network_filters);
    return g_test_run();
}
