/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "rest/fault.h"
#include "rest/request.h"

#define ID "55555555-5555-4555-8555-555555555555"

static const struct {
    const char *path;    /* below the base; NULL-terminated split at '/' */
    const char *pattern; /* NULL: error */
    int error;
    const char *allow;
} rows[] = {
    {"", "", 0, "GET, HEAD"},
    {"vms", "vms", 0, "GET, HEAD, POST"},
    {"vms/" ID, "vms/{id}", 0, "GET, HEAD, PUT, DELETE"},
    {"vms/" ID "/start", "vms/{id}/start", 0, "POST"},
    {"vms/" ID "/nics", "vms/{id}/nics", 0, "GET, HEAD, POST"},
    {"vms/" ID "/nics/" ID, "vms/{id}/nics/{id}", 0, "GET, HEAD, PUT, DELETE"},
    {"vms/" ID "/nics/" ID "/activate", "vms/{id}/nics/{id}/activate", 0, "POST"},
    {"clusters/" ID "/networkfilters", "clusters/{id}/networkfilters", 0, "GET, HEAD"},
    {"networkfilters", "networkfilters", 0, "GET, HEAD"},
    {"events/12", "events/{number}", 0, "GET, HEAD"},
    {"events/12a", NULL, REST_ERROR_PARAMETER, NULL},
    {"events/9999999999999999999", NULL, REST_ERROR_PARAMETER, NULL},
    {"vms/7", NULL, REST_ERROR_PARAMETER, NULL},
    {"vms/" ID "/nics/x/activate", NULL, REST_ERROR_PARAMETER, NULL},
    {"vm", NULL, REST_ERROR_NOT_FOUND, NULL},
    {"vmss", NULL, REST_ERROR_NOT_FOUND, NULL},
    {"vms/" ID "/disks", NULL, REST_ERROR_NOT_FOUND, NULL},
    {"vms/" ID "/nics/" ID "/activate/x", NULL, REST_ERROR_NOT_FOUND, NULL},
};

static void test_table(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_auto(GStrv) segments = g_strsplit(rows[i].path, "/", 0);
        const char *ids[2];
        g_autoptr(GError) error = NULL;
        const Route *route = route_find((const char *const *)segments, ids, &error);
        g_autofree char *allow = route ? route_allow(route) : NULL;

        g_assert_cmpstr(route ? route->pattern : NULL, ==, rows[i].pattern);
        g_assert_cmpstr(allow, ==, rows[i].allow);
        if (!route)
            g_assert_error(error, REST_ERROR, rows[i].error);
    }
}

static void test_collections(void)
{
    g_autofree const char **names = route_collections();
    g_autofree char *all = g_strjoinv(" ", (char **)names);

    g_assert_cmpstr(all, ==, "clusters datacenters events hosts networkfilters networks vms");
}

