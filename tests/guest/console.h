/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The guest's answers: lines on the serial console, each beginning with "tw: ". */

void console_open(const char *path);
void console_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
