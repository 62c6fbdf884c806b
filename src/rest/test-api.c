/* SPDX-License-Identifier: Apache-2.0 */
/* Requests from head to reply, on a real engine with a temporary store, without HTTP. */
#include <string.h>

#include "rest/fixture.h"
#include "rest/format.h"

#define NOWHERE "99999999-9999-4999-8999-999999999999"

static Fixture fixture;

static char *get(const char *target)
{
    return fixture_expect(&fixture, "GET", target, NULL, 200);
}

static void expect_part(const char *method, const char *target, const char *body, guint status,
                        const char *part)
{
    g_autofree char *text = fixture_expect(&fixture, method, target, body, status);

    if (!strstr(text, part))
        g_error("%s %s: no '%s' in %s", method, target, part, text);
}

static Element *tree(const char *target)
{
    g_autofree char *text = get(target);
    g_autoptr(GBytes) bytes = g_bytes_new(text, strlen(text));
    Element *root = xml_parse(bytes, NULL);

    g_assert_nonnull(root);
    return root;
}

static guint count(const char *target)
{
    g_autoptr(Element) root = tree(target);
    guint number = 0;

    for (const Element *child = root->first; child; child = child->next)
        number++;
    return number;
}

static char *vm_new_named(const char *name)
{
    g_autofree char *body = g_strdup_printf(
        "{\"name\":\"%s\",\"cluster\":{\"name\":\"Default\"},\"memory\":\"134217728\"}", name);

    return fixture_add(&fixture, "vms", body);
}

static void test_root(void)
{
    g_autofree char *text = get("");

    g_assert_nonnull(strstr(text, "<link href=\"/ovirt-engine/api/vms\" rel=\"vms\"/>"));
    g_assert_nonnull(strstr(text, "rel=\"networkfilters\"/>"));
    g_assert_nonnull(strstr(text, "<user_name>admin@internal</user_name>"));
}

/* What the 18 filters are, and which of them a cluster's level offers: 3.10 is above 3.6. */
static void test_filters(void)
{
    static const struct {
        const char *major, *minor;
        guint filters;
    } rows[] = {{"3", "1", 0}, {"3", "2", 1}, {"3", "10", 17}, {"4", "2", 18}, {"4", "10", 18}};

    g_assert_cmpuint(count("/networkfilters"), ==, 18);
    g_assert_cmpuint(count("/networkfilters?max=4"), ==, 4);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *body =
            g_strdup_printf("{\"name\":\"level%u\",\"data_center\":{\"name\":\"Default\"},"
                            "\"version\":{\"major\":\"%s\",\"minor\":\"%s\"}}",
                            i, rows[i].major, rows[i].minor);
        g_autofree char *id = fixture_add(&fixture, "clusters", body);
        g_autofree char *target = g_strdup_printf("/clusters/%s/networkfilters", id);

        g_assert_cmpuint(count(target), ==, rows[i].filters);
    }
    expect_part("GET", "/networkfilters", NULL, 200,
                "<version>\n            <build>-1</build>\n            <major>3</major>\n"
                "            <minor>2</minor>\n            <revision>-1</revision>");
    expect_part("POST", "/networkfilters", "<network_filter/>", 405, "not allowed");
}

