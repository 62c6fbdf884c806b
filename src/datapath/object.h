/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

/* bpf/datapath.bpf.c as clang compiled it: an ELF object, carried by whoever loads it. */
extern const unsigned char datapath_object[];
extern const size_t datapath_object_size;
