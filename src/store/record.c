/* SPDX-License-Identifier: Apache-2.0 */
#include "store/record.h"

#include <stddef.h>
#include <string.h>

#define F(Type, kind, member, column)                                                              \
    {                                                                                              \
        column, FIELD_##kind, offsetof(Type, member)                                               \
    }

static const Field option_fields[] = {
    F(Option, TEXT, name, "option_name"),
    F(Option, TEXT, value, "option_value"),
    F(Option, TEXT, version, "version"),
    F(Option, TEXT, default_value, "default_value"),
};

static const Field data_center_fields[] = {
    F(DataCenter, TEXT, id, "data_center_id"),
    F(DataCenter, TEXT, name, "name"),
    F(DataCenter, TEXT, description, "description"),
};

static const Field cluster_fields[] = {
    F(Cluster, TEXT, id, "cluster_id"),
    F(Cluster, TEXT, name, "name"),
    F(Cluster, TEXT, description, "description"),
    F(Cluster, TEXT, data_center_id, "data_center_id"),
    F(Cluster, UINT, level_major, "level_major"),
    F(Cluster, UINT, level_minor, "level_minor"),
};

static const Field host_fields[] = {
    F(Host, TEXT, id, "vds_id"),
    F(Host, TEXT, name, "vds_name"),
    F(Host, TEXT, address, "host_name"),
    F(Host, UINT16, port, "port"),
    F(Host, TEXT, cluster_id, "cluster_id"),
    F(Host, INT, status, "status"),
    F(Host, TEXT, status_detail, "status_detail"),
    F(Host, TEXT, os_version, "host_os"),
    F(Host, TEXT, libvirt_version, "libvirt_version"),
    F(Host, TEXT, agent_version, "rpm_version"),
    F(Host, TEXT, filters, "nwfilters"),
};

static const Field network_fields[] = {
    F(Network, TEXT, id, "network_id"),
    F(Network, TEXT, name, "name"),
    F(Network, TEXT, description, "description"),
    F(Network, TEXT, data_center_id, "data_center_id"),
    F(Network, TEXT, bridge, "vdsm_name"),
};

static const Field vm_fields[] = {
    F(Vm, TEXT, id, "vm_guid"),
    F(Vm, TEXT, name, "vm_name"),
    F(Vm, TEXT, description, "description"),
    F(Vm, TEXT, cluster_id, "cluster_id"),
    F(Vm, UINT64, memory, "mem_size"),
    F(Vm, UINT, vcpus, "num_of_cpus"),
    F(Vm, TEXT, kernel, "kernel_url"),
    F(Vm, TEXT, initrd, "initrd_url"),
    F(Vm, TEXT, cmdline, "kernel_params"),
    F(Vm, TEXT, disk, "disk_path"),
    F(Vm, TEXT, serial_log, "serial_log"),
    F(Vm, INT, status, "status"),
    F(Vm, TEXT, host_id, "run_on_vds"),
    F(Vm, TEXT, exit_message, "exit_message"),
    F(Vm, INT64, status_time, "status_time"),
    F(Vm, INT64, start_time, "start_time"),
    F(Vm, BOOL, stop_requested, "stop_requested"),
};

static const Field nic_fields[] = {
    F(Nic, TEXT, id, "id"),
    F(Nic, TEXT, vm_id, "vm_guid"),
    F(Nic, TEXT, name, "name"),
    F(Nic, TEXT, network_id, "network_id"),
    F(Nic, TEXT, mac, "mac_addr"),
    F(Nic, TEXT, model, "type"),
    F(Nic, BOOL, plugged, "is_plugged"),
    F(Nic, BOOL, linked, "linked"),
    F(Nic, BOOL, reported, "reported"),
    F(Nic, TEXT, reported_filter, "reported_filter"),
    F(Nic, TEXT, reported_parameters, "reported_parameters"),
    F(Nic, TEXT, reported_enforcement, "reported_enforcement"),
    F(Nic, TEXT, reported_device, "reported_device"),
    F(Nic, TEXT, alias, "alias"),
    F(Nic, TEXT, reported_network, "reported_network"),
    F(Nic, BOOL, reported_linked, "reported_linked"),
};

static const Field network_filter_fields[] = {
    F(NetworkFilter, TEXT, id, "filter_id"),
    F(NetworkFilter, TEXT, name, "filter_name"),
    F(NetworkFilter, UINT, major, "version_major"),
    F(NetworkFilter, UINT, minor, "version_minor"),
};

static const Field event_fields[] = {
    F(Event, INT64, id, "audit_log_id"),      F(Event, INT, code, "log_type"),
    F(Event, INT, severity, "severity"),      F(Event, INT64, time, "log_time"),
    F(Event, TEXT, description, "message"),   F(Event, TEXT, user, "user_name"),
    F(Event, TEXT, cluster_id, "cluster_id"), F(Event, TEXT, host_id, "vds_id"),
    F(Event, TEXT, vm_id, "vm_id"),           F(Event, TEXT, correlation_id, "correlation_id"),
};

#define R(Type, prefix, table, word, name, order)                                                  \
    {                                                                                              \
        table, word, sizeof(Type), prefix##_fields, G_N_ELEMENTS(prefix##_fields), name, order,    \
            (GDestroyNotify)prefix##_free                                                          \
    }

const Record records[ENTITY_KIND_COUNT] = {
    [ENTITY_OPTION] =
        R(Option, option, "vdc_options", "option", "option_name", "option_name, version"),
    [ENTITY_DATA_CENTER] = R(DataCenter, data_center, "data_center", "data center", "name", "name"),
    [ENTITY_CLUSTER] = R(Cluster, cluster, "cluster", "cluster", "name", "name"),
    [ENTITY_HOST] = R(Host, host, "vds", "host", "vds_name", "vds_name"),
    [ENTITY_NETWORK] = R(Network, network, "network", "network", "name", "name"),
    [ENTITY_VM] = R(Vm, vm, "vm", "VM", "vm_name", "vm_name"),
    [ENTITY_NIC] = R(Nic, nic, "vm_interface", "NIC", "name", "name"),
    [ENTITY_NETWORK_FILTER] = R(NetworkFilter, network_filter, "network_filter", "network filter",
                                "filter_name", "filter_name"),
    [ENTITY_EVENT] = R(Event, event, "audit_log", "event", NULL, "audit_log_id DESC"),
};

const Field *record_field(const Record *record, const char *column)
{
    for (guint i = 0; i < record->n_fields; i++)
        if (g_str_equal(record->fields[i].column, column))
            return &record->fields[i];
    return NULL;
}

gpointer record_copy(const Record *record, gconstpointer from)
{
    gpointer to = g_memdup2(from, record->size);
    for (guint i = 0; i < record->n_fields; i++) {
        if (record->fields[i].type != FIELD_TEXT)
            continue;
        char **text = G_STRUCT_MEMBER_P(to, record->fields[i].offset);
        *text = g_strdup(*text);
    }
    return to;
}

void record_free(const Record *record, gpointer entity)
{
    if (!entity)
        return;
    for (guint i = 0; i < record->n_fields; i++)
        if (record->fields[i].type == FIELD_TEXT)
            g_free(G_STRUCT_MEMBER(char *, entity, record->fields[i].offset));
    g_free(entity);
}
