# SPDX-License-Identifier: Apache-2.0
"""Frames from descriptions: a dictionary of fields, each a number, to octets.

  kind     arp rarp ip4 ip6 stp raw
  eth      src dst type (of the content; default by kind) wraps (see build)
  arp      hw ptype op sha spa tha tpa hln pln
  ip       sip dip proto dscp ident offset (octets) more ihl_options length version chain (IPv6
           extension headers: ((next header's number, octets), ...)) hop
  above    sport dport itype icode flags options payload
  stp      see STP
  cut      octets to keep; pad: octets to add behind
"""

import struct

ETHERTYPES = {'arp': 0x0806, 'rarp': 0x8035, 'ip4': 0x0800, 'ip6': 0x86dd, 'raw': 0x88b5}
STP = (('flags8', 'B'), ('root_priority', 'H'), ('root', 'M'), ('cost', 'I'), ('sender_priority', 'H'),
       ('sender', 'M'), ('port', 'H'), ('age', 'H'), ('max_age', 'H'), ('hello', 'H'), ('delay', 'H'))
STP_GROUP = 0x0180c2000000
TCP, UDP, ICMP, ICMPV6, SCTP, UDPLITE, ESP, AH, IGMP = 6, 17, 1, 58, 132, 136, 50, 51, 2


def mac(number):
    return (number & 0xffffffffffff).to_bytes(6, 'big')


def ip4(number):
    return (number & 0xffffffff).to_bytes(4, 'big')


def ip6(number):
    return (number & (1 << 128) - 1).to_bytes(16, 'big')


