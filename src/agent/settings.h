/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/config.h"

/* The agent's configuration: the table of its keys, and the values an Agent needs. */

extern const ConfigKey agent_config_keys[];

enum { AGENT_TLS_CERTIFICATE, AGENT_TLS_KEY, AGENT_TLS_CA, AGENT_TLS_FILES };

/* Strings are borrowed from the Config. */
typedef struct {
    const char *address;
    guint16 port;
    gboolean ssl;
    const char *tls[AGENT_TLS_FILES];
    const char *libvirt_uri;
    const char *domain_type; /* "auto", "kvm" or "qemu" */
    const char *emulator;    /* "": libvirt's choice */
    const char *vm_folders;  /* see vm-files.h */
    const char *filter_file;
    gboolean own_taps;         /* enforcement=tapwall: see ports.h */
    const char *filter_uri;    /* tapwalld as libvirt's filter daemon */
    const char *filter_socket; /* tapwalld's own socket */
    guint poll_seconds;
    guint unplug_seconds;
} AgentSettings;

/* Reads and checks; CONFIG_ERROR_VALUE names the key and what it can be. */
gboolean agent_settings_read(AgentSettings *settings, const Config *config, GError **error);
