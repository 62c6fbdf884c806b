# SPDX-License-Identifier: Apache-2.0
"""Who takes part, and the frames that go into every filter: honest ones, the catalogue of lies, and
conversations. A frame is a description of packet.py, as the VM sends it.
"""

import packet
from packet import AH, ESP, ICMP, ICMPV6, IGMP, SCTP, STP_GROUP, TCP, UDP, UDPLITE

VM, PEER, VICTIM, HOST = 0x525400123456, 0x02aa00000002, 0x525400999999, 0x02bb00000001
VM4, PEER4, VICTIM4, HOST4 = 0x0a000001, 0x0a000002, 0x0a000009, 0x0a0000fe
FD, FE80 = 0xfd << 120, 0xfe80 << 112
VM6, PEER6, VICTIM6 = FD | 1, FD | 2, FD | 9
LINK6 = FE80 | 0x505400fffe123456
ALL_NODES6, ALL_ROUTERS6 = 0xff02 << 112 | 1, 0xff02 << 112 | 2
BROADCAST = 0xffffffffffff
HBH, ROUTING, DESTINATION = 0, 43, 60

ARP = {'kind': 'arp', 'src': VM, 'dst': BROADCAST, 'op': 1, 'sha': VM, 'spa': VM4, 'tha': 0,
       'tpa': PEER4}
REPLY = ARP | {'dst': PEER, 'op': 2, 'tha': PEER}
IP4 = {'kind': 'ip4', 'src': VM, 'dst': PEER, 'sip': VM4, 'dip': PEER4, 'proto': UDP,
       'sport': 1234, 'dport': 80}
IP6 = {'kind': 'ip6', 'src': VM, 'dst': PEER, 'sip': VM6, 'dip': PEER6, 'proto': UDP,
       'sport': 1234, 'dport': 80}
RAW = {'kind': 'raw', 'src': VM, 'dst': PEER}
STP = {'kind': 'stp', 'src': VM, 'dst': STP_GROUP, 'root_priority': 0x8000, 'root': VM,
       'sender_priority': 0x8000, 'sender': VM, 'port': 0x8001, 'max_age': 0x1400, 'hello': 0x200,
       'delay': 0xf00, 'cost': 4}
DISCOVER = IP4 | {'dst': BROADCAST, 'sip': 0, 'dip': 0xffffffff, 'sport': 68, 'dport': 67,
                  'payload': bytes([1, 1, 6, 0]) + bytes(24) + VM.to_bytes(6, 'big') + bytes(202)}
SOLICIT6 = IP6 | {'sip': LINK6, 'dip': 0xff02 << 112 | 1 << 16 | 2, 'dst': 0x333300010002,
                  'sport': 546, 'dport': 547}


def option(kind, target):
    return bytes([kind, 1]) + target.to_bytes(6, 'big')


def neighbour(kind, target, options, **more):
    return IP6 | {'proto': ICMPV6, 'itype': kind, 'hop': 255, 'dip': ALL_NODES6, 'dst': 0x333300000001,
                  'echo': 0x20000000 if kind == 136 else 0,
                  'payload': target.to_bytes(16, 'big') + options} | more