def checksum(octets):
    octets += bytes(len(octets) % 2)
    total = sum(struct.unpack(f'>{len(octets) // 2}H', octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def crc32c(octets):
    value = 0xffffffff
    for octet in octets:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ (0x82f63b78 if value & 1 else 0)
    return struct.pack('<I', value ^ 0xffffffff)


def with_sum(spec, octets, at):
    """Puts the transport checksum at `at`, over the pseudo header of the spec's addresses."""
    if spec['kind'] == 'ip6':
        pseudo = ip6(spec['sip']) + ip6(spec['dip']) + struct.pack('>II', len(octets), spec['proto'])
    elif spec['proto'] == ICMP:
        pseudo = b''
    else:
        pseudo = ip4(spec['sip']) + ip4(spec['dip']) + struct.pack('>HH', spec['proto'], len(octets))
    return octets[:at] + struct.pack('>H', checksum(pseudo + octets) or 0xffff) + octets[at + 2:]


def above(spec):
    """What an IP header is followed by."""
    proto, payload = spec['proto'], spec.get('payload', b'what a guest has to say..')
    ports = struct.pack('>HH', spec.get('sport', 1234) & 0xffff, spec.get('dport', 80) & 0xffff)
    if proto == TCP:
        options = spec.get('options', b'')
        options += bytes(-len(options) % 4)
        head = ports + struct.pack('>IIBBHHH', spec.get('seq', 1000), spec.get('ack', 0), spec.get('words', 5 + len(options) // 4) << 4,
                                   spec.get('flags', 2) & 0xff, 65535, 0, 0) + options
        return with_sum(spec, head + payload, 16)
    if proto == UDP:
        return with_sum(spec, ports + struct.pack('>HH', 8 + len(payload), 0) + payload, 6)
    if proto == UDPLITE:
        return with_sum(spec, ports + struct.pack('>HH', 0, 0) + payload, 6)
    if proto in (ICMP, ICMPV6):
        kind = spec.get('itype', 8 if proto == ICMP else 128)
        head = struct.pack('>BBHI', kind & 0xff, spec.get('icode', 0) & 0xff, 0, spec.get('echo', 0x10001))
        return with_sum(spec, head + payload, 2)
    if proto == SCTP:
        head, chunk = ports + struct.pack('>I', 0), struct.pack('>BBHIIHHI', 1, 0, 20, 7, 9000, 1, 1, 1)
        return head + crc32c(head + bytes(4) + chunk) + chunk
    if proto == AH:
        inside = struct.pack('>HHHH', 1234, 80, 8 + len(payload), 0) + payload
        return struct.pack('>BBHII', UDP, 4, 0, spec.get('spi', 256), 1) + bytes(12) + inside
    return struct.pack('>II', spec.get('spi', 256), 1) + payload


def fragment_of(spec, whole):
    offset, more = spec.get('offset', 0), spec.get('more', 0)
    return whole[offset:offset + spec.get('part', 24)] if offset or more else whole


def inet4(spec):
    content = fragment_of(spec, above(spec))
    options = spec.get('ihl_options', b'')
    size = 20 + len(options)
    head = struct.pack('>BBHHHBBH', spec.get('version', 4) << 4 | spec.get('ihl', size // 4),
                       spec.get('dscp', 0) << 2, spec.get('length', size + len(content)),
                       spec.get('ident', 0), spec.get('offset', 0) // 8 | spec.get('more', 0) << 13,
                       spec.get('hop', 64), spec['proto'], 0)
    head += ip4(spec['sip']) + ip4(spec['dip']) + options
    return head[:10] + struct.pack('>H', checksum(head)) + head[12:] + content


def inet6(spec):
    content = above(spec)
    number = spec['proto']
    if spec.get('offset', 0) or spec.get('more', 0) or spec.get('atomic'):
        content = struct.pack('>BBHI', number, 0, spec.get('offset', 0) | spec.get('more', 0),
                              spec.get('ident', 0)) + fragment_of(spec, content)
        number = 44
    for kind, octets in reversed(spec.get('chain', ())):
        content = bytes([number]) + octets[1:] + content
        number = kind
    return struct.pack('>IHBB', spec.get('version', 6) << 28 | spec.get('dscp', 0) << 22,
                       spec.get('length', len(content)), number, spec.get('hop', 64)) + (
                           ip6(spec['sip']) + ip6(spec['dip']) + content)


def arp(spec):
    hln, pln = spec.get('hln', 6), spec.get('pln', 4)
    def address(number, length):
        return (number << 8 * length >> 8 * length if length else 0).to_bytes(16, 'big')[-length:] \
            if length else b''
    return struct.pack('>HHBBH', spec.get('hw', 1), spec.get('ptype', 0x800), hln, pln,
                       spec.get('op', 1) & 0xffff) + (
        address(spec['sha'], hln) + address(spec['spa'], pln) +
        address(spec.get('tha', 0), hln) + address(spec['tpa'], pln))


def stp(spec):
    body = struct.pack('>BHBB', 0x42, 0x4203, 0, 0) + bytes([spec.get('bpdu_version', 0)])
    body += bytes([spec.get('btype', 0) & 0xff])
    for name, form in STP:
        number = spec.get(name, 0)
        body += mac(number) if form == 'M' else struct.pack(f'>{form}', number & (1 << 8 * struct.calcsize(form)) - 1)
    return body


BUILDERS = {'arp': arp, 'rarp': arp, 'ip4': inet4, 'ip6': inet6, 'stp': stp,
            'raw': lambda spec: spec.get('payload', b'of some other protocol')}


def build(spec):
    kind = spec['kind']
    content = BUILDERS[kind](spec)
    number = spec.get('type', ETHERTYPES.get(kind))
    if kind == 'stp':
        number = len(content)
    for word in reversed(spec.get('wraps', ())):
        # Outermost first: (tag type, tci), or an OUI for LLC/SNAP, or (OUI, a lying length).
        if isinstance(word, bytes):
            content = b'\xaa\xaa\x03' + word + struct.pack('>H', number) + content
            number = len(content)
        elif isinstance(word[0], bytes):
            content = b'\xaa\xaa\x03' + word[0] + struct.pack('>H', number) + content
            number = word[1]
        else:
            content = struct.pack('>HH', word[1] & 0xffff, number) + content
            number = word[0]
    frame = mac(spec['dst']) + mac(spec['src']) + struct.pack('>H', number & 0xffff) + content
    frame += b'\x55' * spec.get('pad', 0)
    return frame[:spec['cut']] if 'cut' in spec else frame


PAIRS = (('src', 'dst'), ('sip', 'dip'), ('sport', 'dport'), ('sha', 'tha'), ('spa', 'tpa'))


def swapped(spec):
    """The frame that would answer it."""
    other = dict(spec)
    for a, b in PAIRS:
        for one, two in ((a, b), (b, a)):
            other.pop(one, None)
            if two in spec:
                other[one] = spec[two]
    return other


def same_content(frame, packet):
    """Whether the IP packet that arrived carries what the frame does: the end is the same."""
    return len(packet) > 28 and packet[28:] in frame
