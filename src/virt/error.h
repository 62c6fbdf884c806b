/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * libvirt's errors as GError: code and message are libvirt's own (virterror.h), unchanged, so that
 * what an administrator looks up is what libvirt said. Only codes somebody decides by have names.
 */
#define VIRT_ERROR virt_error_quark()
GQuark virt_error_quark(void);

enum {
    VIRT_ERROR_UNREACHABLE = -1, /* ours: there is no connection; the message says why */
    VIRT_ERROR_OPERATION_FAILED = 9,
    VIRT_ERROR_NO_DOMAIN = 42,
    VIRT_ERROR_SYSTEM = 38,
    VIRT_ERROR_NO_FILTER = 62,
    VIRT_ERROR_NO_BINDING = 101,
};
