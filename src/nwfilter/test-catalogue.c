/* SPDX-License-Identifier: Apache-2.0 */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "nwfilter/bounds.h"
#include "nwfilter/catalogue-dir.h"

#define UUID_1 "11111111-1111-1111-1111-111111111111"
#define UUID_2 "22222222-2222-2222-2222-222222222222"

static Filter *filter_of(const char *text)
{
    g_autoptr(GError) error = NULL;
    Filter *filter = filter_parse(text, strlen(text), NULL, NULL, &error);

    g_assert_no_error(error);
    return filter;
}

static gboolean define(Catalogue *catalogue, const char *text, GError **error)
{
    g_autoptr(Filter) filter = filter_of(text);

    return catalogue_define(catalogue, filter, error);
}

static void assert_defines(Catalogue *catalogue, const char *text)
{
    g_autoptr(GError) error = NULL;

    define(catalogue, text, &error);
    g_assert_no_error(error);
}

static void assert_error(const GError *error, int code, const char *message)
{
    g_assert_nonnull(error);
    g_autofree char *words = nwfilter_error_libvirt_message(error);
    g_assert_cmpstr(words, ==, message);
    g_assert_error(error, NWFILTER_ERROR, code);
}

static void assert_names(const char **names, const char *expected)
{
    g_autofree char *list = g_strjoinv(" ", (char **)names);

    g_assert_cmpstr(list, ==, expected);
    g_free(names);
}

/* ---- libvirt's rules ---- */

static void test_identity(void)
{
    g_autoptr(Catalogue) catalogue = catalogue_new();
    g_autoptr(GError) error = NULL;

    assert_defines(catalogue, "<filter name='ra'><uuid>" UUID_1 "</uuid></filter>");
    g_assert_cmpstr(catalogue_uuid(catalogue, "ra"), ==, UUID_1);
    g_assert_false(define(catalogue, "<filter name='ra'/>", &error));
    assert_error(error, NWFILTER_ERROR_EXISTS,
                 "operation failed: filter 'ra' already exists with uuid " UUID_1);
    g_clear_error(&error);
    g_assert_false(define(catalogue, "<filter name='ra'><uuid>" UUID_2 "</uuid></filter>", &error));
    assert_error(error, NWFILTER_ERROR_EXISTS,
                 "operation failed: filter 'ra' already exists with uuid " UUID_1);
    g_clear_error(&error);
    g_assert_false(define(catalogue, "<filter name='rb'><uuid>" UUID_1 "</uuid></filter>", &error));
    assert_error(error, NWFILTER_ERROR_EXISTS,
                 "operation failed: filter with same UUID but different name ('ra') already "
                 "exists");
    assert_defines(catalogue, "<filter name='ra' chain='mac'><uuid>" UUID_1 "</uuid></filter>");
    g_assert_cmpstr(catalogue_lookup_uuid(catalogue, UUID_1)->chain, ==, "mac");
    g_assert_null(catalogue_lookup(catalogue, "rb"));
    assert_defines(catalogue, "<filter name='rb'/>");
    g_assert_cmpuint(strlen(catalogue_uuid(catalogue, "rb")), ==, 36);
    assert_names(catalogue_names(catalogue), "ra rb");
}

static void test_loop(void)
{
    g_autoptr(Catalogue) catalogue = catalogue_new();
    g_autoptr(GError) error = NULL;

    assert_defines(catalogue, "<filter name='a'><filterref filter='b'/></filter>");
    assert_defines(catalogue, "<filter name='b'><filterref filter='c'/></filter>");
    g_assert_false(define(catalogue, "<filter name='c'><filterref filter='a'/></filter>", &error));
    assert_error(error, NWFILTER_ERROR_LOOP, "operation failed: filter would introduce a loop");
    g_clear_error(&error);
    g_assert_false(define(catalogue, "<filter name='d'><filterref filter='d'/></filter>", &error));
    assert_error(error, NWFILTER_ERROR_LOOP, "operation failed: filter would introduce a loop");
    assert_names(catalogue_names(catalogue), "a b");
    assert_names(catalogue_dependents(catalogue, "c"), "a b");
    assert_names(catalogue_dependents(catalogue, "b"), "a b");
}

static gboolean is_bound(gpointer data, const char *name)
{
    return g_str_equal(data, name);
}

