/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

/*
 * A VM's network interface: the one form between VDSM's dictionary (nic-json.c) and libvirt's XML
 * (nic-xml.c). Text is checked on the way in; a Nic that exists is well formed.
 */

/* VDSM's bridge for NICs that are in no network: it has no port that leads anywhere. */
#define NIC_DUMMY_BRIDGE ";vdsmdummy;"

typedef struct {
    char *name, *value;
} FilterParameter;

typedef struct {
    guint domain, bus, slot, function;
} PciAddress;

typedef struct {
    char *type;  /* libvirt's: "bridge" for all we make; others only in XML from elsewhere */
    char *mac;   /* canonical; NULL when XML left it to libvirt */
    char *model; /* libvirt's name: "virtio" */
    char *network, *bridge; /* network "" (and the dummy bridge): in none */
    gboolean linked;
    guint boot_order;      /* 0: none */
    char *filter;          /* NULL: none */
    GPtrArray *parameters; /* of FilterParameter, in order, names may repeat */
    char *device_id;       /* the caller's name for it */
    char *alias, *device;  /* libvirt's, while it is plugged: "net0", "vnet0" */
    gboolean own_tap;      /* the agent makes device (tap.h), and has tapwalld enforce the filter */
    gboolean has_address;
    PciAddress address;
} Nic;

Nic *nic_new(void);
void nic_free(Nic *nic);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Nic, nic_free)

Nic *nic_copy(const Nic *nic);
/* Takes the filter (NULL: none) and its parameters. */
void nic_set_filter(Nic *nic, const char *filter, GPtrArray *parameters);

/* The canonical form of a MAC address in a caller's key; NULL with RPC_INVALID_PARAMETER. */
char *nic_mac_read(const char *key, const char *text, GError **error);

void nic_add_parameter(Nic *nic, const char *name, const char *value);

/* libvirt's rule for the names and values of filter parameters; a parameter that breaks it would be
 * dropped by libvirt without a word. */
gboolean filter_parameter_check(const char *name, const char *value, GError **error);
gboolean filter_name_check(const char *name, GError **error);

/* VDSM's dictionary. Errors are RPC_ERROR with VDSM's codes. */
Nic *nic_from_json(JsonObject *dict, GError **error);
JsonObject *nic_to_json(const Nic *nic);

/* The filter of a dictionary: "filter" and "filters" read together, into *filter (NULL for none);
 * *given says whether either key was there. */
gboolean nic_filter_from_json(JsonObject *dict, char **filter, gboolean *given, GError **error);
/* "filterParameters" of a dictionary as FilterParameters, empty when absent; NULL on error. */
GPtrArray *nic_parameters_from_json(JsonObject *dict, GError **error);
/* The reported pair of keys, left out when there is no filter. */
void nic_filter_to_json(const Nic *nic, JsonObject *into);
