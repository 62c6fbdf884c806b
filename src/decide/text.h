/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "decide/error.h"
#include "decide/ir.h"

/*
 * Purpose: a program as text, for people, golden files and fuzzers, and back.
 *
 *     program clean-traffic out
 *     slot 0 IP ip4
 *     set 0 = 32: $IP[@0]
 *     l2
 *       drop !refused if has refused
 *       chain ipv4-ip if eth.type == 0x0800
 *         return no-ip-spoofing:19 if has ip4 and ip.src in set 0
 *         drop no-ip-spoofing:22
 *     inet
 *
 * Two spaces of indent for each level. $IP[0] is an element of a port's list, $IP#3[0] of the slot
 * with that number where the name alone is not enough; [@0] is each element, by iterator;
 * mask(...) the same read as a mask; low(0) and high(0) what the entries of set 0 have in common.
 */

/* The caller frees. */
char *ir_program_format(const IrProgram *program);

/* One step without its inner steps, and the tests of a step alone. */
char *ir_step_format(const IrProgram *program, const IrStep *step);
char *ir_step_format_tests(const IrProgram *program, const IrStep *step);
char *ir_step_format_key(const IrProgram *program, const IrStep *step); /* alike in all programs */
char *ir_test_format(const IrProgram *program, const IrTest *test);
char *ir_value_format(IrForm form, guint bits, IrValue value);

#define IR_TEXT_MAX (4 * 1024 * 1024)
#define IR_DEPTH_MAX 64

/* Reads what ir_program_format wrote; what it returns honors the invariants. Errors:
 * DECIDE_ERROR_TEXT with the line, DECIDE_ERROR_LIMIT. */
IrProgram *ir_program_parse(const char *text, GError **error);

/* The word of a TYPE_, for slots. */
const char *ir_type_format(ValueType type);
gboolean ir_type_parse(const char *word, ValueType *type);