def header(octets):
    """An IPv6 extension header of padding."""
    return b'\x00' + bytes([octets // 8 - 1, 1, octets - 4]) + bytes(octets - 4)


HONEST = {
    'arp request': ARP, 'arp reply': REPLY, 'arp probe': ARP | {'spa': 0},
    'arp announcement': ARP | {'tpa': VM4},
    **{f'ip4 {name}': IP4 | {'proto': proto} for name, proto in (
        ('tcp', TCP), ('udp', UDP), ('icmp', ICMP), ('igmp', IGMP), ('sctp', SCTP), ('esp', ESP),
        ('ah', AH), ('udplite', UDPLITE), ('other', 253))},
    **{f'ip6 {name}': IP6 | {'proto': proto} for name, proto in (
        ('tcp', TCP), ('udp', UDP), ('icmp', ICMPV6), ('sctp', SCTP), ('esp', ESP), ('ah', AH),
        ('udplite', UDPLITE), ('none', 59))},
    'dhcp': DISCOVER, 'dhcp request': DISCOVER | {'sip': VM4, 'dip': PEER4, 'dst': PEER},
    'dhcpv6': SOLICIT6, 'neighbour solicitation': neighbour(135, PEER6, option(1, VM)),
    'neighbour advertisement': neighbour(136, VM6, option(2, VM)),
    'duplicate address detection': neighbour(135, VM6, b'', sip=0),
    'router solicitation': IP6 | {'proto': ICMPV6, 'itype': 133, 'hop': 255, 'sip': LINK6,
                                  'dip': ALL_ROUTERS6, 'dst': 0x333300000002, 'payload': b''},
    'multicast': IP4 | {'dst': 0x01005e000005, 'dip': 0xe0000005},
    'broadcast': IP4 | {'dst': BROADCAST, 'dip': 0x0a0000ff}, 'other type': RAW,
    'announcement of qemu': RAW | {'type': 0x835, 'dst': BROADCAST},
    'rarp of qemu': ARP | {'kind': 'rarp', 'op': 3, 'spa': 0, 'tpa': 0, 'tha': VM},
}

WRAPS = {
    'priority tag': [(0x8100, 0)], 'two tags': [(0x8100, 0)] * 2, 'five tags': [(0x8100, 0)] * 5,
    'service tag': [(0x88a8, 0)], 'service and priority tag': [(0x88a8, 0), (0x8100, 0)],
    'tag 20': [(0x8100, 20)], 'tags 1 and 20': [(0x8100, 1), (0x8100, 20)],
    'service tag 20': [(0x88a8, 20)], 'nine tags': [(0x8100, 0)] * 9, 'old tag': [(0x9100, 0)],
    'snap': [b'\0\0\0'], 'snap 802.1H': [b'\0\0\xf8'], 'snap of a vendor': [b'\0\x10\x18'],
    'tag, snap': [(0x8100, 0), b'\0\0\0'], 'snap, tag': [b'\0\0\0', (0x8100, 0)],
    'snap, length 0': [(b'\0\0\0', 0)], 'snap, length too long': [(b'\0\0\0', 0x5ff)],
    'tag, snap, length 0': [(0x8100, 0), (b'\0\0\0', 0)], 'jumbo llc': [(b'\0\0\0', 0x8870)],
}

FORGED = {
    'mac, other type': RAW | {'src': VICTIM}, 'mac, stp': STP | {'src': VICTIM},
    'mac, dhcp': DISCOVER | {'src': VICTIM},
    'mac and ip, icmp error': IP4 | {'src': VICTIM, 'sip': VICTIM4, 'proto': ICMP, 'itype': 3, 'icode': 3},
    'mac and ip, icmpv6 error': IP6 | {'src': VICTIM, 'sip': VICTIM6, 'proto': ICMPV6, 'itype': 1},
    'mac, packet too big': IP6 | {'src': VICTIM, 'proto': ICMPV6, 'itype': 2},
    'multicast mac': RAW | {'src': 0x01005e000001}, 'broadcast mac': RAW | {'src': BROADCAST},
    'no mac': RAW | {'src': 0}, 'mac, ip': IP4 | {'src': VICTIM},
    'mac, neighbour advertisement': neighbour(136, VM6, option(2, VM), src=VICTIM),
    'arp reply': REPLY | {'spa': VICTIM4}, 'arp request': ARP | {'spa': VICTIM4},
    'gratuitous arp': ARP | {'spa': VICTIM4, 'tpa': VICTIM4}, 'arp hardware': ARP | {'sha': VICTIM},
    'arp hardware and ip': ARP | {'sha': VICTIM, 'spa': VICTIM4}, 'arp, mac': ARP | {'src': VICTIM},
    'inarp': ARP | {'op': 9, 'spa': VICTIM4}, 'arp operation 0x102': ARP | {'op': 0x102},
    'arp of ieee 802': ARP | {'hw': 6, 'spa': VICTIM4}, 'arp of ax.25': ARP | {'hw': 3},
    'arp of another protocol': ARP | {'ptype': 0x86dd},
    'rarp': ARP | {'kind': 'rarp', 'op': 4, 'sha': VICTIM, 'spa': VICTIM4},
    'arp, 8 octets of hardware': ARP | {'hln': 8, 'spa': VICTIM4}, 'arp, 0 octets': ARP | {'hln': 0},
    'arp, 16 octets of protocol': ARP | {'pln': 16}, 'arp, cut': ARP | {'cut': 30},
    'arp, cut in the addresses': ARP | {'cut': 36}, 'arp, no address': ARP | {'cut': 22},
    'arp, padded': ARP | {'pad': 18},
    'ip': IP4 | {'sip': VICTIM4}, 'dhcp, unicast': DISCOVER | {'sip': VICTIM4, 'dst': PEER, 'dip': PEER4},
    'dhcp, other source port': DISCOVER | {'sport': 12345}, 'no ip, udp': IP4 | {'sip': 0, 'sport': 1, 'dport': 9},
    'ip options': IP4 | {'ihl_options': b'\x01' * 4, 'proto': TCP},
    'dhcp offer': IP4 | {'sport': 67, 'dport': 68, 'dst': BROADCAST, 'dip': 0xffffffff},
    'dhcp offer, fragment': IP4 | {'sport': 67, 'dport': 68, 'more': 1, 'part': 8, 'ident': 7},
    'chaddr': DISCOVER | {'payload': bytes([1, 1, 6, 0]) + bytes(24) + VICTIM.to_bytes(6, 'big') + bytes(202)},
    'later fragment': IP4 | {'offset': 8, 'ident': 8}, 'overlapping fragment': IP4 | {'offset': 8, 'more': 1, 'ident': 8},
    'ip in ip': IP4 | {'proto': 4}, 'ip6 in ip': IP4 | {'proto': 41}, 'vxlan': IP4 | {'dport': 4789},
    'ip, padded': IP4 | {'pad': 600}, 'protocol 0': IP4 | {'proto': 0},
    'na of the victim': neighbour(136, VICTIM6, option(2, VM)),
    'na, lie in the option': neighbour(136, VM6, option(2, VICTIM)),
    'ns, lie in the option': neighbour(135, PEER6, option(1, VICTIM)),
    'ns of the victim': neighbour(135, PEER6, option(1, VM), sip=VICTIM6),
    'na, decoy': neighbour(136, VM6, option(1, VM) + option(2, VICTIM)),
    'na, twice': neighbour(136, VM6, option(2, VM) + option(2, VICTIM)),
    'na, option of no length': neighbour(136, VM6, b'\x02\x00' + bytes(6)),
    'na behind destination options': neighbour(136, VICTIM6, option(2, VM), chain=((DESTINATION, header(40)),)),
    'na behind hop options': neighbour(136, VICTIM6, option(2, VM), chain=((HBH, header(8)),)),
    'na behind routing': neighbour(136, VICTIM6, option(2, VM), chain=((ROUTING, b'\0\x02\x02\x01' + bytes(20)),)),
    'na behind ten headers': neighbour(136, VICTIM6, option(2, VM), chain=((DESTINATION, header(8)),) * 10),
    'na behind twenty headers': neighbour(136, VICTIM6, option(2, VM), chain=((DESTINATION, header(8)),) * 20),
    'na, atomic fragment': neighbour(136, VICTIM6, option(2, VM), atomic=1, ident=11),
    'na in the second fragment': neighbour(136, VICTIM6, option(2, VM), offset=8, ident=12),
    'ra': neighbour(134, VM6, b''), 'redirect': neighbour(137, VM6, bytes(16)),
    'redirect, ip4': IP4 | {'proto': ICMP, 'itype': 5, 'icode': 1},
    'dad of the victim': neighbour(135, VICTIM6, b'', sip=0),
    'dhcpv6 of the victim': SOLICIT6 | {'sip': FE80 | 0x9999}, 'ip6': IP6 | {'sip': VICTIM6},
    'ip6, fe80': IP6 | {'sip': FE80 | 0x9999}, 'na, code 1': neighbour(136, VICTIM6, b'', icode=1),
    'na, hop limit 64': neighbour(136, VICTIM6, b'', hop=64),
    'igmp query': IP4 | {'proto': IGMP, 'dip': 0xe0000001, 'dst': 0x01005e000001},
    'mld query': neighbour(130, 0, b''), 'stp': STP, 'topology change': STP | {'btype': 0x80},
    'rapid stp': STP | {'bpdu_version': 2, 'btype': 2}, 'stp, cut': STP | {'cut': 30}, 'stp, tiny': STP | {'cut': 18},
    'lldp': RAW | {'type': 0x88cc, 'dst': 0x0180c200000e}, 'eapol': RAW | {'type': 0x888e, 'dst': 0x0180c2000003},
    'pause': RAW | {'type': 0x8808, 'dst': 0x0180c2000001}, 'lacp': RAW | {'type': 0x8809, 'dst': 0x0180c2000002},
    'cdp': RAW | {'dst': 0x01000ccccccc, 'wraps': [b'\0\0\x0c'], 'type': 0x2000},
    'ip, 8 octets': IP4 | {'cut': 22}, 'ip6, 8 octets': IP6 | {'cut': 22}, 'ethernet alone': RAW | {'cut': 14},
    'ip6 by type, ip4 by version': IP6 | {'version': 4}, 'ip4 by type, ip6 by version': IP4 | {'version': 6},
    'ip, header of 16': IP4 | {'ihl': 4}, 'ip, header beyond the end': IP4 | {'ihl': 15, 'cut': 50},
    'ip, longer than the frame': IP4 | {'length': 1000}, 'ip, shorter than its header': IP4 | {'length': 12},
    'ip6, longer than the frame': IP6 | {'length': 1000}, 'udp, cut': IP4 | {'length': 24, 'cut': 38},
    'tcp, cut': IP4 | {'proto': TCP, 'length': 32, 'cut': 46}, 'icmp, cut': IP4 | {'proto': ICMP, 'length': 23, 'cut': 37},
    'tag, cut': IP4 | {'wraps': [(0x8100, 0)], 'cut': 16}, 'llc, cut': IP4 | {'wraps': [b'\0\0\0'], 'cut': 19},
    **{f'arp reply, {name}': REPLY | {'spa': VICTIM4, 'wraps': wraps} for name, wraps in WRAPS.items()},
    **{f'ip4, {name}': IP4 | {'sip': VICTIM4, 'wraps': wraps} for name, wraps in WRAPS.items()},
    **{f'ra, {name}': neighbour(134, VM6, b'') | {'wraps': wraps} for name, wraps in WRAPS.items()},
    **{f'honest arp, {name}': ARP | {'wraps': wraps} for name, wraps in WRAPS.items()},
    'oui extended': RAW | {'type': 0x88b7, 'payload': b'\0\0\0\x08\x06' + bytes(40)},
}


# ---- conversations: (end, frame) ----

def answer(spec, **more):
    """What the other side says to what the VM said, or the other way round."""
    said = {key: value for key, value in spec.items() if key not in PAIRED}
    for one, two in PAIRED.items():
        if two in spec:
            said[one] = spec[two]
    return said | more


PAIRED = {'src': 'dst', 'dst': 'src', 'sip': 'dip', 'dip': 'sip', 'sport': 'dport', 'dport': 'sport'}


def error_about(spec, octets):
    proto = ICMP if spec['kind'] == 'ip4' else ICMPV6
    return answer(spec, proto=proto, itype=3 if proto == ICMP else 1, icode=3 if proto == ICMP else 4,
                  echo=0, payload=octets)


def many(spec, end):
    """Beginnings of four connections of one sender, and the first one again."""
    src, dst = (VM, PEER) if end == 'vm' else (PEER, VM)
    begin = [spec | {'src': src, 'dst': dst, 'sport': port, 'flags': 2} for port in range(2000, 2004)]
    return [*begin, begin[0]]


def conversation(spec, first, second, build):
    """What a first frame leads to: answers, and an error about it. `build` makes octets."""
    if spec['kind'] not in ('ip4', 'ip6'):
        return []
    error = (second, error_about(spec, build(spec)[14:14 + 40 + 8]))
    if spec['proto'] == TCP:
        base = {key: value for key, value in spec.items() if key not in ('flags', 'options')}
        payload = {'payload': b'data'}
        return [(first, base | {'flags': 2, 'payload': b''}),
                (second, answer(base, flags=0x12, seq=5000, ack=1001, payload=b'')),
                (first, base | {'flags': 0x10, 'seq': 1001, 'ack': 5001, 'payload': b''}),
                (second, answer(base, flags=0x18, seq=5001, ack=1001) | payload),
                (first, base | {'flags': 0x18, 'seq': 1001, 'ack': 5005} | payload), error]
    back = {}
    if spec['proto'] in (ICMP, ICMPV6):
        if spec.get('itype', 8) not in (8, 128):
            return []
        back = {'itype': 0 if spec['proto'] == ICMP else 129}
    reply = answer(spec, **back)
    return [(first, spec), (first, spec), (second, reply), (first, spec), (second, reply), error]


TALK = conversation(IP4 | {'proto': TCP}, 'vm', 'peer', packet.build)[:-1]
SAID = TALK[-1][1]
SEQUENCES = {
    'an honest advertisement, then a forged one': [
        ('vm', HONEST['neighbour advertisement']), ('vm', FORGED['na of the victim'])],
    'a connection, then another MAC': [*TALK, ('vm', SAID | {'src': VICTIM})],
    'a connection, then other ways in': [*TALK, ('vm', SAID | {'sip': VICTIM4}), ('vm', SAID | {
        'wraps': WRAPS['priority tag'], 'sip': VICTIM4}), ('vm', SAID)],
}
