/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "filterd/binding.h"

/* What the files about bindings share. An empty one, to be filled before it is shown. */
Binding *binding_new(void);
