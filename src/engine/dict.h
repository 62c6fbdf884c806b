/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <json-glib/json-glib.h>

#include "store/entities.h"

/*
 * What is sent to hosts: the parameters of VDSM's verbs, in the dictionary form of oVirt 3.2
 * to 4.1. A NIC's filter goes out twice, as "filters" (a list, the feature page's word) and as
 * "filter" (VDSM's word), agreeing with each other.
 */

/* bridge NULL: in no network. filter NULL: no filter key at all. */
JsonObject *dict_nic(const Nic *nic, const char *bridge, const char *filter);

/* nics is an array of NIC dictionaries; taken. */
JsonNode *dict_vm_create(const Vm *vm, JsonArray *nics);
JsonNode *dict_vm(const Vm *vm); /* {vmID}: VM.destroy */
JsonNode *dict_vm_shutdown(const Vm *vm);
/* VM.hotplugNic and VM.hotunplugNic; nic is taken. */
JsonNode *dict_nic_plug(const char *vm_id, JsonObject *nic);
/* VM.updateDevice. with_filter: filter is said, a NULL one as "no filter"; else it stays as it is.
 */
JsonNode *dict_nic_update(const Nic *nic, const char *bridge, gboolean with_filter,
                          const char *filter);
