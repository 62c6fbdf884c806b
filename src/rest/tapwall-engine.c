/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tapwall-engine: the control plane. Reads its configuration, opens the store, dials the hosts, and
 * serves the REST API until it is told to end.
 */
#include <glib-unix.h>
#include <locale.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

#include "base/listen.h"
#include "base/log.h"
#include "base/tls.h"
#include "engine/engine.h"
#include "rest/server.h"
#include "rest/setup.h"

#define DEFAULT_CONFIG TAPWALL_SYSCONFDIR "/tapwall/engine.conf"

typedef struct {
    char *config, *password_file, *issue, *out;
    gboolean init, reset, version, verbose;
} Options;

static void options_clear(Options *options)
{
    g_free(options->config);
    g_free(options->password_file);
    g_free(options->issue);
    g_free(options->out);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static gboolean options_parse(Options *options, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config,
         "Configuration file (default: " DEFAULT_CONFIG ")", "FILE"},
        {"init", 0, 0, G_OPTION_ARG_NONE, &options->init,
         "Make the store, the certificates and the administrator's password, keeping what exists",
         NULL},
        {"password-file", 0, 0, G_OPTION_ARG_FILENAME, &options->password_file,
         "With --init: the password is this file's first line", "FILE"},
        {"reset-password", 0, 0, G_OPTION_ARG_NONE, &options->reset,
         "With --init: a new random password in place of the one there is", NULL},
        {"issue", 0, 0, G_OPTION_ARG_STRING, &options->issue,
         "Make a host's certificate and key, signed by the deployment's authority",
         "NAME[,ALTERNATIVE...]"},
        {"issue-host", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &options->issue, NULL, NULL},
        {"out", 0, 0, G_OPTION_ARG_FILENAME, &options->out,
         "With --issue: where to, ready to become the host's /etc/pki/tapwall", "FOLDER"},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &options->verbose, "Log more", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Print the version", NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_set_summary(context, "The control plane of Tapwall: serves oVirt's REST API.");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, error))
        return FALSE;
    if (*argc > 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "'%s' is not expected",
                    (*argv)[1]);
        return FALSE;
    }
    return TRUE;
}

/* ---- serving ---- */

/* Plain HTTP on a socket we were handed is held to the same rule as on our own. */
static gboolean check_inherited(GSocket *socket, gboolean tls, GError **error)
{
    g_autoptr(GSocketAddress) local = g_socket_get_local_address(socket, error);
    GInetAddress *address;

    if (!local)
        return FALSE;
    if (!G_IS_INET_SOCKET_ADDRESS(local)) {
        g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
                            "the socket handed over is not one of TCP");
        return FALSE;
    }
    if (tls)
        return TRUE;
    address = g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(local));
    if (g_inet_address_get_is_loopback(address))
        return TRUE;
    g_set_error_literal(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
                        "[api] tls=false, but the socket handed over is not on a loopback address");
    return FALSE;
}

static GPtrArray *sockets_of(const Settings *settings, GError **error)
{
    g_autoptr(GPtrArray) sockets = listen_inherited(error);
    GSocket *own;

    if (!sockets)
        return NULL;
    for (guint i = 0; i < sockets->len; i++)
        if (!check_inherited(sockets->pdata[i], settings->tls, error))
            return NULL;
    if (sockets->len)
        return g_steal_pointer(&sockets);
    own = listen_socket_new(settings->address, settings->port, error);
    if (!own)
        return NULL;
    g_ptr_array_add(sockets, own);
    return g_steal_pointer(&sockets);
}

static void log_address(GSocket *socket, gboolean tls)
{
    g_autoptr(GSocketAddress) local = g_socket_get_local_address(socket, NULL);
    g_autofree char *text =
        local ? g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(local)) : g_strdup("?");

    log_info("api=%s://%s listening", tls ? "https" : "http", text);
}