static void test_undefine(void)
{
    g_autoptr(Catalogue) catalogue = catalogue_new();
    g_autoptr(GError) error = NULL;

    assert_defines(catalogue, "<filter name='a'><filterref filter='b'/></filter>");
    assert_defines(catalogue, "<filter name='b'/>");
    g_assert_false(catalogue_undefine(catalogue, "b", is_bound, (gpointer) "a", &error));
    assert_error(error, NWFILTER_ERROR_IN_USE,
                 "Requested operation is not valid: nwfilter is in use");
    g_clear_error(&error);
    g_assert_false(catalogue_undefine(catalogue, "x", is_bound, (gpointer) "a", &error));
    assert_error(error, NWFILTER_ERROR_NOT_FOUND,
                 "Network filter not found: no nwfilter with matching name 'x'");
    g_clear_error(&error);
    g_assert_true(catalogue_undefine(catalogue, "b", is_bound, (gpointer) "", &error));
    g_assert_null(catalogue_resolve(catalogue, "a", &error));
    assert_error(error, NWFILTER_ERROR_REFERENCE,
                 "internal error: referenced filter 'b' is missing");
    g_clear_error(&error);
    g_assert_null(catalogue_resolve(catalogue, "b", &error));
    assert_error(error, NWFILTER_ERROR_REFERENCE,
                 "internal error: referenced filter 'b' is missing");
}

/* A redefinition is tried in a copy; the catalogue itself does not move. */
static void test_copy(void)
{
    g_autoptr(Catalogue) catalogue = catalogue_new();
    g_autoptr(Catalogue) copy = NULL;

    assert_defines(catalogue, "<filter name='a'><uuid>" UUID_1 "</uuid></filter>");
    copy = catalogue_copy(catalogue);
    assert_defines(copy, "<filter name='a' chain='arp'><uuid>" UUID_1 "</uuid></filter>");
    g_assert_cmpstr(catalogue_lookup(catalogue, "a")->chain, ==, "root");
    g_assert_cmpstr(catalogue_lookup(copy, "a")->chain, ==, "arp");
}

/* A filter that would make one that includes it too large is refused, and the old one stays. */
static void test_limit_at_define(void)
{
    g_autoptr(Catalogue) catalogue = catalogue_new();
    g_autoptr(GString) text = g_string_new("<filter name='inner'><uuid>" UUID_1 "</uuid>");
    g_autoptr(GError) error = NULL;

    assert_defines(catalogue, "<filter name='inner'><uuid>" UUID_1 "</uuid></filter>");
    assert_defines(catalogue, "<filter name='outer'><filterref filter='inner'/>"
                              "<filterref filter='inner'/><filterref filter='inner'/></filter>");
    for (guint i = 0; i < PLAN_RULES_MAX / 2; i++)
        g_string_append(text, "<rule action='drop' direction='in'/>");
    g_string_append(text, "</filter>");
    g_assert_false(define(catalogue, text->str, &error));
    g_assert_error(error, NWFILTER_ERROR, NWFILTER_ERROR_LIMIT);
    g_assert_cmpuint(catalogue_lookup(catalogue, "inner")->entries->len, ==, 0);
    g_assert_cmpstr(catalogue_uuid(catalogue, "inner"), ==, UUID_1);
}

/* A filterref's own lists are as good as a port's. */
static void test_product_at_define(void)
{
    g_autoptr(Catalogue) catalogue = catalogue_new();
    g_autoptr(GString) text = g_string_new("<filter name='outer'><filterref filter='inner'>");
    g_autoptr(GError) error = NULL;

    assert_defines(catalogue,
                   "<filter name='inner'><rule action='drop' direction='in'><tcp "
                   "srcportstart='$A[@1]' dstportstart='$B[@2]' dscp='$C'/></rule></filter>");
    for (guint i = 0; i < 1025; i++)
        g_string_append_printf(text,
                               "<parameter name='A' value='%u'/>"
                               "<parameter name='B' value='%u'/>",
                               i, i);
    g_string_append(text, "</filterref></filter>");
    g_assert_false(define(catalogue, text->str, &error));
    g_assert_error(error, NWFILTER_ERROR, NWFILTER_ERROR_LIMIT);
    assert_names(catalogue_names(catalogue), "inner");
}

/* ---- directories ---- */

typedef struct {
    char *directory;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->directory = g_dir_make_tmp("tapwall-catalogue-XXXXXX", NULL);
    g_assert_nonnull(fixture->directory);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GDir) dir = g_dir_open(fixture->directory, 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(fixture->directory, name, NULL);
        g_assert_cmpint(g_remove(path), ==, 0);
    }
    g_assert_cmpint(g_rmdir(fixture->directory), ==, 0);
    g_free(fixture->directory);
}

