/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/engine-config/tool.h"

#include <errno.h>
#include <string.h>

#define DEFAULT_CONFIG TAPWALL_SYSCONFDIR "/tapwall/engine.conf"
#define DEFAULT_STORE TAPWALL_STATEDIR "/engine.db"

static const char no_connection[] =
    "Connection to the Database failed. Please check that the hostname and port number are correct "
    "and that the Database service is up and running.";

/* ---- the log ---- */

static const struct {
    const char *name;
    LogLevel level;
} level_names[] = {
    {"OFF", LOG_OFF},   {"SEVERE", LOG_ERROR}, {"ERROR", LOG_ERROR},  {"WARNING", LOG_ERROR},
    {"INFO", LOG_INFO}, {"CONFIG", LOG_INFO},  {"FINE", LOG_DEBUG},   {"FINER", LOG_DEBUG},
    {"ALL", LOG_DEBUG}, {"DEBUG", LOG_DEBUG},  {"FINEST", LOG_DEBUG},
};

static gboolean level_parse(const char *name, LogLevel *level, GError **error)
{
    for (guint i = 0; name != NULL && i < G_N_ELEMENTS(level_names); i++) {
        if (g_ascii_strcasecmp(level_names[i].name, name) == 0) {
            *level = level_names[i].level;
            return TRUE;
        }
    }
    if (name == NULL)
        return TRUE;
    g_set_error(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_USAGE,
                "Illegal log level: %s. Expected ERROR, INFO, DEBUG, ALL or OFF.", name);
    return FALSE;
}

static gboolean log_open(Tool *tool, GError **error)
{
    tool->log_level = LOG_INFO;
    if (!level_parse(tool->args->log_level, &tool->log_level, error))
        return FALSE;
    if (tool->args->log_file == NULL)
        return TRUE;
    tool->log = fopen(tool->args->log_file, "ae");
    if (tool->log == NULL)
        g_set_error(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_FILE,
                    "Cannot write the log file %s: %s.", tool->args->log_file, g_strerror(errno));
    return tool->log != NULL;
}

void tool_log(Tool *tool, LogLevel level, const char *format, ...)
{
    if (tool->log == NULL || level > tool->log_level)
        return;
    va_list values;
    va_start(values, format);
    g_autofree char *text = g_strdup_vprintf(format, values);
    va_end(values);
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *time = g_date_time_format_iso8601(now);
    fprintf(tool->log, "%s %s %s\n", time, level == LOG_ERROR ? "ERROR" : "INFO", text);
}

/* ---- the store ---- */

/* The key "store" in group "engine" of the engine's configuration. Read leniently: this tool must
 * work beside an engine whose file has a mistake elsewhere, or keys of a newer version. */
static char *find_store(const char *path, gboolean required, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) cause = NULL;
    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &cause)) {
        if (!required && g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            return g_strdup(DEFAULT_STORE);
        g_set_error(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_FILE,
                    "Cannot read the configuration file %s: %s.", path, cause->message);
        return NULL;
    }
    char *store = g_key_file_get_string(file, "engine", "store", NULL);
    if (store != NULL)
        return store;
    return g_strdup(DEFAULT_STORE);
}

gboolean tool_fail(GError *cause, GError **error)
{
    g_autoptr(GError) owned = cause;
    gboolean unreachable = g_error_matches(cause, STORE_ERROR, STORE_ERROR_OPEN) ||
                           g_error_matches(cause, STORE_ERROR, STORE_ERROR_DAMAGED);
    if (unreachable)
        g_set_error_literal(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_STORE, no_connection);
    else if (g_error_matches(cause, STORE_ERROR, STORE_ERROR_LOCKED))
        g_set_error(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_STORE,
                    "The Database is locked by another program. Please try again. (%s)",
                    cause->message);
    else
        g_propagate_error(error, g_steal_pointer(&owned));
    return FALSE;
}

static gboolean store_connect(Tool *tool, GError **error)
{
    const char *config = tool->args->config;
    g_autofree char *path =
        find_store(config != NULL ? config : DEFAULT_CONFIG, config != NULL, error);
    if (path == NULL)
        return FALSE;
    GError *cause = NULL;
    tool->store = store_open(path, STORE_EXISTING, &cause);
    if (tool->store != NULL)
        return TRUE;
    tool_log(tool, LOG_ERROR, "store %s: %s", path, cause->message);
    return tool_fail(cause, error);
}

gboolean tool_open(Tool *tool, Args *args, GError **error)
{
    tool->args = args;
    if (!log_open(tool, error))
        return FALSE;
    const char *properties = args->properties;
    tool->keys = properties != NULL ? option_keys_load(properties, error) : option_keys_builtin();
    return tool->keys != NULL && store_connect(tool, error);
}

void tool_close(Tool *tool)
{
    g_clear_pointer(&tool->store, store_free);
    g_clear_pointer(&tool->keys, g_ptr_array_unref);
    g_clear_pointer(&tool->args, args_free);
    if (tool->log != NULL)
        (void)fclose(tool->log); /* the log is a courtesy: the change itself is done */
}

/* ---- rows ---- */

/* "general" sorts before every level; levels as numbers, 3.10 after 3.2. */
static gint64 version_rank(const char *version)
{
    guint major = 0, minor = 0;
    if (sscanf(version, "%9u.%9u", &major, &minor) < 1)
        return -1;
    return ((gint64)major << 32) + minor;
}

static int compare_versions(gconstpointer a, gconstpointer b)
{
    const Option *left = *(const Option *const *)a, *right = *(const Option *const *)b;
    gint64 first = version_rank(left->version), second = version_rank(right->version);
    return first != second ? (first < second ? -1 : 1) : strcmp(left->version, right->version);
}

GPtrArray *tool_options(Tool *tool, const char *key, const char *version, GError **error)
{
    GError *cause = NULL;
    GPtrArray *options = store_options(tool->store, key, version, &cause);
    if (options == NULL) {
        tool_fail(cause, error);
        return NULL;
    }
    g_ptr_array_sort(options, compare_versions);
    return options;
}

void tool_print_key(const OptionKey *key)
{
    printf("%s: %s (Value Type: %s)\n", key->name, key->description, key->type);
}
