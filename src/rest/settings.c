/* SPDX-License-Identifier: Apache-2.0 */
#include "rest/settings.h"

#include <gio/gio.h>

#include "base/mac.h"

const ConfigKey engine_config_keys[] = {
    {"engine", "store", CONFIG_STRING, TAPWALL_STATEDIR "/engine.db",
     "The engine's database: a SQLite file."},
    {"engine", "mac_from", CONFIG_STRING, "52:54:00:00:00:01",
     "The range NICs get their MAC addresses from, both ends included."},
    {"engine", "mac_to", CONFIG_STRING, "52:54:00:ff:ff:fe", "See mac_from."},
    {"engine", "poll_seconds", CONFIG_UINT, "0",
     "How often every host is asked for its VMs, up to 3600; changes in between come as events.\n"
     "Here and below 0 leaves it to the option: VdsRefreshRate (engine-config -g)."},
    {"engine", "heartbeat_ms", CONFIG_UINT, "0",
     "STOMP heart-beats on the connections to the hosts, up to 600000; vdsHeartbeatInSeconds."},
    {"engine", "reply_timeout_seconds", CONFIG_UINT, "0",
     "How long a host may take to answer a request, up to 3600; vdsTimeout."},
    {"engine", "grace_seconds", CONFIG_UINT, "0",
     "How long a host that was lost is 'connecting' before it is 'non_responsive', up to 3600;\n"
     "TimeoutToResetVdsInSeconds."},
    {"engine", "host_tls", CONFIG_BOOL, "true",
     "Mutual TLS towards the hosts, as their agents expect. Without it everyone on the way rules\n"
     "them: for laboratories."},
    {"api", "address", CONFIG_STRING, "::",
     "Address to listen on. '::' takes IPv4 too. A socket handed over by the service manager is\n"
     "used instead."},
    {"api", "port", CONFIG_UINT, "8443", "Port of the REST API."},
    {"api", "tls", CONFIG_BOOL, "true",
     "HTTPS. Plain HTTP shows the password to everyone on the way: it is refused on any address "
     "but\n"
     "a loopback one."},
    {"api", "max_connections", CONFIG_UINT, "512",
     "Open connections of API clients, 8 to 10000; one address may have half of them."},
    {"pki", "directory", CONFIG_STRING, TAPWALL_SYSCONFDIR "/pki/tapwall",
     "The deployment's certificate authority: ca.pem and private/ca-key.pem, made by\n"
     "tapwall-engine --init."},
    {"pki", "certificate", CONFIG_STRING, "",
     "The engine's own certificate, for the API and towards the hosts. Empty: engine.pem in the\n"
     "directory."},
    {"pki", "key", CONFIG_STRING, "", "Its key. Empty: private/engine-key.pem in the directory."},
    {NULL},
};

/* A number of the table within its limits. */
static gboolean read_uint(const Config *config, const char *group, const char *key, guint low,
                          guint high, guint *value, GError **error)
{
    guint64 wanted = config_uint(config, group, key);

    if (wanted < low || wanted > high) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
                    "[%s] %s must be %u to %u, not %" G_GUINT64_FORMAT, group, key, low, high,
                    wanted);
        return FALSE;
    }
    *value = (guint)wanted;
    return TRUE;
}

static gboolean read_numbers(Settings *settings, const Config *config, GError **error)
{
    guint port, timeout;
    const struct {
        const char *group, *key;
        guint low, high, *value;
    } rows[] = {
        {"engine", "poll_seconds", 0, 3600, &settings->poll_seconds},
        {"engine", "heartbeat_ms", 0, 600000, &settings->heartbeat_ms},
        {"engine", "reply_timeout_seconds", 0, 3600, &timeout},
        {"engine", "grace_seconds", 0, 3600, &settings->grace_seconds},
        {"api", "port", 1, 65535, &port},
        {"api", "max_connections", 8, 10000, &settings->max_connections},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
        if (!read_uint(config, rows[i].group, rows[i].key, rows[i].low, rows[i].high, rows[i].value,
                       error))
            return FALSE;
    settings->port = (guint16)port;
    settings->reply_timeout_ms = timeout * 1000;
    return TRUE;
}

static gboolean check_macs(const Settings *settings, GError **error)
{
    guint64 from, to;
    gboolean good = mac_parse(settings->mac_from, &from) && mac_parse(settings->mac_to, &to) &&
                    from <= to && !mac_is_group(from) && !mac_is_group(to);

    if (!good)
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
                    "[engine] mac_from and mac_to must be a range of unicast MAC addresses, not %s "
                    "to %s",
                    settings->mac_from, settings->mac_to);
    return good;
}

/* Without TLS the address must be one nobody else can reach. */
static gboolean check_address(const Settings *settings, GError **error)
{
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(settings->address);

    if (!address) {
        g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
                    "[api] address must be an IP address, not '%s'", settings->address);
        return FALSE;
    }
    if (settings->tls || g_inet_address_get_is_loopback(address))
        return TRUE;
    g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_VALUE,
                "[api] tls=false is only for a loopback address, not '%s'", settings->address);
    return FALSE;
}

static char *path_or(const char *path, const char *directory, const char *name)
{
    return *path ? g_strdup(path) : g_build_filename(directory, name, NULL);
}

gboolean settings_init(Settings *settings, const Config *config, GError **error)
{
    Settings new = {
        .store = config_string(config, "engine", "store"),
        .address = config_string(config, "api", "address"),
        .tls = config_bool(config, "api", "tls"),
        .host_tls = config_bool(config, "engine", "host_tls"),
        .mac_from = config_string(config, "engine", "mac_from"),
        .mac_to = config_string(config, "engine", "mac_to"),
        .pki = config_string(config, "pki", "directory"),
    };

    if (!read_numbers(&new, config, error) || !check_macs(&new, error) ||
        !check_address(&new, error))
        return FALSE;
    new.ca = g_build_filename(new.pki, "ca.pem", NULL);
    new.certificate = path_or(config_string(config, "pki", "certificate"), new.pki, "engine.pem");
    new.key = path_or(config_string(config, "pki", "key"), new.pki, "private/engine-key.pem");
    *settings = new;
    return TRUE;
}

void settings_clear(Settings *settings)
{
    g_clear_pointer(&settings->ca, g_free);
    g_clear_pointer(&settings->certificate, g_free);
    g_clear_pointer(&settings->key, g_free);
}
