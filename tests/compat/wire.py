# SPDX-License-Identifier: Apache-2.0
"""A bridge with the VM's port and another one, both taps whose other ends are ours.

What is written to a tap has gone its whole way, or has been dropped, when write() returns: the
kernel carries it through the bridge in the writer's context. So what a frame came to can be read
at once, and nobody waits.

  vm     the port that is filtered: written to, it is a frame from the VM; read, one to it
  peer   another port, without filter
  up     what the bridge hands to its host
  input  likewise, and the host's IP took it: behind iptables' INPUT
"""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
from pathlib import Path

import netlink

TUNSETIFF = 0x400454ca
IFF_TAP, IFF_NO_PI = 2, 0x1000
ETH_P_ALL = 3
SOL_PACKET, PACKET_AUXDATA = 263, 8
TP_STATUS_VLAN_VALID, TP_STATUS_VLAN_TPID_VALID = 0x10, 0x40
CLONE_NEWNET = 0x40000000
GROUP = 7  # of the log

# Ours is the last word on INPUT: what got there is noted and goes no further, so that no host
# answers. Everything is local to it.
WATCH = ''.join(f"""
table {family} tapwall_watch {{
    chain input {{ type filter hook input priority 200
        iifname != "lo" log group {GROUP} queue-threshold 1
        drop
    }}
}}
""" for family in ('ip', 'ip6'))

# What libvirt's rules make of every host: it looks at connections, and so puts datagrams together.
TRACK = """
table ip tapwall_track {
    chain forward { type filter hook forward priority 0; ct state new counter;
    }
}
table ip6 tapwall_track {
    chain forward { type filter hook forward priority 0; ct state new counter;
    }
}
"""


def run(*command, text=None):
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60,
                          env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL': 'C.UTF-8'})
    if done.returncode:
        raise RuntimeError(f'{" ".join(command)}: {done.stderr.strip()}')


def sysctl(name, value):
    Path('/proc/sys/net', name).write_text(str(value), encoding='ascii')


def libc(name, *arguments):
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f'{name}: {os.strerror(number)}')


class Namespace:
    """A network namespace other than the process's own; `with` works in it."""

    def __init__(self):
        self.outside = os.open('/proc/thread-self/ns/net', os.O_RDONLY)
        libc('unshare', CLONE_NEWNET)
        self.inside = os.open('/proc/thread-self/ns/net', os.O_RDONLY)
        libc('setns', self.outside, CLONE_NEWNET)

    def __enter__(self):
        libc('setns', self.inside, CLONE_NEWNET)

    def __exit__(self, *_):
        libc('setns', self.outside, CLONE_NEWNET)


def prepare():
    """The namespace: no address, no answer of its own, every destination its own."""
    run('ip', 'link', 'set', 'lo', 'up')
    for name, value in (('ipv4/conf/all/rp_filter', 0), ('ipv4/conf/default/rp_filter', 0),
                        ('ipv4/conf/all/accept_local', 1), ('ipv4/conf/default/accept_local', 1),
                        ('ipv4/conf/all/arp_ignore', 8), ('ipv4/conf/default/arp_ignore', 8),
                        ('ipv6/conf/default/addr_gen_mode', 1), ('ipv6/conf/default/accept_ra', 0),
                        ('ipv6/conf/default/router_solicitations', 0),
                        # Windows and checksums are not ours to judge.
                        ('netfilter/nf_conntrack_tcp_be_liberal', 1),
                        ('netfilter/nf_conntrack_checksum', 0)):
        sysctl(name, value)
    run('ip', 'route', 'add', 'local', '0.0.0.0/0', 'dev', 'lo')
    run('ip', '-6', 'route', 'add', 'local', '::/0', 'dev', 'lo')
    run('nft', '-f', '-', text=WATCH)


def filter_ip(is_on):
    """Whether bridged IP goes through iptables."""
    for name in ('iptables', 'ip6tables'):
        sysctl(f'bridge/bridge-nf-call-{name}', int(is_on))


def tap(name, mac=None):
    fd = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack('16sH14x', name.encode(), IFF_TAP | IFF_NO_PI))
    sysctl(f'ipv6/conf/{name}/disable_ipv6', 1)
    words = ['ip', 'link', 'set', name]
    run(*words, *(['address', mac] if mac else []), 'up')
    return fd


def with_tag(octets, ancillary):
    """The frame as it was sent: the kernel took its outermost tag out."""
    for level, kind, data in ancillary:
        if level != SOL_PACKET or kind != PACKET_AUXDATA:
            continue
        status, _, _, _, _, tci, tpid = struct.unpack('=IIIHHHH', data)
        if status & TP_STATUS_VLAN_VALID:
            tpid = tpid if status & TP_STATUS_VLAN_TPID_VALID else 0x8100
            return octets[:12] + struct.pack('>HH', tpid, tci) + octets[12:]
    return octets


class Bridge:
    def __init__(self, name, port, mac):
        self.name, self.port = name, port
        run('ip', 'link', 'add', name, 'address', mac, 'type', 'bridge', 'stp_state', '0',
            'mcast_snooping', '0', 'forward_delay', '0', 'group_fwd_mask', '0xfff8')
        self.ends = {'vm': tap(port, 'fe:00:00:00:00:01'), 'peer': tap(f'{name}p', 'fe:00:00:00:00:02')}
        for end in (port, f'{name}p'):
            run('ip', 'link', 'set', end, 'master', name)
        run('ip', 'link', 'set', name, 'up')
        self.indexes = {'vm': socket.if_nametoindex(port), 'peer': socket.if_nametoindex(f'{name}p')}
        self.up = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.up.bind((name, ETH_P_ALL))
        self.up.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.up.setblocking(False)
        self.forwarding = netlink.Forwarding()
        self.connections = netlink.Connections()
        self.log = netlink.Log(GROUP)
        self.drain()

    def close(self):
        for fd in self.ends.values():
            os.close(fd)
        self.up.close()
        for link in (self.forwarding, self.connections, self.log):
            link.socket.close()

    def drain(self):
        """{'vm': frames, 'peer': frames, 'up': frames, 'input': packets}"""
        found = {'vm': [], 'peer': [], 'up': [], 'input': self.log.read()}
        for end, fd in self.ends.items():
            while True:
                try:
                    found[end].append(os.read(fd, 65536))
                except BlockingIOError:
                    break
        while True:
            try:
                octets, ancillary, _, address = self.up.recvmsg(65536, 64)
            except BlockingIOError:
                return found
            if address[2] != socket.PACKET_OUTGOING:
                found['up'].append(with_tag(octets, ancillary))

    def send(self, end, frame):
        """What arrived where, or None when the kernel takes no such frame."""
        try:
            if end == 'host':
                self.up.send(frame)
            else:
                os.write(self.ends[end], frame)
        except OSError:
            return None
        return self.drain()

    def learned(self, end, frame):
        """Whether the bridge learned the frame's source at that end; it has not any more."""
        return end in self.indexes and self.forwarding.forget(self.indexes[end], frame[6:12])
