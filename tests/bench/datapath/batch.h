/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Runs a command that must succeed with `text` as its standard input. */
void batch_run(const char *command, const char *text);
