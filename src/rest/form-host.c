/* SPDX-License-Identifier: Apache-2.0 */
/* The form of a host. Tapwall installs nothing on it: what oVirt's clients send for that is
 * accepted without effect. <network_filters>, the names its libvirt knows, is our own. */
#include "rest/form.h"

static void write_filters(Element *root, const void *entity)
{
    const Host *host = entity;
    g_auto(GStrv) names = host->filters ? g_strsplit(host->filters, " ", 0) : NULL;
    Element *list = names && names[0] ? element_add(root, "network_filters") : NULL;

    for (guint i = 0; list && names[i]; i++)
        element_add_text(element_add_repeated(list, "network_filter"), "name", names[i]);
}

static const Field fields[] = {
    {"name", FIELD_TEXT, offsetof(Host, name)},
    {"address", FIELD_TEXT, offsetof(Host, address)},
    {"cluster", FIELD_REFERENCE, offsetof(Host, cluster_id), .kind = "cluster"},
    {"port", FIELD_UINT16, offsetof(Host, port)},
    {"libvirt_version/full_version", FIELD_TEXT, offsetof(Host, libvirt_version),
     .read_only = TRUE},
    {"os/version/full_version", FIELD_TEXT, offsetof(Host, os_version), .read_only = TRUE},
    {"version/full_version", FIELD_TEXT, offsetof(Host, agent_version), .read_only = TRUE},
    {"network_filters", FIELD_CUSTOM, .write = write_filters},
    {"status", FIELD_NAME, offsetof(Host, status), .read_only = TRUE, .names = host_status_names},
    {"status_detail", FIELD_TEXT, offsetof(Host, status_detail), .read_only = TRUE},
    {"root_password", FIELD_IGNORED},
    {"override_iptables", FIELD_IGNORED},
    {"ssh", FIELD_IGNORED},
    {NULL},
};

const Form host_form = {
    .element = "host",
    .collection = "hosts",
    .type = "Host",
    .fields = fields,
    .required = (const char *const[]){"name", "address", "cluster.id|name", NULL},
};
