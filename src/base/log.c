/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <stdio.h>

static const char *log_program; /* global: set once by log_init() before any thread starts */
static gboolean log_verbose;    /* global: likewise */

static const char *level_word(GLogLevelFlags level)
{
    if (level & G_LOG_LEVEL_ERROR)
        return "fatal";
    if (level & G_LOG_LEVEL_CRITICAL)
        return "error";
    if (level & G_LOG_LEVEL_WARNING)
        return "warning";
    if (level & G_LOG_LEVEL_DEBUG)
        return "debug";
    return "info";
}

static const char *message_of(const GLogField *fields, gsize n_fields)
{
    for (gsize i = 0; i < n_fields; i++)
        if (g_str_equal(fields[i].key, "MESSAGE"))
            return fields[i].value;
    return "";
}

static GLogWriterOutput log_write(GLogLevelFlags level, const GLogField *fields, gsize n_fields,
                                  gpointer data)
{
    if ((level & G_LOG_LEVEL_DEBUG) && !log_verbose)
        return G_LOG_WRITER_HANDLED;
    if (g_log_writer_is_journald(fileno(stderr)))
        return g_log_writer_journald(level, fields, n_fields, data);

    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *stamp = g_date_time_format(now, "%Y-%m-%dT%H:%M:%S");
    g_autofree char *line =
        g_strdup_printf("%s.%03dZ %s %s: %s\n", stamp, g_date_time_get_microsecond(now) / 1000,
                        log_program, level_word(level), message_of(fields, n_fields));
    (void)fputs(line, stderr); /* nowhere left to report a failing stderr */
    return G_LOG_WRITER_HANDLED;
}

void log_init(const char *program, gboolean verbose)
{
    log_program = program;
    log_verbose = verbose;
    g_log_set_writer_func(log_write, NULL, NULL);
}

static void log_message(GLogLevelFlags level, const char *format, va_list arguments)
{
    g_autofree char *message = g_strdup_vprintf(format, arguments);

    g_log_structured(G_LOG_DOMAIN, level, "MESSAGE", "%s", message);
}

#define LOG_DEFINE(name, level)                                                                    \
    void name(const char *format, ...)                                                             \
    {                                                                                              \
        va_list arguments;                                                                         \
        va_start(arguments, format);                                                               \
        log_message(level, format, arguments);                                                     \
        va_end(arguments);                                                                         \
    }

LOG_DEFINE(log_info, G_LOG_LEVEL_INFO)
LOG_DEFINE(log_warning, G_LOG_LEVEL_WARNING)
LOG_DEFINE(log_error, G_LOG_LEVEL_CRITICAL)
LOG_DEFINE(log_debug, G_LOG_LEVEL_DEBUG)
