/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/capture.h"
#include "cli/tapwall/command.h"
#include "cli/tapwall/daemon.h"
#include "cli/tapwall/drop.h"

#define TAG_SIZE 4

typedef struct {
    char *socket, *path;
    gint count; /* 0: without end */
    const char *port;
    FILE *file;
    gint written;
    gint64 missed; /* dropped, but not told */
    int failure;   /* errno of writing */
} Options;

static void options_clear(Options *options)
{
    g_free(options->socket);
    g_free(options->path);
    if (options->file && options->file != stdout)
        (void)fclose(options->file); /* written and flushed frame by frame */
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static gboolean write_octets(Options *options, const GByteArray *octets)
{
    if (fwrite(octets->data, octets->len, 1, options->file) == 1 && fflush(options->file) == 0)
        return TRUE;
    options->failure = errno;
    return FALSE;
}

static gboolean write_drop(Options *options, const Drop *drop)
{
    g_autoptr(GByteArray) frame = drop_frame(drop), record = g_byte_array_new();
    const gboolean is_tagged = frame->len > drop->octets->len;

    capture_pcap_add(record, (guint64)drop->time, frame->data, frame->len,
                     drop->length + (is_tagged ? TAG_SIZE : 0));
    options->written++;
    return write_octets(options, record);
}

static gboolean tell(const char *method, JsonObject *params, gpointer data)
{
    Options *options = data;
    g_auto(Drop) drop = {0};

    if (g_str_equal(method, "Drops.lost")) {
        options->missed += json_object_get_int_member_with_default(params, "count", 0);
        return TRUE;
    }
    if (!g_str_equal(method, "Drops.frame") || !drop_read(&drop, params) ||
        g_strcmp0(options->port, drop.port) != 0)
        return TRUE;
    options->missed += drop.suppressed;
    return write_drop(options, &drop) && (options->count == 0 || options->written < options->count);
}

static gboolean open_file(Options *options)
{
    if (!options->path || g_str_equal(options->path, "-"))
        options->file = stdout;
    else
        options->file = fopen(options->path, "wbe");
    return options->file != NULL;
}

static int capture(Options *options)
{
    g_autofree char *destination = g_strconcat("tapwall.drops.", options->port, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Daemon) daemon = daemon_open(options->socket, &error);
    g_autoptr(GByteArray) header = g_byte_array_new();
    gboolean good;

    if (!daemon)
        return command_trouble("%s", error->message);
    if (!open_file(options))
        return command_trouble("%s: %s", options->path, g_strerror(errno));
    capture_pcap_begin(header);
    good =
        !write_octets(options, header) || daemon_listen(daemon, destination, tell, options, &error);
    fprintf(stderr, "tapwall: %d frames captured, %" G_GINT64_FORMAT " more dropped but not told\n",
            options->written, options->missed);
    if (!good)
        return command_trouble("%s", error->message);
    if (options->failure != 0)
        return command_trouble("cannot write: %s", g_strerror(options->failure));
    return STATUS_GOOD;
}

int command_capture(int argc, char **argv)
{
    g_auto(Options) options = {0};
    const GOptionEntry entries[] = {
        {"write", 'w', 0, G_OPTION_ARG_FILENAME, &options.path,
         "Into this file; - is the standard output", "FILE"},
        {"count", 'n', 0, G_OPTION_ARG_INT, &options.count, "End after so many", "COUNT"},
        {NULL},
    };
    GOptionContext *context =
        g_option_context_new("PORT - write the frames that a port's filter drops, as pcap");

    g_option_context_add_main_entries(context, entries, NULL);
    daemon_option_add(&options.socket, context);
    if (!command_parse(context, &argc, &argv))
        return STATUS_TROUBLE;
    if (argc != 2)
        return command_trouble("capture: expected one PORT");
    if (options.count < 0)
        return command_trouble("--count %d: expected a positive number", options.count);
    if (!options.path && isatty(STDOUT_FILENO))
        return command_trouble("capture: expected --write FILE, for octets are no text");
    options.port = argv[1];
    return capture(&options);
}
