/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/error.h"

G_DEFINE_QUARK(tapwall - decide - error - quark, decide_error)
