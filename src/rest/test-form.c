/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of every entity, compared with golden files in both formats; and the way back: what is
 * read from them gives the same entity. UPDATE_GOLDEN=1 writes the files anew.
 */
#include <string.h>

#include "rest/fault.h"
#include "rest/form.h"
#include "rest/format.h"

#define DC "11111111-1111-4111-8111-111111111111"
#define CL "22222222-2222-4222-8222-222222222222"
#define HO "33333333-3333-4333-8333-333333333333"
#define NE "44444444-4444-4444-8444-444444444444"
#define VM "55555555-5555-4555-8555-555555555555"
#define NI "66666666-6666-4666-8666-666666666666"
#define FI "77777777-7777-4777-8777-777777777777"

static const char *golden_folder;

/* ---- entities with everything set; all members are borrowed constants ---- */

static DataCenter data_center = {
    .id = (char *)DC, .name = (char *)"Default", .description = (char *)"d"};

static Cluster cluster = {.id = (char *)CL,
                          .name = (char *)"west <1>",
                          .data_center_id = (char *)DC,
                          .level_major = 3,
                          .level_minor = 10};

static Host host = {.id = (char *)HO,
                    .name = (char *)"host1",
                    .address = (char *)"192.0.2.1",
                    .port = 54321,
                    .cluster_id = (char *)CL,
                    .status = HOST_UP,
                    .status_detail = (char *)"fine",
                    .os_version = (char *)"Debian 12",
                    .libvirt_version = (char *)"9.0.0",
                    .agent_version = (char *)"0.1.0",
                    .filters = (char *)"clean-traffic vdsm-no-mac-spoofing"};

static Network network = {.id = (char *)NE,
                          .name = (char *)"ovirtmgmt",
                          .data_center_id = (char *)DC,
                          .bridge = (char *)"br0"};

static Vm vm = {.id = (char *)VM,
                .name = (char *)"vm1",
                .description = (char *)"a & b",
                .cluster_id = (char *)CL,
                .memory = 1073741824,
                .vcpus = 2,
                .kernel = (char *)"/boot/vmlinuz",
                .initrd = (char *)"/boot/initrd",
                .cmdline = (char *)"console=ttyS0",
                .disk = (char *)"/images/vm1.qcow2",
                .serial_log = (char *)"/var/log/vm1.log",
                .status = VM_UP,
                .host_id = (char *)HO,
                .start_time = 1479823200};

static Vm vm_down = {.id = (char *)VM,
                     .name = (char *)"vm1",
                     .cluster_id = (char *)CL,
                     .memory = 1073741824,
                     .vcpus = 1,
                     .status = VM_DOWN,
                     .host_id = (char *)HO,
                     .exit_message = (char *)"referenced filter 'x' is missing"};

static Nic nic = {.id = (char *)NI,
                  .vm_id = (char *)VM,
                  .name = (char *)"nic1",
                  .network_id = (char *)NE,
                  .mac = (char *)"52:54:00:00:00:01",
                  .model = (char *)"virtio",
                  .plugged = TRUE,
                  .linked = TRUE,
                  .reported = TRUE,
                  .reported_filter = (char *)"vdsm-no-mac-spoofing",
                  .reported_parameters = (char *)"IP=10.0.0.1 IP=10.0.0.2",
                  .reported_enforcement = (char *)"tapwall",
                  .reported_device = (char *)"vnet0"};

static NetworkFilter filter = {
    .id = (char *)FI, .name = (char *)"vdsm-no-mac-spoofing", .major = 3, .minor = 2};

static Event event = {.id = 42,
                      .code = 1012,
                      .severity = SEVERITY_WARNING,
                      .time = 1479823200,
                      .description = (char *)"plugged",
                      .user = (char *)"admin@internal",
                      .cluster_id = (char *)CL,
                      .host_id = (char *)HO,
                      .vm_id = (char *)VM,
                      .correlation_id = (char *)"c-1"};

