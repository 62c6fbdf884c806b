# SPDX-License-Identifier: Apache-2.0
"""Frames that a filter's own constants divide: for each rule one that matches all of it, and for each
attribute its neighbours: one more, one less, the edges of masks and ranges, the other values of a
list. All as the VM sends them.
"""

import ipaddress
import itertools
import re
import xml.etree.ElementTree as ElementTree

import packet
import world

NAMES = {
    'protocolid': {'arp': 0x806, 'rarp': 0x8035, 'ipv4': 0x800, 'ipv6': 0x86dd, 'vlan': 0x8100},
    'protocol': {'tcp': 6, 'udp': 17, 'udplite': 136, 'esp': 50, 'ah': 51, 'icmp': 1, 'igmp': 2,
                 'sctp': 132, 'icmpv6': 58},
    'opcode': {name: number for number, name in enumerate(
        ('request', 'reply', 'request_reverse', 'reply_reverse', 'drarp_request', 'drarp_reply',
         'drarp_error', 'inarp_request', 'arp_nak'), 1)},
}
NAMES['encap-protocol'] = NAMES['protocolid']
FLAGS = {'fin': 1, 'syn': 2, 'rst': 4, 'psh': 8, 'ack': 16, 'urg': 32, 'all': 63, 'none': 0}

# attribute: (field, bits, the attribute with its mask, or with its end)
ADDRESSES = {
    'srcmacaddr': ('src', 48, 'srcmacmask', None), 'dstmacaddr': ('dst', 48, 'dstmacmask', None),
    'arpsrcmacaddr': ('sha', 48, None, None), 'arpdstmacaddr': ('tha', 48, None, None),
    'arpsrcipaddr': ('spa', 32, 'arpsrcipmask', None), 'arpdstipaddr': ('tpa', 32, 'arpdstipmask', None),
    'srcipaddr': ('sip', 0, 'srcipmask', None), 'dstipaddr': ('dip', 0, 'dstipmask', None),
    'srcipfrom': ('sip', 0, None, 'srcipto'), 'dstipfrom': ('dip', 0, None, 'dstipto'),
    'root-address': ('root', 48, 'root-address-mask', None),
    'sender-address': ('sender', 48, 'sender-address-mask', None),
}
NUMBERS = {
    'hwtype': ('hw', None), 'protocoltype': ('ptype', None), 'opcode': ('op', None),
    'protocol': ('proto', None), 'srcportstart': ('sport', 'srcportend'),
    'dstportstart': ('dport', 'dstportend'), 'dscp': ('dscp', None), 'flags': ('flags8', None),
    'root-priority': ('root_priority', 'root-priority-hi'), 'root-cost': ('cost', 'root-cost-hi'),
    'sender-priority': ('sender_priority', 'sender-priority-hi'), 'port': ('port', 'port-hi'),
    'age': ('age', 'age-hi'), 'max-age': ('max_age', 'max-age-hi'), 'hello-time': ('hello', 'hello-time-hi'),
    'forward-delay': ('delay', 'forward-delay-hi'),
}
SPANS = {'root_priority': 16, 'cost': 32, 'sender_priority': 16, 'sport': 16, 'dport': 16, 'flags8': 8,
         'hw': 16, 'ptype': 16, 'op': 16, 'proto': 8, 'dscp': 6, 'itype': 8, 'icode': 8}

INET = {'tcp': 6, 'udp': 17, 'udplite': 136, 'esp': 50, 'ah': 51, 'sctp': 132, 'icmp': 1, 'igmp': 2,
        'icmpv6': 58, 'all': 17}


def base_of(protocol):
    """The honest frame that a rule of the protocol speaks about."""
    if protocol.removesuffix('-ipv6') in INET:
        is_six = protocol.endswith('-ipv6') or protocol == 'icmpv6'
        return (world.IP6 if is_six else world.IP4) | {'proto': INET[protocol.removesuffix('-ipv6')]}
    return {'mac': world.RAW, 'vlan': world.IP4 | {'wraps': [(0x8100, 20)]}, 'stp': world.STP,
            'arp': world.ARP, 'rarp': world.ARP | {'kind': 'rarp'}, 'ip': world.IP4,
            'ipv6': world.IP6}[protocol]


# ---- values ----

