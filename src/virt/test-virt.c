/* SPDX-License-Identifier: Apache-2.0 */
#include <gio/gio.h>
#include <string.h>

#include "virt/domain.h"
#include "virt/filter.h"
#include "virt/host.h"
#include "virt/stats.h"

/* Against libvirt's test driver, which lives in this process. Its calls do not block for long, so
 * the tests make them on the main thread. */

#define RUNNING "6695eb01-f6a4-8304-79aa-97f2502e193f"
#define OTHER "11111111-2222-3333-4444-555555555555"

typedef struct {
    guint connected, lost;
    char *reason;
    GString *events;
} Seen;

static void on_connected(gpointer data)
{
    ((Seen *)data)->connected++;
}

static void on_lost(const GError *reason, gpointer data)
{
    Seen *seen = data;

    seen->lost++;
    g_free(seen->reason);
    seen->reason = g_strdup(reason->message);
}

static void on_event(const VirtEvent *event, gpointer data)
{
    Seen *seen = data;

    g_string_append_printf(seen->events, "%s:%d:%d ", event->uuid, event->kind, event->stop);
}

static const VirtHandlers handlers = {on_connected, on_lost, on_event};

static void seen_clear(Seen *seen)
{
    g_free(seen->reason);
    g_string_free(seen->events, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Seen, seen_clear)

static void wait_for(const guint *counter)
{
    while (*counter == 0)
        g_main_context_iteration(NULL, TRUE);
}

static void unreachable_is_an_error_and_tried_again(void)
{
    g_auto(Seen) seen = {.events = g_string_new(NULL)};
    g_autoptr(Virt) virt = virt_new("qemu+unix:///system?socket=/nonexistent", &handlers, &seen);
    g_autoptr(GError) before = NULL;
    g_autoptr(GError) after = NULL;
    g_autofree char *expected = NULL;

    g_assert_null(virt_domains(virt, &before));
    g_assert_error(before, VIRT_ERROR, VIRT_ERROR_UNREACHABLE);
    virt_start(virt);
    wait_for(&seen.lost);
    g_assert_false(virt_is_connected(virt));
    g_assert_null(virt_filters(virt, &after));
    g_assert_error(after, VIRT_ERROR, VIRT_ERROR_UNREACHABLE);
    expected = g_strdup_printf("libvirt at %s is not reachable: %s", virt_uri(virt), seen.reason);
    g_assert_cmpstr(after->message, ==, expected);
    for (gint64 end = g_get_monotonic_time() + G_USEC_PER_SEC / 2; g_get_monotonic_time() < end;)
        g_main_context_iteration(NULL, TRUE); /* several attempts, told once */
    g_assert_cmpuint(seen.lost, ==, 1);
    g_assert_cmpuint(seen.connected, ==, 0);
}

static void tools_open_at_once(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Virt) good = virt_open("test:///default", NULL);

    g_assert_nonnull(good);
    g_assert_true(virt_is_connected(good));
    g_assert_null(virt_open("nonsense:///", &error));
    g_assert_cmpint(error->domain, ==, VIRT_ERROR);
}

static void reads(void)
{
    g_autoptr(Virt) virt = virt_open("test:///default", NULL);
    g_autoptr(GPtrArray) domains = virt_domains(virt, NULL);
    g_autoptr(VirtDomain) domain = virt_domain_read(virt, RUNNING, NULL);
    g_autoptr(GPtrArray) stats = virt_stats(virt, NULL);
    g_autoptr(VirtHost) host = virt_host_read(virt, NULL);
    g_autoptr(GError) missing = NULL;
    g_autoptr(GError) unsupported = NULL;

    g_assert_cmpuint(domains->len, ==, 1);
    g_assert_cmpstr(domain->uuid, ==, RUNNING);
    g_assert_cmpint(domain->state, ==, VIRT_DOMAIN_RUNNING);
    g_assert_nonnull(strstr(domain->xml, "<name>test</name>"));
    g_assert_cmpuint(stats->len, ==, 1);
    g_assert_cmpstr(((VirtStats *)stats->pdata[0])->uuid, ==, RUNNING);
    g_assert_cmpint(((VirtStats *)stats->pdata[0])->state, ==, VIRT_DOMAIN_RUNNING);
    g_assert_true(g_pattern_match_simple("*.*.*", host->libvirt_version));
    g_assert_cmpuint(host->cpus, >, 0);
    g_assert_false(host->has_kvm);
    g_assert_null(virt_domain_read(virt, OTHER, &missing));
    g_assert_error(missing, VIRT_ERROR, VIRT_ERROR_NO_DOMAIN);
    /* libvirt's own words */
    g_assert_true(g_str_has_prefix(missing->message, "Domain not found"));
    g_assert_null(virt_filters(virt, &unsupported));
    g_assert_nonnull(strstr(unsupported->message, "not supported by the connection driver"));
}

static void wait_text(const GString *events, const char *text)
{
    while (!strstr(events->str, text))
        g_main_context_iteration(NULL, TRUE);
}

static void life_of_a_domain(void)
{
    static const char xml[] = "<domain type='test'><name>other</name><uuid>" OTHER "</uuid>"
                              "<memory>1024</memory><os><type>hvm</type></os></domain>";
    g_auto(Seen) seen = {.events = g_string_new(NULL)};
    g_autoptr(Virt) virt = virt_new("test:///default", &handlers, &seen);
    g_autoptr(VirtDomain) with_metadata = NULL;
    g_autoptr(GError) error = NULL;

    virt_start(virt);
    wait_for(&seen.connected);
    g_assert_true(virt_domain_create(virt, xml, &error));
    wait_text(seen.events, OTHER ":0:0");
    g_assert_true(virt_domain_set_metadata(virt, OTHER, "<vm><nic mac='a'/></vm>", "p",
                                           "http://p.example", &error));
    with_metadata = virt_domain_read(virt, OTHER, &error);
    g_assert_nonnull(strstr(with_metadata->xml, "<p:nic mac=\"a\"/>"));
    g_assert_false(virt_domain_create(virt, xml, &error));
    g_assert_nonnull(strstr(error->message, "other"));
    g_clear_error(&error);
    g_assert_true(virt_domain_destroy(virt, OTHER, &error));
    g_assert_no_error(error);
    wait_text(seen.events, OTHER ":4:1"); /* stopped, destroyed */
    g_assert_false(virt_domain_destroy(virt, OTHER, &error));
    g_assert_error(error, VIRT_ERROR, VIRT_ERROR_NO_DOMAIN);
    g_assert_cmpuint(seen.lost, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/virt/unreachable", unreachable_is_an_error_and_tried_again);
    g_test_add_func("/virt/open", tools_open_at_once);
    g_test_add_func("/virt/reads", reads);
    g_test_add_func("/virt/life", life_of_a_domain);
    return g_test_run();
}
