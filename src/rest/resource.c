/* SPDX-License-Identifier: Apache-2.0 */
#include "rest/resource.h"

#include "rest/fault.h"

/* parent: the id of the entity the collection belongs to, or NULL. */
struct Resource {
    const Form *form;
    GPtrArray *(*list)(Engine *engine, const char *parent, const ListQuery *query, GError **error);
    gpointer (*get)(Engine *engine, const char *parent, const char *id, GError **error);
    gpointer (*make)(const char *parent); /* what a new entity is before the request's wishes */
    gpointer (*add)(Engine *engine, const Actor *actor, gconstpointer wish, GError **error);
    gboolean (*update)(Engine *engine, const Actor *actor, gconstpointer wish, GError **error);
    gboolean (*remove)(Engine *engine, const Actor *actor, const char *parent, const char *id,
                       GError **error);
    char *(*id)(gconstpointer entity);
    void (*free)(gpointer entity);
    /* Adds what only the engine knows. NULL: nothing. */
    gboolean (*finish)(Engine *engine, gconstpointer entity, Element *into, GError **error);
    gboolean searchable;
};

const Form *resource_form(const Resource *resource)
{
    return resource->form;
}

gboolean resource_is_searchable(const Resource *resource)
{
    return resource->searchable;
}

/* ---- encoding ---- */

static Element *entity_element(Call *call, const Resource *resource, const char *parent,
                               gconstpointer entity, GError **error)
{
    g_autofree char *id = resource->id(entity);
    g_autoptr(Element) element = form_write(resource->form, parent, id, entity);

    if (resource->finish && !resource->finish(call->engine, entity, element, error))
        return NULL;
    return g_steal_pointer(&element);
}

static const char *last_id(const Call *call)
{
    return call->ids[1] ? call->ids[1] : call->ids[0];
}

static const char *list_name(const Resource *resource)
{
    static const struct {
        const Resource *resource;
        const char *name;
    } odd[] = {{&data_center_resource, "data_centers"},
               {&network_filter_resource, "network_filters"}};

    for (guint i = 0; i < G_N_ELEMENTS(odd); i++)
        if (odd[i].resource == resource)
            return odd[i].name;
    return resource->form->collection;
}

/* VMs with their NICs in them, for ?follow=nics. */
static gboolean add_nics(Call *call, const char *vm_id, Element *into, GError **error)
{
    g_autoptr(GPtrArray) nics = engine_nics(call->engine, vm_id, error);
    g_autofree char *parent = g_strdup_printf("vms/%s/nics", vm_id);
    Element *list = nics ? element_add(into, "nics") : NULL;

    for (guint i = 0; nics && i < nics->len; i++) {
        Element *nic = entity_element(call, &nic_resource, parent, nics->pdata[i], error);

        if (!nic)
            return FALSE;
        nic->kind = ELEMENT_REPEATED;
        element_append(list, nic);
    }
    return nics != NULL;
}

static Element *followed_element(Call *call, const Resource *resource, const char *parent,
                                 gconstpointer entity, GError **error)
{
    g_autoptr(Element) element = entity_element(call, resource, parent, entity, error);
    gboolean follow = element && call->follow_nics && resource == &vm_resource;

    if (follow && !add_nics(call, ((const Vm *)entity)->id, element, error))
        return NULL;
    return g_steal_pointer(&element);
}

/* Takes no ownership of the list. */
static Element *list_element(Call *call, const Resource *resource, const char *parent,
                             GPtrArray *list, GError **error)
{
    g_autoptr(Element) root = element_new(list_name(resource));
    guint count = list->len;

    if (call->query.max >= 0 && (guint)call->query.max < count)
        count = call->query.max;
    for (guint i = 0; i < count; i++) {
        Element *element = followed_element(call, resource, parent, list->pdata[i], error);

        if (!element)
            return NULL;
        element->kind = ELEMENT_REPEATED;
        element_append(root, element);
    }
    return g_steal_pointer(&root);
}

static Element *done_element(void)
{
    Element *root = element_new("action");

    element_add_text(root, "status", "complete");
    return root;
}

/* ---- the handlers of any entity ---- */

Element *collection_get(Call *call, GError **error)
{
    const Resource *resource = call->resource;
    g_autoptr(GPtrArray) list = resource->list(call->engine, call->ids[0], &call->query, error);

    return list ? list_element(call, resource, call->parent, list, error) : NULL;
}

static gboolean check_body(const Call *call, GError **error)
{
    if (call->input)
        return TRUE;
    g_set_error(error, REST_ERROR, REST_ERROR_SYNTAX, "a body with <%s> is expected",
                call->resource->form->element);
    return FALSE;
}

