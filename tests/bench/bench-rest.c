/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine's API costs its clients: tapwall-engine itself, over TLS on loopback, on one kept
 * connection with Basic authentication. Prints "name value unit" lines.
 *
 * usage: bench-rest TAPWALL_ENGINE
 */
#include <gio/gio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/listen.h"

#define VMS 1000
#define GETS 2000
#define LISTS 20
#define PASSWORD "bench"
#define BASIC "Authorization: Basic YWRtaW5AaW50ZXJuYWw6YmVuY2g=\r\n"

/* ---- the engine ---- */

typedef struct {
    char *folder, *config;
    GSubprocess *process;
    guint16 port;
} Bench;

static void init(Bench *bench, const char *program)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_autoptr(GSubprocess) once = NULL;

    bench->folder = g_dir_make_tmp("tapwall-bench-XXXXXX", &error);
    g_assert_no_error(error);
    bench->config = g_build_filename(bench->folder, "engine.conf", NULL);
    text = g_strdup_printf("[engine]\nstore=%s/engine.db\n[pki]\ndirectory=%s/pki\n", bench->folder,
                           bench->folder);
    g_assert_true(g_file_set_contents(bench->config, text, -1, NULL));
    g_setenv("TAPWALL_ADMIN_PASSWORD", PASSWORD, TRUE);
    once = g_subprocess_new(G_SUBPROCESS_FLAGS_NONE, &error, program, "--config", bench->config,
                            "--init", NULL);
    g_assert_no_error(error);
    g_assert_true(g_subprocess_wait_check(once, NULL, NULL));
}

/* It is handed its socket, so that no port has to be guessed. */
static void start(Bench *bench, const char *program)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocket) socket = listen_socket_new("127.0.0.1", 0, &error);
    g_autoptr(GSocketAddress) local = socket ? g_socket_get_local_address(socket, NULL) : NULL;
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE);

    g_assert_no_error(error);
    bench->port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(local));
    g_subprocess_launcher_take_fd(launcher, dup(g_socket_get_fd(socket)), 3);
    g_subprocess_launcher_setenv(launcher, "LISTEN_FDS", "1", TRUE);
    bench->process = g_subprocess_launcher_spawn(
        launcher, &error, "sh", "-c", "LISTEN_PID=$$ exec \"$0\" --config \"$1\" 2>/dev/null",
        program, bench->config, NULL);
    g_assert_no_error(error);
}

static void stop(Bench *bench)
{
    g_autoptr(GSubprocess) cleaner = NULL;

    g_subprocess_send_signal(bench->process, SIGTERM);
    g_assert_true(g_subprocess_wait_check(bench->process, NULL, NULL));
    cleaner = g_subprocess_new(G_SUBPROCESS_FLAGS_NONE, NULL, "rm", "-rf", bench->folder, NULL);
    g_assert_true(g_subprocess_wait(cleaner, NULL, NULL));
    g_object_unref(bench->process);
    g_free(bench->config);
    g_free(bench->folder);
}

/* Resident memory in MiB. */
static double memory(const Bench *bench)
{
    g_autofree char *path =
        g_strdup_printf("/proc/%s/status", g_subprocess_get_identifier(bench->process));
    g_autofree char *text = NULL;
    const char *line;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    line = strstr(text, "VmRSS:");
    g_assert_nonnull(line);
    return (double)strtoul(line + strlen("VmRSS:"), NULL, 10) / 1024;
}

/* ---- the client ---- */

static gboolean accept_any(GTlsConnection *tls, GTlsCertificate *certificate,
                           GTlsCertificateFlags flags, gpointer data)
{
    return TRUE; /* the time is the same */
}

static GIOStream *dial(const Bench *bench)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_autoptr(GSocketConnection) connection = NULL;
    g_autoptr(GError) error = NULL;
    GIOStream *tls;

    g_socket_client_set_enable_proxy(client, FALSE);
    g_socket_client_set_timeout(client, 60);
    connection = g_socket_client_connect_to_host(client, "127.0.0.1", bench->port, NULL, &error);
    g_assert_no_error(error);
    tls = g_tls_client_connection_new(G_IO_STREAM(connection), NULL, &error);
    g_assert_no_error(error);
    g_signal_connect(tls, "accept-certificate", G_CALLBACK(accept_any), NULL);
    return tls;
}

