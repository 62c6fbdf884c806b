/* SPDX-License-Identifier: Apache-2.0 */
#include <glib-unix.h>
#include <sys/resource.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "base/program.h"
#include "filterd/operator/metrics.h"
#include "filterd/operator/operator.h"
#include "filterd/rpc/service.h"
#include "filterd/settings.h"
#include "filterd/sockets.h"

/* tapwalld: libvirt's filter daemon, with the verdicts in the kernel. */

static gboolean quit(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_CONTINUE;
}

static gboolean reload(gpointer filterd)
{
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time());
    filterd_reload(filterd);
    (void)sd_notify(0, "READY=1");
    return G_SOURCE_CONTINUE;
}

/* Filtering does not depend on who can ask about it. */
static void serve_operator(OperatorServer *server, const DaemonSettings *settings)
{
    g_autoptr(GError) error = NULL;

    if (!operator_server_listen(server, settings->operator_socket, &error))
        log_error("socket=%s the tool tapwall is not answered: %s", settings->operator_socket,
                  error->message);
}

/* Nor on who reads figures. NULL when nobody may. */
static Metrics *serve_metrics(Filterd *filterd, const DaemonSettings *settings)
{
    g_autoptr(GError) error = NULL;
    Metrics *metrics;

    if (*settings->metrics == '\0')
        return NULL;
    metrics = metrics_new(filterd, settings->metrics, &error);
    if (!metrics)
        log_error("metrics=%s not served: %s", settings->metrics, error->message);
    return metrics;
}

static gboolean watchdog(gpointer nothing)
{
    (void)sd_notify(0, "WATCHDOG=1");
    return G_SOURCE_CONTINUE;
}

/* Each client takes a descriptor, and the usual limit is for programs that use select(2). */
static void allow_many_clients(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files); /* it serves as many as it can, then */
    }
}

/* libvirt's two sockets. Who may use them is their files' mode; and what changes filters is held
 * to root by the kernel's word about the client, too, unless a group is named. */
static RpcService *serve(Filterd *filterd, Sockets *sockets, const DaemonSettings *settings,
                         GError **error)
{
    const char *group = settings->socket_group;
    const guint mode = *group != '\0' ? 0660 : 0600;
    GSocket *socket = sockets_get(sockets, settings->socket, mode, group, error);
    GSocket *socket_ro = socket ? sockets_get(sockets, settings->socket_ro,
                                              settings->all_read ? 0666 : mode, group, error)
                                : NULL;
    RpcService *service;

    if (!socket_ro)
        return NULL;
    allow_many_clients();
    service = rpc_service_new(filterd, &rpc_service_defaults);
    rpc_service_add_socket(service, socket, *group != '\0' ? 0 : RPC_SOCKET_ROOT_ONLY);
    rpc_service_add_socket(service, socket_ro, RPC_SOCKET_READ_ONLY);
    return service;
}

/* A service manager that wants a sign of life gets two in the time it allows. */
static guint watchdog_start(void)
{
    guint64 microseconds;

    return sd_watchdog_enabled(0, &microseconds) > 0
               ? g_timeout_add((guint)(microseconds / 2000), watchdog, NULL)
               : 0;
}

static gboolean run(const DaemonSettings *settings, GError **error)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(Sockets) sockets = sockets_new(error);
    g_autoptr(Filterd) filterd = sockets ? filterd_new(&settings->core, error) : NULL;
    g_autoptr(OperatorServer) tool = NULL; /* goes before what it tells of */
    g_autoptr(Metrics) metrics = NULL;
    g_autoptr(RpcService) service = filterd ? serve(filterd, sockets, settings, error) : NULL;
    guint terminate, interrupt, hangup, dog;

    if (!service)
        return FALSE;
    tool = operator_server_new(filterd, &settings->core);
    serve_operator(tool, settings);
    metrics = serve_metrics(filterd, settings);
    dog = watchdog_start();
    terminate = g_unix_signal_add(SIGTERM, quit, loop);
    interrupt = g_unix_signal_add(SIGINT, quit, loop);
    hangup = g_unix_signal_add(SIGHUP, reload, filterd);
    (void)sd_notify(0, "READY=1"); /* without a service manager there is nobody to tell */
    g_main_loop_run(loop);
    log_info("stopping; ports stay filtered");
    (void)sd_notify(0, "STOPPING=1");
    g_source_remove(terminate);
    g_source_remove(interrupt);
    g_source_remove(hangup);
    if (dog)
        g_source_remove(dog);
    return TRUE;
}

static const Program program = {"tapwalld", "- filter the ports of this host",
                                TAPWALL_SYSCONFDIR "/tapwall/tapwalld.conf", filterd_config_keys};

int main(int argc, char **argv)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    DaemonSettings settings;
    int status;
    g_autoptr(Config) config = program_begin(&program, argc, argv, &path, &status);

    if (!config)
        return status;
    if (!daemon_settings_read(&settings, config, &error)) {
        log_error("%s: %s", path, error->message);
        return 1;
    }
    if (run(&settings, &error))
        return 0;
    log_error("%s", error->message);
    return 1;
}
