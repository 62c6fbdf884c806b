/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/listen.h"
#include "jsonrpc/client.h"
#include "jsonrpc/json-text.h"
#include "jsonrpc/server.h"
#include "jsonrpc/test-credentials.h"

/*
 * What the protocol itself costs, over TLS on loopback between two processes: the round trip of a
 * call without work, and a report of the size of 1,000 VMs' statistics with the longest time the
 * client's main loop was busy with it in one turn. Prints "name value unit" lines.
 */
#define PINGS 5000
#define REPORTS 10
#define REPORT_VMS 1000

static char *report_text(void)
{
    GString *out = g_string_new("[");

    for (guint i = 0; i < REPORT_VMS; i++) {
        g_string_append_printf(out, "%s{\"vmId\":\"vm-%u\",\"status\":\"Up\",\"network\":{",
                               i > 0 ? "," : "", i);
        for (guint n = 0; n < 2; n++)
            g_string_append_printf(out,
                                   "%s\"vnet%u\":{\"macAddr\":\"52:54:00:00:%02x:%02x\",\"name\":"
                                   "\"vnet%u\",\"speed\":\"1000\",\"state\":\"unknown\",\"rx\":"
                                   "\"123456789\",\"tx\":\"987654321\",\"sampleTime\":12345.678}",
                                   n > 0 ? "," : "", n, i >> 8, i & 255, n);
        g_string_append(out, "},\"statsAge\":\"0.5\",\"cpuUser\":\"1.0\",\"cpuSys\":\"0.5\"}");
    }
    g_string_append_c(out, ']');
    return g_string_free(out, FALSE);
}

static void handle(RpcCall *call, const char *method, JsonNode *params, gpointer data)
{
    GBytes *report = data;

    if (g_str_equal(method, "report"))
        rpc_call_return_bytes(call, g_bytes_ref(report));
    else
        rpc_call_return(call, NULL);
}

static void serve(TlsCredentials *credentials, GSocket *socket)
{
    char *text = report_text();
    g_autoptr(GBytes) report = g_bytes_new_take(text, strlen(text));
    RpcServer *server = rpc_server_new(credentials, handle, report);

    if (!rpc_server_add_socket(server, socket, NULL))
        exit(1);
    while (TRUE)
        g_main_context_iteration(NULL, TRUE);
}

static void connected(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;

    if (!rpc_client_connect_finish(RPC_CLIENT(source), result, &error))
        g_error("connect: %s", error->message);
    *(gboolean *)data = TRUE;
}

static void answered(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = rpc_client_call_finish(RPC_CLIENT(source), result, &error);

    if (node == NULL)
        g_error("call: %s", error->message);
    *(gboolean *)data = TRUE;
}

/* CPU time of this thread in ms: a turn's length does not depend on what else the machine does. */
static double cpu_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now); /* cannot fail with this clock */
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* One call; *stall grows to the longest turn of the main loop. Returns milliseconds. */
static double call(RpcClient *client, const char *method, double *stall)
{
    gboolean done = FALSE;
    gint64 start = g_get_monotonic_time();

    rpc_client_call_async(client, method, NULL, 60000, NULL, answered, &done);
    while (!done) {
        double turn = cpu_ms();
        g_main_context_iteration(NULL, TRUE);
        *stall = MAX(*stall, cpu_ms() - turn);
    }
    return (double)(g_get_monotonic_time() - start) / 1000;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void run(RpcClient *client)
{
    static double times[PINGS];
    double unused = 0, stall = 0, report = 0;

    for (guint i = 0; i < PINGS; i++)
        times[i] = call(client, "ping", &unused);
    qsort(times, PINGS, sizeof *times, compare);
    for (guint i = 0; i < REPORTS; i++)
        report = MAX(report, call(client, "report", &stall));
    printf("jsonrpc_ping_tls_p50 %.3f ms\n", times[PINGS / 2]);
    printf("jsonrpc_ping_tls_p99 %.3f ms\n", times[PINGS * 99 / 100]);
    printf("jsonrpc_report_1000_vms_max %.1f ms\n", report);
    printf("jsonrpc_report_1000_vms_main_loop_turn_max %.1f ms\n", stall);
}

int main(void)
{
    char *dir;
    TlsCredentials *credentials = test_credentials_new(&dir);
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocket) socket = listen_socket_new("127.0.0.1", 0, &error);
    if (socket == NULL)
        g_error("%s", error->message);
    g_autoptr(GSocketAddress) address = g_socket_get_local_address(socket, NULL);
    guint16 port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address));
    pid_t child = fork();
    if (child == 0)
        serve(credentials, socket);

    g_autoptr(RpcClient) client = rpc_client_new(credentials, 0);
    gboolean done = FALSE;
    rpc_client_connect_async(client, "127.0.0.1", port, 10000, NULL, connected, &done);
    while (!done)
        g_main_context_iteration(NULL, TRUE);
    run(client);
    rpc_client_close(client);
    (void)kill(child, SIGTERM);
    (void)waitpid(child, NULL, 0);
    test_credentials_free(credentials, dir);
    return 0;
}
