# SPDX-License-Identifier: Apache-2.0
"""Frames to judge filters by: honest ones, forged ones, and the ways around that are known.

Each is (direction, octets); `out` leaves the VM. frames() is the same list every time.
"""

import itertools
import struct

OWN, OTHER, THIRD = '525400000001', '525400000002', '525400000003'
ALL, STP = 'ff' * 6, '0180c2000000'
A, B, C, ZERO = '0a000001', '0a000002', '0a010203', '00' * 4
V6A, V6B, V6C = 'fd' + '00' * 14 + '01', 'fd' + '00' * 14 + '02', 'fe80' + '00' * 13 + '09'
SNAP, SNAP_H = 'aaaa03000000', 'aaaa030000f8'


def sum16(data):
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return 0xffff - total


def ip4(source, target, protocol, rest, dscp=0, fragment=0, options='', number=1):
    rest, options = bytes.fromhex(rest), bytes.fromhex(options)
    head = struct.pack('!BBHHHBBH4s4s', 0x45 + len(options) // 4, dscp << 2,
                       20 + len(options) + len(rest), number, fragment, 64, protocol, 0,
                       bytes.fromhex(source), bytes.fromhex(target)) + options
    checksum = struct.pack('!H', sum16(head))
    return (head[:10] + checksum + head[12:] + rest).hex()


def ip6(source, target, header, rest, dscp=0):
    return (f'{0x60000000 | dscp << 22:08x}{len(rest) // 2:04x}{header:02x}40{source}{target}{rest}')


def with_sum(rest, at, pseudo):
    """The transport checksum at this octet, over the pseudo header and the rest."""
    data = bytes.fromhex(rest)
    checksum = sum16(bytes.fromhex(pseudo) + data) or 0xffff
    return (data[:at] + struct.pack('!H', checksum) + data[at + 2:]).hex()


def pseudo4(source, target, protocol, rest):
    return f'{source}{target}00{protocol:02x}{len(rest) // 2:04x}'


def pseudo6(source, target, protocol, rest):
    return f'{source}{target}{len(rest) // 2:08x}000000{protocol:02x}'


AT = {6: 16, 17: 6, 136: 6, 1: 2, 58: 2}  # where a protocol's checksum stands


def packet4(source, target, protocol, rest, **more):
    if protocol in AT:
        pseudo = '' if protocol == 1 else pseudo4(source, target, protocol, rest)
        rest = with_sum(rest, AT[protocol], pseudo)
    return '0800' + ip4(source, target, protocol, rest, **more)


def packet6(source, target, protocol, rest, before='', first=None, **more):
    if protocol in AT:
        rest = with_sum(rest, AT[protocol], pseudo6(source, target, protocol, rest))
    return '86dd' + ip6(source, target, protocol if first is None else first, before + rest, **more)


def tcp(sport, dport, flags=2, options=''):
    words = 5 + len(options) // 8
    return f'{sport:04x}{dport:04x}0000000100000000{words << 12 | flags:04x}ffff00000000{options}'


def udp(sport, dport, data=''):
    return f'{sport:04x}{dport:04x}{8 + len(data) // 2:04x}0000{data}'


def icmp(kind, code, rest='00010001'):
    return f'{kind:02x}{code:02x}0000{rest}'


def arp(op, sha, spa, tha, tpa, hw=1, proto=0x0800):
    return f'{hw:04x}{proto:04x}0604{op:04x}{sha}{spa}{tha}{tpa}'


def bpdu(kind=0, flags=1, root_priority=0x8000, root=OWN, cost=4, sender=OWN, port=0x8001):
    head = f'424203000000{kind:02x}'
    if kind:
        return f'{len(head) // 2:04x}{head}'
    body = (f'{head}{flags:02x}{root_priority:04x}{root}{cost:08x}8000{sender}{port:04x}'
            '01001400020f0f00')
    return f'{len(body) // 2:04x}{body}'


# ---- what they are made of ----

def plain():
    """Types that carry nothing known, and MACs of all kinds."""
    for source, target in itertools.product((OWN, OTHER, THIRD), (OTHER, ALL, OWN, '01005e000001')):
        yield f'{target}{source}88b5' + '00' * 46
    yield f'{OTHER}{OWN}0835' + '00' * 46
    for length in ('0000', '0040', '05ff'):
        yield f'{OTHER}{OWN}{length}' + '00' * 46