static const struct {
    const char *name;
    const Form *form;
    const char *parent, *id;
    gconstpointer entity;
} cases[] = {
    {"data_center", &data_center_form, "datacenters", DC, &data_center},
    {"cluster", &cluster_form, "clusters", CL, &cluster},
    {"host", &host_form, "hosts", HO, &host},
    {"network", &network_form, "networks", NE, &network},
    {"vm", &vm_form, "vms", VM, &vm},
    {"vm-down", &vm_form, "vms", VM, &vm_down},
    {"nic", &nic_form, "vms/" VM "/nics", NI, &nic},
    {"network_filter", &network_filter_form, "networkfilters", FI, &filter},
    {"event", &event_form, "events", "42", &event},
};

static void compare(const char *name, const char *suffix, GBytes *got)
{
    g_autofree char *file = g_strconcat(name, suffix, NULL);
    g_autofree char *path = g_build_filename(golden_folder, file, NULL);
    g_autofree char *text = g_strndup(g_bytes_get_data(got, NULL), g_bytes_get_size(got));
    g_autofree char *golden = NULL;
    g_autoptr(GError) error = NULL;

    if (g_getenv("UPDATE_GOLDEN"))
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_file_get_contents(path, &golden, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(text, ==, golden);
}

static void test_golden(gconstpointer data)
{
    guint row = GPOINTER_TO_UINT(data);
    g_autoptr(Element) root =
        form_write(cases[row].form, cases[row].parent, cases[row].id, cases[row].entity);
    g_autoptr(GBytes) xml = xml_format(root);
    g_autoptr(GBytes) json = json_format(root);

    compare(cases[row].name, ".xml", xml);
    compare(cases[row].name, ".json", json);
}

/* ---- the way back ---- */

static GBytes *written(const Form *form, gconstpointer entity, gboolean json)
{
    g_autoptr(Element) root = form_write(form, form->collection, "id", entity);

    return json ? json_format(root) : xml_format(root);
}

/* What a GET gave is accepted by a PUT, and changes nothing. */
static void check_round_trip(const Form *form, gconstpointer from, gpointer into, gboolean json)
{
    g_autoptr(GBytes) first = written(form, from, json);
    g_autoptr(GError) error = NULL;
    g_autoptr(Element) input =
        json ? json_parse(first, form->element, &error) : xml_parse(first, &error);
    g_autoptr(GBytes) second = NULL;

    g_assert_no_error(error);
    g_assert_true(form_read(form, input, into, NULL, &error));
    g_assert_no_error(error);
    second = written(form, into, json);
    g_assert_true(g_bytes_equal(first, second));
}

static void test_round_trip(void)
{
    for (gboolean json = FALSE; json <= TRUE; json++) {
        g_autoptr(Vm) new_vm = vm_new();
        g_autoptr(Nic) new_nic = nic_copy(&nic);
        g_autoptr(Cluster) new_cluster = cluster_new();
        g_autoptr(Network) new_network = network_new();
        g_autoptr(DataCenter) new_data_center = data_center_new();
        g_autoptr(Host) new_host = host_copy(&host);

        /* What cannot be set is there already, as for a PUT. */
        new_vm->status = vm.status;
        new_vm->host_id = g_strdup(vm.host_id);
        new_vm->start_time = vm.start_time;
        check_round_trip(&vm_form, &vm, new_vm, json);
        check_round_trip(&nic_form, &nic, new_nic, json);
        check_round_trip(&cluster_form, &cluster, new_cluster, json);
        check_round_trip(&network_form, &network, new_network, json);
        check_round_trip(&data_center_form, &data_center, new_data_center, json);
        check_round_trip(&host_form, &host, new_host, json);
    }
}

static Element *parsed(const char *xml)
{
    g_autoptr(GBytes) body = g_bytes_new(xml, strlen(xml));
    g_autoptr(GError) error = NULL;
    Element *root = xml_parse(body, &error);

    g_assert_no_error(error);
    return root;
}

/* Absent keeps, empty clears, given sets. */
static void test_three_ways(void)
{
    g_autoptr(Vm) it = vm_copy(&vm);
    g_autoptr(Nic) card = nic_copy(&nic);
    g_autoptr(Element) change =
        parsed("<vm><description/><os><initrd/><kernel>/k</kernel></os></vm>");
    g_autoptr(Element) leave =
        parsed("<nic><network/><mac><address>52-54-00-AA-BB-CC</address></mac></nic>");
    g_autoptr(GError) error = NULL;

    g_assert_true(form_read(&vm_form, change, it, NULL, &error));
    g_assert_null(it->description);
    g_assert_null(it->initrd);
    g_assert_cmpstr(it->kernel, ==, "/k");
    g_assert_cmpstr(it->cmdline, ==, vm.cmdline);
    g_assert_cmpstr(it->disk, ==, vm.disk);
    g_assert_cmpuint(it->vcpus, ==, 2);
    g_assert_true(form_read(&nic_form, leave, card, NULL, &error));
    g_assert_null(card->network_id);
    g_assert_cmpstr(card->mac, ==, "52:54:00:aa:bb:cc");
    g_assert_true(card->plugged);
}

static void test_vm_details(void)
{
    g_autoptr(Vm) it = vm_new();
    g_autoptr(Element) input = parsed(
        "<vm><name>a</name><cluster id='" CL "'/><template><name>Blank</name></template>"
        "<cpu><architecture>x86_64</architecture><topology><sockets>2</sockets><cores>3</cores>"
        "</topology></cpu><memory>134217728</memory><os><type>other_linux</type></os>"
        "<custom_properties><custom_property><name>disk</name><value>/d</value></custom_property>"
        "</custom_properties></vm>");
    g_autoptr(GError) error = NULL;

    g_assert_true(form_check_required(&vm_form, input, &error));
    g_assert_true(form_read(&vm_form, input, it, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(it->vcpus, ==, 6);
    g_assert_cmpuint(it->memory, ==, 134217728);
    g_assert_cmpstr(it->disk, ==, "/d");
    g_assert_cmpstr(it->cluster_id, ==, CL);
}

static const struct {
    const Form *form;
    const char *input, *part; /* part of the message */
} refused[] = {
    {&vm_form, "<nic/>", "<vm> is"},
    {&vm_form, "<vm><bios><type>q35</type></bios></vm>", "'bios'"},
    {&vm_form, "<vm><os><boot><devices>x</devices></boot></os></vm>", "'os/boot'"},
    {&vm_form, "<vm><os>linux</os></vm>", "'os'"},
    {&vm_form, "<vm><name><x/></name></vm>", "name"},
    {&vm_form, "<vm><memory>much</memory></vm>", "memory is 'much'"},
    {&vm_form, "<vm><memory>-1</memory></vm>", "memory"},
    {&vm_form, "<vm><memory>1e9</memory></vm>", "memory"},
    {&vm_form, "<vm><memory>99999999999999999999</memory></vm>", "memory"},
    {&vm_form, "<vm><cluster id='7'/></vm>", "'7' is not an id"},
    {&vm_form, "<vm><cluster/></vm>", "an id or a name"},
    {&vm_form, "<vm><cluster href='/x'/></vm>", "an id or a name"},
    {&vm_form, "<vm><type>desktop</type></vm>", "server"},
    {&vm_form, "<vm><template><name>rhel</name></template></vm>", "Blank"},
    {&vm_form, "<vm><cpu><topology><sockets>0</sockets></topology></cpu></vm>", "sockets"},
    {&vm_form, "<vm><cpu><topology><dies>2</dies></topology></cpu></vm>", "dies"},
    {&vm_form,
     "<vm><cpu><topology><sockets>65535</sockets><cores>65535</cores><threads>65535</threads>"
     "</topology></cpu></vm>",
     "too large"},
    {&vm_form,
     "<vm><custom_properties><custom_property><name>x</name></custom_property></custom_properties>"
     "</vm>",
     "custom property"},
    {&nic_form, "<nic><mac><address>52:54:00</address></mac></nic>", "mac/address"},
    {&nic_form, "<nic><plugged>yes</plugged></nic>", "true or false"},
    {&nic_form, "<nic><linked>True</linked></nic>", "true or false"},
    {&nic_form, "<nic><vnic_profile id='" FI "'/></nic>", "'vnic_profile'"},
    {&nic_form, "<nic><network_filter><name>clean-traffic</name></network_filter></nic>",
     "cannot be set"},
    {&host_form, "<host><port>65536</port></host>", "port"},
    {&cluster_form, "<cluster><version><major>x</major></version></cluster>", "version/major"},
    {&network_form, "<network><vlan id='5'/></network>", "'vlan'"},
    {&network_form, "<network><usages><usage>display</usage></usages></network>", "usage"},
    {&data_center_form, "<data_center><local>true</local></data_center>", "false is expected"},
};

static void test_refused(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        union {
            Vm vm;
            Nic nic;
            Host host;
            Cluster cluster;
            Network network;
            DataCenter data_center;
        } entity = {0};
        g_autoptr(Element) input = parsed(refused[i].input);
        g_autoptr(GError) error = NULL;

        g_assert_false(form_read(refused[i].form, input, &entity, NULL, &error));
        if (!strstr(error->message, refused[i].part))
            g_error("%s gives '%s', not '%s'", refused[i].input, error->message, refused[i].part);
    }
}

static void test_required(void)
{
    static const struct {
        const Form *form;
        const char *input, *message; /* NULL: nothing is missing */
    } rows[] = {
        {&vm_form, "<vm/>", "Vm [name, cluster.id|name] required for add"},
        {&vm_form, "<vm><name>a</name><cluster/></vm>", "Vm [cluster.id|name] required for add"},
        {&vm_form, "<vm><name>a</name><cluster><name>c</name></cluster></vm>", NULL},
        {&nic_form, "<nic><name> </name></nic>", "Nic [name] required for add"},
        {&host_form, "<host><name>h</name></host>",
         "Host [address, cluster.id|name] required for add"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(Element) input = parsed(rows[i].input);
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(form_check_required(rows[i].form, input, &error), ==, !rows[i].message);
        g_assert_cmpstr(error ? error->message : NULL, ==, rows[i].message);
    }
}

static void test_faults(void)
{
    static const struct {
        int code;
        gboolean engine;
        guint status;
        const char *detail, *reason;
    } rows[] = {
        {ENGINE_ERROR_NOT_FOUND, TRUE, 404, NULL, NULL},
        {ENGINE_ERROR_REFERENCE, TRUE, 400, "m", "Operation Failed"},
        {ENGINE_ERROR_BAD_INPUT, TRUE, 400, "[m]", "Operation Failed"},
        {ENGINE_ERROR_CONFLICT, TRUE, 409, "[m]", "Operation Failed"},
        {ENGINE_ERROR_INTERNAL, TRUE, 500, "[m]", "Operation Failed"},
        {REST_ERROR_PARAMETER, FALSE, 400, "m", "Operation failed"},
        {REST_ERROR_INCOMPLETE, FALSE, 400, "m", "Incomplete parameters"},
        {REST_ERROR_NOT_FOUND, FALSE, 404, NULL, NULL},
        {REST_ERROR_METHOD, FALSE, 405, "m", "Method not allowed"},
        {REST_ERROR_ACCEPT, FALSE, 406, "m", "Not acceptable"},
        {REST_ERROR_TOO_LARGE, FALSE, 413, "m", "Request too large"},
        {REST_ERROR_CONTENT_TYPE, FALSE, 415, "m", "Unsupported media type"},
        {REST_ERROR_LIMITED, FALSE, 429, "m", "Too many failed logins"},
        {REST_ERROR_BUSY, FALSE, 503, "m", "Server busy"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error =
            g_error_new_literal(rows[i].engine ? ENGINE_ERROR : REST_ERROR, rows[i].code, "m");
        g_autoptr(Element) fault = fault_element(error, FALSE);
        g_autoptr(Element) action = fault_element(error, TRUE);

        g_assert_cmpuint(fault_status(error), ==, rows[i].status);
        g_assert_cmpint(!fault, ==, !rows[i].reason);
        if (!fault)
            continue;
        g_assert_cmpstr(element_value(fault, "detail"), ==, rows[i].detail);
        g_assert_cmpstr(element_value(fault, "reason"), ==, rows[i].reason);
        g_assert_cmpstr(element_value(action, "status"), ==, "failed");
        g_assert_nonnull(element_child(element_child(action, "fault"), "detail"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(argc, ==, 2);
    golden_folder = argv[1];
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/form/golden/", cases[i].name, NULL);

        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_golden);
    }
    g_test_add_func("/form/round-trip", test_round_trip);
    g_test_add_func("/form/three-ways", test_three_ways);
    g_test_add_func("/form/vm", test_vm_details);
    g_test_add_func("/form/refused", test_refused);
    g_test_add_func("/form/required", test_required);
    g_test_add_func("/form/faults", test_faults);
    return g_test_run();
}