/* Reads back what was stored, so that the answer is what any later GET gives. */
static Element *stored_element(Call *call, const char *parent_id, const char *id, GError **error)
{
    const Resource *resource = call->resource;
    gpointer entity = resource->get(call->engine, parent_id, id, error);
    Element *element = NULL;

    if (entity) {
        element = followed_element(call, resource, call->parent, entity, error);
        resource->free(entity);
    }
    return element;
}

static gpointer add_entity(Call *call, GError **error)
{
    const Resource *resource = call->resource;
    gpointer wish = resource->make(call->ids[0]);
    gpointer added = NULL;

    if (form_check_required(resource->form, call->input, error) &&
        form_read(resource->form, call->input, wish, call->engine, error))
        added = resource->add(call->engine, &call->actor, wish, error);
    resource->free(wish);
    return added;
}

Element *collection_add(Call *call, GError **error)
{
    gpointer added = check_body(call, error) ? add_entity(call, error) : NULL;
    g_autofree char *id = NULL;

    if (!added)
        return NULL;
    id = call->resource->id(added);
    call->resource->free(added);
    call->status = 201;
    call->location = g_strdup_printf(API_BASE "/%s/%s", call->parent, id);
    return stored_element(call, call->ids[0], id, error);
}

/* The entity of the path. *parent: its owner's id, or NULL. */
static gpointer addressed(Call *call, const char **parent, GError **error)
{
    *parent = call->ids[1] ? call->ids[0] : NULL;
    return call->resource->get(call->engine, *parent, last_id(call), error);
}

Element *entity_get(Call *call, GError **error)
{
    return stored_element(call, call->ids[1] ? call->ids[0] : NULL, last_id(call), error);
}

Element *entity_update(Call *call, GError **error)
{
    const Resource *resource = call->resource;
    const char *parent;
    gpointer entity = check_body(call, error) ? addressed(call, &parent, error) : NULL;
    gboolean done;

    if (!entity)
        return NULL;
    done = form_read(resource->form, call->input, entity, call->engine, error) &&
           resource->update(call->engine, &call->actor, entity, error);
    resource->free(entity);
    return done ? stored_element(call, parent, last_id(call), error) : NULL;
}

Element *entity_remove(Call *call, GError **error)
{
    const char *parent = call->ids[1] ? call->ids[0] : NULL;

    if (!call->resource->remove(call->engine, &call->actor, parent, last_id(call), error))
        return NULL;
    return done_element();
}

/* ---- actions ---- */

/* What we do not do, and the client does not want: <use_cloud_init>false</use_cloud_init>. */
static gboolean is_declined(const Element *child)
{
    static const char *const switches[] = {
        "pause", "use_cloud_init", "use_ignition", "use_initialization", "use_sysprep", "volatile",
        NULL};

    return g_strv_contains(switches, child->name) && !g_strcmp0(child->text, "false");
}

/* What an action's body may say. A run-once configuration and the like is refused. */
static gboolean check_action(const Call *call, GError **error)
{
    static const char *const known[] = {"async",  "grace_period", "reason", "correlation_id",
                                        "status", "force",        NULL};
    const Element *child = call->input ? call->input->first : NULL;

    if (call->input && g_strcmp0(call->input->name, "action")) {
        g_set_error(error, REST_ERROR, REST_ERROR_SYNTAX, "<%s> is not expected here: <action> is",
                    call->input->name);
        return FALSE;
    }
    for (; child; child = child->next) {
        if (element_is_empty(child) || g_strv_contains(known, child->name) || is_declined(child))
            continue;
        g_set_error(error, ENGINE_ERROR, ENGINE_ERROR_BAD_INPUT,
                    "action: the element '%s' is not supported here", child->name);
        return FALSE;
    }
    return TRUE;
}

typedef gboolean (*VmCommand)(Engine *engine, const Actor *actor, const char *id, GError **error);

static Element *vm_command(Call *call, VmCommand command, GError **error)
{
    if (!check_action(call, error) || !command(call->engine, &call->actor, call->ids[0], error))
        return NULL;
    return done_element();
}

Element *vm_start(Call *call, GError **error)
{
    return vm_command(call, engine_vm_start, error);
}

Element *vm_shutdown(Call *call, GError **error)
{
    return vm_command(call, engine_vm_shutdown, error);
}

Element *vm_stop(Call *call, GError **error)
{
    return vm_command(call, engine_vm_stop, error);
}

static Element *nic_plug(Call *call, gboolean plugged, GError **error)
{
    g_autoptr(Nic) nic = NULL;

    if (!check_action(call, error))
        return NULL;
    nic = engine_nic(call->engine, call->ids[0], call->ids[1], error);
    if (!nic)
        return NULL;
    nic->plugged = plugged;
    if (!engine_nic_update(call->engine, &call->actor, nic, error))
        return NULL;
    return done_element();
}

Element *nic_activate(Call *call, GError **error)
{
    return nic_plug(call, TRUE, error);
}