static Server *start_server(Engine *engine, const Settings *settings, TlsCredentials *credentials,
                            GError **error)
{
    ServerSettings how = {
        .certificate = settings->tls ? tls_credentials_certificate(credentials) : NULL,
        .ca = credentials ? settings->ca : NULL,
        .max_connections = settings->max_connections,
    };
    g_autoptr(GPtrArray) sockets = sockets_of(settings, error);
    g_autoptr(Server) server = sockets ? server_new(engine, &how, error) : NULL;

    for (guint i = 0; server && i < sockets->len; i++) {
        if (!server_listen(server, sockets->pdata[i], error))
            return NULL;
        log_address(sockets->pdata[i], settings->tls);
    }
    return g_steal_pointer(&server);
}

static Engine *open_engine(const Settings *settings, TlsCredentials *credentials, GError **error)
{
    EngineSettings how = {
        .store = settings->store,
        .credentials = settings->host_tls ? credentials : NULL,
        .mac_range_from = settings->mac_from,
        .mac_range_to = settings->mac_to,
        .poll_seconds = settings->poll_seconds,
        .heartbeat_ms = settings->heartbeat_ms,
        .reply_timeout_ms = settings->reply_timeout_ms,
        .grace_seconds = settings->grace_seconds,
    };

    if (!g_file_test(settings->store, G_FILE_TEST_EXISTS)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
                    "there is no store %s: make it with tapwall-engine --init", settings->store);
        return NULL;
    }
    return engine_new(&how, error);
}

static gboolean on_signal(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_CONTINUE;
}

static void run_until_told(void)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    guint term = g_unix_signal_add(SIGTERM, on_signal, loop);
    guint interrupt = g_unix_signal_add(SIGINT, on_signal, loop);

    (void)sd_notify(0, "READY=1"); /* nobody may be listening */
    g_main_loop_run(loop);
    (void)sd_notify(0, "STOPPING=1");
    log_info("ending");
    g_source_remove(term);
    g_source_remove(interrupt);
}

/* Each connection is a descriptor; some more are ours. */
static gboolean raise_descriptor_limit(guint connections, GError **error)
{
    rlim_t wanted = (rlim_t)connections + 256;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= wanted)
        return TRUE;
    limit.rlim_cur = wanted;
    if (limit.rlim_max >= wanted && setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return TRUE;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
                "[api] max_connections=%u needs a limit of %u open files (ulimit -n)", connections,
                (guint)wanted);
    return FALSE;
}

static gboolean serve(const Settings *settings, GError **error)
{
    gboolean secure = settings->tls || settings->host_tls;
    g_autoptr(TlsCredentials) credentials =
        secure ? tls_credentials_load(settings->certificate, settings->key, settings->ca, error)
               : NULL;
    g_autoptr(Engine) engine = NULL;
    g_autoptr(Server) server = NULL; /* ends before the engine: see g_autoptr's order */

    if ((secure && !credentials) || !raise_descriptor_limit(settings->max_connections, error))
        return FALSE;
    engine = open_engine(settings, credentials, error);
    server = engine ? start_server(engine, settings, credentials, error) : NULL;
    if (!server)
        return FALSE;
    engine_start(engine);
    run_until_told();
    return TRUE;
}

/* ---- one of the jobs ---- */

static gboolean run(const Options *options, GError **error)
{
    g_autoptr(Config) config = config_load(options->config ? options->config : DEFAULT_CONFIG,
                                           options->config != NULL, engine_config_keys, error);
    g_auto(Settings) settings = {0};

    if (!config || !settings_init(&settings, config, error))
        return FALSE;
    if (options->init)
        return setup_init(&settings, options->password_file, options->reset, error);
    if (options->issue)
        return setup_issue(&settings, options->issue, options->out, error);
    return serve(&settings, error);
}

int main(int argc, char **argv)
{
    g_auto(Options) options = {0};
    g_autoptr(GError) error = NULL;

    setlocale(LC_ALL, "C.UTF-8");
    if (!options_parse(&options, &argc, &argv, &error)) {
        g_printerr("tapwall-engine: %s\n", error->message);
        return 2;
    }
    if (options.version) {
        g_print("tapwall-engine " TAPWALL_VERSION "\n");
        return 0;
    }
    log_init("tapwall-engine", options.verbose);
    if (!run(&options, &error)) {
        log_error("%s", error->message);
        return 1;
    }
    return 0;
}
