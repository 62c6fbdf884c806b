/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of a VM. oVirt has no place for a disk image's path or a console log on the host: they
 * are the custom properties "disk" and "serial_log".
 */
#include <string.h>

#include "rest/form.h"

#define BLANK_TEMPLATE "00000000-0000-0000-0000-000000000000"

static gboolean bad(GError **error, const char *what, const char *value, const char *expected)
{
    g_set_error(error, ENGINE_ERROR, ENGINE_ERROR_BAD_INPUT, "%s '%s': %s", what, value, expected);
    return FALSE;
}

/* ---- cpu/topology: sockets x cores x threads ---- */

static void write_topology(Element *root, const void *entity)
{
    const Vm *vm = entity;
    Element *topology = element_add(element_add(root, "cpu"), "topology");

    element_add_int(topology, "cores", 1);
    element_add_int(topology, "sockets", vm->vcpus);
    element_add_int(topology, "threads", 1);
}

/* Each factor below 2^16, so that the product fits. */
static gboolean read_factor(const Element *child, guint64 *product, GError **error)
{
    static const char *const names[] = {"sockets", "cores", "threads", NULL};
    guint64 factor;

    if (!g_strv_contains(names, child->name))
        return bad(error, "cpu topology", child->name, "sockets, cores and threads are known");
    if (!g_ascii_string_to_unsigned(child->text ? child->text : "", 10, 1, 65535, &factor, NULL))
        return bad(error, child->name, child->text ? child->text : "",
                   "a number from 1 to 65535 is expected");
    *product *= factor;
    return TRUE;
}

static gboolean read_topology(const Element *element, void *entity, GError **error)
{
    Vm *vm = entity;
    guint64 product = 1;

    for (const Element *child = element->first; child; child = child->next)
        if (!read_factor(child, &product, error))
            return FALSE;
    if (product > 65535)
        return bad(error, "cpu topology", "too large", "at most 65535 virtual CPUs");
    vm->vcpus = (guint)product;
    return TRUE;
}

/* ---- custom properties ---- */

static const struct {
    const char *name;
    gsize offset;
} properties[] = {
    {"disk", offsetof(Vm, disk)},
    {"serial_log", offsetof(Vm, serial_log)},
};

static char **property_of(Vm *vm, guint row)
{
    return (char **)((char *)vm + properties[row].offset);
}

static void write_properties(Element *root, const void *entity)
{
    Element *list = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(properties); i++) {
        const char *value = *property_of((Vm *)entity, i);
        Element *property;

        if (!value)
            continue;
        list = list ? list : element_add(root, "custom_properties");
        property = element_add_repeated(list, "custom_property");
        element_add_text(property, "name", properties[i].name);
        element_add_text(property, "value", value);
    }
}

static gboolean read_property(const Element *property, Vm *vm, GError **error)
{
    const char *name = element_value(property, "name");
    const char *value = element_value(property, "value");

    for (guint i = 0; name && i < G_N_ELEMENTS(properties); i++) {
        if (strcmp(name, properties[i].name))
            continue;
        g_free(*property_of(vm, i));
        *property_of(vm, i) = value && *value ? g_strdup(value) : NULL;
        return TRUE;
    }
    return bad(error, "custom property", name ? name : "", "disk and serial_log are known");
}

/* The whole list is given at once, as in oVirt: what it does not name is cleared. */
static gboolean read_properties(const Element *element, void *entity, GError **error)
{
    Vm *vm = entity;

    for (guint i = 0; i < G_N_ELEMENTS(properties); i++)
        g_clear_pointer(property_of(vm, i), g_free);
    for (const Element *child = element->first; child; child = child->next)
        if (!read_property(child, vm, error))
            return FALSE;
    return TRUE;
}

/* ---- template: clients of oVirt name one; there is none but the blank one ---- */

static gboolean read_template(const Element *element, void *entity, GError **error)
{
    const char *name = element_value(element, "name");
    const char *id = element_value(element, "id");

    if ((name && strcmp(name, "Blank")) || (id && strcmp(id, BLANK_TEMPLATE)))
        return bad(error, "template", name ? name : id, "the only template is 'Blank'");
    return TRUE;
}

/* Only a VM that is on a host shows it, as in oVirt. */
static void write_host(Element *root, const void *entity)
{
    const Vm *vm = entity;

    if (vm->status != VM_DOWN && vm->host_id)
        form_add_reference(root, "host", "hosts", vm->host_id);
}

static const Field fields[] = {
    {"name", FIELD_TEXT, offsetof(Vm, name)},
    {"description", FIELD_TEXT, offsetof(Vm, description)},
    {"cluster", FIELD_REFERENCE, offsetof(Vm, cluster_id), .kind = "cluster"},
    {"cpu/topology", FIELD_CUSTOM, .write = write_topology, .read = read_topology},
    {"cpu/architecture", FIELD_IGNORED},
    {"custom_properties", FIELD_CUSTOM, .write = write_properties, .read = read_properties},
    /* A VM has a serial line and no screen; but libgovirt takes none that says nothing about it. */
    {"display/monitors", FIELD_CONSTANT, .text = "0"},
    {"memory", FIELD_UINT64, offsetof(Vm, memory)},
    {"os/kernel", FIELD_TEXT, offsetof(Vm, kernel)},
    {"os/initrd", FIELD_TEXT, offsetof(Vm, initrd)},
    {"os/cmdline", FIELD_TEXT, offsetof(Vm, cmdline)},
    {"os/type", FIELD_IGNORED},
    {"template", FIELD_CUSTOM, .read = read_template},
    {"type", FIELD_CONSTANT, .text = "server"},
    {"host", FIELD_CUSTOM, .write = write_host},
    {"start_time", FIELD_TIME, offsetof(Vm, start_time), .read_only = TRUE},
    {"status", FIELD_NAME, offsetof(Vm, status), .read_only = TRUE, .names = vm_status_names},
    {"status_detail", FIELD_TEXT, offsetof(Vm, exit_message), .read_only = TRUE},
    {NULL},
};

const Form vm_form = {
    .element = "vm",
    .collection = "vms",
    .type = "Vm",
    .fields = fields,
    .actions = (const char *const[]){"shutdown", "start", "stop", NULL},
    .links = (const char *const[]){"nics", NULL},
    .required = (const char *const[]){"name", "cluster.id|name", NULL},
};