static char *path_of(const Fixture *fixture, const char *name)
{
    return g_build_filename(fixture->directory, name, NULL);
}

static void put_file(const Fixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = path_of(fixture, name);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static Catalogue *load(const Fixture *fixture, CatalogueLoadFlags flags, GPtrArray **problems)
{
    Catalogue *catalogue = catalogue_new();
    g_autoptr(GError) error = NULL;

    catalogue_load(catalogue, fixture->directory, flags, problems, &error);
    g_assert_no_error(error);
    return catalogue;
}

static void test_load(Fixture *fixture, gconstpointer data)
{
    static const char *const expected[] = {
        "bad.xml:2: <foo> is not possible in <filter>: expected uuid, rule or filterref",
        "bad.xml:3: filterref requires filter attribute",
        "copy.xml:1: network filter config filename 'copy.xml' does not match name 'good'",
        "empty.xml:",
        "loop2.xml:1: filter would introduce a loop",
        "same.xml:1: filter with same UUID but different name ('good') already exists",
    };
    g_autoptr(GPtrArray) problems = NULL;

    put_file(fixture, "good.xml", "<filter name='good'><uuid>" UUID_1 "</uuid></filter>");
    put_file(fixture, "copy.xml", "<filter name='good'><uuid>" UUID_1 "</uuid></filter>");
    put_file(fixture, "same.xml", "<filter name='same'><uuid>" UUID_1 "</uuid></filter>");
    put_file(fixture, "bad.xml", "<filter name='bad'>\n<foo/>\n<filterref/></filter>");
    put_file(fixture, "empty.xml", "");
    put_file(fixture, "loop1.xml", "<filter name='loop1'><filterref filter='loop2'/></filter>");
    put_file(fixture, "loop2.xml", "<filter name='loop2'><filterref filter='loop1'/></filter>");
    put_file(fixture, "other.xml.new", "<filter name='other'/>");
    put_file(fixture, ".hidden.xml", "<filter name='.hidden'/>");
    put_file(fixture, "zz.xml", "<filter name='zz'><filterref filter='nowhere'/></filter>");
    g_autoptr(Catalogue) catalogue = load(fixture, CATALOGUE_LOAD_NONE, &problems);

    assert_names(catalogue_names(catalogue), "good loop1 zz");
    for (guint i = 0; i < problems->len; i++) {
        g_autofree char *text = nwfilter_error_format(problems->pdata[i]);
        g_assert_true(g_str_has_prefix(text, fixture->directory));
        g_assert_cmpuint(i, <, G_N_ELEMENTS(expected));
        if (!g_str_has_prefix(text + strlen(fixture->directory) + 1, expected[i]))
            g_error("%s\nnot: %s", text, expected[i]);
    }
    g_assert_cmpuint(problems->len, ==, G_N_ELEMENTS(expected));
}

static void test_uuids_are_written_back(Fixture *fixture, gconstpointer data)
{
    g_autoptr(GPtrArray) problems = NULL, more = NULL;
    g_autofree char *path = path_of(fixture, "a.xml");
    g_autofree char *text = NULL;

    put_file(fixture, "a.xml", "<filter name='a'/>");
    g_autoptr(Catalogue) first = load(fixture, CATALOGUE_LOAD_ADD_UUIDS, &problems);
    g_autoptr(Catalogue) second = load(fixture, CATALOGUE_LOAD_NONE, &more);
    g_assert_cmpuint(problems->len + more->len, ==, 0);
    g_assert_cmpstr(catalogue_uuid(first, "a"), ==, catalogue_uuid(second, "a"));
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, catalogue_uuid(first, "a")));
}

static void test_save_and_remove(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Catalogue) catalogue = catalogue_new();
    g_autofree char *path = path_of(fixture, "a b.xml");
    g_autoptr(GPtrArray) problems = NULL;
    g_autoptr(GError) error = NULL;
    GStatBuf status;

    assert_defines(catalogue, "<filter name='a b' chain='mac'><uuid>" UUID_1 "</uuid></filter>");
    catalogue_save(catalogue, "a b", fixture->directory, &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_stat(path, &status), ==, 0);
    g_assert_cmpint(status.st_mode & 0777, ==, 0600);
    g_autoptr(Catalogue) again = load(fixture, CATALOGUE_LOAD_NONE, &problems);
    g_assert_cmpuint(problems->len, ==, 0);
    g_assert_cmpstr(catalogue_lookup(again, "a b")->chain, ==, "mac");
    g_assert_true(catalogue_remove_file("a b", fixture->directory, &error));
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_true(catalogue_remove_file("a b", fixture->directory, &error));
}

