/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The parts of bench-datapath. Each prints its figures, one a line; lane_open() comes first.
 * `rules`: the file with what ebtables-save prints of three ports bound by libvirt
 * (stock-rules.py). */

/* What filtering costs a frame at few ports, and with long lists. */
void bench_frames(const char *rules);

/* The same of 100, 500 and 1,000 filtered ports, and beside libvirt's own rules for 500. */
void bench_many(const char *rules);

/* One ARP request to 300 ports. */
void bench_flood(const char *rules);

/* From the filter to attached; a redefinition. */
void bench_binding(const char *rules);

/* What ports bound to the default filter take of the kernel's memory. */
void bench_memory(const char *rules);