Element *nic_deactivate(Call *call, GError **error)
{
    return nic_plug(call, FALSE, error);
}

/* ---- what hangs below an entity ---- */

/* Our agents report the device on the host, where oVirt's guest agent reports the guest's. */
Element *nic_reported_devices(Call *call, GError **error)
{
    g_autoptr(Nic) nic = engine_nic(call->engine, call->ids[0], call->ids[1], error);
    g_autofree char *href = NULL;
    Element *root, *device;

    if (!nic)
        return NULL;
    root = element_new("reported_devices");
    if (!nic->reported || !nic->reported_device)
        return root;
    device = element_add_repeated(root, "reported_device");
    href = g_strdup_printf(API_BASE "/vms/%s/nics/%s/reporteddevices/%s", nic->vm_id, nic->id,
                           nic->id);
    element_add_attribute(device, "href", href);
    element_add_attribute(device, "id", nic->id);
    element_add_text(device, "name", nic->reported_device);
    element_add_text(element_add(device, "mac"), "address", nic->mac);
    element_add_text(device, "type", "network");
    form_add_reference(device, "vm", "vms", nic->vm_id);
    return root;
}

/* Levels compare as numbers: 4.10 is above 4.2. */
static gboolean is_offered(const NetworkFilter *filter, const Cluster *cluster)
{
    return filter->major < cluster->level_major ||
           (filter->major == cluster->level_major && filter->minor <= cluster->level_minor);
}

static void keep_if(GPtrArray *list, gboolean (*keep)(gconstpointer entity, gconstpointer data),
                    gconstpointer data)
{
    for (guint i = list->len; i > 0; i--)
        if (!keep(list->pdata[i - 1], data))
            g_ptr_array_remove_index(list, i - 1);
}

static gboolean keep_offered(gconstpointer entity, gconstpointer cluster)
{
    return is_offered(entity, cluster);
}

static gboolean keep_network(gconstpointer entity, gconstpointer data_center_id)
{
    return !g_strcmp0(((const Network *)entity)->data_center_id, data_center_id);
}

static gboolean keep_cluster(gconstpointer entity, gconstpointer data_center_id)
{
    return !g_strcmp0(((const Cluster *)entity)->data_center_id, data_center_id);
}

Element *cluster_network_filters(Call *call, GError **error)
{
    g_autoptr(Cluster) cluster = engine_cluster(call->engine, call->ids[0], error);
    g_autoptr(GPtrArray) list = cluster ? engine_network_filters(call->engine, error) : NULL;

    if (!list)
        return NULL;
    keep_if(list, keep_offered, cluster);
    return list_element(call, &network_filter_resource, "networkfilters", list, error);
}

static Element *networks_of(Call *call, const char *data_center_id, GError **error)
{
    ListQuery all = {.max = -1};
    g_autoptr(GPtrArray) list = engine_networks(call->engine, &all, error);

    if (!list)
        return NULL;
    keep_if(list, keep_network, data_center_id);
    return list_element(call, &network_resource, "networks", list, error);
}

Element *cluster_networks(Call *call, GError **error)
{
    g_autoptr(Cluster) cluster = engine_cluster(call->engine, call->ids[0], error);

    return cluster ? networks_of(call, cluster->data_center_id, error) : NULL;
}

Element *data_center_networks(Call *call, GError **error)
{
    g_autoptr(DataCenter) data_center = engine_data_center(call->engine, call->ids[0], error);

    return data_center ? networks_of(call, data_center->id, error) : NULL;
}

Element *data_center_clusters(Call *call, GError **error)
{
    g_autoptr(DataCenter) data_center = engine_data_center(call->engine, call->ids[0], error);
    ListQuery all = {.max = -1};
    g_autoptr(GPtrArray) list = data_center ? engine_clusters(call->engine, &all, error) : NULL;

    if (!list)
        return NULL;
    keep_if(list, keep_cluster, data_center->id);
    return list_element(call, &cluster_resource, "clusters", list, error);
}

/* ---- the table: the engine's typed functions behind one shape ---- */

#define GET(Type, prefix)                                                                          \
    static gpointer prefix##_get(Engine *engine, const char *parent, const char *id,               \
                                 GError **error)                                                   \
    {                                                                                              \
        return engine_##prefix(engine, id, error);                                                 \
    }                                                                                              \
    static void prefix##_drop(gpointer entity)                                                     \
    {                                                                                              \
        prefix##_free(entity);                                                                     \
    }

#define ID(Type, prefix)                                                                           \
    static char *prefix##_id(gconstpointer entity)                                                 \
    {                                                                                              \
        return g_strdup(((const Type *)entity)->id);                                               \
    }