def arps():
    for source, sha, spa, op in itertools.product((OWN, OTHER), (OWN, OTHER), (A, B, C, ZERO),
                                                  (1, 2)):
        yield f'{ALL}{source}0806' + arp(op, sha, spa, '00' * 6, B)
    for op in (0, 3, 8, 9, 10, 0x0102):
        yield f'{ALL}{OWN}0806' + arp(op, OWN, A, OTHER, B)
    yield f'{OTHER}{OWN}0806' + arp(1, OWN, A, OTHER, A)
    yield f'{OTHER}{OWN}0806' + arp(1, OWN, A, THIRD, C)
    yield f'{OTHER}{OWN}0806' + arp(1, OWN, A, OTHER, B, hw=6)
    yield f'{OTHER}{OWN}0806' + arp(1, OWN, A, OTHER, B, proto=0x86dd)
    body = arp(2, OTHER, A, OWN, B)
    yield f'{OTHER}{OWN}0806' + body + '00' * 18
    for cut in (2, 7, 8, 13, 14, 17, 18, 23, 24, 27):
        yield f'{OTHER}{OWN}0806' + body[:2 * cut]
    yield f'{OTHER}{OWN}0806' + f'0001080008040001{OWN}0000{A}{OTHER}0000{B}'
    yield f'{OTHER}{OWN}0806' + f'0001080006100001{OWN}{V6A}{OTHER}{V6B}'
    for source, op in itertools.product((OWN, OTHER), (3, 4)):
        yield f'{ALL}{source}8035' + arp(op, source, ZERO, source, ZERO)
    yield f'{ALL}{OWN}8035' + arp(3, OTHER, A, OTHER, A)


def ip4s():
    for source, target in itertools.product((A, B, C, ZERO), (A, B, C, 'e0000005', 'ffffffff')):
        yield f'{OTHER}{OWN}' + packet4(source, target, 17, udp(68, 67))
    for sport, dport in itertools.product((21, 22, 68, 80, 81, 65535), (0, 22, 67, 80, 100)):
        yield f'{OTHER}{OWN}' + packet4(A, B, 17, udp(sport, dport))
    for protocol in (0, 2, 33, 47, 50, 51, 132, 136, 255):
        yield f'{OTHER}{OWN}' + packet4(A, B, protocol, '0044004300100000' + '00' * 8)
    for dscp in (0, 46, 11, 63):
        yield f'{OTHER}{OWN}' + packet4(A, B, 17, udp(5000, 5001), dscp=dscp)
    yield f'{OTHER}{OTHER}' + packet4(A, B, 17, udp(68, 67))
    yield f'{OTHER}{OWN}' + packet4(A, B, 17, udp(68, 67), options='01010101')
    yield f'{OTHER}{OWN}' + packet4(A, B, 17, '00440043')
    yield f'{OTHER}{OWN}' + packet4(A, B, 17, '0044')
    yield f'{OTHER}{OWN}' + packet4(A, B, 17, udp(68, 67)) + '00' * 20


def ip4_broken():
    whole = ip4(A, B, 17, udp(68, 67))
    for cut in (1, 8, 19, 20, 22, 24):
        yield f'{OTHER}{OWN}0800' + whole[:2 * cut]
    for first in ('40', '44', '55', '65', '4f'):
        yield f'{OTHER}{OWN}0800' + first + whole[2:]


def tcps():
    """A connection, a stray answer, and flags and options."""
    for sport, dport, flags in ((4000, 22, 2), (4000, 22, 0x10), (4001, 80, 2), (4002, 22, 0x12),
                                (4003, 22, 0), (4004, 22, 0x3f), (4005, 22, 4), (22, 4006, 2)):
        yield f'{OTHER}{OWN}' + packet4(A, B, 6, tcp(sport, dport, flags))
    for options in ('020405b4', '01010101', '0303070000000000', '020405b401030307'):
        yield f'{OTHER}{OWN}' + packet4(A, B, 6, tcp(4010, 22, 2, options))
    yield f'{OTHER}{OWN}' + packet4(A, B, 6, '0fa0001600000001')


def icmps():
    for kind, code in ((0, 0), (8, 0), (8, 1), (3, 1), (11, 0), (13, 0)):
        yield f'{OTHER}{OWN}' + packet4(A, B, 1, icmp(kind, code))


def ip6s():
    for source, target in itertools.product((V6A, V6B, V6C), (V6A, V6B, 'ff02' + '00' * 13 + '01')):
        yield f'{OTHER}{OWN}' + packet6(source, target, 17, udp(546, 547))
    for sport, dport in itertools.product((22, 68, 80, 81), (22, 80, 100)):
        yield f'{OTHER}{OWN}' + packet6(V6A, V6B, 17, udp(sport, dport))
    for protocol in (6, 50, 132, 136, 59):
        yield f'{OTHER}{OWN}' + packet6(V6A, V6B, protocol, tcp(4000, 22))
    for kind, code in ((128, 0), (129, 0), (130, 0), (133, 0), (135, 0), (136, 0), (136, 1),
                       (140, 0), (141, 7), (1, 0)):
        yield f'{OTHER}{OWN}' + packet6(V6A, V6B, 58, icmp(kind, code))
    for first, before in ((0, '1100010400000000'), (60, '1100010400000000'), (43, '1100000000000000'),
                          (60, '3c00010400000000' * 9 + '1100010400000000')):
        yield f'{OTHER}{OWN}' + packet6(V6A, V6B, 17, udp(68, 67), before=before, first=first)
    yield f'{OTHER}{OWN}' + packet6(V6A, V6B, 17, udp(68, 67), before='1102000000000000' + '00' * 8,
                                    first=51)
    whole = ip6(V6A, V6B, 17, udp(68, 67))
    for cut in (4, 39, 40, 43, 44):
        yield f'{OTHER}{OWN}86dd' + whole[:2 * cut]
    yield f'{OTHER}{OWN}86dd5' + whole[1:]
    yield f'{OTHER}{OWN}86dd' + ip6(V6A, V6B, 60, '11000104')
    yield f'{OTHER}{OWN}' + packet6(V6A, V6B, 17, udp(5000, 5001), dscp=46)


