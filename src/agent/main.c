/* SPDX-License-Identifier: Apache-2.0 */
#include <glib-unix.h>
#include <systemd/sd-daemon.h>

#include "agent/agent.h"
#include "agent/verbs.h"
#include "base/listen.h"
#include "base/log.h"
#include "base/program.h"
#include "jsonrpc/stomp-frame.h"

/* tapwall-agent: VDSM's verbs on port 54321, on top of libvirt. */

/* The sockets handed over, or one bound here. */
static gboolean sockets_serve(RpcServer *server, const AgentSettings *settings, GError **error)
{
    g_autoptr(GPtrArray) sockets = listen_inherited(error);
    g_autoptr(GSocket) own = NULL;

    if (!sockets)
        return FALSE;
    for (guint i = 0; i < sockets->len; i++)
        if (!rpc_server_add_socket(server, sockets->pdata[i], error))
            return FALSE;
    if (sockets->len > 0) {
        log_info("sockets=%u serving handed-over sockets", sockets->len);
        return TRUE;
    }
    own = listen_socket_new(settings->address, settings->port, error);
    if (!own || !rpc_server_add_socket(server, own, error))
        return FALSE;
    log_info("address=%s port=%u ssl=%s serving", settings->address, settings->port,
             settings->ssl ? "true" : "false");
    return TRUE;
}

/* A connection that was refused or lost, and why: what its client sees is only its end. */
static void connection_lost(const char *peer, const GError *reason, gpointer data)
{
    if (g_error_matches(reason, STOMP_ERROR, STOMP_ERROR_CLOSED))
        log_info("peer=%s gone without DISCONNECT", peer); /* as command-line clients do */
    else
        log_warning("peer=%s connection lost: %s", peer, reason->message);
}

static gboolean agent_serve(Agent *agent, GError **error)
{
    const AgentSettings *settings = &agent->settings;
    g_autoptr(TlsCredentials) credentials = NULL;

    if (settings->ssl) {
        credentials =
            tls_credentials_load(settings->tls[AGENT_TLS_CERTIFICATE], settings->tls[AGENT_TLS_KEY],
                                 settings->tls[AGENT_TLS_CA], error);
        if (!credentials)
            return FALSE;
    } else {
        log_warning("ssl=false: everyone who reaches the port rules this host");
    }
    agent->server = rpc_server_new(credentials, verbs_handle, agent);
    rpc_server_set_lost_handler(agent->server, connection_lost, NULL);
    return sockets_serve(agent->server, settings, error);
}

static gboolean quit(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_CONTINUE;
}

static gboolean run(const AgentSettings *settings, GError **error)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(Agent) agent = agent_new(settings);
    guint terminate, interrupt;

    if (!agent_serve(agent, error))
        return FALSE;
    terminate = g_unix_signal_add(SIGTERM, quit, loop);
    interrupt = g_unix_signal_add(SIGINT, quit, loop);
    agent_start(agent);
    (void)sd_notify(0, "READY=1"); /* without a service manager there is nobody to tell */
    g_main_loop_run(loop);
    log_info("stopping; VMs stay");
    (void)sd_notify(0, "STOPPING=1");
    g_source_remove(terminate);
    g_source_remove(interrupt);
    return TRUE;
}

static const Program program = {"tapwall-agent", "- run VMs as oVirt's VDSM does",
                                TAPWALL_SYSCONFDIR "/tapwall/agent.conf", agent_config_keys};

int main(int argc, char **argv)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    AgentSettings settings;
    int status;
    g_autoptr(Config) config = program_begin(&program, argc, argv, &path, &status);

    if (!config)
        return status;
    if (!agent_settings_read(&settings, config, &error)) {
        log_error("%s: %s", path, error->message);
        return 1;
    }
    if (run(&settings, &error))
        return 0;
    log_error("%s", error->message);
    return 1;
}
