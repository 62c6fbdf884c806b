# SPDX-License-Identifier: Apache-2.0
"""What the compat tests ask the kernel by netlink: forwarding tables, connections, logged packets.

Each socket belongs to the network namespace in which it was made.
"""

import errno
import os
import socket
import struct

NETLINK_ROUTE, NETLINK_NETFILTER = 0, 12
NLM_F_REQUEST, NLM_F_ACK = 1, 4
NLMSG_ERROR = 2
RTM_DELNEIGH = 29
NTF_MASTER = 4
NDA_LLADDR = 2
ULOG, CTNETLINK = 4, 1  # subsystems of nfnetlink
ULOG_PACKET, ULOG_CONFIG = ULOG << 8, ULOG << 8 | 1
ULOG_COMMAND, ULOG_MODE, ULOG_THRESHOLD, ULOG_PAYLOAD = 1, 2, 5, 9
COPY_PACKET = 2
CT_DELETE = CTNETLINK << 8 | 2


def attribute(kind, value):
    return struct.pack('=HH', 4 + len(value), kind) + value + bytes(-len(value) % 4)


def attributes(octets):
    while len(octets) >= 4:
        length, kind = struct.unpack_from('=HH', octets)
        if length < 4:
            return
        yield kind & 0x3fff, octets[4:length]
        octets = octets[length + 3 & ~3:]


class Netlink:
    """One request at a time; its answer is the kernel's error number."""

    def __init__(self, family):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family)
        self.socket.bind((0, 0))
        self.sequence = 0

    def request(self, kind, body):
        self.sequence += 1
        self.socket.send(struct.pack('=IHHII', 16 + len(body), kind, NLM_F_REQUEST | NLM_F_ACK,
                                     self.sequence, 0) + body)
        while True:
            answer = self.socket.recv(65536)
            _, kind, _, sequence, _ = struct.unpack_from('=IHHII', answer)
            if kind == NLMSG_ERROR and sequence == self.sequence:
                return -struct.unpack_from('=i', answer, 16)[0]


class Forwarding(Netlink):
    """Forwarding tables of bridges."""

    def __init__(self):
        super().__init__(NETLINK_ROUTE)

    def forget(self, port, mac):
        """Whether the bridge had learned `mac` at the port (an index); it has not any more."""
        body = struct.pack('=BBHiHBB', socket.AF_BRIDGE, 0, 0, port, 0, NTF_MASTER, 0)
        number = self.request(RTM_DELNEIGH, body + attribute(NDA_LLADDR, mac))
        if number not in (0, errno.ENOENT, errno.EINVAL):
            raise OSError(number, os.strerror(number))
        return number == 0


class Connections(Netlink):
    """The namespace's connection tracking."""

    def __init__(self):
        super().__init__(NETLINK_NETFILTER)

    def flush(self):
        number = self.request(CT_DELETE, struct.pack('>BBH', socket.AF_UNSPEC, 0, 0))
        if number:
            raise OSError(number, os.strerror(number))


class Log(Netlink):
    """Packets that a rule `log group N` lets through to here, from their IP header on."""

    def __init__(self, group):
        super().__init__(NETLINK_NETFILTER)
        head = struct.pack('>BBH', socket.AF_UNSPEC, 0, group)
        for kind, value in ((ULOG_COMMAND, b'\x01'),
                            (ULOG_MODE, struct.pack('>IBB', 0xffff, COPY_PACKET, 0)),
                            (ULOG_THRESHOLD, struct.pack('>I', 1))):
            number = self.request(ULOG_CONFIG, head + attribute(kind, value))
            if number:
                raise OSError(number, os.strerror(number))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.setblocking(False)

    def read(self):
        packets = []
        while True:
            try:
                octets = self.socket.recv(1 << 18)
            except BlockingIOError:
                return packets
            while len(octets) >= 20:
                length, kind = struct.unpack_from('=IH', octets)
                if kind == ULOG_PACKET:
                    packets += [value for name, value in attributes(octets[20:length])
                                if name == ULOG_PAYLOAD]
                octets = octets[length + 3 & ~3:]
