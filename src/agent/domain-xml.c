/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "agent/definition.h"
#include "agent/metadata.h"
#include "agent/nic-xml.h"
#include "agent/vm-config.h"
#include "jsonrpc/rpc.h"

/* A VmConfig as libvirt's domain XML. */

static void os_write(xmlNodePtr domain, const VmConfig *config)
{
    xmlNodePtr os = xml_child(domain, "os");
    xmlNodePtr type = xml_child_text(os, "type", "hvm");

    xml_set(type, "arch", "x86_64");
    xml_set(type, "machine", config->machine);
    if (config->kernel)
        xml_child_text(os, "kernel", config->kernel);
    if (config->initrd)
        xml_child_text(os, "initrd", config->initrd);
    if (config->cmdline)
        xml_child_text(os, "cmdline", config->cmdline);
}

/* Buses and the letters their disks' names begin with. */
static const struct {
    const char *bus, *prefix;
} disk_names[] = {{"virtio", "vd"}, {"ide", "hd"}, {"scsi", "sd"}, {"sata", "sd"}};

static void disk_write(xmlNodePtr devices, const Disk *disk, guint index)
{
    xmlNodePtr node = xml_child(devices, "disk");
    xmlNodePtr driver = xml_child(node, "driver");
    xmlNodePtr target;

    xml_set(node, "type", "file");
    xml_set(node, "device", disk->device);
    xml_set(driver, "name", "qemu");
    xml_set(driver, "type", strcmp(disk->format, "cow") == 0 ? "qcow2" : disk->format);
    xml_set(xml_child(node, "source"), "file", disk->path);
    target = xml_child(node, "target");
    for (guint i = 0; i < G_N_ELEMENTS(disk_names); i++)
        if (strcmp(disk->bus, disk_names[i].bus) == 0)
            xml_set_printf(target, "dev", "%s%c", disk_names[i].prefix, (char)('a' + index % 26));
    xml_set(target, "bus", disk->bus);
    if (disk->readonly)
        xml_child(node, "readonly");
}

static void serial_write(xmlNodePtr devices, const VmConfig *config)
{
    xmlNodePtr serial = xml_child(devices, "serial");

    xml_set(serial, "type", config->serial_log ? "file" : "pty");
    if (config->serial_log)
        xml_set(xml_child(serial, "source"), "path", config->serial_log);
    xml_set(xml_child(serial, "target"), "port", "0");
}

static void devices_write(xmlNodePtr domain, const VmConfig *config, const char *emulator)
{
    xmlNodePtr devices = xml_child(domain, "devices");

    if (emulator && emulator[0] != '\0')
        xml_child_text(devices, "emulator", emulator);
    for (guint i = 0; i < config->disks->len; i++)
        disk_write(devices, config->disks->pdata[i], i);
    for (guint i = 0; i < config->nics->len; i++)
        nic_to_xml(config->nics->pdata[i], devices);
    serial_write(devices, config);
    xml_set(xml_child(devices, "memballoon"), "model", "none");
}

static void life_write(xmlNodePtr domain)
{
    xml_child(xml_child(domain, "features"), "acpi");
    xml_set(xml_child(domain, "clock"), "offset", "utc");
    xml_child_text(domain, "on_poweroff", "destroy");
    xml_child_text(domain, "on_reboot", "restart");
    xml_child_text(domain, "on_crash", "destroy");
}

/* Every interface on a tap of the agent's own, as nics say afterwards. */
static gboolean taps_take(xmlNodePtr domain, GPtrArray *nics, GError **error)
{
    xmlNodePtr node = xml_first(xml_first(domain, "devices"), "interface");

    for (guint i = 0; node && i < nics->len; i++, node = xml_next(node, "interface"))
        if (!nic_take_tap(nics->pdata[i], node, error))
            return FALSE;
    return TRUE;
}

static char *domain_end(xmlNodePtr domain, GPtrArray *nics, gboolean own_taps, GError **error)
{
    if (own_taps && !taps_take(domain, nics, error))
        return NULL;
    metadata_write(domain, nics);
    return xml_format(domain);
}

static char *dictionary_to_xml(const VmConfig *config, const DomainHost *host, GError **error)
{
    g_autoptr(xmlDoc) document = xml_document("domain");
    xmlNodePtr domain = xmlDocGetRootElement(document);
    xmlNodePtr memory;
    g_autofree char *megabytes = g_strdup_printf("%" G_GUINT64_FORMAT, config->memory_mib);
    g_autofree char *vcpus = g_strdup_printf("%u", config->vcpus);

    xml_set(domain, "type", host->kind);
    xml_child_text(domain, "name", config->name);
    xml_child_text(domain, "uuid", config->vm_id);
    xml_child(domain, "metadata"); /* its place; filled last */
    memory = xml_child_text(domain, "memory", megabytes);
    xml_set(memory, "unit", "MiB");
    xml_child_text(domain, "vcpu", vcpus);
    os_write(domain, config);
    life_write(domain);
    devices_write(domain, config, host->emulator);
    return domain_end(domain, config->nics, host->own_taps, error);
}

/* The caller's own XML: named as the call says, and with what we must find again added. */
static char *whole_to_xml(const VmConfig *config, gboolean own_taps, GError **error)
{
    static const char *const roots[] = {"domain", NULL};
    g_autoptr(Definition) definition = definition_parse("vmParams.xml", config->xml, error);
    g_autoptr(xmlDoc) document = NULL;

    if (!definition)
        return NULL;
    if (g_ascii_strcasecmp(definition->vm_id, config->vm_id) != 0) {
        g_set_error(error, RPC_ERROR, RPC_INVALID_PARAMETER,
                    "Invalid parameter: the domain XML has uuid %s, the call vmID %s",
                    definition->vm_id, config->vm_id);
        return NULL;
    }
    document = xml_parse("vmParams.xml", config->xml, strlen(config->xml), roots, error);
    if (!document)
        return NULL;
    return domain_end(xmlDocGetRootElement(document), definition->nics, own_taps, error);
}

char *vm_config_to_xml(const VmConfig *config, const DomainHost *host, GError **error)
{
    return config->xml ? whole_to_xml(config, host->own_taps, error)
                       : dictionary_to_xml(config, host, error);
}
