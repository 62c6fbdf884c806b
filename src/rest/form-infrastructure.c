/* SPDX-License-Identifier: Apache-2.0 */
/* The forms of data centers, clusters, networks, network filters and events. */
#include <string.h>

#include "rest/form.h"

/* ---- data center ---- */

static const Field data_center_fields[] = {
    {"name", FIELD_TEXT, offsetof(DataCenter, name)},
    {"description", FIELD_TEXT, offsetof(DataCenter, description)},
    {"local", FIELD_CONSTANT, .text = "false"},
    {"status", FIELD_CONSTANT, .text = "up", .read_only = TRUE},
    {NULL},
};

const Form data_center_form = {
    .element = "data_center",
    .collection = "datacenters",
    .type = "DataCenter",
    .fields = data_center_fields,
    .links = (const char *const[]){"clusters", "networks", NULL},
    .required = (const char *const[]){"name", NULL},
};

/* ---- cluster ---- */

static const Field cluster_fields[] = {
    {"name", FIELD_TEXT, offsetof(Cluster, name)},
    {"description", FIELD_TEXT, offsetof(Cluster, description)},
    {"data_center", FIELD_REFERENCE, offsetof(Cluster, data_center_id), .kind = "datacenter"},
    {"version/major", FIELD_UINT, offsetof(Cluster, level_major)},
    {"version/minor", FIELD_UINT, offsetof(Cluster, level_minor)},
    {"cpu/architecture", FIELD_IGNORED},
    {"cpu/type", FIELD_IGNORED},
    {NULL},
};

const Form cluster_form = {
    .element = "cluster",
    .collection = "clusters",
    .type = "Cluster",
    .fields = cluster_fields,
    .links = (const char *const[]){"networkfilters", "networks", NULL},
    .required = (const char *const[]){"name", "data_center.id|name", NULL},
};

/* ---- network: <vdsm_name> is its bridge on the hosts ---- */

static void write_usages(Element *root, const void *entity)
{
    element_set_text(element_add_repeated(element_add(root, "usages"), "usage"), "vm", -1);
}

static gboolean read_usages(const Element *element, void *entity, GError **error)
{
    for (const Element *child = element->first; child; child = child->next) {
        if (!g_strcmp0(child->text, "vm"))
            continue;
        g_set_error(error, ENGINE_ERROR, ENGINE_ERROR_BAD_INPUT,
                    "network usage '%s': only 'vm' is supported", child->text ? child->text : "");
        return FALSE;
    }
    return TRUE;
}

static const Field network_fields[] = {
    {"name", FIELD_TEXT, offsetof(Network, name)},
    {"description", FIELD_TEXT, offsetof(Network, description)},
    {"data_center", FIELD_REFERENCE, offsetof(Network, data_center_id), .kind = "datacenter"},
    {"stp", FIELD_CONSTANT, .text = "false"},
    {"mtu", FIELD_CONSTANT, .text = "0"},
    {"usages", FIELD_CUSTOM, .write = write_usages, .read = read_usages},
    {"vdsm_name", FIELD_TEXT, offsetof(Network, bridge)},
    {NULL},
};

const Form network_form = {
    .element = "network",
    .collection = "networks",
    .type = "Network",
    .fields = network_fields,
    .required = (const char *const[]){"name", "data_center.id|name", NULL},
};

/* ---- network filter: missing parts of a version are -1, as oVirt writes them ---- */

static void write_version(Element *root, const void *entity)
{
    const NetworkFilter *filter = entity;
    Element *version = element_add(root, "version");

    element_add_int(version, "build", -1);
    element_add_int(version, "major", filter->major);
    element_add_int(version, "minor", filter->minor);
    element_add_int(version, "revision", -1);
}

static const Field network_filter_fields[] = {
    {"name", FIELD_TEXT, offsetof(NetworkFilter, name)},
    {"version", FIELD_CUSTOM, .write = write_version},
    {NULL},
};

const Form network_filter_form = {
    .element = "network_filter",
    .collection = "networkfilters",
    .type = "NetworkFilter",
    .fields = network_filter_fields,
};

/* ---- event ---- */

static const char *const severity_names[] = {
    [SEVERITY_NORMAL] = "normal",
    [SEVERITY_WARNING] = "warning",
    [SEVERITY_ERROR] = "error",
    [SEVERITY_ALERT] = "alert",
};

static void write_user(Element *root, const void *entity)
{
    const Event *event = entity;

    if (event->user)
        element_add_text(element_add(root, "user"), "user_name", event->user);
}

static const Field event_fields[] = {
    {"code", FIELD_UINT, offsetof(Event, code)},
    {"correlation_id", FIELD_TEXT, offsetof(Event, correlation_id)},
    {"description", FIELD_TEXT, offsetof(Event, description)},
    {"severity", FIELD_NAME, offsetof(Event, severity), .names = severity_names},
    {"time", FIELD_TIME, offsetof(Event, time)},
    {"cluster", FIELD_REFERENCE, offsetof(Event, cluster_id), .kind = "cluster"},
    {"host", FIELD_REFERENCE, offsetof(Event, host_id), .kind = "host"},
    {"user", FIELD_CUSTOM, .write = write_user},
    {"vm", FIELD_REFERENCE, offsetof(Event, vm_id), .kind = "vm"},
    {NULL},
};

const Form event_form = {
    .element = "event",
    .collection = "events",
    .type = "Event",
    .fields = event_fields,
};
