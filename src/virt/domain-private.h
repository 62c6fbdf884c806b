/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "virt/domain.h"
#include "virt/private.h"

/* Our word for one of libvirt's virDomainState. */
VirtDomainState virt_domain_state(int libvirt_state);
