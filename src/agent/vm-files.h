/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "agent/vm-config.h"

/*
 * Which of the host's files a VM may have. libvirt opens what a domain names as root, hands it to
 * QEMU, and lets a disk or console log be written; so without a limit whoever may define a VM could
 * read and write every file of the host. The limit is on names: what is in the folders, symbolic
 * links too, is the business of the host's administrator. A whole domain XML is not looked through.
 */

/* An absolute path below "/" that has no "." or ".." in it. */
gboolean path_is_straight(const char *path);

/* folders: absolute paths with ':' between. RPC_INVALID_PARAMETER names the file and the folders.
 */
gboolean vm_files_check(const VmConfig *config, const char *folders, GError **error);
