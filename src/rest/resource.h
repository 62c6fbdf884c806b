/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "rest/form.h"

/*
 * What the routes lead to. A Resource joins an entity's form with the engine's functions for it;
 * the handlers decode with the form, make one call, and encode. All of this runs on the engine's
 * worker.
 */
typedef struct Resource Resource;

/* One request on its way through a handler. */
typedef struct {
    Engine *engine;
    Actor actor;
    const Resource *resource;
    const char *parent; /* path of the collection: "vms", "vms/ID/nics" */
    const char *ids[2]; /* of the path, outermost first; NULL where there is none */
    ListQuery query;
    gboolean follow_nics;
    const Element *input; /* NULL: no body */
    guint status;         /* out: 200 unless set */
    char *location;       /* out: of what was created */
} Call;

typedef Element *(*Handler)(Call *call, GError **error);

Element *collection_get(Call *call, GError **error);
Element *collection_add(Call *call, GError **error);
Element *entity_get(Call *call, GError **error);
Element *entity_update(Call *call, GError **error);
Element *entity_remove(Call *call, GError **error);

Element *vm_start(Call *call, GError **error);
Element *vm_shutdown(Call *call, GError **error);
Element *vm_stop(Call *call, GError **error);
Element *nic_activate(Call *call, GError **error);
Element *nic_deactivate(Call *call, GError **error);
Element *nic_reported_devices(Call *call, GError **error);
Element *nic_statistics(Call *call, GError **error); /* statistics.c */
Element *cluster_network_filters(Call *call, GError **error);
Element *cluster_networks(Call *call, GError **error);
Element *data_center_clusters(Call *call, GError **error);
Element *data_center_networks(Call *call, GError **error);

extern const Resource data_center_resource, cluster_resource, host_resource, network_resource,
    vm_resource, nic_resource, network_filter_resource, event_resource;

const Form *resource_form(const Resource *resource);
/* Whether ?search= means something for its collection. */
gboolean resource_is_searchable(const Resource *resource);
