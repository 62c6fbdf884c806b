/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where vdsm-no-mac-spoofing.xml as it is shipped lies: beside this program's prefix where there is
 * one (a staged installation), else in the prefix it was built for. */
char *shipped_filter_path(void);