/* Heads alone: what is wrong with them is known without an engine. */
static const struct {
    RequestHead head;
    guint status; /* 0: nothing wrong */
} heads[] = {
    {{"GET", "/ovirt-engine/api", NULL}, 0},
    {{"HEAD", "/ovirt-engine/api/", NULL}, 0},
    {{"GET", "/ovirt-engine/api/v4/vms/", NULL}, 0},
    {{"GET", "/ovirt-engine/api/v4", NULL}, 0},
    {{"GET", "/ovirt-engine/api/v3/vms", NULL}, 400},
    {{"GET", "/ovirt-engine/api/vms", NULL, .version = "4"}, 0},
    {{"GET", "/ovirt-engine/api/vms", NULL, .version = "3"}, 400},
    {{"GET", "/ovirt-engine/api/vms", "search=name%3Da%20and+status%3Dup&max=5"}, 0},
    {{"GET", "/ovirt-engine/api/vms;max=5;case_sensitive=true", NULL}, 0},
    {{"GET", "/ovirt-engine/api/vms;max=x", NULL}, 400},
    {{"GET", "/ovirt-engine/api/vms", "max=x"}, 400},
    {{"GET", "/ovirt-engine/api/vms", "max=99999999999"}, 400},
    {{"GET", "/ovirt-engine/api/vms", "max="}, 400},
    {{"GET", "/ovirt-engine/api/vms", "search=%ff"}, 400},
    {{"GET", "/ovirt-engine/api/vms", "search=%zz"}, 400},
    {{"GET", "/ovirt-engine/api/vms", "unknown=1&all_content=true"}, 0},
    {{"GET", "/ovirt-engine/api/vms", "follow="}, 0},
    {{"GET", "/ovirt-engine/api/vms", "follow=nics"}, 0},
    {{"GET", "/ovirt-engine/api/vms", "follow=disks"}, 400},
    {{"GET", "/ovirt-engine/api/hosts", "follow=nics"}, 400},
    {{"GET", "/ovirt-engine/api/networkfilters", "search=name%3Da"}, 400},
    {{"GET", "/ovirt-engine/api/events", "from=7"}, 0},
    {{"GET", "/ovirt-engine/api/events", "from=-1"}, 400},
    {{"GET", "/ovirt-engine/api/%zz", NULL}, 400},
    {{"GET", "/ovirt-engine/api/vms%00", NULL}, 400},
    {{"GET", "/ovirt-engine/api/%76ms", NULL}, 0},
    {{"GET", "/ovirt-engine/api/nothing", NULL}, 404},
    {{"GET", "/ovirt-engine/api/../secret", NULL}, 404},
    {{"DELETE", "/ovirt-engine/api/vms", NULL}, 405},
    {{"PATCH", "/ovirt-engine/api/vms", NULL}, 405},
    {{"OPTIONS", "/ovirt-engine/api/vms", NULL}, 405},
    {{"GET", "/ovirt-engine/api/vms/" ID "/start", NULL}, 405},
    {{"GET", "/ovirt-engine/api/vms", NULL, .accept = "text/csv"}, 406},
    {{"GET", "/ovirt-engine/api/vms", NULL, .accept = "application/json;q=0"}, 406},
    {{"GET", "/ovirt-engine/api/vms", NULL, .accept = "text/html,*/*;q=0.1"}, 0},
    {{"GET", "/ovirt-engine/api/vms", NULL, .correlation_id = "abc-1"}, 0},
    {{"GET", "/ovirt-engine/api/vms", NULL, .correlation_id = "a\tb"}, 400},
    {{"GET", "/ovirt-engine/api/vms", NULL,
      .correlation_id = "123456789012345678901234567890123456789012345678901"},
     400},
};

static void test_heads(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(heads); i++) {
        g_autoptr(Request) request = request_new(&heads[i].head);
        const GError *error = request_error(request);
        g_autoptr(Reply) reply = error ? request_fault(request, error) : NULL;

        if ((reply ? reply->status : 0) != heads[i].status)
            g_error("%s %s?%s: %u: %s", heads[i].head.method, heads[i].head.path,
                    heads[i].head.query, reply ? reply->status : 0, error ? error->message : "");
    }
}

/* The client's wish among several, by quality; XML where it has none. */
static void test_accept(void)
{
    static const struct {
        const char *accept, *type;
    } wishes[] = {
        {"application/json", "application/json"},
        {"application/xml", "application/xml"},
        {"text/html, application/json;q=0.5, application/xml;q=0.4", "application/json"},
        {"application/json;q=0.2, */*;q=0.8", "application/xml"},
        {"*/*", "application/xml"},
        {"text/csv", "application/xml"}, /* the refusal itself */
    };

    for (guint i = 0; i < G_N_ELEMENTS(wishes); i++) {
        RequestHead head = {"DELETE", "/ovirt-engine/api/vms", NULL, .accept = wishes[i].accept};
        g_autoptr(Request) request = request_new(&head);
        g_autoptr(Reply) reply = request_fault(request, request_error(request));

        g_assert_cmpstr(reply->content_type, ==, wishes[i].type);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/route/table", test_table);
    g_test_add_func("/route/collections", test_collections);
    g_test_add_func("/route/heads", test_heads);
    g_test_add_func("/route/accept", test_accept);
    return g_test_run();
}
