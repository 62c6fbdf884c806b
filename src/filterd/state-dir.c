/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/state-dir.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "filterd/error.h"
#include "filterd/port-name.h"

#define SUFFIX ".xml"
#define FILE_MODE 0600
#define FOLDER_MODE 0700

struct StateDir {
    char *folders[N_STATES];
    char *addresses;
    int lock; /* -1 until it is ours */
};

static const char *const folder_names[N_STATES] = {"bindings", "leaving"};

static gboolean system_error(GError **error, const char *what, const char *path)
{
    const int number = errno;

    g_set_error(error, FILTERD_ERROR, FILTERD_ERROR_SYSTEM, "cannot %s '%s': %s", what, path,
                g_strerror(number));
    return FALSE;
}

/* ---- opening ---- */

static gboolean take_lock(StateDir *dir, const char *path, GError **error)
{
    g_autofree char *file = g_build_filename(path, "lock", NULL);

    dir->lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (dir->lock < 0)
        return system_error(error, "open", file);
    if (flock(dir->lock, LOCK_EX | LOCK_NB) == 0)
        return TRUE;
    g_set_error(error, FILTERD_ERROR, FILTERD_ERROR_SYSTEM, "another tapwalld works with '%s'",
                path);
    return FALSE;
}

StateDir *state_dir_open(const char *path, GError **error)
{
    g_autoptr(StateDir) dir = g_new0(StateDir, 1);

    dir->lock = -1;
    for (StateKind kind = STATE_BOUND; kind < N_STATES; kind++) {
        dir->folders[kind] = g_build_filename(path, folder_names[kind], NULL);
        if (g_mkdir_with_parents(dir->folders[kind], FOLDER_MODE) != 0) {
            (void)system_error(error, "make", dir->folders[kind]);
            return NULL;
        }
    }
    dir->addresses = g_build_filename(path, "addresses", NULL);
    if (g_mkdir_with_parents(dir->addresses, FOLDER_MODE) != 0) {
        (void)system_error(error, "make", dir->addresses);
        return NULL;
    }
    return take_lock(dir, path, error) ? g_steal_pointer(&dir) : NULL;
}

void state_dir_close(StateDir *dir)
{
    for (StateKind kind = STATE_BOUND; kind < N_STATES; kind++)
        g_free(dir->folders[kind]);
    g_free(dir->addresses);
    if (dir->lock >= 0)
        close(dir->lock);
    g_free(dir);
}

/* ---- one file ---- */

static char *file_of(const StateDir *dir, StateKind kind, const char *port)
{
    return g_strconcat(dir->folders[kind], "/", port, SUFFIX, NULL);
}

static gboolean file_write(const char *file, const char *text, GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (g_file_set_contents_full(file, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, FILE_MODE,
                                 &problem))
        return TRUE;
    g_set_error_literal(error, FILTERD_ERROR, FILTERD_ERROR_SYSTEM, problem->message);
    return FALSE;
}

gboolean state_dir_save(const StateDir *dir, const Binding *binding, GError **error)
{
    g_autofree char *file = file_of(dir, STATE_BOUND, binding->port);
    g_autofree char *text = binding_format_status(binding);

    return file_write(file, text, error);
}

gboolean state_dir_leave(const StateDir *dir, const char *port, GError **error)
{
    g_autofree char *from = file_of(dir, STATE_BOUND, port);
    g_autofree char *to = file_of(dir, STATE_LEAVING, port);

    return g_rename(from, to) == 0 || system_error(error, "move", from);
}

gboolean state_dir_remove(const StateDir *dir, StateKind kind, const char *port, GError **error)
{
    g_autofree char *file = file_of(dir, kind, port);

    return g_unlink(file) == 0 || errno == ENOENT || system_error(error, "remove", file);
}

/* ---- all files ---- */

static Binding *file_read(const char *file, const char *port, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(Binding) binding = NULL;
    gsize length;

    if (!g_file_get_contents(file, &text, &length, error))
        return NULL;
    binding = binding_parse_status(text, length, error);
    if (!binding || strcmp(binding->port, port) == 0)
        return g_steal_pointer(&binding);
    g_set_error(error, FILTERD_ERROR, FILTERD_ERROR_INVALID_BINDING,
                "it is about port '%s', not '%s'", binding->port, port);
    return NULL;
}

static int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The ports that have a file; what else lies there, as what a cut-off writer left, is passed over.
 */
static GPtrArray *ports_in(const char *folder, GError **error)
{
    g_autoptr(GDir) files = g_dir_open(folder, 0, error);
    GPtrArray *ports;
    const char *name;

    if (!files)
        return NULL;
    ports = g_ptr_array_new_with_free_func(g_free);
    while ((name = g_dir_read_name(files))) {
        g_autofree char *port = NULL;

        if (!g_str_has_suffix(name, SUFFIX))
            continue;
        port = g_strndup(name, strlen(name) - strlen(SUFFIX));
        if (port_name_check(port, NULL))
            g_ptr_array_add(ports, g_steal_pointer(&port));
    }
    g_ptr_array_sort(ports, compare_texts);
    return ports;
}

gboolean state_dir_read(const StateDir *dir, StateKind kind, StateDirFunc tell, gpointer data,
                        GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(GPtrArray) ports = ports_in(dir->folders[kind], &problem);

    if (!ports) {
        g_set_error_literal(error, FILTERD_ERROR, FILTERD_ERROR_SYSTEM, problem->message);
        return FALSE;
    }
    for (guint i = 0; i < ports->len; i++) {
        g_autofree char *file = file_of(dir, kind, ports->pdata[i]);
        g_autoptr(GError) damage = NULL;
        g_autoptr(Binding) binding = file_read(file, ports->pdata[i], &damage);

        if (damage)
            g_prefix_error(&damage, "%s: ", file);
        tell(ports->pdata[i], binding, damage, data);
    }
    return TRUE;
}

/* ---- learned addresses ---- */

gboolean state_dir_save_addresses(const StateDir *dir, const char *port, const char *text,
                                  GError **error)
{
    g_autofree char *file = g_build_filename(dir->addresses, port, NULL);

    if (text)
        return file_write(file, text, error);
    return g_unlink(file) == 0 || errno == ENOENT || system_error(error, "remove", file);
}

char *state_dir_read_addresses(const StateDir *dir, const char *port)
{
    g_autofree char *file = g_build_filename(dir->addresses, port, NULL);
    char *text = NULL;

    return g_file_get_contents(file, &text, NULL, NULL) ? text : NULL;
}
