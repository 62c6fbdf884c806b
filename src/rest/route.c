/* SPDX-License-Identifier: Apache-2.0 */
#include "rest/route.h"

#include <string.h>

#include "rest/fault.h"

#define COLLECTION                                                                                 \
    {                                                                                              \
        [METHOD_GET] = collection_get, [METHOD_POST] = collection_add                              \
    }
#define ENTITY                                                                                     \
    {                                                                                              \
        [METHOD_GET] = entity_get, [METHOD_PUT] = entity_update, [METHOD_DELETE] = entity_remove   \
    }
#define LIST_ONLY                                                                                  \
    {                                                                                              \
        [METHOD_GET] = collection_get                                                              \
    }
#define ENTITY_ONLY                                                                                \
    {                                                                                              \
        [METHOD_GET] = entity_get                                                                  \
    }
#define ACTION(handler) {[METHOD_POST] = (handler)}, .action = TRUE

static const Route routes[] = {
    {"", NULL, {[METHOD_GET] = api_get}},
    {"clusters", &cluster_resource, COLLECTION},
    {"clusters/{id}", &cluster_resource, ENTITY},
    {"clusters/{id}/networkfilters",
     &network_filter_resource,
     {[METHOD_GET] = cluster_network_filters}},
    {"clusters/{id}/networks", &network_resource, {[METHOD_GET] = cluster_networks}},
    {"datacenters", &data_center_resource, COLLECTION},
    {"datacenters/{id}", &data_center_resource, ENTITY},
    {"datacenters/{id}/clusters", &cluster_resource, {[METHOD_GET] = data_center_clusters}},
    {"datacenters/{id}/networks", &network_resource, {[METHOD_GET] = data_center_networks}},
    {"events", &event_resource, LIST_ONLY},
    {"events/{number}", &event_resource, ENTITY_ONLY},
    {"hosts", &host_resource, COLLECTION},
    {"hosts/{id}", &host_resource, ENTITY},
    {"networkfilters", &network_filter_resource, LIST_ONLY},
    {"networkfilters/{id}", &network_filter_resource, ENTITY_ONLY},
    {"networks", &network_resource, COLLECTION},
    {"networks/{id}", &network_resource, ENTITY},
    {"vms", &vm_resource, COLLECTION},
    {"vms/{id}", &vm_resource, ENTITY},
    {"vms/{id}/shutdown", &vm_resource, ACTION(vm_shutdown)},
    {"vms/{id}/start", &vm_resource, ACTION(vm_start)},
    {"vms/{id}/stop", &vm_resource, ACTION(vm_stop)},
    {"vms/{id}/nics", &nic_resource, COLLECTION},
    {"vms/{id}/nics/{id}", &nic_resource, ENTITY},
    {"vms/{id}/nics/{id}/activate", &nic_resource, ACTION(nic_activate)},
    {"vms/{id}/nics/{id}/deactivate", &nic_resource, ACTION(nic_deactivate)},
    {"vms/{id}/nics/{id}/reporteddevices", &nic_resource, {[METHOD_GET] = nic_reported_devices}},
    {"vms/{id}/nics/{id}/statistics", &nic_resource, {[METHOD_GET] = nic_statistics}},
};

/* Compares one part of the pattern, "{...}" standing for any segment; *end after it. */
static gboolean part_matches(const char *pattern, const char *segment, const char **end)
{
    size_t length = strcspn(pattern, "/");

    *end = pattern + length + (pattern[length] == '/');
    if (pattern[0] == '{')
        return TRUE;
    return strlen(segment) == length && !strncmp(pattern, segment, length);
}

static gboolean pattern_matches(const char *pattern, const char *const *segments,
                                const char *ids[2])
{
    guint count = 0;

    ids[0] = ids[1] = NULL;
    for (; *pattern && *segments; segments++) {
        if (*pattern == '{')
            ids[count++] = *segments;
        if (!part_matches(pattern, *segments, &pattern))
            return FALSE;
    }
    return !*pattern && !*segments;
}

static gboolean is_number(const char *text)
{
    return *text && strlen(text) <= 18 && !text[strspn(text, "0123456789")];
}

static gboolean check_ids(const Route *route, const char *ids[2], GError **error)
{
    gboolean numbers = strstr(route->pattern, "{number}") != NULL;

    for (guint i = 0; i < 2 && ids[i]; i++) {
        if (numbers ? is_number(ids[i]) : g_uuid_string_is_valid(ids[i]))
            continue;
        g_set_error(error, REST_ERROR, REST_ERROR_PARAMETER, "'%s' is not an id: a %s is expected",
                    ids[i], numbers ? "number" : "UUID");
        return FALSE;
    }
    return TRUE;
}

const Route *route_find(const char *const *segments, const char *ids[2], GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(routes); i++)
        if (pattern_matches(routes[i].pattern, segments, ids))
            return check_ids(&routes[i], ids, error) ? &routes[i] : NULL;
    g_set_error_literal(error, REST_ERROR, REST_ERROR_NOT_FOUND, "no such resource");
    return NULL;
}

gboolean method_parse(const char *text, Method *method)
{
    static const struct {
        const char *name;
        Method method;
    } methods[] = {{"GET", METHOD_GET},
                   {"HEAD", METHOD_GET},
                   {"POST", METHOD_POST},
                   {"PUT", METHOD_PUT},
                   {"DELETE", METHOD_DELETE}};

    for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
        if (strcmp(methods[i].name, text))
            continue;
        *method = methods[i].method;
        return TRUE;
    }
    return FALSE;
}

char *route_allow(const Route *route)
{
    static const char *const names[] = {"GET, HEAD", "POST", "PUT", "DELETE"};
    GString *allow = g_string_new(NULL);

    for (guint i = 0; i < METHOD_COUNT; i++)
        if (route->handlers[i])
            g_string_append_printf(allow, "%s%s", allow->len ? ", " : "", names[i]);
    return g_string_free(allow, FALSE);
}

const char **route_collections(void)
{
    GPtrArray *names = g_ptr_array_new();

    for (guint i = 0; i < G_N_ELEMENTS(routes); i++)
        if (*routes[i].pattern && !strchr(routes[i].pattern, '/'))
            g_ptr_array_add(names, (gpointer)routes[i].pattern);
    g_ptr_array_add(names, NULL);
    return (const char **)g_ptr_array_free(names, FALSE);
}
