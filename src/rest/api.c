/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entry point: what there is, and which oVirt it speaks like. Clients (Ansible's modules among
 * them) choose what they send by product_info's version, so it is that of the oVirt API served
 * here; full_version says who serves it.
 */
#include "rest/fault.h"
#include "rest/route.h"

static void add_link(Element *root, const char *href, const char *rel)
{
    Element *link = element_add_repeated(root, "link");

    element_add_attribute(link, "href", href);
    element_add_attribute(link, "rel", rel);
}

static gboolean is_searchable(const char *collection)
{
    const char *segments[] = {collection, NULL};
    const char *ids[2];
    const Route *route = route_find(segments, ids, NULL);

    return route && resource_is_searchable(route->resource);
}

static void add_links(Element *root)
{
    g_autofree const char **collections = route_collections();

    for (guint i = 0; collections[i]; i++) {
        g_autofree char *href = g_strconcat(API_BASE "/", collections[i], NULL);
        g_autofree char *search = g_strconcat(href, "?search={query}", NULL);
        g_autofree char *rel = g_strconcat(collections[i], "/search", NULL);

        add_link(root, href, collections[i]);
        if (is_searchable(collections[i]))
            add_link(root, search, rel);
    }
}

static void add_product(Element *root)
{
    Element *product = element_add(root, "product_info");
    Element *version;

    element_add_text(product, "name", "oVirt Engine");
    element_add_text(product, "vendor", "ovirt.org");
    version = element_add(product, "version");
    element_add_int(version, "build", 0);
    element_add_text(version, "full_version", "4.5.0-tapwall-" TAPWALL_VERSION);
    element_add_int(version, "major", 4);
    element_add_int(version, "minor", 5);
    element_add_int(version, "revision", 0);
}

static void add_count(Element *summary, const char *name, guint active, guint total)
{
    Element *count = element_add(summary, name);

    element_add_int(count, "active", active);
    element_add_int(count, "total", total);
}

static gboolean add_summary(Call *call, Element *root, GError **error)
{
    ListQuery all = {.max = -1};
    g_autoptr(GPtrArray) hosts = engine_hosts(call->engine, &all, error);
    g_autoptr(GPtrArray) vms = hosts ? engine_vms(call->engine, &all, error) : NULL;
    guint hosts_up = 0, vms_up = 0;
    Element *summary;

    if (!vms)
        return FALSE;
    for (guint i = 0; i < hosts->len; i++)
        hosts_up += ((Host *)hosts->pdata[i])->status == HOST_UP;
    for (guint i = 0; i < vms->len; i++)
        vms_up += ((Vm *)vms->pdata[i])->status == VM_UP;
    summary = element_add(root, "summary");
    add_count(summary, "hosts", hosts_up, hosts->len);
    add_count(summary, "vms", vms_up, vms->len);
    return TRUE;
}

Element *api_get(Call *call, GError **error)
{
    g_autoptr(Element) root = element_new("api");

    add_links(root);
    add_product(root);
    if (!add_summary(call, root, error))
        return NULL;
    element_add_time(root, "time", g_get_real_time() / G_USEC_PER_SEC);
    element_add_text(element_add(root, "authenticated_user"), "user_name", call->actor.user);
    return g_steal_pointer(&root);
}
