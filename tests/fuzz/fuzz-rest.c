/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to the REST API: path, query, headers and body, from head to reply, on an engine that
 * has one of everything and agrees to all. What is answered must be readable in its own format.
 *
 * Input: five lines (method, path below the base, query, Accept, Content-Type), then the body.
 */
#include <stdint.h>
#include <string.h>

#include "rest/fault.h"
#include "rest/format.h"
#include "rest/request.h"

#define ID "55555555-5555-4555-8555-555555555555"

/* ---- the engine ---- */

G_DEFINE_QUARK(tapwall - engine - error - quark, engine_error)

static gpointer named(gpointer entity, char **id, char **name)
{
    *id = g_strdup(ID);
    *name = g_strdup("one\x01<&>");
    return entity;
}

#define ENTITY(Type, prefix)                                                                       \
    Type *engine_##prefix(Engine *engine, const char *id, GError **error)                          \
    {                                                                                              \
        Type *entity = prefix##_new();                                                             \
        return named(entity, &entity->id, &entity->name);                                          \
    }                                                                                              \
    GPtrArray *engine_##prefix##s(Engine *engine, const ListQuery *query, GError **error)          \
    {                                                                                              \
        GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)prefix##_free);           \
        g_ptr_array_add(list, engine_##prefix(engine, ID, error));                                 \
        return list;                                                                               \
    }

#define CHANGE(Type, prefix)                                                                       \
    Type *engine_##prefix##_add(Engine *engine, const Actor *actor, const Type *wish,              \
                                GError **error)                                                    \
    {                                                                                              \
        Type *entity = prefix##_copy(wish);                                                        \
        g_free(entity->id);                                                                        \
        entity->id = g_strdup(ID);                                                                 \
        return entity;                                                                             \
    }                                                                                              \
    gboolean engine_##prefix##_update(Engine *engine, const Actor *actor, const Type *wish,        \
                                      GError **error)                                              \
    {                                                                                              \
        return TRUE;                                                                               \
    }

#define REMOVE(prefix)                                                                             \
    gboolean engine_##prefix##_remove(Engine *engine, const Actor *actor, const char *id,          \
                                      GError **error)                                              \
    {                                                                                              \
        return TRUE;                                                                               \
    }

#define COMMAND(verb)                                                                              \
    gboolean engine_vm_##verb(Engine *engine, const Actor *actor, const char *id, GError **error)  \
    {                                                                                              \
        return TRUE;                                                                               \
    }

/* clang-format off */
ENTITY(DataCenter, data_center) CHANGE(DataCenter, data_center) REMOVE(data_center)
ENTITY(Cluster, cluster) CHANGE(Cluster, cluster) REMOVE(cluster)
ENTITY(Host, host) CHANGE(Host, host) REMOVE(host)
ENTITY(Network, network) CHANGE(Network, network) REMOVE(network)
ENTITY(Vm, vm) CHANGE(Vm, vm) REMOVE(vm)
CHANGE(Nic, nic)
COMMAND(start) COMMAND(shutdown) COMMAND(stop)
    /* clang-format on */

    Nic *engine_nic(Engine *engine, const char *vm_id, const char *id, GError **error)
{
    Nic *nic = nic_new();

    nic->vm_id = g_strdup(vm_id);
    nic->reported = TRUE;
    nic->reported_filter = g_strdup("clean-traffic");
    nic->reported_parameters = g_strdup("IP=1  =x y");
    nic->reported_device = g_strdup("vnet0");
    return named(nic, &nic->id, &nic->name);
}

GPtrArray *engine_nics(Engine *engine, const char *vm_id, GError **error)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)nic_free);

    g_ptr_array_add(list, engine_nic(engine, vm_id, ID, error));
    return list;
}

gboolean engine_nic_remove(Engine *engine, const Actor *actor, const char *vm_id, const char *id,
                           GError **error)
{
    return TRUE;
}

const NicCounts *engine_nic_counts(Engine *engine, const Nic *nic)
{
    static const NicCounts counts = {.has_traffic = TRUE, .has_filter = TRUE, .filter_tx = 1};

    return &counts;
}

gboolean engine_nic_synced(Engine *engine, const Nic *nic, gboolean *synced, GError **error)
{
    *synced = TRUE;
    return TRUE;
}

NetworkFilter *engine_network_filter(Engine *engine, const char *id, GError **error)
{
    NetworkFilter *filter = network_filter_new();

    return named(filter, &filter->id, &filter->name);
}

GPtrArray *engine_network_filters(Engine *engine, GError **error)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)network_filter_free);

    g_ptr_array_add(list, engine_network_filter(engine, ID, error));
    return list;
}

Event *engine_event(Engine *engine, const char *id, GError **error)
{
    Event *event = event_new();

    event->description = g_strdup("\xff\x02 text");
    return event;
}

GPtrArray *engine_events(Engine *engine, const ListQuery *query, GError **error)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)event_free);

    g_ptr_array_add(list, engine_event(engine, "1", error));
    return list;
}

char *engine_resolve(Engine *engine, const char *kind, const char *name, GError **error)
{
    if (*name)
        return g_strdup(ID);
    g_set_error_literal(error, ENGINE_ERROR, ENGINE_ERROR_REFERENCE, "Entity not found");
    return NULL;
}

/* ---- the fuzzer ---- */

static char *take_line(const uint8_t **data, size_t *size)
{
    const uint8_t *end = memchr(*data, '\n', *size);
    size_t length = end ? (size_t)(end - *data) : *size;
    char *line = g_strndup((const char *)*data, length);

    *data += length + (end != NULL);
    *size -= length + (end != NULL);
    return line;
}

static void check_reply(const Reply *reply)
{
    g_autoptr(Element) again = NULL;
    g_autoptr(GError) error = NULL;

    g_assert(reply->status >= 200 && reply->status < 600);
    if (!reply->body)
        return;
    again = strstr(reply->content_type, "json") ? json_parse(reply->body, "x", &error)
                                                : xml_parse(reply->body, &error);
    g_assert_no_error(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *method = take_line(&data, &size);
    g_autofree char *below = take_line(&data, &size);
    g_autofree char *query = take_line(&data, &size);
    g_autofree char *accept = take_line(&data, &size);
    g_autofree char *type = take_line(&data, &size);
    g_autofree char *path = g_strconcat(API_BASE, below, NULL);
    RequestHead head = {method, path, query, accept, type, NULL, type};
    g_autoptr(Request) request = request_new(&head);
    g_autoptr(GBytes) body = g_bytes_new(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(Reply) reply = NULL;

    request_set_body(request, body);
    request_set_user(request, "admin@internal");
    if (!request_error(request))
        reply = request_run(request, NULL, &error);
    if (!reply)
        reply = request_fault(request, error ? error : request_error(request));
    check_reply(reply);
    return 0;
}
