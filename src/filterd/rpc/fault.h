/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "filterd/rpc/message.h"

/* An error as libvirt's protocol has it: the answer to a call. Never NULL. */
GBytes *fault_new(const MessageHeader *call, const GError *error);