static void test_life_of_a_vm(void)
{
    g_autofree char *id = vm_new_named("life");
    g_autofree char *target = g_strdup_printf("/vms/%s", id);
    g_autofree char *upper = g_ascii_strup(id, -1);
    g_autofree char *upper_target = g_strdup_printf("/vms/%s", upper);
    g_autofree char *start = g_strdup_printf("/vms/%s/start", id);

    expect_part("GET", upper_target, NULL, 200, "<status>down</status>");
    expect_part("PUT", target, "<vm><description>x</description></vm>", 200, "<name>life</name>");
    expect_part("PUT", target, "{\"cpu\":{\"topology\":{\"cores\":2}}}", 200,
                "\"sockets\" : \"2\"");
    expect_part("GET", target, NULL, 200, "<description>x</description>");
    g_assert_cmpuint(count("/vms?search=name%3Dlife"), ==, 1);
    g_assert_cmpuint(count("/vms?search=name%3Dlif*+and+status%3Ddown"), ==, 1);
    g_assert_cmpuint(count("/vms;max=1?search=name%3Dnobody"), ==, 0);
    expect_part("GET", "/vms?search=colour%3Dred", NULL, 400, "<fault>");
    /* No host is up: an action's failure is told in an action. */
    expect_part("POST", start, "<action/>", 409, "<status>failed</status>");
    expect_part("POST", start, "{\"vm\":{\"os\":{\"kernel\":\"/x\"}}}", 400, "'vm'");
    expect_part("POST", start, "<vm/>", 400, "&lt;action&gt; is");
    expect_part("POST", start, "<action><use_cloud_init>true</use_cloud_init></action>", 400,
                "'use_cloud_init' is not supported");
    expect_part("POST", start, "<action><use_cloud_init>false</use_cloud_init></action>", 409,
                "<status>failed</status>");
    expect_part("DELETE", target, NULL, 200, "<status>complete</status>");
    expect_part("GET", target, NULL, 404, "");
}

static void test_nics(void)
{
    g_autofree char *id = vm_new_named("nics");
    g_autofree char *list = g_strdup_printf("vms/%s/nics", id);
    g_autofree char *nic =
        fixture_add(&fixture, list, "{\"name\":\"nic1\",\"network\":{\"name\":\"ovirtmgmt\"}}");
    g_autofree char *target = g_strdup_printf("/%s/%s", list, nic);
    g_autofree char *collection = g_strdup_printf("/%s", list);
    g_autofree char *deactivate = g_strdup_printf("%s/deactivate", target);
    g_autofree char *devices = g_strdup_printf("%s/reporteddevices", target);
    g_autofree char *statistics = g_strdup_printf("%s/statistics", target);
    g_autofree char *follow = g_strdup_printf("/vms/%s?follow=nics", id);
    g_autofree char *other = vm_new_named("other");
    g_autofree char *elsewhere = g_strdup_printf("/vms/%s/nics/%s", other, nic);

    expect_part("GET", target, NULL, 200, "<synced>true</synced>");
    expect_part("GET", target, NULL, 200, "<address>52:54:00:");
    expect_part("GET", follow, NULL, 200, "<nics>\n        <nic href=");
    expect_part("POST", deactivate, "<action/>", 200, "<status>complete</status>");
    expect_part("GET", target, NULL, 200, "<plugged>false</plugged>");
    expect_part("PUT", target, "<nic><network/></nic>", 200, "<linked>true</linked>");
    g_assert_cmpuint(count(devices), ==, 0);
    g_assert_cmpuint(count(statistics), ==, 0); /* on no host, so nothing is counted */
    expect_part("GET", elsewhere, NULL, 404, "");
    expect_part("POST", collection, "<nic><name>n</name><network id='" NOWHERE "'/></nic>", 400,
                "Entity not found");
    expect_part("POST", collection, "<nic><name>n</name><network><name>no</name></network></nic>",
                400, "Entity not found");
    expect_part("POST", collection, "<nic><name>nic1</name></nic>", 409, "<fault>");
    expect_part("POST", collection, "<nic/>", 400, "Nic [name] required for add");
    expect_part("DELETE", target, NULL, 200, "complete");
}