def bpdus():
    for kind in (0, 0x80, 2):
        yield f'{STP}{OWN}' + bpdu(kind)
    for priority, cost in itertools.product((0x1234, 0x7000, 0x8fff), (0, 4, 9)):
        yield f'{STP}{OTHER}' + bpdu(root_priority=priority, cost=cost)
    yield f'{STP}{OWN}' + bpdu(root=THIRD, flags=0x81)
    yield f'{STP}{OWN}' + bpdu()[:40]
    yield f'{STP}{OWN}002642420300000200' + '00' * 31
    yield f'{OTHER}{OWN}' + bpdu()


def wrapped():
    """The same content in tags and LLC/SNAP, in every order (rows 12 to 17 of the catalogue)."""
    content = ('0806' + arp(2, OTHER, A, OWN, B), packet4(C, B, 17, udp(68, 67)),
               packet6(V6C, V6B, 17, udp(68, 67)))
    for inner in content:
        size = f'{len(inner) // 2 + 6:04x}'
        for tags in (['81000000'], ['81000014'], ['81000001', '81000014'], ['88a80000'],
                     ['88a80014', '81000000'], ['81000000'] * 5, ['91000014']):
            yield f'{OTHER}{OWN}' + ''.join(tags) + inner
        for snap in (SNAP, SNAP_H):
            yield f'{OTHER}{OWN}{size}{snap}{inner}'
            yield f'{OTHER}{OWN}81000000{size}{snap}{inner}'
            yield f'{OTHER}{OWN}{size}{snap}81000000{inner}'
            for length in ('0000', '05ff'):
                yield f'{OTHER}{OWN}{length}{snap}{inner}'
        yield f'{OTHER}{OWN}8870{SNAP}{inner}'
        yield f'{OTHER}{OWN}88b7000000{inner}'
    yield f'{OTHER}{OWN}8100'
    yield f'{OTHER}{OWN}81000014'


def turned(frame):
    """The same as it comes the other way: MACs, and of whole IPv4 and ARP the addresses too."""
    return frame[12:24] + frame[:12] + frame[24:]


def answers():
    """What the other side sends back to some of the above."""
    for source, target, sport, dport, flags in (
            (B, A, 22, 4000, 0x12), (B, A, 80, 4001, 0x12), (B, A, 22, 4900, 0x12),
            (B, A, 4006, 22, 0x12), (B, A, 5555, 22, 2), (C, A, 5555, 80, 2)):
        yield f'{OWN}{OTHER}' + packet4(source, target, 6, tcp(sport, dport, flags))
    for sport, dport in ((67, 68), (22, 21), (100, 80), (9, 9), (5001, 5000)):
        yield f'{OWN}{OTHER}' + packet4(B, A, 17, udp(sport, dport))
        yield f'{OWN}{OTHER}' + packet6(V6B, V6A, 17, udp(sport, dport))
    for kind in (0, 8, 3):
        yield f'{OWN}{OTHER}' + packet4(B, A, 1, icmp(kind, 0))
    for kind in (128, 129, 135):
        yield f'{OWN}{OTHER}' + packet6(V6B, V6A, 58, icmp(kind, 0))
    yield f'{OWN}{OTHER}' + packet4(B, A, 132, '0044004300000000' + '00' * 8)
    yield f'{OWN}{OTHER}0806' + arp(2, OTHER, B, OWN, A)
    yield f'{OWN}{OTHER}0806' + arp(2, OTHER, A, OWN, B)


def frames():
    kinds = (plain, arps, ip4s, ip4_broken, tcps, icmps, ip6s, bpdus, wrapped)
    out = [('out', frame) for kind in kinds for frame in kind()]
    back = [('in', frame) for frame in answers()]
    turned_in = [('in', turned(frame)) for kind in kinds for frame in kind()]
    return [(direction, bytes.fromhex(frame)) for direction, frame in out + back + turned_in]
