/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <glib.h>

/*
 * Purpose: a bridge with ports, alone in a network and mount namespace of this process, for tests
 * of the data path: the frames of a guest go in at one end of a veth and come out at another.
 * The kernel takes it all down when the process ends.
 */

/* New namespaces, a bpf file system at a private place (returned, static) and the bridge "bridge".
 */
const char *wire_enter(void);

/* A port "pN" of the bridge, with MTU 9000, and the guest's end "gN". Gives the port's ifindex. */
guint wire_port(guint number);

/* A socket at a guest's end that sends and receives whole frames. With `split`, all but the first
 * 14 octets of what it sends lie outside the linear part of the kernel's buffer. */
int wire_socket(guint number, gboolean split);

void wire_send(int socket, const GByteArray *frame, gboolean split);

/* Sends the marker, a broadcast of type 0x88b6 from `mac`, by the same way as the frames before
 * it; wire_collect gives what came out elsewhere until then. */
void wire_mark(int socket, const char *mac, gboolean split);

/* Frames received before the marker, tags put back into them. FALSE after a second without one. */
gboolean wire_collect(int socket, GPtrArray **frames);

/* Whether the bridge has learnt that `mac` is behind the port. */
gboolean wire_has_learnt(guint number, const char *mac);

/* Whether filters of clsact run BPF on frames from and to the port; both or none. */
gboolean wire_has_clsact(guint number);

/* A command that must succeed. The caller frees its output. */
void wire_run(const char *line);
char *wire_output(const char *line);

GByteArray *wire_octets(const char *hex);
