/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/config.h"

/*
 * The engine's configuration: its keys, and what follows from them. The shipped data/engine.conf is
 * the sample made of this table.
 */
extern const ConfigKey engine_config_keys[];

typedef struct {
    const char *store; /* borrowed from the Config */
    const char *address;
    guint16 port;
    gboolean tls, host_tls;
    guint max_connections;
    const char *mac_from, *mac_to;
    guint poll_seconds, heartbeat_ms, reply_timeout_ms, grace_seconds;
    const char *pki; /* the certificate authority's folder */
    char *ca, *certificate, *key;
} Settings;

/* Checks the values and fills in the paths. Config must outlive settings. */
gboolean settings_init(Settings *settings, const Config *config, GError **error);
void settings_clear(Settings *settings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Settings, settings_clear)