/* Reads one reply; its body. */
static char *receive(GDataInputStream *input, const char *status)
{
    g_autofree char *first = g_data_input_stream_read_line(input, NULL, NULL, NULL);
    gsize length = 0;
    char *body;

    g_assert_nonnull(first);
    g_assert_nonnull(strstr(first, status));
    for (;;) {
        g_autofree char *line = g_data_input_stream_read_line(input, NULL, NULL, NULL);

        g_assert_nonnull(line);
        if (!*line)
            break;
        if (g_str_has_prefix(line, "Content-Length: "))
            length = strtoul(line + strlen("Content-Length: "), NULL, 10);
    }
    body = g_malloc0(length + 1);
    g_assert_true(g_input_stream_read_all(G_INPUT_STREAM(input), body, length, NULL, NULL, NULL));
    return body;
}

static char *ask(GIOStream *stream, GDataInputStream *input, const char *request,
                 const char *status)
{
    GOutputStream *output = g_io_stream_get_output_stream(stream);

    g_assert_true(g_output_stream_write_all(output, request, strlen(request), NULL, NULL, NULL));
    return receive(input, status);
}

static char *get(const char *path, const char *type)
{
    return g_strdup_printf("GET /ovirt-engine/api/%s HTTP/1.1\r\nHost: x\r\n" BASIC
                           "Accept: application/%s\r\n\r\n",
                           path, type);
}

static int compare(gconstpointer a, gconstpointer b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print_quantiles(const char *name, double *times, guint count)
{
    qsort(times, count, sizeof *times, compare);
    printf("%s_p50 %.3f ms\n", name, times[count / 2]);
    printf("%s_p99 %.3f ms\n", name, times[count * 99 / 100]);
}

static void measure(GIOStream *stream, GDataInputStream *input, const char *name,
                    const char *request, guint count)
{
    g_autofree double *times = g_new(double, count);

    for (guint i = 0; i < count; i++) {
        gint64 begin = g_get_monotonic_time();
        g_autofree char *body = ask(stream, input, request, " 200 ");

        times[i] = (double)(g_get_monotonic_time() - begin) / 1000;
    }
    print_quantiles(name, times, count);
}

/* Adds the VMs; the path of the last. */
static char *populate(GIOStream *stream, GDataInputStream *input)
{
    g_autofree double *times = g_new(double, VMS);
    char *path = NULL;

    for (guint i = 0; i < VMS; i++) {
        g_autofree char *body = g_strdup_printf(
            "{\"name\":\"vm%u\",\"cluster\":{\"name\":\"Default\"},\"memory\":\"134217728\"}", i);
        g_autofree char *request = g_strdup_printf(
            "POST /ovirt-engine/api/vms HTTP/1.1\r\nHost: x\r\n" BASIC
            "Accept: application/json\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
            "\r\n%s",
            strlen(body), body);
        gint64 begin = g_get_monotonic_time();
        g_autofree char *reply = ask(stream, input, request, " 201 ");
        const char *href = strstr(reply, "/ovirt-engine/api/vms/");

        times[i] = (double)(g_get_monotonic_time() - begin) / 1000;
        g_free(path);
        path = g_strndup(href + strlen("/ovirt-engine/api/"), strlen("vms/") + 36);
    }
    print_quantiles("rest_add_vm", times, VMS);
    return path;
}

static void run(Bench *bench)
{
    g_autoptr(GIOStream) stream = dial(bench);
    g_autoptr(GDataInputStream) input =
        g_data_input_stream_new(g_io_stream_get_input_stream(stream));
    g_autofree char *path = NULL;
    g_autofree char *one_xml = NULL;
    g_autofree char *one_json = NULL;
    g_autofree char *all_xml = get("vms", "xml");
    g_autofree char *all_json = get("vms", "json");

    g_data_input_stream_set_newline_type(input, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
    measure(stream, input, "rest_get_no_vms", all_xml, 100);
    printf("engine_memory_at_rest %.1f MiB\n", memory(bench));
    path = populate(stream, input);
    one_xml = get(path, "xml");
    one_json = get(path, "json");
    measure(stream, input, "rest_get_vm_xml", one_xml, GETS);
    measure(stream, input, "rest_get_vm_json", one_json, GETS);
    measure(stream, input, "rest_get_1000_vms_xml", all_xml, LISTS);
    measure(stream, input, "rest_get_1000_vms_json", all_json, LISTS);
    printf("engine_memory_after %.1f MiB\n", memory(bench));
}

int main(int argc, char **argv)
{
    Bench bench = {0};

    if (argc != 2) {
        fprintf(stderr, "usage: bench-rest TAPWALL_ENGINE\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    init(&bench, argv[1]);
    start(&bench, argv[1]);
    run(&bench);
    stop(&bench);
    return 0;
}