def number_of(text, bits):
    if '.' in text:
        return int.from_bytes(bytes(int(part) for part in text.split('.')), 'big')
    if bits == 48:
        return int.from_bytes(bytes(int(part, 16) for part in text.split(':')), 'big')
    if ':' in text:
        return int(ipaddress.IPv6Address(text))
    return int(text, 0)


def mask_of(text, bits):
    if re.fullmatch(r'\d+', text):
        return (1 << bits) - (1 << bits - int(text))
    return number_of(text, bits)


def lowest_bit(number):
    return number & -number


def around(value, bits, mask=None, end=None):
    """The value first, then its neighbours within and outside of what is meant."""
    full = (1 << bits) - 1
    if mask is not None and mask != full:
        outside = full & ~mask
        found = [value, value ^ lowest_bit(mask) if mask else value, value ^ 1,
                 value ^ (outside + 1 >> 1), value ^ 1 << bits - 1, value | outside]
    else:
        found = [value, value + 1, value - 1, value ^ 1 << bits - 1]
    if end is not None:
        found += [end, end - 1, end + 1, (value + end) // 2]
    return list(dict.fromkeys(number & full for number in found))


# ---- attributes to fields: lists of changes to a description, the first one matches ----

def tcp_flags(text):
    mask, wanted = (sum(FLAGS[name.lower()] for name in part.split(',') if name) for part in text.split('/'))
    found = [wanted, 0, mask, wanted ^ lowest_bit(mask), wanted | 63 & ~mask, 63]
    return [{'flags': number} for number in dict.fromkeys(found)]


def tcp_option(number):
    kind = bytes([number, 4, 0, 0]) if number > 1 else bytes([number] * 4)
    return [{'options': octets, 'flags': 2} for octets in (
        kind, b'', b'\x01\x01\x01\x01' + kind, b'\x02\x04\x05\xb4', bytes([(number + 1) % 256, 4, 0, 0]),
        b'\x00\x00\x00\x00' + kind, b'\x03\x03\x07' + kind, bytes([number]) + b'\x00\x00\x00')]


def ethertype(value):
    kinds = {0x806: world.ARP, 0x8035: world.ARP | {'kind': 'rarp'}, 0x800: world.IP4, 0x86dd: world.IP6,
             0x8100: world.RAW | {'wraps': [(0x8100, 20)], 'type': 0x88b5}}
    return [kinds.get(number, world.RAW | {'type': number}) for number in around(value, 16)]


def changes(protocol, name, value, attributes):
    """The descriptions' fields that an attribute is about, or []."""
    if name in ('protocolid',):
        return ethertype(value)
    if name == 'encap-protocol':
        return [change | {'wraps': [(0x8100, 20)]} for change in ethertype(value)]
    if name == 'vlanid':
        return [{'wraps': [(0x8100, number)]} for number in around(value, 12)] + [
            {'wraps': [(0x8100, value | 0xe000)]}, {'wraps': [(0x88a8, value)]}]
    if name == 'gratuitous':
        return [{'tpa': world.VM4}, {'tpa': world.PEER4}]
    if name == 'option':
        return tcp_option(value)
    if name == 'flags' and protocol != 'stp':
        return tcp_flags(value)
    if name == 'type':
        field, end = ('btype' if protocol == 'stp' else 'itype'), attributes.get('typeend')
        return [{field: number} for number in around(value, 8, None, end)]
    if name == 'code':
        return [{'icode': number} for number in around(value, 8, None, attributes.get('codeend'))]
    if name in ADDRESSES:
        field, bits, mask, end = ADDRESSES[name]
        bits = bits or (128 if protocol in ('ipv6', 'icmpv6') or protocol.endswith('-ipv6') else 32)
        return [{field: number} for number in around(value, bits, attributes.get(mask), attributes.get(end))]
    if name in NUMBERS:
        field, end = NUMBERS[name]
        bits = SPANS.get(field, 16)
        return [{field: number} for number in around(value, bits, None, attributes.get(end))]
    return []


# ---- rules ----

def read(protocol, name, text):
    if name == 'flags' and protocol.startswith('tcp'):
        return text
    if name in ('state', 'comment', 'match', 'connlimit-above', 'gratuitous'):
        return text
    if name in NAMES and text.lower() in NAMES[name]:
        return NAMES[name][text.lower()]
    bits = 48 if 'mac' in name or name in ('root-address', 'sender-address') else 0
    if name in ('root-address-mask', 'sender-address-mask'):
        bits = 48
    if name.endswith('mask'):
        six = protocol in ('ipv6', 'icmpv6') or protocol.endswith('-ipv6')
        return mask_of(text, bits or (128 if six and not name.startswith('arp') else 32))
    return number_of(text, bits)


def substituted(text, variables, index):
    found = re.match(r'\$\s*(\w+)(?:\[\s*(@?)\s*(\d+)\s*\])?$', text)
    if not found:
        return text
    values = variables.get(found[1], ['0'])
    return values[int(found[3]) if found[3] and not found[2] else min(index, len(values) - 1)]


def attributes_of(rule, variables, index):
    """(protocol, attributes with numbers), the elements of a rule joined."""
    protocol, found = None, {}
    for element in rule:
        protocol = element.tag
        for name, text in element.attrib.items():
            found[name] = read(protocol, name, substituted(text, variables, index))
    return protocol, found


def rules_of(name, texts, variables, seen):
    """(rule, the variables it sees) of a filter and what it includes."""
    if name in seen:
        return
    seen.add(name)
    for child in ElementTree.fromstring(texts[name]):
        if child.tag == 'rule':
            yield child, variables
        elif child.tag == 'filterref':
            own = {}
            for parameter in child.iter('parameter'):
                own.setdefault(parameter.get('name'), []).append(parameter.get('value'))
            yield from rules_of(child.get('filter'), texts, own | variables, seen)


def list_length(rule, variables):
    names = [found for element in rule for text in element.attrib.values()
             for found in re.findall(r'^\$\s*(\w+)', text)]
    return max([len(variables.get(name, ['0'])) for name in names], default=1)


def rule_specs(rule, variables, index):
    """(matching description, [descriptions with one attribute changed])"""
    protocol, attributes = attributes_of(rule, variables, index)
    if protocol is None:
        return world.RAW, []
    spec, varied = base_of(protocol), []
    for name, value in attributes.items():
        choices = changes(protocol, name, value, attributes)
        varied.append(choices[1:])
        if choices:
            kept = {key: spec[key] for key in ('src', 'dst') if key in spec and 'kind' in choices[0]}
            spec = spec | choices[0] | kept
    if 'sip' in spec and spec['sip'] == spec['dip']:
        # A datagram to oneself is no conversation.
        one, other = (world.VM4, world.PEER4) if spec['kind'] == 'ip4' else (world.VM6, world.PEER6)
        spec = spec | {'dip': one if spec['sip'] == other else other}
    others = [spec | change | ({'src': spec['src'], 'dst': spec['dst']} if 'kind' in change else {})
              for change in itertools.chain(*varied)]
    return spec, others


def wrapped(spec):
    """The same in other clothes."""
    for name in ('priority tag', 'tag 20', 'service tag', 'snap', 'tag, snap', 'snap, length 0'):
        yield spec | {'wraps': world.WRAPS[name] + list(spec.get('wraps', ()))}
    length = len(packet.build(spec))
    for cut in (15, 20, 28, 33, 34, 37, 38, 42, 46, 53, 54, 57, 58, length - 1):
        if 14 <= cut < length:
            yield spec | {'cut': cut}
    yield spec | {'pad': 20}
    if spec['kind'] == 'ip4':
        for change in ({'ihl_options': b'\x01' * 8}, {'version': 5}, {'ihl': 3}, {'length': 2000}):
            yield spec | change
        yield from ({**spec, 'proto': proto} for proto in (1, 6, 17, 253))
    if spec['kind'] == 'ip6':
        for kind, size in ((0, 8), (60, 16), (43, 24)):
            octets = world.header(size) if kind != 43 else b'\0\x02\x02\x01' + bytes(20)
            yield spec | {'chain': ((kind, octets),)}
        yield spec | {'atomic': 1, 'ident': 5}
        yield from ({**spec, 'proto': proto} for proto in (6, 17, 58, 59, 253))


def specs(name, texts, variables):
    """(descriptions, matching ones): of a filter by name; `texts` has every filter's text."""
    found, matching = [], []
    for rule, seen in rules_of(name, texts, variables, set()):
        length = list_length(rule, seen)
        for index in sorted({0, length // 2, length - 1}):
            spec, others = rule_specs(rule, seen, index)
            found += [spec, *others]
            matching.append(spec)
            # With a limit each exchange needs a host that has forgotten all others.
            if index == 0 and not any(element.get('connlimit-above') for element in rule):
                found += list(wrapped(spec))
    return found, matching
