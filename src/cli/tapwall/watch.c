/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/tapwall/command.h"
#include "cli/tapwall/daemon.h"
#include "cli/tapwall/drop.h"
#include "cli/tapwall/table.h"

#define DROPS "tapwall.drops"
#define SECOND (1000 * 1000 * 1000)

typedef struct {
    char *socket, *port;
    gint count; /* 0: without end */
    gboolean as_json;
    gint shown;
} Options;

static void options_clear(Options *options)
{
    g_free(options->socket);
    g_free(options->port);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

/* "13:45:01.123456 vnet0 out drop no-mac-spoofing:4 (comment): FRAME; 17 more not told" */
static void print_drop(const Drop *drop)
{
    const Frame frame = {drop->octets->data, drop->octets->len, drop->tag};
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(drop->time / SECOND);
    g_autofree char *clock = time ? g_date_time_format(time, "%T") : g_strdup("?");
    g_autofree char *words = frame_words(&frame);
    g_autofree char *reason = text_printable(drop->reason);

    printf("%s.%06d %s %s drop %s", clock, (int)(drop->time % SECOND / 1000),
           drop->port ? drop->port : "-", drop->way, drop->rule ? drop->rule : reason);
    if (drop->rule && drop->reason)
        printf(" (%s)", reason);
    printf(": %s, %u octets", words, drop->length);
    if (drop->suppressed > 0)
        printf("; %" G_GINT64_FORMAT " more not told", drop->suppressed);
    putchar('\n');
}

static gboolean print_lost(JsonObject *params)
{
    const gint64 count = json_object_get_int_member_with_default(params, "count", 0);

    fprintf(stderr, "tapwall: %" G_GINT64_FORMAT " drops were not told: this output is too slow\n",
            count);
    return TRUE;
}

static gboolean tell(const char *method, JsonObject *params, gpointer data)
{
    Options *options = data;
    g_auto(Drop) drop = {0};

    if (g_str_equal(method, "Drops.lost"))
        return print_lost(params);
    if (!g_str_equal(method, "Drops.frame") || !drop_read(&drop, params) ||
        (options->port && g_strcmp0(options->port, drop.port) != 0))
        return TRUE;
    if (options->as_json) {
        g_autoptr(JsonNode) node = json_node_init_object(json_node_alloc(), params);

        daemon_print_json(node);
    } else {
        print_drop(&drop);
    }
    options->shown++;
    return fflush(stdout) == 0 && (options->count == 0 || options->shown < options->count);
}

static int watch(Options *options)
{
    g_autofree char *destination =
        options->port ? g_strconcat(DROPS ".", options->port, NULL) : g_strdup(DROPS);
    g_autoptr(GError) error = NULL;
    g_autoptr(Daemon) daemon = daemon_open(options->socket, &error);

    if (daemon && daemon_listen(daemon, destination, tell, options, &error))
        return STATUS_GOOD;
    return command_trouble("%s", error->message);
}

int command_watch(int argc, char **argv)
{
    g_auto(Options) options = {0};
    const GOptionEntry entries[] = {
        {"port", 0, 0, G_OPTION_ARG_STRING, &options.port, "Of this port alone", "PORT"},
        {"count", 'n', 0, G_OPTION_ARG_INT, &options.count, "End after so many", "COUNT"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.as_json, "As tapwalld tells them, a line each",
         NULL},
        {NULL},
    };
    GOptionContext *context = g_option_context_new("- show frames as they are dropped");

    g_option_context_add_main_entries(context, entries, NULL);
    daemon_option_add(&options.socket, context);
    if (!command_parse(context, &argc, &argv))
        return STATUS_TROUBLE;
    if (argc != 1)
        return command_trouble("watch: unexpected argument '%s'; --port names one", argv[1]);
    if (options.count < 0)
        return command_trouble("--count %d: expected a positive number", options.count);
    return watch(&options);
}