static void test_infrastructure(void)
{
    g_autofree char *center = fixture_add(&fixture, "datacenters", "{\"name\":\"dc\"}");
    g_autofree char *body =
        g_strdup_printf("{\"name\":\"net\",\"data_center\":{\"id\":\"%s\"}}", center);
    g_autofree char *network = fixture_add(&fixture, "networks", body);
    g_autofree char *cluster = fixture_add(&fixture, "clusters", body);
    g_autofree char *host_body = g_strdup_printf(
        "{\"name\":\"h\",\"address\":\"127.0.0.1\",\"port\":\"1\",\"cluster\":{\"id\":\"%s\"}}",
        cluster);
    g_autofree char *host = fixture_add(&fixture, "hosts", host_body);
    g_autofree char *by_center = g_strdup_printf("/datacenters/%s/networks", center);
    g_autofree char *clusters = g_strdup_printf("/datacenters/%s/clusters", center);
    g_autofree char *by_cluster = g_strdup_printf("/clusters/%s/networks", cluster);
    g_autofree char *host_target = g_strdup_printf("/hosts/%s", host);
    g_autofree char *network_target = g_strdup_printf("/networks/%s", network);

    g_assert_cmpuint(count(by_center), ==, 1);
    g_assert_cmpuint(count(clusters), ==, 1);
    g_assert_cmpuint(count(by_cluster), ==, 1);
    expect_part("GET", host_target, NULL, 200, "<status>");
    expect_part("GET", network_target, NULL, 200, "<vdsm_name>net</vdsm_name>");
    expect_part("POST", "/hosts", "<host><name>h</name></host>", 400,
                "Host [address, cluster.id|name] required for add");
    expect_part("DELETE", host_target, NULL, 200, "complete");
    expect_part("DELETE", network_target, NULL, 200, "complete");
}

static void test_events(void)
{
    g_autofree char *id = vm_new_named("eventful");
    g_autoptr(Element) events = tree("/events");
    const char *newest = element_value(events->first, "id");
    g_autofree char *from = g_strdup_printf("/events?from=%s", newest);
    g_autofree char *one = g_strdup_printf("/events/%s", newest);

    expect_part("GET", one, NULL, 200, "eventful");
    expect_part("GET", one, NULL, 200, id);
    expect_part("GET", one, NULL, 200, "<user_name>admin@internal</user_name>");
    g_assert_cmpuint(count(from), ==, 0);
    g_assert_cmpuint(count("/events?max=2"), ==, 2);
    expect_part("DELETE", one, NULL, 405, "not allowed");
    expect_part("GET", "/events/0", NULL, 404, "");
}

/* A mistake in a request leaves nothing behind. */
static void test_nothing_half_done(void)
{
    guint vms = count("/vms"), events = count("/events");

    expect_part("POST", "/vms", "<vm><name>bad</name><cluster id='" NOWHERE "'/></vm>", 400,
                "Entity not found");
    expect_part("POST", "/vms",
                "<vm><name>bad</name><cluster><name>Default</name></cluster><bios>x</bios></vm>",
                400, "'bios'");
    expect_part("POST", "/vms", "<vm><name>bad</name>", 400, "syntactically incorrect");
    expect_part("POST", "/vms", "{\"name\":", 400, "syntactically incorrect");
    expect_part("POST", "/vms", NULL, 400, "a body with");
    expect_part("PUT", "/vms/" NOWHERE, "<vm/>", 404, "");
    expect_part("DELETE", "/vms/" NOWHERE, NULL, 404, "");
    expect_part("POST", "/vms/" NOWHERE "/start", "<action/>", 404, "");
    g_assert_cmpuint(count("/vms"), ==, vms);
    g_assert_cmpuint(count("/events"), ==, events);
}

static void test_content_type(void)
{
    RequestHead head = {"POST", API_BASE "/vms", NULL,
                        .content_type = "application/x-www-form-urlencoded"};
    g_autoptr(Request) request = request_new(&head);
    g_autoptr(GBytes) body = g_bytes_new("a=b", 3);
    g_autoptr(GError) error = NULL;
    g_autoptr(Reply) reply = NULL;

    g_assert_null(request_error(request));
    request_set_body(request, body);
    g_assert_null(request_run(request, NULL, &error));
    reply = request_fault(request, error);
    g_assert_cmpuint(reply->status, ==, 415);
}

int main(int argc, char **argv)
{
    int status;

    g_test_init(&argc, &argv, NULL);
    fixture_init(&fixture);
    g_test_add_func("/api/root", test_root);
    g_test_add_func("/api/filters", test_filters);
    g_test_add_func("/api/vm", test_life_of_a_vm);
    g_test_add_func("/api/nics", test_nics);
    g_test_add_func("/api/infrastructure", test_infrastructure);
    g_test_add_func("/api/events", test_events);
    g_test_add_func("/api/nothing-half-done", test_nothing_half_done);
    g_test_add_func("/api/content-type", test_content_type);
    status = g_test_run();
    fixture_clear(&fixture);
    return status;
}
