/* SPDX-License-Identifier: Apache-2.0 */
#include <glib/gstdio.h>
#include <string.h>

#include "agent/filter-file.h"

#define INCLUDES "<filterref filter='no-mac-spoofing'/><filterref filter='no-arp-mac-spoofing'/>"
#define UUID "<uuid>d2370ab4-fee3-11e9-a310-8c1645ce738e</uuid>"

static const char wanted[] = "<filter name='f' chain='root'>\n  <!-- why -->\n  "
                             "<filterref filter='no-mac-spoofing'/>\n"
                             "  <filterref filter='no-arp-mac-spoofing'/>\n</filter>\n";

static char *plan(const char *text, const char *existing)
{
    g_autoptr(GError) error = NULL;
    char *xml = NULL;

    g_assert_true(filter_xml_plan(text, existing, &xml, &error));
    g_assert_no_error(error);
    return xml;
}

static void new_filter_is_defined_as_it_is(void)
{
    g_autofree char *xml = plan(wanted, NULL);

    g_assert_nonnull(strstr(xml, "<filterref filter=\"no-mac-spoofing\"/>"));
    g_assert_null(strstr(xml, "<uuid>"));
}

static void equal_filter_is_left_alone(void)
{
    static const char *const existing[] = {
        "<filter name='f' chain='root'>" UUID INCLUDES "</filter>",
        "<filter chain=\"root\"   name=\"f\">\n" UUID "\n" INCLUDES "\n</filter>",
        "<filter name='f'>" UUID INCLUDES "</filter>",
    };

    for (guint i = 0; i < G_N_ELEMENTS(existing); i++)
        g_assert_null(plan(wanted, existing[i]));
}

static void changed_filter_keeps_its_uuid(void)
{
    static const char *const existing[] = {
        "<filter name='f' chain='root'>" UUID "</filter>",
        "<filter name='f' chain='root'>" UUID "<filterref filter='no-arp-mac-spoofing'/>"
        "<filterref filter='no-mac-spoofing'/></filter>",
        "<filter name='f' chain='mac'>" UUID INCLUDES "</filter>",
        "<filter name='f' chain='root' priority='-5'>" UUID INCLUDES "</filter>",
    };

    for (guint i = 0; i < G_N_ELEMENTS(existing); i++) {
        g_autofree char *xml = plan(wanted, existing[i]);
        g_assert_nonnull(xml);
        g_assert_nonnull(strstr(xml, UUID));
        g_assert_nonnull(strstr(xml, "no-arp-mac-spoofing"));
    }
}

/* libvirt would refuse: "filter 'f' already exists with uuid ...". */
static void a_uuid_of_the_file_gives_way(void)
{
    g_autofree char *xml =
        plan("<filter name='f'><uuid>11111111-1111-1111-1111-111111111111</uuid></filter>",
             "<filter name='f' chain='root'>" UUID INCLUDES "</filter>");

    g_assert_nonnull(strstr(xml, UUID));
    g_assert_null(strstr(xml, "1111"));
}

static void names(void)
{
    static const struct {
        const char *xml, *message;
    } bad[] = {
        {"", "w: line *"},
        {"<filter", "w: line 1: *"},
        {"<domain/>", "w: expecting root element of 'filter', not 'domain'"},
        {"<filter/>", "w: the filter has no name"},
        {"<filter name='../etc'/>", "w: '../etc' is not the name of a filter*"},
        {"<!DOCTYPE filter [<!ENTITY x SYSTEM '/etc/passwd'>]><filter name='a'>&x;</filter>",
         "w: a document type is not allowed"},
    };
    g_autofree char *good = filter_xml_name("w", wanted, NULL);

    g_assert_cmpstr(good, ==, "f");
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(filter_xml_name("w", bad[i].xml, &error));
        g_assert_nonnull(error);
        g_assert_true(g_pattern_match_simple(bad[i].message, error->message));
    }
}

static void files(void)
{
    static const struct {
        const char *text;
        gssize length;
        const char *message;
    } bad[] = {{"", 0, "*line*"}, {"<filter name='a'>\0</filter>", 28, "*NUL byte"}};
    g_autofree char *folder = g_dir_make_tmp("filter-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "f.xml", NULL);
    g_autoptr(GError) missing = NULL;
    g_autoptr(GError) directory = NULL;

    g_assert_false(filter_file_check(path, &missing));
    g_assert_true(g_pattern_match_simple("cannot read *f.xml: *", missing->message));
    g_assert_false(filter_file_check(folder, &directory));
    g_assert_true(g_pattern_match_simple("*expected a regular file*", directory->message));
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_true(g_file_set_contents(path, bad[i].text, bad[i].length, NULL));
        g_assert_false(filter_file_check(path, &error));
        g_assert_true(g_pattern_match_simple(bad[i].message, error->message));
    }
    g_assert_true(g_file_set_contents(path, wanted, -1, NULL));
    g_assert_true(filter_file_check(path, NULL));
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/agent/filter-file/new", new_filter_is_defined_as_it_is);
    g_test_add_func("/agent/filter-file/equal", equal_filter_is_left_alone);
    g_test_add_func("/agent/filter-file/changed", changed_filter_keeps_its_uuid);
    g_test_add_func("/agent/filter-file/uuid", a_uuid_of_the_file_gives_way);
    g_test_add_func("/agent/filter-file/names", names);
    g_test_add_func("/agent/filter-file/files", files);
    return g_test_run();
}
