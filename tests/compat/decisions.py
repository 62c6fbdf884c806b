# SPDX-License-Identifier: Apache-2.0
"""Where our verdict is not libvirt's on purpose: the rows of "Frames" in docs/semantics.md."""

import re

import classes

STP_GROUP, BPDU = bytes.fromhex('0180c2000000'), b'\x42\x42\x03'
IP = IP4, IP6 = b'\x08\x00', b'\x86\xdd'
TAGS = (b'\x81\x00', b'\x88\xa8')


# ---- what libvirt's tools read otherwise than it is written ----

def as_libvirt_writes(text):
    """The filter with which libvirt means what is written: it prints encap-protocol as a decimal
    number, and ebtables reads that as a hexadecimal one."""
    def number(found):
        value = classes.read('vlan', 'encap-protocol', found[1])
        digits = f'{value:04x}'
        return f"encap-protocol='{int(digits)}'" if digits.isdigit() and int(digits) >= 60 else found[0]
    return re.sub(r"encap-protocol='([^'$]+)'", number, text)


def bpdu_at(octets):
    """Where a BPDU begins, tagged or not; 0 when the frame is none."""
    at = 18 if octets[12:14] in TAGS else 14
    return at if octets[:6] == STP_GROUP and octets[at:at + 3] == BPDU else 0


def as_the_kernel_reads(octets):
    """The frame in which the kernel's match finds a BPDU's fields: it takes the protocol identifier
    for one octet, so that all behind it is read one octet early."""
    at = bpdu_at(octets)
    return octets[:at + 3] + octets[at + 4:] if at else octets


# ---- decisions ----

class Difference:
    """theirs: pass, drop, or both where places differ; ours: the same and the reason; is_later: a
    frame of the same conversation was dropped by libvirt before."""

    def __init__(self, case, end, octets, theirs, ours, is_later):
        self.case, self.end, self.octets, self.theirs = case, end, octets, theirs
        self.ours, self.reason = ours
        self.is_stricter = theirs == 'pass' and self.ours == 'drop'
        self.is_later = is_later

    def uses(self, pattern):
        return any(re.search(pattern, text) for text in self.case.texts)


# Each is a row of "Judging" in docs/semantics.md.
DECISIONS = {
    'host to VM': lambda it: it.case.has_inet and it.end == 'host' and it.is_stricter,
    'cut off in a tag': lambda it: it.is_stricter and it.reason == 'refused' and len(it.octets) <= 18,
    'too many extension headers': lambda it: it.is_stricter and it.octets[12:14] == b'\x86\xdd'
        and it.octets[54:55] == b'\x3c' and len(it.octets) > 200,
    'cut off in the transport header': lambda it: it.is_stricter and it.reason == 'truncated',
    'type of a BPDU': lambda it: bpdu_at(it.octets) and it.uses('<stp')
        and it.octets[bpdu_at(it.octets) + 6:][:1] != b'\0',
    'encap-protocol': lambda it: it.octets[12:14] in TAGS and it.uses("encap-protocol='ipv6'"),
    'type of service': lambda it: it.uses('<ip [^>]*dscp') and it.octets[12:14] == IP4 and it.octets[15],
    'forgotten sign': lambda it: it.uses("match='no' dstportstart") and it.octets[12:14] in IP,
    'limit of an answer': lambda it: it.uses("match='no' connlimit-above") and it.is_stricter,
    'both ports negated': lambda it: it.uses(BOTH_PORTS) and 6 in it.octets[20:24],
    'after a dropped frame': lambda it: it.case.has_inet and it.is_later and it.is_stricter,
    'after a refused connection': lambda it: it.case.has_limit and it.is_later and it.theirs == 'drop',
}
BOTH_PORTS = r"match='no' srcportstart='\d+' dstportstart="


def find(*words):
    """The decision that explains the difference, or None."""
    difference = Difference(*words)
    for title, holds in DECISIONS.items():
        if holds(difference):
            return title
    return None


MOVE = 'source of a dropped frame'


def find_move(case, verdict, is_theirs):
    """The decision that explains why libvirt's bridge learned a source and ours did not."""
    return MOVE if is_theirs and verdict == 'drop' and case.has_inet else None
