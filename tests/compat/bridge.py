# SPDX-License-Identifier: Apache-2.0
"""A bridge with a filtered tap and a plain one, and what gets from one to the other.

Only inside the namespaces of nwfilterd.enter(). A frame written to a tap has been judged and stands
in the other tap's queue when write() returns, so nothing here waits for a frame.
"""

import fcntl
import os
import socket
import struct

from nwfilterd import run

TUNSETIFF = 0x400454ca
IFF_TAP, IFF_NO_PI = 2, 0x1000
FRAME_MAX = 65536
FILTERED, PLAIN = 'filtered', 'plain'


def open_tap(name):
    tap = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tap, TUNSETIFF, struct.pack('16sH22x', name.encode(), IFF_TAP | IFF_NO_PI))
    return tap


class Bridge:
    """br0 with the taps FILTERED and PLAIN. It floods, learns nothing, speaks no protocol of its own,
    and hands IP to iptables, as libvirt's rules need it."""

    def __init__(self):
        run('ip', 'link', 'add', 'br0', 'type', 'bridge', 'mcast_snooping', '0', 'stp_state', '0')
        for family in ('ip', 'ip6'):
            with open(f'/proc/sys/net/bridge/bridge-nf-call-{family}tables', 'w') as knob:
                knob.write('1')
        self.taps = {name: open_tap(name) for name in (FILTERED, PLAIN)}
        for name in (FILTERED, PLAIN, 'br0'):
            with open(f'/proc/sys/net/ipv6/conf/{name}/disable_ipv6', 'w') as knob:
                knob.write('1')
        for name in self.taps:
            run('ip', 'link', 'set', name, 'master', 'br0', 'up')
            run('bridge', 'link', 'set', 'dev', name, 'learning', 'off')
        run('ip', 'link', 'set', 'br0', 'up')

    def drain(self, name):
        frames = []
        while True:
            try:
                frames.append(os.read(self.taps[name], FRAME_MAX))
            except BlockingIOError:
                return frames

    def passes(self, direction, frame):
        """Whether the frame arrives: out is from the filtered tap, in is to it."""
        source, target = (FILTERED, PLAIN) if direction == 'out' else (PLAIN, FILTERED)
        self.drain(FILTERED)
        self.drain(PLAIN)
        try:
            os.write(self.taps[source], frame)
        except OSError:
            return False
        return bool(self.drain(target))

    def deliveries(self, frames):
        forget_connections()
        return [self.passes(direction, frame) for direction, frame in frames]


def forget_connections():
    """All of conntrack's, over its netlink interface."""
    netfilter, delete_all = 12, 1 << 8 | 2
    request_ack = 1 | 4
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, netfilter) as kernel:
        kernel.send(struct.pack('=IHHIIBBH', 20, delete_all, request_ack, 1, 0, 0, 0, 0))
        error = struct.unpack_from('=i', kernel.recv(4096), 16)[0]
    assert error == 0, os.strerror(-error)
