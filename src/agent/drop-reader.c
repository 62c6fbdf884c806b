/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/drop-reader.h"

#include "base/log.h"
#include "jsonrpc/client.h"

enum { TIMEOUT_MS = 10000 };

/* Each question holds a reference: it may be answered after drop_reader_free(). */
struct DropReader {
    char *path;
    RpcClient *client; /* NULL while there is no connection */
    gboolean asking, is_freed, told;
    DropCounts *counts;
};

static void reader_clear(gpointer data)
{
    DropReader *reader = data;

    g_clear_pointer(&reader->counts, drop_counts_unref);
    g_free(reader->path);
}

static void reader_unref(DropReader *reader)
{
    g_rc_box_release_full(reader, reader_clear);
}

DropReader *drop_reader_new(const char *path)
{
    DropReader *reader = g_rc_box_new0(DropReader);

    reader->path = g_strdup(path);
    return reader;
}

static void reader_disconnect(DropReader *reader)
{
    g_autoptr(RpcClient) client = g_steal_pointer(&reader->client);

    if (client)
        rpc_client_close(client);
}

void drop_reader_free(DropReader *reader)
{
    reader->is_freed = TRUE;
    reader_disconnect(reader);
    reader_unref(reader);
}

/* Told once, until it works again; a host without tapwalld is nothing to tell. */
static void ask_failed(DropReader *reader, const GError *error)
{
    g_clear_pointer(&reader->counts, drop_counts_unref);
    reader_disconnect(reader);
    if (!reader->told && !reader->is_freed &&
        !g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)) {
        log_warning("socket=%s cannot ask tapwalld what it dropped: %s", reader->path,
                    error->message);
        reader->told = TRUE;
    }
}

static void answered(GObject *client, GAsyncResult *result, gpointer data)
{
    DropReader *reader = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) answer = rpc_client_call_finish(RPC_CLIENT(client), result, &error);

    reader->asking = FALSE;
    if (!answer) {
        ask_failed(reader, error);
    } else {
        g_clear_pointer(&reader->counts, drop_counts_unref);
        reader->counts = drop_counts_from_json(answer);
        reader->told = FALSE;
    }
    reader_unref(reader);
}

static void ask(DropReader *reader)
{
    rpc_client_call_async(reader->client, "Ports.list", NULL, TIMEOUT_MS, NULL, answered,
                          g_rc_box_acquire(reader));
}

static void connected(GObject *client, GAsyncResult *result, gpointer data)
{
    DropReader *reader = data;
    g_autoptr(GError) error = NULL;

    if (rpc_client_connect_finish(RPC_CLIENT(client), result, &error) && !reader->is_freed) {
        ask(reader);
    } else {
        reader->asking = FALSE;
        if (error)
            ask_failed(reader, error);
    }
    reader_unref(reader);
}

/* tapwalld has ended, or ends the connection: the next question finds out whether it is back. */
static void lost(RpcClient *client, const GError *reason, gpointer data)
{
    DropReader *reader = data;

    reader_disconnect(reader);
}

void drop_reader_ask(DropReader *reader)
{
    if (reader->asking || reader->path[0] == '\0')
        return;
    reader->asking = TRUE;
    if (reader->client) {
        ask(reader);
        return;
    }
    reader->client = rpc_client_new(NULL, 0);
    rpc_client_set_handlers(reader->client, NULL, lost, reader);
    rpc_client_connect_unix_async(reader->client, reader->path, TIMEOUT_MS, NULL, connected,
                                  g_rc_box_acquire(reader));
}

DropCounts *drop_reader_counts(const DropReader *reader)
{
    return reader->counts;
}
