/* SPDX-License-Identifier: Apache-2.0 */
#include <glib/gstdio.h>
#include <string.h>

#include "filterd/error.h"
#include "filterd/state-dir.h"

static const char xml[] =
    "<filterbinding><owner><name>vm</name><uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid></owner>"
    "<portdev name='tap1'/><mac address='52:54:00:00:00:01'/><filterref filter='f'/>"
    "</filterbinding>";

static char *folder;

static char *path_of(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static StateDir *open_dir(void)
{
    g_autoptr(GError) error = NULL;
    StateDir *dir = state_dir_open(folder, &error);

    g_assert_no_error(error);
    return dir;
}

typedef struct {
    guint good, bad;
} Seen;

static void see(const char *port, Binding *binding, const GError *problem, gpointer data)
{
    Seen *seen = data;

    g_assert_true((binding == NULL) == (problem != NULL));
    *(binding ? &seen->good : &seen->bad) += 1;
}

static Seen look(const StateDir *dir, StateKind kind)
{
    Seen seen = {0, 0};

    g_assert_true(state_dir_read(dir, kind, see, &seen, NULL));
    return seen;
}

static void test_life(void)
{
    g_autoptr(StateDir) dir = open_dir();
    g_autoptr(Binding) binding = binding_parse(xml, strlen(xml), NULL);
    g_autofree char *file = path_of("bindings/tap1.xml");
    g_autoptr(GError) error = NULL;
    GStatBuf status;

    g_assert_true(state_dir_save(dir, binding, &error));
    g_assert_cmpint(g_stat(file, &status), ==, 0);
    g_assert_cmpuint(status.st_mode & 0777, ==, 0600);
    g_assert_cmpuint(look(dir, STATE_BOUND).good, ==, 1);
    g_assert_true(state_dir_leave(dir, "tap1", &error));
    g_assert_cmpuint(look(dir, STATE_BOUND).good, ==, 0);
    g_assert_cmpuint(look(dir, STATE_LEAVING).good, ==, 1);
    g_assert_true(state_dir_remove(dir, STATE_LEAVING, "tap1", &error));
    g_assert_true(state_dir_remove(dir, STATE_LEAVING, "tap1", &error));
    g_assert_cmpuint(look(dir, STATE_LEAVING).good, ==, 0);
    g_assert_false(state_dir_leave(dir, "tap1", &error));
    g_assert_error(error, FILTERD_ERROR, FILTERD_ERROR_SYSTEM);
}

/* Nonsense, another port's, and what is no state file at all. */
static void test_damage(void)
{
    g_autoptr(StateDir) dir = open_dir();
    g_autoptr(Binding) binding = binding_parse(xml, strlen(xml), NULL);
    g_autofree char *own = path_of("bindings/tap1.xml"), *other = path_of("bindings/tap2.xml");
    g_autofree char *nonsense = path_of("bindings/tap3.xml"),
                    *cut = path_of("bindings/tap4.xml.X1");
    g_autofree char *text = binding_format_status(binding);

    g_assert_true(state_dir_save(dir, binding, NULL));
    g_assert_true(g_file_set_contents(other, text, -1, NULL));
    g_assert_true(g_file_set_contents(nonsense, "<", -1, NULL));
    g_assert_true(g_file_set_contents(cut, "<", -1, NULL));
    g_assert_cmpuint(look(dir, STATE_BOUND).good, ==, 1);
    g_assert_cmpuint(look(dir, STATE_BOUND).bad, ==, 2);
    g_assert_cmpint(g_unlink(own) + g_unlink(other) + g_unlink(nonsense) + g_unlink(cut), ==, 0);
}

static void test_lock(void)
{
    g_autoptr(StateDir) dir = open_dir();
    g_autoptr(GError) error = NULL;

    g_assert_null(state_dir_open(folder, &error));
    g_assert_error(error, FILTERD_ERROR, FILTERD_ERROR_SYSTEM);
    g_assert_nonnull(strstr(error->message, "another tapwalld"));
}

static void remove_all(void)
{
    static const char *const names[] = {"bindings", "leaving", "addresses", "lock", ""};

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = path_of(names[i]);
        g_assert_cmpint(g_remove(path), ==, 0);
    }
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("tapwall-XXXXXX", NULL);
    g_test_add_func("/filterd/state-dir/life", test_life);
    g_test_add_func("/filterd/state-dir/damage", test_damage);
    g_test_add_func("/filterd/state-dir/lock", test_lock);
    result = g_test_run();
    remove_all();
    g_free(folder);
    return result;
}