#define LIST(prefix)                                                                               \
    static GPtrArray *prefix##_list(Engine *engine, const char *parent, const ListQuery *query,    \
                                    GError **error)                                                \
    {                                                                                              \
        return engine_##prefix##s(engine, query, error);                                           \
    }

#define CHANGE(prefix)                                                                             \
    static gpointer prefix##_add(Engine *engine, const Actor *actor, gconstpointer wish,           \
                                 GError **error)                                                   \
    {                                                                                              \
        return engine_##prefix##_add(engine, actor, wish, error);                                  \
    }                                                                                              \
    static gboolean prefix##_update(Engine *engine, const Actor *actor, gconstpointer wish,        \
                                    GError **error)                                                \
    {                                                                                              \
        return engine_##prefix##_update(engine, actor, wish, error);                               \
    }

#define REMOVE(prefix)                                                                             \
    static gboolean prefix##_remove(Engine *engine, const Actor *actor, const char *parent,        \
                                    const char *id, GError **error)                                \
    {                                                                                              \
        return engine_##prefix##_remove(engine, actor, id, error);                                 \
    }

#define ALL(Type, prefix)                                                                          \
    GET(Type, prefix)                                                                              \
    ID(Type, prefix)                                                                               \
    LIST(prefix)                                                                                   \
    CHANGE(prefix)                                                                                 \
    REMOVE(prefix)

/* clang-format off */
ALL(DataCenter, data_center)
ALL(Cluster, cluster)
ALL(Host, host)
ALL(Network, network)
ALL(Vm, vm)
GET(NetworkFilter, network_filter)
ID(NetworkFilter, network_filter)
GET(Event, event)
LIST(event)
ID(Nic, nic)
CHANGE(nic)
/* clang-format on */

static gpointer data_center_make(const char *parent)
{
    return data_center_new();
}

static gpointer cluster_make(const char *parent)
{
    Cluster *cluster = cluster_new();

    cluster->level_major = 4;
    cluster->level_minor = 7;
    return cluster;
}

static gpointer host_make(const char *parent)
{
    Host *host = host_new();

    host->port = 54321; /* VDSM's */
    return host;
}

static gpointer network_make(const char *parent)
{
    return network_new();
}

static gpointer vm_make(const char *parent)
{
    Vm *vm = vm_new();

    vm->memory = G_GUINT64_CONSTANT(1) << 30; /* oVirt's default */
    vm->vcpus = 1;
    return vm;
}

static gpointer nic_make(const char *parent)
{
    Nic *nic = nic_new();

    nic->vm_id = g_strdup(parent);
    nic->model = g_strdup("virtio");
    nic->plugged = TRUE;
    nic->linked = TRUE;
    return nic;
}

static GPtrArray *network_filter_list(Engine *engine, const char *parent, const ListQuery *query,
                                      GError **error)
{
    return engine_network_filters(engine, error);
}

static char *event_id(gconstpointer entity)
{
    return g_strdup_printf("%" G_GINT64_FORMAT, ((const Event *)entity)->id);
}

static GPtrArray *nic_list(Engine *engine, const char *parent, const ListQuery *query,
                           GError **error)
{
    return engine_nics(engine, parent, error);
}

static gpointer nic_get(Engine *engine, const char *parent, const char *id, GError **error)
{
    return engine_nic(engine, parent, id, error);
}

static void nic_drop(gpointer entity)
{
    nic_free(entity);
}

static gboolean nic_remove(Engine *engine, const Actor *actor, const char *parent, const char *id,
                           GError **error)
{
    return engine_nic_remove(engine, actor, parent, id, error);
}

static gboolean nic_finish(Engine *engine, gconstpointer entity, Element *into, GError **error)
{
    gboolean synced;

    if (!engine_nic_synced(engine, entity, &synced, error))
        return FALSE;
    element_add_bool(into, "synced", synced);
    return TRUE;
}

#define READABLE(prefix)                                                                           \
    .form = &prefix##_form, .list = prefix##_list, .get = prefix##_get, .id = prefix##_id,         \
    .free = prefix##_drop
#define CHANGEABLE(prefix)                                                                         \
    READABLE(prefix), .make = prefix##_make, .add = prefix##_add, .update = prefix##_update,       \
                      .remove = prefix##_remove

const Resource data_center_resource = {CHANGEABLE(data_center), .searchable = TRUE};
const Resource cluster_resource = {CHANGEABLE(cluster), .searchable = TRUE};
const Resource host_resource = {CHANGEABLE(host), .searchable = TRUE};
const Resource network_resource = {CHANGEABLE(network), .searchable = TRUE};
const Resource vm_resource = {CHANGEABLE(vm), .searchable = TRUE};
const Resource nic_resource = {CHANGEABLE(nic), .finish = nic_finish};
const Resource network_filter_resource = {READABLE(network_filter)};
const Resource event_resource = {READABLE(event), .searchable = TRUE};