static void assert_file(const Fixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = path_of(fixture, name), *found = NULL;

    g_assert_true(g_file_get_contents(path, &found, NULL, NULL));
    g_assert_cmpstr(found, ==, text);
}

/* A new text is a new file in the old one's place: who has the old one open reads it to its end. */
static void test_save_replaces(Fixture *fixture, gconstpointer data)
{
    static const char old[] = "<filter name='a'/>";
    g_autoptr(Catalogue) catalogue = catalogue_new();
    g_autofree char *path = path_of(fixture, "a.xml"), *before = path_of(fixture, "before");
    g_autoptr(GPtrArray) problems = NULL;
    g_autoptr(GError) error = NULL;

    put_file(fixture, "a.xml", old);
    g_assert_cmpint(link(path, before), ==, 0);
    assert_defines(catalogue, "<filter name='a' chain='mac'><uuid>" UUID_1 "</uuid></filter>");
    catalogue_save(catalogue, "a", fixture->directory, &error);
    g_assert_no_error(error);
    assert_file(fixture, "before", old);
    g_autoptr(Catalogue) again = load(fixture, CATALOGUE_LOAD_NONE, &problems);
    g_assert_cmpstr(catalogue_lookup(again, "a")->chain, ==, "mac");
}

/* A damaged file stays as its author left it, also where others are given UUIDs. */
static void test_damaged_stays(Fixture *fixture, gconstpointer data)
{
    static const char bad[] = "<filter name='bad'>\n<foo/></filter>";
    g_autoptr(GPtrArray) problems = NULL;

    put_file(fixture, "bad.xml", bad);
    put_file(fixture, "good.xml", "<filter name='good'/>");
    g_autoptr(Catalogue) catalogue = load(fixture, CATALOGUE_LOAD_ADD_UUIDS, &problems);
    g_assert_cmpuint(problems->len, ==, 1);
    assert_names(catalogue_names(catalogue), "good");
    assert_file(fixture, "bad.xml", bad);
}

static void test_load_keeps(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Catalogue) catalogue = catalogue_new();
    g_autoptr(GPtrArray) problems = NULL;

    put_file(fixture, "a.xml", "<filter name='a' chain='arp'/>");
    put_file(fixture, "b.xml", "<filter name='b'/>");
    assert_defines(catalogue, "<filter name='a' chain='mac'/>");
    g_assert_true(
        catalogue_load(catalogue, fixture->directory, CATALOGUE_LOAD_KEEP, &problems, NULL));
    g_assert_cmpuint(problems->len, ==, 0);
    g_assert_cmpstr(catalogue_lookup(catalogue, "a")->chain, ==, "mac");
    assert_names(catalogue_names(catalogue), "a b");
}

static void test_no_directory(Fixture *fixture, gconstpointer data)
{
    g_autoptr(Catalogue) catalogue = catalogue_new();
    g_autoptr(GPtrArray) problems = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *path = path_of(fixture, "none");

    g_assert_false(catalogue_load(catalogue, path, CATALOGUE_LOAD_NONE, &problems, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(Fixture *, gconstpointer);
    } tests[] = {{"/catalogue/load", test_load},
                 {"/catalogue/uuids-are-written-back", test_uuids_are_written_back},
                 {"/catalogue/save-and-remove", test_save_and_remove},
                 {"/catalogue/save-replaces", test_save_replaces},
                 {"/catalogue/damaged-stays", test_damaged_stays},
                 {"/catalogue/load-keeps", test_load_keeps},
                 {"/catalogue/no-directory", test_no_directory}};

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/catalogue/identity", test_identity);
    g_test_add_func("/catalogue/loop", test_loop);
    g_test_add_func("/catalogue/undefine", test_undefine);
    g_test_add_func("/catalogue/copy", test_copy);
    g_test_add_func("/catalogue/limit-at-define", test_limit_at_define);
    g_test_add_func("/catalogue/product-at-define", test_product_at_define);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].run, tear_down);
    return g_test_run();
}
