/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/config.h"
#include "filterd/filterd.h"

/* The filter daemon's configuration: the table of its keys, and the values it needs. */

extern const ConfigKey filterd_config_keys[];

/* Strings are borrowed from the Config. */
typedef struct {
    FilterdSettings core;
    const char *socket, *socket_ro; /* libvirt's protocol */
    const char *socket_group;       /* who may use both, besides root; "": nobody */
    gboolean all_read;              /* the read-only one is for every user */
    const char *operator_socket;    /* the tool tapwall's */
    const char *metrics;            /* "": off */
} DaemonSettings;

/* Reads and checks; CONFIG_ERROR_VALUE names the key and what it can be. */
gboolean daemon_settings_read(DaemonSettings *settings, const Config *config, GError **error);
